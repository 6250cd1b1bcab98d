"""The console: screens over one store, drawn once a second, or twice where that shows more."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.screen import ModalScreen, Screen
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import Input
from textual.worker import Worker

from rialto_platform.local.errors import LocalError
from rialto_tui.console import store, themes
from rialto_tui.console.actions import Action, Move
from rialto_tui.console.feeds import Feeds, Sources
from rialto_tui.console.garbage import Garbage
from rialto_tui.console.live import Entry
from rialto_tui.console.operate import Operation
from rialto_tui.console.palette import Palette
from rialto_tui.console.readings import Market
from rialto_tui.console.screens.base import ConsoleScreen, Seen
from rialto_tui.console.screens.confirm import Confirm
from rialto_tui.console.screens.help import Help
from rialto_tui.console.screens.main import WIDE, BookScreen, EventsScreen, Overview
from rialto_tui.console.screens.venues import Venues
from rialto_tui.console.store import MeasuredSeen, Noted, Observation, State
from rialto_tui.console.view import View
from rialto_tui.console.widgets.book import Instruments
from rialto_tui.console.widgets.panel import Asked, Panel

DRAW_S = 0.5
"""Between two pictures at least; what is observed meanwhile is drawn together."""
COLLECT_S = 1.0
"""Between two moments at which garbage may be collected."""
SETTLED_S = 2.0
"""After the start, everything that stays has been loaded."""


@dataclass(frozen=True)
class Clock:
    """The clocks the console reads."""

    mono_ns: Callable[[], int] = time.monotonic_ns
    wall_ns: Callable[[], int] = time.time_ns


class ConsoleApp(App[str]):
    """The application; ends with the name of the venue that was looked at last."""

    TITLE = "Rialto"
    CSS_PATH = "console.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "overview": Overview,
        "book": BookScreen,
        "events": EventsScreen,
    }
    COMMANDS: ClassVar = App.COMMANDS | {Palette}
    SCREENS_GROUP: ClassVar = Binding.Group("Screens", compact=True)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "switch_mode('overview')", "Overview", group=SCREENS_GROUP),
        Binding("2", "switch_mode('book')", "Book", group=SCREENS_GROUP),
        Binding("3", "switch_mode('events')", "Events", group=SCREENS_GROUP),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("left_square_bracket", "market(-1)", "Market before", show=False, key_display="["),
        Binding("right_square_bracket", "market(1)", "Next market", show=False, key_display="]"),
        Binding("v", "venues", "Venues", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(
        self,
        open_venue: Callable[[str], Sources],
        venue: str | None,
        venues: Callable[[], Sequence[Entry]],
        *,
        theme: str = themes.DARK.name,
        keep_theme: Callable[[str], None] = lambda _: None,
        clock: Clock | None = None,
        garbage: Garbage | None = None,
        polls: bool = True,
    ) -> None:
        """Nothing is asked before the first screen is there.

        Args:
            open_venue: gives a venue's sources.
            venue: the venue to look at; none to choose one first.
            venues: the venues to choose from.
            theme: the name of a theme, Textual's or our own.
            keep_theme: told when another theme is chosen.
            clock: the clocks to read.
            garbage: collects the process's garbage where it disturbs nobody; without it Python does as it pleases.
            polls: whether the venue is asked; a test tells observations itself.
        """
        super().__init__()
        self._open_venue = open_venue
        self._venue = venue
        self._venues = venues
        self.keep_theme = keep_theme
        self.clock = clock or Clock()
        self._garbage = garbage
        self._polls = polls
        self._theme_wanted = theme
        self._polling: Worker[None] | None = None
        self._market = ""
        self._symbol = ""
        self._sources: Sources | None = None
        self.feeds: Feeds | None = None
        self.state = State(venue or "")
        self._drawn = self.state
        self._ticks = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of market data, for themes that know of none."""
        return themes.DEFAULTS

    def on_mount(self) -> None:
        """Shows the overview and begins to ask."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                # By the ordinary way out, so that the terminal is given back.
                loop.add_signal_handler(number, partial(self.exit, "", 128 + number))
        for theme in (themes.DARK, themes.LIGHT):
            self.register_theme(theme)
        self.theme = self._theme_wanted if self._theme_wanted in self.available_themes else themes.DARK.name
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        self.switch_mode("overview")
        self.set_interval(DRAW_S, self._tick)
        if self._garbage is not None:
            garbage = self._garbage
            self.set_timer(SETTLED_S, lambda: garbage.settle(self.clock.mono_ns()))
            self.set_interval(COLLECT_S, lambda: garbage.collect(self.clock.mono_ns()))
        if self._venue is None:
            self.call_after_refresh(self.action_venues)
        else:
            self.look_at_venue(self._venue)

    async def on_event(self, event: Event) -> None:
        """Every event of the terminal comes by here first."""
        if self._garbage is not None and isinstance(event, Key):
            self._garbage.key(self.clock.mono_ns())
        await super().on_event(event)

    def _theme_changed(self, theme: Theme) -> None:
        try:
            self.keep_theme(theme.name)
        except OSError as error:
            self.notify(f"it is not kept for the next time: {error}", title="theme", severity="warning")

    def look_at_venue(self, name: str) -> None:
        """Turns to a venue; what was known of another is forgotten."""
        try:
            sources = self._open_venue(name)
        except LocalError as error:
            self.notify(str(error), title=f"venue {name}", severity="error", timeout=10)
            return
        if self._polling is not None:
            self._polling.cancel()
        self._venue = name
        self._market = self._symbol = ""
        self.state = State(name)
        feeds = Feeds(sources, self.observe, mono_ns=lambda: self.clock.mono_ns(), wall_ns=lambda: self.clock.wall_ns())
        self._sources, self.feeds = sources, feeds
        self._polling = self.run_worker(feeds.run(), name="feeds", group="feeds") if self._polls else None
        self.redraw()

    @property
    def named(self) -> str | None:
        """The venue as command lines must name it."""
        return None if self._sources is None else self._sources.named

    def observe(self, observation: Observation) -> None:
        """Takes an observation; it is drawn with the next picture."""
        self.state = store.apply(self.state, observation)

    def view(self) -> View:
        """The picture of this moment."""
        market = self._looked_at()
        screen = self.screen_stack[-1] if self.screen_stack else None
        words = screen.words if isinstance(screen, ConsoleScreen) else ()
        return View(self.state, self.clock.mono_ns(), self.clock.wall_ns(), market, self._symbol, words)

    def _looked_at(self) -> Market | None:
        """The market that is looked at: the first one until another is chosen."""
        markets = self.state.markets
        found = self.state.market(self._market) or (markets[0] if markets else None)
        if found is not None and found.name != self._market:
            self._market = found.name
        symbols = () if found is None else [one.symbol for one in found.instruments]
        if symbols and self._symbol not in symbols:
            self._symbol = symbols[0]
        return found

    def _tick(self) -> None:
        """Draws once a second, as the venue is asked; twice where something happened or a book is looked at."""
        self._ticks += 1
        hurry = (
            self.state.events is not self._drawn.events
            or self.state.status.at_ns is None
            or isinstance(self.screen_stack[-1] if self.screen_stack else None, BookScreen | Confirm)
        )
        if hurry or self._ticks % 2 == 0:
            self.redraw()

    def redraw(self) -> None:
        """Shows the state on the screens that are seen, and turns the feed to what they show."""
        view = self.view()
        self._drawn = view.state
        if self.feeds is not None:
            self.feeds.look_at(self._market, self._symbol, shown=self._book_is_seen())
        for screen in self.screen_stack:
            match screen:
                case ConsoleScreen():
                    screen.show(replace(view, words=screen.words))
                case Confirm():
                    screen.show(view)
                case _:
                    pass

    @on(Seen)
    def _seen(self) -> None:
        self.redraw()

    def _book_is_seen(self) -> bool:
        return any(
            isinstance(screen, BookScreen) or (isinstance(screen, Overview) and self.size.width >= WIDE)
            for screen in self.screen_stack
        )

    def ask(self, action: Action) -> None:
        """Asks the operator to confirm an action, does it, and says what was measured."""
        if self._sources is None or self.feeds is None:
            return
        if isinstance(action, Move) and action.market != self._market:
            # What is measured is read from the feed that is looked at.
            self.turn_to(action.market)
        operation = Operation(
            self._sources,
            self.feeds,
            lambda: self.state,
            action,
            self._market,
            mono_ns=lambda: self.clock.mono_ns(),
        )
        worker = self.run_worker(self._operate(operation), name="operation", group="operations")

        def left(confirmed: bool | None) -> None:
            if not confirmed:
                worker.cancel()

        self.push_screen(Confirm(operation, self.named), left)
        self.redraw()

    async def _operate(self, operation: Operation) -> None:
        await operation.run()
        at_ns, wall_ns = self.clock.mono_ns(), self.clock.wall_ns()
        if operation.measured is not None:
            self.observe(MeasuredSeen(at_ns, wall_ns, operation.measured))
        else:
            self.observe(Noted(at_ns, wall_ns, "bad", f"{operation.title}: {operation.problem}"))
            if not isinstance(self.screen, Confirm):
                self.notify(operation.problem, title=operation.title, severity="error", timeout=10)
        self.redraw()

    @on(Asked)
    def _asked(self, message: Asked) -> None:
        self.ask(message.action)

    @on(Instruments.Chosen)
    def _chosen(self, message: Instruments.Chosen) -> None:
        self._symbol = message.symbol
        self.redraw()

    def show_book(self, symbol: str) -> None:
        """Shows an instrument's book, on its own screen where there is no room beside the overview."""
        self._symbol = symbol
        if not self._book_is_seen():
            self.switch_mode("book")
        for panel in self.screen.query(Instruments):
            panel.choose(symbol)
        self.redraw()

    def turn_to(self, market: str) -> None:
        """Looks at another market of the venue."""
        self._market = market
        self._symbol = ""
        self.redraw()

    def action_market(self, step: int) -> None:
        """Looks at the next market of the venue, or the one before."""
        names = [market.name for market in self.state.markets]
        if names:
            at = names.index(self._market) if self._market in names else 0
            self.turn_to(names[(at + step) % len(names)])

    def action_venues(self) -> None:
        """Offers the venues of this machine."""

        def chosen(name: str | None) -> None:
            if name is not None and name != self._venue:
                self.look_at_venue(name)
            elif name is None and self._venue is None:
                self.exit("")

        self.push_screen(Venues(self._venues(), self._venue or ""), chosen)

    def action_help(self) -> None:
        """Shows the help of the focused widget, and the keys that work there."""
        if isinstance(self.screen, ModalScreen):
            return
        focused: Widget | None = self.focused
        if isinstance(focused, Panel):
            title, words = str(focused.border_title), focused.HELP or ""
        elif isinstance(focused, Input):
            title, words = "filter", _FILTER_HELP
        else:
            title, words = "the console", _HELP
        keys = [
            (self.get_key_display(active.binding), active.binding.description)
            for active in self.screen.active_bindings.values()
            if active.enabled and active.binding.description and not active.binding.action.startswith(_UNTOLD)
        ]
        self.push_screen(Help(title, words, keys))

    async def action_quit(self) -> None:
        """Leaves the console; the venue runs on."""
        self.exit(self._venue or "")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Textual's own commands that mean something here."""
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        yield SystemCommand("Help", "Help of the focused panel and its keys", self.action_help)
        yield SystemCommand("Venues", "Look at another venue of this machine", self.action_venues)
        yield SystemCommand(
            "Screenshot", "Save the screen as SVG", lambda: self.set_timer(0.1, self.deliver_screenshot)
        )
        yield SystemCommand("Quit", "Leave the console; the venue runs on", self.action_quit)


_UNTOLD = ("by(", "help_quit", "app.help_quit", "screen.copy")
"""Keys that need no word: the cursor's, and Textual's own."""
_HELP = """\
Tab moves between the panels; each has keys of its own, shown at the foot, and its own help. Numbers show
their age and grey when they may no longer be true. Nothing is done before it is confirmed, and leaving
the console leaves the venue as it is."""
_FILTER_HELP = """\
Only rows that hold all the words are shown. **Enter** goes back to them, **Esc** shows all."""

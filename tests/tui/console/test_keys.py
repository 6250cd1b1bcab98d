"""Every key of the console: what it asks for, that it is confirmed, that leaving does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import console_pilot
import pytest
import recorded_console
from recorded_console import RecordedVenue
from textual.pilot import Pilot
from textual.widgets import Input

from rialto_tui.console.actions import Action, Cut, Heal, Move, NodeAction, Slow
from rialto_tui.console.app import ConsoleApp
from rialto_tui.console.live import Entry
from rialto_tui.console.screens.confirm import Confirm
from rialto_tui.console.screens.help import Help
from rialto_tui.console.screens.main import BookScreen, EventsScreen, Overview
from rialto_tui.console.screens.venues import Venues
from rialto_tui.console.widgets.book import Instruments, Ladder
from rialto_tui.console.widgets.links import Links
from rialto_tui.console.widgets.replicas import Replicas

Script = Callable[[ConsoleApp, Pilot[str]], Awaitable[None]]
LEASE_MS = 30_000
TYPED: list[tuple[str, list[str], str, Action]] = [
    ("move to the best", ["m"], "us-1", Move("main", "us-1")),
    ("move to asia", ["down", "m"], "us-1", Move("main", "us-1", "asia-1")),
    ("kill the leader", ["k"], "us-1", NodeAction("kill", "us-1")),
    ("kill europe", ["end", "k"], "europe-1", NodeAction("kill", "europe-1")),
    ("freeze asia", ["down", "f"], "asia-1", NodeAction("freeze", "asia-1")),
    ("cut", ["tab", "x"], "us-asia", Cut("us", "asia", for_ms=LEASE_MS)),
    ("cut the second", ["tab", "down", "x"], "us europe", Cut("us", "europe", for_ms=LEASE_MS)),
    ("cut one way", ["tab", "o"], "us-asia", Cut("us", "asia", one_way=True, for_ms=LEASE_MS)),
    ("cut the way back", ["tab", "O"], "asia-us", Cut("asia", "us", one_way=True, for_ms=LEASE_MS)),
]
ENTERED: list[tuple[str, list[str], Action]] = [
    ("resume", ["r"], NodeAction("resume", "us-1")),
    ("slow", ["tab", "s"], Slow("us", "asia", 80_000_000, LEASE_MS)),
    ("heal", ["tab", "end", "h"], Heal("asia", "europe")),
]


def run(script: Script, venue: RecordedVenue | None = None, size: tuple[int, int] = (80, 24), **more: object) -> None:
    async def piloted() -> None:
        async with console_pilot.console("healthy", size, venue=venue, **more) as (app, pilot):  # type: ignore[arg-type]
            await script(app, pilot)

    asyncio.run(piloted())


async def done(venue: RecordedVenue, pilot: Pilot[str]) -> list[Action]:
    """What was done, once anything was or could have been."""
    for _ in range(100):
        await pilot.pause(0.01)
        if venue.performed:
            break
    return venue.performed


@pytest.mark.parametrize(("keys", "word", "action"), [case[1:] for case in TYPED], ids=[case[0] for case in TYPED])
def test_what_hits_something_wants_its_name_typed(keys: list[str], word: str, action: Action) -> None:
    venue = RecordedVenue()

    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        await pilot.press("enter")
        await pilot.press(*"us-2", "enter")
        await pilot.pause(0.05)
        assert venue.performed == []
        assert isinstance(app.screen, Confirm)
        app.screen.query_one("#typed", Input).value = ""
        await pilot.press(*("space" if letter == " " else letter for letter in word), "enter")
        assert await done(venue, pilot) == [action]

    run(script, venue)


@pytest.mark.parametrize(("keys", "action"), [case[1:] for case in ENTERED], ids=[case[0] for case in ENTERED])
def test_what_mends_or_slows_wants_a_key(keys: list[str], action: Action) -> None:
    venue = RecordedVenue()

    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        assert venue.performed == []
        await pilot.press("enter")
        assert await done(venue, pilot) == [action]

    run(script, venue)


@pytest.mark.parametrize("keys", [*(case[1] for case in TYPED), *(case[1] for case in ENTERED)])
def test_leaving_does_nothing(keys: list[str]) -> None:
    venue = RecordedVenue()

    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause(0.05)
        assert isinstance(app.screen, Overview)
        assert venue.performed == []
        assert not [worker for worker in app.workers if worker.group == "operations" and worker.is_running]

    run(script, venue)


def test_a_slow_link_takes_what_is_filled_in() -> None:
    venue = RecordedVenue()

    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("tab", "s")
        await pilot.pause()
        app.screen.query_one("#latency", Input).value = "150 fortnights"
        await pilot.press("enter")
        await pilot.pause(0.05)
        assert venue.performed == []
        app.screen.query_one("#latency", Input).value = "150 ms"
        app.screen.query_one("#lease", Input).value = ""
        await pilot.press("enter")
        assert await done(venue, pilot) == [Slow("us", "asia", 150_000_000, None)]

    run(script, venue)


def test_what_is_refused_is_said() -> None:
    venue = RecordedVenue(refuse="is frozen and can't lead")

    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("m", *"us-1", "enter")
        for _ in range(100):
            await pilot.pause(0.01)
            if app.state.events[-1].level == "bad":
                break
        assert "is frozen and can't lead" in app.state.events[-1].text
        assert isinstance(app.screen, Confirm)
        app.redraw()
        await pilot.pause()
        assert "is frozen and can't lead" in app.export_screenshot().replace("&#160;", " ").replace("&#x27;", "'")

    run(script, venue)


def test_screens() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        for key, screen in (("2", BookScreen), ("3", EventsScreen), ("1", Overview)):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, screen)

    run(script)


def test_help_is_the_focused_widgets() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("tab", "question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        shown = app.export_screenshot().replace("&#160;", " ")
        assert "heals it: uncut" in shown
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Overview)

    run(script, size=(120, 50))


def test_a_filter_leaves_the_rows_that_hold_its_words() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("slash", *"asia", "enter")
        app.redraw()
        await pilot.pause()
        assert app.view().words == ("asia",)
        assert isinstance(app.focused, Replicas)
        links = app.screen.query_one(Links)
        assert [key for key, _ in links.rows(app.view())] == ["us-asia", "asia-europe"]
        await pilot.press("escape")
        await pilot.pause()
        assert app.view().words == ()
        assert not app.screen.query_one("#filter").display

    run(script)


def test_the_instrument_under_the_cursor_is_shown() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("2")
        await pilot.pause()
        assert isinstance(app.focused, Instruments)
        await pilot.press("down", "down")
        await pilot.pause()
        assert app.view().symbol == "DUNE"
        assert "DUNE" in str(app.screen.query_one(Ladder).border_title)

    run(script)


def test_a_hidden_book_is_not_asked_for() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        ladder = app.screen.query_one(Ladder)
        assert not ladder.display or not ladder.parent or ladder.size.width == 0
        shown: list[bool] = []
        assert app.feeds is not None
        app.feeds.look_at = lambda _market, _symbol, *, shown: shown_is.append(shown)  # type: ignore[method-assign]
        shown_is = shown
        app.redraw()
        await pilot.press("2")
        await pilot.pause()
        app.redraw()
        assert shown[0] is False
        assert shown[-1] is True

    run(script)


def test_markets_and_venues_are_turned_to() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("right_square_bracket", "left_square_bracket")
        assert app.view().market is not None
        await pilot.press("v")
        await pilot.pause()
        assert isinstance(app.screen, Venues)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.state.venue == "three-clouds"
        assert app.state.markets == ()

    run(script)


def test_several_venues_are_offered_at_the_beginning() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        assert isinstance(app.screen, Venues)
        await pilot.press("enter")
        await pilot.pause()
        assert app.state.venue == "one"
        assert isinstance(app.screen, Overview)

    run(script, name=None, entries=(Entry("one", runs=True), Entry("other", runs=True)))


def test_quitting_does_nothing_to_the_venue() -> None:
    venue = RecordedVenue()

    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("q")
        await pilot.pause()
        assert app.return_value == "laptop"
        assert venue.performed == []

    run(script, venue)


def test_the_palette_offers_what_can_be_done_now() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("ctrl+p")
        await pilot.press(*"freezeasia")
        for _ in range(100):
            await pilot.pause(0.02)
            if "Freeze" in app.export_screenshot():
                break
        await pilot.pause(0.3)
        await pilot.press("enter")
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(app.screen, Confirm):
                break
        assert isinstance(app.screen, Confirm)
        assert str(app.screen.query_one(".dialog").border_title) == "Freeze node asia-1"

    run(script)


def test_a_theme_that_is_chosen_is_kept() -> None:
    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        kept: list[str] = []
        app.keep_theme = kept.append
        app.theme = "rialto-light"
        await pilot.pause()
        assert kept == ["rialto-light"]

    run(script)


def test_what_is_measured_is_shown_where_it_was_confirmed() -> None:
    venue = RecordedVenue(took_ms=4.2)

    async def script(app: ConsoleApp, pilot: Pilot[str]) -> None:
        await pilot.press("m", *"us-1", "enter")
        await done(venue, pilot)
        # The clock stands, so the operator's is moved to where nothing is waited for any longer.
        later_ns = recorded_console.MONO_NS + 21 * recorded_console.SECOND_NS
        app.clock = console_pilot.clock_at(later_ns)
        for _ in range(200):
            await pilot.pause(0.01)
            if app.state.measured:
                break
        assert app.state.measured[-1].kind == "move"
        app.redraw()
        await pilot.pause()
        assert "handed over in 4.2 ms" in app.export_screenshot().replace("&#160;", " ")

    run(script, venue)

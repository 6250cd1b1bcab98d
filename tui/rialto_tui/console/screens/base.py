"""What the console's screens share: the bars, the filter, and a picture that only what is on the screen is shown."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from rialto_tui.console.view import View
from rialto_tui.console.widgets.bars import Banner, TitleBar
from rialto_tui.console.widgets.keys import Keys
from rialto_tui.console.widgets.panel import Panel


class Seen(Message):
    """A screen has come to be seen, and wants its picture at once."""


class ConsoleScreen(Screen[None]):
    """A screen between the title bar and the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "filter", "Filter", key_display="/")]

    def __init__(self) -> None:
        super().__init__()
        self._filtered: Widget | None = None
        """Where the filter was opened."""

    def on_screen_resume(self) -> None:
        """Asks for a picture."""
        self.post_message(Seen())

    def compose(self) -> ComposeResult:
        """Bars around the body."""
        yield TitleBar()
        yield Banner()
        yield from self.body()
        yield Input(placeholder="show only rows that hold these words; Esc shows all", id="filter", compact=True)
        yield Keys()

    def body(self) -> ComposeResult:
        """What is between the bars; nothing unless a screen says so."""
        yield from ()

    @property
    def words(self) -> tuple[str, ...]:
        """What is filtered for."""
        # A screen that is being made, or has gone, has no filter.
        return tuple(word for field in self.query("#filter").results(Input) for word in field.value.lower().split())

    def show(self, view: View) -> None:
        """Shows a picture on what is on the screen."""
        for bar in self.query(TitleBar):
            bar.show(view)
        for banner in self.query(Banner):
            banner.show(view)
        for panel in self.query(Panel):
            # What a small terminal has no room for costs nothing.
            if _displayed(panel):
                panel.show(view)

    def action_filter(self) -> None:
        """Opens the filter."""
        field = self.query_one("#filter", Input)
        self._filtered = self.focused if self.focused is not field else self._filtered
        field.display = True
        field.focus()

    @on(Input.Submitted, "#filter")
    def _kept(self) -> None:
        """Goes back to the rows that are left; an empty filter closes."""
        field = self.query_one("#filter", Input)
        field.display = bool(field.value.strip())
        self.set_focus(self._filtered)

    def key_escape(self) -> None:
        """Shows all rows again."""
        field = self.query_one("#filter", Input)
        if field.display:
            field.value = ""
            field.display = False
            if self.focused is field or self.focused is None:
                self.set_focus(self._filtered)


def _displayed(panel: Panel) -> bool:
    """Whether neither the panel nor what it is in is hidden."""
    return all(parent.display for parent in panel.ancestors_with_self if isinstance(parent, Widget))

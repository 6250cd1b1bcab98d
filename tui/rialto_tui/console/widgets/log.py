"""The event log: what happened while the console looked on."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from rialto_tui.console import text
from rialto_tui.console.view import View
from rialto_tui.console.widgets.panel import Panel

_MARKS = {
    "info": ("·", "$quiet", ""),
    "good": ("●", "$success", ""),
    "warn": ("▲", "$warning", ""),
    "bad": ("■", "$error", "bold"),
}


class EventLog(Panel):
    """Events, newest first."""

    TITLE = "events"
    HELP = """\
What happened since the console was opened, newest first, UTC: leaders, nodes, links, connections, what
was done from here and what was measured after it. **/** filters it. What happened before stands in the
nodes' logs: rialto logs."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "by(-1)", "Newer", show=False),
        Binding("down", "by(1)", "Older", show=False),
        Binding("pageup", "by(-10)", "Newer", show=False),
        Binding("pagedown", "by(10)", "Older", show=False),
        Binding("home", "by(-100000)", "Newest", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id, classes=classes)
        self._skipped = 0

    def freshness(self, view: View) -> tuple[str, bool]:
        """Events do not grow old."""
        return f"{len(view.state.events)} events" if view.state.events else "", False

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        """The newest events that pass the filter."""
        found = [event for event in reversed(view.state.events) if view.holds(event.text)]
        self._skipped = min(self._skipped, max(0, len(found) - height))
        lines: list[Content] = []
        for event in found[self._skipped : self._skipped + height]:
            mark, colour, weight = _MARKS[event.level]
            lines.append(
                Content.assemble((text.clock(event.wall_ns), "$quiet"), " ", (mark, colour), " ", (event.text, weight))
            )
        if not lines:
            lines.append(
                Content.styled("nothing matches the filter" if view.words else "nothing has happened", "$quiet")
            )
        return lines

    def action_by(self, step: int) -> None:
        """Turns to older or newer events."""
        self._skipped = max(0, self._skipped + step)
        if self._view is not None:
            self.show(self._view)

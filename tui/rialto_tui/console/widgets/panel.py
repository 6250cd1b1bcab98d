"""A framed panel of lines, and one with rows to choose from: drawn again only when what they say is different."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rialto_tui.console import text
from rialto_tui.console.actions import Action
from rialto_tui.console.view import View

Cell = tuple[str, str]
"""Text and its style."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading and the width of its text."""

    heading: str
    width: int
    right: bool = False
    rank: int = 0
    """Columns of the highest rank are left out first where there is no room."""


class Asked(Message):
    """The operator wants something done; it is confirmed before it is."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action


class Panel(Widget, can_focus=True):
    """Lines in a frame, with the age of their numbers at its foot."""

    TITLE: ClassVar[str] = ""
    HELP: ClassVar[str | None] = ""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id, classes=classes)
        self._lines: list[Content] = []
        self._view: View | None = None
        self._cursor: int | None = None
        """The line that the cursor is on."""
        self.border_title = self.TITLE

    def freshness(self, view: View) -> tuple[str, bool]:
        """What stands at the foot, and whether the numbers may no longer be true."""
        heard = view.state.status
        return f"{text.age(heard.age_ns(view.now_ns))} old", heard.stale(view.now_ns)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        """What is shown within so many columns and lines; nothing unless a panel says so."""
        return []

    def title(self, view: View) -> str:
        """What stands at the head."""
        return self.TITLE

    def show(self, view: View) -> None:
        """Shows another picture; draws only what is different."""
        self._view = view
        width, height = self.content_size
        if width <= 0 or height <= 0:
            return
        foot, stale = self.freshness(view)
        if self.border_subtitle != foot:
            self.border_subtitle = foot
        if self.border_title != (title := self.title(view)):
            self.border_title = title
        if stale is not self.has_class("-stale"):
            self.set_class(stale, "-stale")
        lines = [line.truncate(width) for line in self.lines(view, width, height)[:height]]
        if stale:
            # Grey, whatever colour it had.
            lines = [line.without_spans for line in lines]
        if self._cursor is not None and self._cursor < len(lines):
            line = lines[self._cursor]
            lines[self._cursor] = line.pad_right(max(0, width - line.cell_length)).stylize("on $primary 30%")
        self._draw(lines, width)

    def _draw(self, lines: list[Content], width: int) -> None:
        """Takes the lines; what is the same as before is not drawn again."""
        before, self._lines = self._lines, lines
        nothing = Content()
        changed = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(itertools.zip_longest(before, lines, fillvalue=nothing))
            if not new.is_same(old)
        ]
        if changed:
            self.refresh(*changed)

    def on_resize(self, _: events.Resize) -> None:
        """Another size holds other lines."""
        if self._view is not None:
            self.show(self._view)

    def render_line(self, y: int) -> Strip:
        """One line, when it is to be drawn anew."""
        base = self.visual_style
        width = self.content_size.width
        if y >= len(self._lines):
            return Strip.blank(width, base.rich_style)
        return Strip(self._lines[y].render_segments(base)).adjust_cell_length(width, base.rich_style)


class Rows(Panel):
    """A table with a cursor."""

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "by(-1)", "Up", show=False),
        Binding("down", "by(1)", "Down", show=False),
        Binding("pageup", "by(-10)", "Page up", show=False),
        Binding("pagedown", "by(10)", "Page down", show=False),
        Binding("home", "by(-100000)", "First", show=False),
        Binding("end", "by(100000)", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id, classes=classes)
        self.chosen: str = ""
        """The key of the row under the cursor."""
        self._keys: list[str] = []
        self._first = 0

    def rows(self, view: View) -> list[tuple[str, Sequence[Cell]]]:
        """The rows that pass the filter: key and cells; none unless a table says so."""
        return []

    def nothing(self, view: View) -> str:
        """What is said where there is no row."""
        return "nothing matches the filter" if view.words else "nothing yet"

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        """Headings and the rows around the cursor."""
        rows = self.rows(view)
        self._keys = [key for key, _ in rows]
        columns = fitting(self.COLUMNS, width)
        self._cursor = None
        head = any(column.heading for column in columns)
        lines = [table_line(columns, [(one.heading, "$quiet") for one in columns])] if head else []
        if not rows:
            return [*lines, Content.styled(self.nothing(view), "$quiet")]
        at = self._at()
        room = max(1, height - len(lines))
        self._first = min(max(self._first, at - room + 1, 0), at, max(0, len(rows) - room))
        for number, (_, cells) in enumerate(rows[self._first : self._first + room], start=self._first):
            if number == at and self.has_focus:
                self._cursor = len(lines)
            lines.append(table_line(columns, [cells[place] for place in places(self.COLUMNS, columns)]))
        return lines

    def _at(self) -> int:
        """Where the cursor is; a row that has gone leaves it where it was first."""
        if self.chosen in self._keys:
            return self._keys.index(self.chosen)
        self.chosen = self._keys[0]
        return 0

    def action_by(self, step: int) -> None:
        """Moves the cursor."""
        if self._keys:
            self.choose(self._keys[min(max(self._at() + step, 0), len(self._keys) - 1)])

    def choose(self, key: str) -> None:
        """Puts the cursor on a row."""
        self.chosen = key
        if self._view is not None:
            self.show(self._view)

    def on_focus(self) -> None:
        """Shows the cursor."""
        if self._view is not None:
            self.show(self._view)

    def on_blur(self) -> None:
        """Hides the cursor."""
        if self._view is not None:
            self.show(self._view)

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor on the row that was clicked."""
        offset = event.get_content_offset(self)
        heading = 1 if any(column.heading for column in self.COLUMNS) else 0
        if offset is not None and 0 <= (number := self._first + offset.y - heading) < len(self._keys):
            self.choose(self._keys[number])


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns there is room for."""
    kept = list(columns)
    while kept and sum(column.width for column in kept) + 2 * (len(kept) - 1) > width:
        last = max(range(len(kept)), key=lambda place: (kept[place].rank, place))
        if kept[last].rank == 0:
            break
        del kept[last]
    return kept


def places(columns: Sequence[Column], kept: Sequence[Column]) -> list[int]:
    """Where the kept columns stand among all."""
    return [place for place, column in enumerate(columns) if column in kept]


def table_line(columns: Sequence[Column], cells: Sequence[Cell]) -> Content:
    """Cells below their headings, two columns apart."""
    parts: list[str | tuple[str, str]] = []
    for number, (column, (shown, style)) in enumerate(zip(columns, cells, strict=True)):
        if number:
            parts.append("  ")
        shown = shown if len(shown) <= column.width else shown[: column.width - 1] + "…"
        parts.append((shown.rjust(column.width) if column.right else shown.ljust(column.width), style))
    return Content.assemble(*parts)

"""Help of the focused widget, and every key that works there."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rialto_tui.console.screens.dialog import Dialog

_BOLD = re.compile(r"\*\*(.+?)\*\*")


class Help(Dialog[None]):
    """A page over the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "Close")]

    def __init__(self, title: str, words: str, keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._words = words
        self._keys = keys

    def compose(self) -> ComposeResult:
        """The words, then the keys."""
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Esc closes"
            yield Static(emphasised(self._words))
            yield Static(self._table(), classes="keys")

    def _table(self) -> Content:
        width = max((len(key) for key, _ in self._keys), default=0)
        lines = [Content.assemble((key.rjust(width), "bold $accent"), "  ", said) for key, said in self._keys]
        return Content("\n").join(lines)


def emphasised(words: str) -> Content:
    """Text with `**…**` in bold, its lines joined into paragraphs."""
    paragraphs = [" ".join(part.split("\n")) for part in words.strip().split("\n\n")]
    parts: list[str | tuple[str, str]] = []
    for number, paragraph in enumerate(paragraphs):
        parts.append("\n\n" if number else "")
        for place, piece in enumerate(_BOLD.split(paragraph)):
            parts.append((piece, "bold $accent") if place % 2 else piece)
    return Content.assemble(*parts)

"""Which venue to look at, where this machine has several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rialto_tui.console.live import Entry
from rialto_tui.console.screens.dialog import Dialog


class Venues(Dialog[str | None]):
    """A list of venues; answers with the chosen one's name."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Stay")]

    def __init__(self, entries: Sequence[Entry], current: str) -> None:
        super().__init__()
        self._entries = entries
        self._current = current

    def compose(self) -> ComposeResult:
        """The list, on the venue that is looked at."""
        width = max((len(entry.name) for entry in self._entries), default=0)
        options = [
            Option(
                Content.assemble(
                    ("● " if entry.runs else "○ ", "$success" if entry.runs else "$quiet"),
                    (entry.name.ljust(width), "bold"),
                    ("  runs" if entry.runs else "  down", "$quiet"),
                ),
                id=entry.name,
            )
            for entry in self._entries
        ]
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "venues of this machine"
            dialog.border_subtitle = "Enter looks at it · Esc stays"
            yield OptionList(*options)

    def on_mount(self) -> None:
        """Puts the cursor on the present one."""
        names = [entry.name for entry in self._entries]
        if self._current in names:
            self.query_one(OptionList).highlighted = names.index(self._current)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

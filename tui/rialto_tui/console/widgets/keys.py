"""The foot of a screen: the keys that work where the focus is.

One line of one widget. Textual's own footer makes a widget of each key, anew whenever the focus moves, which costs more
than everything else that a key does.
"""

from __future__ import annotations

from typing import Any, cast

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.signal import Signal
from textual.widget import Widget


class Keys(Widget):
    """Keys and what they do; a click on one is the key."""

    def __init__(self) -> None:
        super().__init__()
        self._content = Content()
        self._places: list[tuple[int, int, str]] = []
        """Where each key stands, from and to, and its name."""

    def on_mount(self) -> None:
        """Follows the focus."""
        signal = cast("Signal[Screen[Any]]", self.screen.bindings_updated_signal)  # pyright: ignore[reportUnknownMemberType]
        signal.subscribe(self, self._changed)

    @property
    def _application(self) -> App[Any]:
        # Textual leaves open what its applications end with.
        return cast("App[Any]", self.app)  # pyright: ignore[reportUnknownMemberType]

    def _changed(self, screen: Screen[Any]) -> None:
        if self.is_attached and screen is self.screen:
            self._lay_out()

    def on_resize(self) -> None:
        """Another width has room for other keys."""
        self._lay_out()

    def _lay_out(self) -> None:
        groups: dict[str, list[Binding]] = {}
        active = self.screen.active_bindings
        for one in active.values():
            if one.binding.show and one.enabled:
                group = one.binding.group
                groups.setdefault(one.binding.description if group is None else group.description, []).append(
                    one.binding
                )
        found = active.get(self._application.COMMAND_PALETTE_BINDING)
        last = [] if found is None else [found.binding]
        content = Content()
        self._places = []
        palette = self._told("Palette", last) if last else Content()
        wanted = sum(self._told(name, bindings).cell_length for name, bindings in groups.items())
        if last and wanted + palette.cell_length > self.size.width:
            palette = self._told("", last)
        room = self.size.width - palette.cell_length
        for name, bindings in groups.items():
            told = self._told(name, bindings)
            if content.cell_length + told.cell_length > room:
                break
            at = content.cell_length + 1
            for binding in bindings:
                wide = len(self._application.get_key_display(binding))
                # A key alone may be clicked by its word too.
                self._places.append((at, at + wide + (len(name) + 1 if len(bindings) == 1 else 0), binding.key))
                at += wide
            content += told
        if last:
            content = content.pad_right(max(0, room - content.cell_length)) + palette
            self._places.append((room, self.size.width, last[0].key))
        if not content.is_same(self._content):
            self._content = content
            self.refresh()

    def _told(self, name: str, bindings: list[Binding]) -> Content:
        keys = "".join(self._application.get_key_display(binding) for binding in bindings)
        said = f" {name} " if name else " "
        return Content.assemble(" ", (keys, "bold $footer-key-foreground"), (said, "$footer-description-foreground"))

    def render(self) -> Content:
        """The line."""
        return self._content

    def on_click(self, event: events.Click) -> None:
        """Presses the key that was clicked."""
        for begin, end, key in self._places:
            if begin <= event.x < end:
                self._application.simulate_key(key)

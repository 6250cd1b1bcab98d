"""A dialog over a dimmed screen.

Textual dims that screen anew, segment by segment, whenever the dialog is drawn; on a large terminal that takes longer
than everything else. Here each style is dimmed once.
"""

from __future__ import annotations

import functools
from typing import TypeVar, cast

from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.css.styles import RulesMap
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.visual import RenderOptions, Visual

Answer = TypeVar("Answer")
_STYLES = 4_096
"""Dimmed styles that are kept; a screen has some dozens, a change of theme brings others."""


class Dialog(ModalScreen[Answer]):
    """What is asked or told over a screen that stays to be seen behind it."""

    # Whatever can be shown may be rendered, as in `Widget.render`; Textual's `Screen` narrows that without need.
    def render(self) -> Visual | RenderableType:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The screen behind, dimmed."""
        found = super().render()
        if not isinstance(found, BackgroundScreen):
            return found
        screen = cast("Screen[object]", found.screen)
        return Backdrop(screen, found.color)


class Backdrop(Visual):
    """A screen under a colour that lets it through in part; `BackgroundScreen` in Textual's words."""

    def __init__(self, screen: Screen[object], colour: Color) -> None:
        self._screen = screen
        self._colour = colour

    def render_strips(self, width: int, height: int | None, style: VisualStyle, options: RenderOptions) -> list[Strip]:
        """Its lines, without links or what a click would do."""
        # Textual's own backdrop reads it; there is no public way to a screen's lines.
        lines = self._screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        colour = self._colour
        return [
            Strip([Segment(text, dimmed(style or Style.null(), colour)) for text, style, _ in line], line.cell_length)
            for line in lines[:height]
        ]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """The screen's."""
        return self._screen.size.width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """The screen's."""
        return self._screen.size.height


@functools.lru_cache(_STYLES)
def dimmed(style: Style, colour: Color) -> Style:
    """A style with both of its colours under another one, and nothing that a click would do."""
    plain = style.clear_meta_and_links()
    over = [
        None if one is None else (Color.from_rich_color(one) + colour).rich_color
        for one in (style.color, style.bgcolor)
    ]
    return plain + Style.from_color(*over)

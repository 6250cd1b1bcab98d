"""The venue as a picture: its regions, and the links between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from textual.content import Content

from rialto_platform.local.links import LinkView
from rialto_tui.console import links, text
from rialto_tui.console.view import View
from rialto_tui.console.widgets.panel import Panel

_CARD = 32
_HEIGHT = 5
_LOW = 6
"""The line of the lower cards."""
_MOST = 3


@dataclass
class Canvas:
    """Characters with styles, in columns and lines."""

    width: int
    height: int
    cells: list[list[tuple[str, str]]] = field(default_factory=list[list[tuple[str, str]]])

    def __post_init__(self) -> None:
        """Begins empty."""
        self.cells = [[(" ", "")] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, shown: str, style: str = "") -> None:
        """Writes from a cell on; what is outside is not there."""
        for at, character in enumerate(shown, start=x):
            if 0 <= y < self.height and 0 <= at < self.width:
                self.cells[y][at] = (character, style)

    def words(self, begin: int, end: int, y: int, wordings: Sequence[str], style: str) -> None:
        """Writes the first wording that fits between two columns in their middle, with a blank on either side."""
        room = max(0, end - begin - 2)
        fits = next((words for words in wordings if len(words) + 2 <= room), wordings[-1])
        shown = f" {fits} "[:room]
        self.put(begin + 1 + (room - len(shown)) // 2, y, shown, style)

    def lines(self) -> list[Content]:
        """As content, neighbours of one style together."""
        found: list[Content] = []
        for row in self.cells:
            parts: list[tuple[str, str]] = []
            for character, style in row:
                if parts and parts[-1][1] == style:
                    parts[-1] = (parts[-1][0] + character, style)
                else:
                    parts.append((character, style))
            found.append(Content.assemble(*parts))
        return found


class VenueMap(Panel, can_focus=False):
    """Up to three regions: two above, one below, and what joins them."""

    TITLE = "venue"

    def title(self, view: View) -> str:
        """With the venue's name."""
        return f"venue {view.state.venue}"

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        """The cards, then the links between them."""
        regions = _regions(view)
        if not regions or len(regions) > _MOST:
            return [Content.styled("no region is known yet" if not regions else "see the tables below", "$quiet")]
        canvas = Canvas(width, height)
        corners = [(0, 0), (width - _CARD, 0), ((width - _CARD) // 2, _LOW)]
        pairs = {1: (), 2: ((0, 1),), 3: ((0, 1), (0, 2), (1, 2))}[len(regions)]
        for one, other in pairs:
            link = view.state.link(regions[one], regions[other])
            if link is not None:
                _draw(canvas, view, link, regions[one], corners[one], corners[other])
        for region, corner in zip(regions, corners, strict=False):
            _card(canvas, view, region, corner)
        return canvas.lines()


def _regions(view: View) -> list[str]:
    """The regions in the order of the venue file, or those that voters tell of."""
    declared = [place.name for place in view.state.declared.places]
    return declared or [replica.region for replica in (view.market.replicas if view.market else ())]


def _card(canvas: Canvas, view: View, region: str, corner: tuple[int, int]) -> None:
    x, y = corner
    market = view.market
    replica = None if market is None else next((one for one in market.replicas if one.region == region), None)
    leads = market is not None and market.leader is not None and market.leader.region == region
    serves = replica is None or replica.state == "running"
    edge = "$success" if leads else "$quiet" if serves else "$error"
    horizontal, vertical, ends = ("━", "┃", "┏┓┗┛") if leads else ("─", "│", "╭╮╰╯")
    canvas.put(x, y, ends[0] + horizontal * (_CARD - 2) + ends[1], edge)
    canvas.put(x, y + _HEIGHT - 1, ends[2] + horizontal * (_CARD - 2) + ends[3], edge)
    for row in range(1, _HEIGHT - 1):
        canvas.put(x, y + row, vertical + " " * (_CARD - 2) + vertical, edge)
    canvas.put(x + 2, y, f" {region} ", "bold $success" if leads else "bold" if serves else "bold $error")
    place = view.state.declared.place(region)
    if place is not None:
        canvas.put(x + 2, y + 1, f"{place.cloud} {place.location}"[: _CARD - 4], "$quiet")
    if replica is None or market is None:
        return
    word = replica.role if serves else replica.state
    canvas.put(x + 2, y + 2, f"{'●' if leads else '○' if serves else '✕'} {replica.node} ", edge if leads else "")
    canvas.put(
        x + 2 + len(replica.node) + 3, y + 2, word, "bold $success" if leads else "" if serves else "bold $error"
    )
    if leads:
        figures = f"{market.orders_per_second:,.0f} orders/s · p99 {text.duration(market.p99_ns)}"
    else:
        figures = f"lag {text.number(replica.lag)}" + (
            "" if replica.age_ms is None else f" · heard {text.age(round(replica.age_ms * 1e6))}"
        )
    canvas.put(x + 2, y + 3, figures[: _CARD - 4], "")


def _draw(
    canvas: Canvas, view: View, link: LinkView, first: str, here: tuple[int, int], there: tuple[int, int]
) -> None:
    """A line from the first region's card to the other's, with what the link is like."""
    state = links.state(link)
    style = "$success" if state == "open" else "$warning" if state == "changed" else "bold $error"
    stroke = "─" if state in ("open", "changed") else "╌"
    to_first, from_first = _ways(link, first)
    left_to_right = here[0] < there[0]
    label = _label(view, link, state)
    if here[1] == there[1]:
        line = _Line(here[0] + _CARD, there[0], here[1] + 2, stroke, style)
        _level(canvas, line, label, from_first, to_first)
        return
    # From below the upper card down, then across to the lower one.
    x = here[0] + _CARD // 2
    y = there[1] + 2
    for row in range(here[1] + _HEIGHT, y):
        canvas.put(x, row, "│" if stroke == "─" else "╎", style)
    # Below the line there is all the room beside the lower card.
    if left_to_right:
        canvas.put(x, y, "╰", style)
        line = _Line(x + 1, there[0], y, stroke, style, below=(here[0], there[0]))
        _level(canvas, line, label, arrow_right=from_first, arrow_left=False)
    else:
        canvas.put(x, y, "╯", style)
        line = _Line(there[0] + _CARD, x, y, stroke, style, below=(there[0] + _CARD, here[0] + _CARD))
        _level(canvas, line, label, arrow_right=False, arrow_left=from_first)
    if to_first:
        canvas.put(x, here[1] + _HEIGHT, "▲", style)


@dataclass(frozen=True)
class _Line:
    """The level part of what joins two cards, from one column to another."""

    begin: int
    end: int
    y: int
    stroke: str
    style: str
    below: tuple[int, int] | None = None
    """The columns that are free under it, where they are others than its own."""


def _level(canvas: Canvas, line: _Line, label: Sequence[Sequence[str]], arrow_right: bool, arrow_left: bool) -> None:
    """Draws it with its arrows, and each line of its label in the first wording that there is room for."""
    canvas.put(line.begin, line.y, line.stroke * (line.end - line.begin), line.style)
    if arrow_left:
        canvas.put(line.begin, line.y, "◀", line.style)
    if arrow_right:
        canvas.put(line.end - 1, line.y, "▶", line.style)
    on_it, *under_it = label
    if line.below is not None and len(on_it[0]) + 2 > line.end - line.begin - 2:
        # No room on the line: all of it stands below.
        canvas.words(*line.below, line.y + 1, [_joined(on_it[0], words) for words in (*under_it, ("",))[0]], line.style)
        return
    canvas.words(line.begin, line.end, line.y, on_it, line.style)
    for words in under_it:
        canvas.words(*(line.below or (line.begin, line.end)), line.y + 1, words, "$quiet")


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _ways(link: LinkView, first: str) -> tuple[bool, bool]:
    """Whether anything passes to the first region, and from it."""
    to_first = next(one for one in link.directions if one.to_region == first)
    from_first = next(one for one in link.directions if one.from_region == first)
    return not to_first.cut, not from_first.cut


def _label(view: View, link: LinkView, state: str) -> list[tuple[str, ...]]:
    """The lines of a link's label, each in wordings from the longest to the shortest."""
    latency_us = max(one.latency_us for one in link.directions)
    loss_ppm = max(one.loss_ppm for one in link.directions)
    words = text.duration(1000 * latency_us) if state in ("open", "changed") else state
    loss = f"loss {text.share(loss_ppm)}" if loss_ppm else ""
    heals_ns = links.heals_at_ns(link)
    if heals_ns is None:
        return [(words,), (loss,)] if loss else [(words,)]
    left = f"{max(0, heals_ns - view.wall_ns) // 10**9} s"
    # When it heals is what somebody waits for; the loss stands in the table of links too.
    return [(words,), (_joined(loss, f"heals in {left}"), f"heals in {left}", f"heals {left}", left)]

"""The picture of the regions: what stands at a link is said in words that there is room for."""

from __future__ import annotations

from dataclasses import replace

import pytest
import recorded_console
from recorded_console import MONO_NS, SECOND_NS, WALL_NS

from rialto_platform.local.links import LinkView
from rialto_tui.console import store
from rialto_tui.console.store import DeclaredSeen, State, StatusSeen
from rialto_tui.console.view import View
from rialto_tui.console.widgets.map import VenueMap

_AT_150_COLUMNS = 78
"""What the picture has beside a book on the narrowest terminal that shows both."""
_AT_200_COLUMNS = 105


def _ailing(one: str, other: str) -> LinkView:
    """A slow, lossy link that heals in nine seconds and a bit."""
    heals_ns = WALL_NS + 9_400_000_000
    there = recorded_console.direction(one, other, latency_us=80_000, loss_ppm=1_000, heals_ns=heals_ns)
    return recorded_console.link(one, other, there=there, back=replace(there, from_region=other, to_region=one))


def _picture(links: tuple[LinkView, ...], width: int) -> list[str]:
    state = State("laptop")
    state = store.apply(state, DeclaredSeen(MONO_NS - SECOND_NS, WALL_NS - SECOND_NS, recorded_console.DECLARED))
    state = store.apply(state, StatusSeen(MONO_NS, WALL_NS, recorded_console.status(links=links), 1))
    view = View(state, MONO_NS, WALL_NS, state.markets[0])
    return [line.plain for line in VenueMap().lines(view, width, 11)]


@pytest.mark.parametrize("width", [_AT_150_COLUMNS, _AT_200_COLUMNS])
def test_every_link_says_when_it_heals(width: int) -> None:
    picture = _picture((_ailing("us", "asia"), _ailing("us", "europe"), _ailing("asia", "europe")), width)
    shown = "\n".join(picture)
    assert shown.count("80 ms") == 3, shown
    assert shown.count(" 9 s ") == 3, shown


def test_where_there_is_room_its_loss_stands_with_it() -> None:
    picture = _picture((_ailing("us", "asia"), *recorded_console.LINKS[1:]), _AT_200_COLUMNS)
    assert sum("loss 0.1 % · heals in 9 s" in line for line in picture) == 1, "\n".join(picture)


def test_a_link_without_an_end_says_its_loss_alone() -> None:
    lossy = recorded_console.direction("us", "asia", loss_ppm=1_000)
    link = recorded_console.link("us", "asia", there=lossy)
    picture = "\n".join(_picture((link, *recorded_console.LINKS[1:]), _AT_200_COLUMNS))
    assert "loss 0.1 %" in picture
    assert "heals" not in picture

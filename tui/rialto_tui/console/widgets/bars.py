"""The lines that are always there: where one is, and what is lost."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from rialto_tui.console import store, text
from rialto_tui.console.view import View

_STATES = {"up": "$success", "degraded": "$warning", "down": "$error", "unknown": "$quiet"}


class TitleBar(Widget):
    """Venue, environment, market and the region that leads it, on every screen."""

    def __init__(self) -> None:
        super().__init__()
        self._content = Content()

    def show(self, view: View) -> None:
        """Shows another picture."""
        state = view.state
        stale = state.status.stale(view.now_ns)
        word = f"{state.venue_state}, {text.age(state.status.age_ns(view.now_ns))} old" if stale else state.venue_state
        colour = "$error" if stale else _STATES.get(state.venue_state, "$warning")
        right = Content.assemble((f" {word} ", f"bold {colour}"), (f" {text.clock(view.wall_ns)}Z ", "$quiet"))
        width = self.size.width - right.cell_length
        left = _where(view, full=True)
        if left.cell_length > width:
            left = _where(view, full=False).truncate(max(0, width), ellipsis=True)
        content = left.pad_right(max(0, width - left.cell_length)) + right
        if not content.is_same(self._content):
            self._content = content
            self.refresh()

    def render(self) -> Content:
        """The line."""
        return self._content


def _where(view: View, *, full: bool) -> Content:
    """The venue, its environment, the market and who leads it."""
    state, market = view.state, view.market
    where = Content.assemble(
        (" RIALTO ", "bold $background on $primary"),
        (f" {state.venue}", "bold"),
        (" · ", "$quiet"),
        state.environment,
    )
    if market is None:
        return where
    leader = market.leader
    if leader is None:
        return where + Content.assemble((" · ", "$quiet"), market.name, ("  no leader", "bold $error"))
    exactly = f" ({leader.node}, epoch {market.epoch})" if full else ""
    return where + Content.assemble(
        (" · ", "$quiet"), market.name, (" led by ", "$quiet"), (leader.region, "bold $success"), (exactly, "$quiet")
    )


class Banner(Widget):
    """What is lost, in one line; not there while nothing is."""

    def __init__(self) -> None:
        super().__init__()
        self._content = Content()

    def show(self, view: View) -> None:
        """Shows the first of what is lost, and how much more there is."""
        lost = store.lost(view.state)
        self.display = len(lost) > 0
        if len(lost) == 0:
            return
        more = f" (+{len(lost) - 1} more)" if len(lost) > 1 else ""
        content = Content.assemble((" ■ ", "bold"), f"{lost[0]}{more}")
        if not content.is_same(self._content):
            self._content = content
            self.refresh()

    def render(self) -> Content:
        """The line."""
        return self._content

"""What the market does: orders a second and acknowledgement percentiles, now and over the last minutes."""

from __future__ import annotations

from textual.content import Content

from rialto_tui.console import text
from rialto_tui.console.readings import Market
from rialto_tui.console.store import STALE_NS, market_age_ns
from rialto_tui.console.view import View
from rialto_tui.console.widgets.panel import Panel

_LABEL = 9
_VALUE = 8
_ROWS = 3
"""The most lines of a sparkline."""


class MarketPanel(Panel):
    """Three figures with their last minutes, and the market's counts."""

    TITLE = "market"
    HELP = """\
The chosen market as its leader tells it; each bar is a second, the newest at the right, and the scale
begins at zero.

**orders/s** counts orders accepted over the last five seconds.
**ack** is the time from a message's arrival at the leader until its answer is handed to the socket,
over the last ten seconds: half are faster than p50, of a hundred 99 are faster than p99. The answer
waits until a majority of the regions holds the order, so it can't be faster than the round trip to
the nearest of them. It turns yellow beyond the venue file's objective.

**[** and **]** look at another market of the venue."""

    def title(self, view: View) -> str:
        """The market and its trading day."""
        return "no market" if view.market is None else f"market {view.market.name} · day {view.market.day}"

    def freshness(self, view: View) -> tuple[str, bool]:
        """The market's own age: when its node made the numbers."""
        foot, stale = super().freshness(view)
        if view.market is None:
            return foot, stale
        age_ns = market_age_ns(view.state, view.market, view.now_ns, view.wall_ns)
        return f"{text.age(age_ns)} old", stale or age_ns is None or age_ns >= STALE_NS

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        """Figures, then counts."""
        market = view.market
        if market is None:
            return [Content.styled("no node tells of a market", "$quiet")]
        points = view.state.history.get(market.name, ())
        objective_ns = view.state.declared.acknowledgement_p99_ns
        slow = objective_ns is not None and market.p99_ns is not None and market.p99_ns > objective_ns
        leads = market.leader is not None
        rate = f"{market.orders_per_second:,.0f}" if leads else "-"
        figures = (
            ("orders/s", rate, [point.orders_per_second for point in points], "$primary"),
            (
                "ack p50",
                text.duration(market.p50_ns if leads else None),
                [point.p50_ns for point in points],
                "$success",
            ),
            (
                "ack p99",
                text.duration(market.p99_ns if leads else None),
                [point.p99_ns for point in points],
                "$warning" if slow else "$secondary",
            ),
        )
        rows = min(_ROWS, max(1, (height - 1) // 3))
        bars = max(0, width - _LABEL - _VALUE - 1)
        lines: list[Content] = []
        for label, value, values, colour in figures:
            drawn = text.sparkline(values, bars, rows)
            for row, line in enumerate(drawn):
                last = row == rows - 1
                lines.append(
                    Content.assemble(
                        (label.ljust(_LABEL) if last else " " * _LABEL, "$quiet"),
                        (value.rjust(_VALUE) if last else " " * _VALUE, "bold"),
                        " ",
                        (line, colour),
                    )
                )
        lines.append(_counts(market, width))
        return lines


def _counts(market: Market, width: int) -> Content:
    """As many counts as there is room for, the more telling first."""
    counts = (
        ("resting", f"{market.resting:,}"),
        ("executions", f"{market.executions:,}"),
        ("sessions", f"{market.sessions}"),
    )
    shown = Content()
    for label, value in counts:
        more = Content.assemble("  " if shown else "", (label + " ", "$quiet"), value)
        if shown.cell_length + more.cell_length > width:
            break
        shown += more
    return shown

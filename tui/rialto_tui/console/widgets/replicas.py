"""The regions with a voter of the market: who leads, how far the others are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from rialto_platform.local.topology import Replica
from rialto_tui.console import readings, text
from rialto_tui.console.actions import Move, NodeAction
from rialto_tui.console.view import View
from rialto_tui.console.widgets.panel import Asked, Cell, Column, Rows

_STATES = {
    "running": "$success",
    "starting": "$warning",
    "frozen": "$error",
    "failed": "$error",
    "unreachable": "$error",
}
_LAG_WARN = 1000
_SLOW_NS = 250_000_000


class Replicas(Rows):
    """Each voter in a row: its region, node, role, position, lag, and when it was heard."""

    TITLE = "regions and voters"
    HELP = """\
Each row is a region's voter of the market.

● leads: it takes logins and orders. ○ follows.
**applied** is the last journal position it has applied, **lag** how many entries it lacks, and
**heard** when it last heard the leader (for one that does not answer: when the leader last
heard it). A row greys when its node does not answer.

**m** moves leadership to the chosen region, or to the best replica if the leader is chosen.
**k** kills its process (SIGKILL); its supervisor starts it again.
**f** freezes it (SIGSTOP): nothing closes, so only timers notice. **r** wakes it (SIGCONT).
Each asks first, and says what it stops."""
    COLUMNS = (
        Column("  region", 9),
        Column("cloud", 18, rank=2),
        Column("node", 9),
        Column("role", 9),
        Column("applied", 11, right=True),
        Column("lag", 7, right=True),
        Column("heard", 7, right=True),
        Column("state", 12),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "move", "Move"),
        Binding("k", "node('kill')", "Kill"),
        Binding("f", "node('freeze')", "Freeze"),
        Binding("r", "node('resume')", "Resume"),
    ]

    def title(self, view: View) -> str:
        """With the market, where a venue has several."""
        return self.TITLE if view.market is None else f"{self.TITLE} of {view.market.name}"

    def freshness(self, view: View) -> tuple[str, bool]:
        """With how long the nodes took to answer, where they were slow."""
        foot, stale = super().freshness(view)
        took_ns = view.state.status.took_ns
        return (foot if took_ns < _SLOW_NS else f"asked in {text.duration(took_ns)}, {foot}"), stale

    def nothing(self, view: View) -> str:
        """A venue that is down has no replicas to show."""
        if view.state.venue_state == "down":
            return "nothing runs. Start it: rialto up"
        return super().nothing(view)

    def rows(self, view: View) -> list[tuple[str, Sequence[Cell]]]:
        """The voters of the market, or the nodes while no market is told of."""
        if view.market is None:
            nodes = view.state.nodes
            return [
                (node.name, self._node(view, node.region, node.name, node.state))
                for node in nodes
                if view.holds(node.region, node.name, node.state)
            ]
        return [
            (replica.node, self._replica(view, replica))
            for replica in view.market.replicas
            if view.holds(replica.region, replica.node, replica.role, replica.state)
        ]

    def _replica(self, view: View, replica: Replica) -> Sequence[Cell]:
        serves = replica.state == "running"
        leads = view.market is not None and view.market.leader is not None and view.market.leader.node == replica.node
        plain = "" if serves else "$quiet"
        mark = "● " if leads else "○ " if serves else "✕ "
        head = "bold $success" if leads else "" if serves else "$error"
        lag = replica.lag or 0
        node = view.state.node(replica.node)
        up_s = None if node is None else readings.uptime_s(node)
        state = replica.state if up_s is None else f"up {text.uptime(up_s)}"
        heard = "-" if replica.age_ms is None else text.age(round(replica.age_ms * 1e6))
        return (
            (mark + replica.region, head),
            (self._cloud(view, replica.region), "$quiet"),
            (replica.node, plain),
            (replica.role, "bold $success" if leads else plain),
            (text.number(replica.applied), plain),
            (text.number(replica.lag), plain if lag < _LAG_WARN else "$warning"),
            (heard if not leads else "leads", "$quiet" if leads else plain),
            (state, _STATES.get(replica.state, "$warning")),
        )

    def _node(self, view: View, region: str, name: str, state: str) -> Sequence[Cell]:
        style = _STATES.get(state, "$warning")
        mark = "○ " if state == "running" else "✕ "
        dash = ("-", "$quiet")
        return (
            (mark + region, style),
            (self._cloud(view, region), "$quiet"),
            (name, ""),
            dash,
            dash,
            dash,
            dash,
            (state, style),
        )

    @staticmethod
    def _cloud(view: View, region: str) -> str:
        place = view.state.declared.place(region)
        return "" if place is None else f"{place.cloud} {place.location}"

    def action_move(self) -> None:
        """Asks to move leadership to the chosen region."""
        market = None if self._view is None else self._view.market
        if market is None or market.leader is None:
            self.notify("no leader is known that could hand over", severity="warning")
            return
        to = None if self.chosen in ("", market.leader.node) else self.chosen
        self.post_message(Asked(Move(market.name, market.leader.node, to)))

    def action_node(self, verb: str) -> None:
        """Asks to kill, freeze or resume the chosen node."""
        if self.chosen:
            match verb:
                case "kill" | "freeze" | "resume":
                    self.post_message(Asked(NodeAction(verb, self.chosen)))
                case _:
                    raise AssertionError(f"no verb {verb}")

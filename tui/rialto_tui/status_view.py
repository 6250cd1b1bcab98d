"""The status of a venue as lines of text: a pure function of the console's state, for `rialto status`."""

from __future__ import annotations

from collections.abc import Mapping

from rialto_platform.local.status import NodeStatus
from rialto_platform.local.topology import Replica
from rialto_tui import link_view
from rialto_tui.console import readings, text
from rialto_tui.console.readings import Instrument, Market
from rialto_tui.console.store import State

_HEADINGS = ("symbol", "", "bid qty", "bid", "ask", "ask qty", "last", "trades", "volume")
_REPLICA_HEADINGS = ("region", "node", "role", "applied", "lag", "age", "state")
_SHOWN_AS_MS = 10_000
_WIDTHS = (7, 9, 9, 7, 9, 6, 9)


def render(state: State, wall_ns: int, width: int | None = None) -> list[str]:
    """The lines of a status screen, each at most `width` characters if that is given; 80 hold everything.

    `wall_ns` is now, nanoseconds since the epoch: what heals by itself says when.
    """
    lines = [f"venue {state.venue}   {state.venue_state}   order flow: {_flows(state)}"]
    if state.problem:
        lines.append(state.problem)
    lines += state.reduced
    nodes = {node.name: node for node in state.nodes}
    for node in state.nodes:
        lines += _problem(node)
    lines += link_view.summary(state.carried, wall_ns)
    for market in state.markets:
        lines += ["", *_market(market, nodes)]
    if state.venue_state == "down":
        lines.append("Nothing runs. Start it: rialto up")
    return [line[:width] for line in lines]


def topology(market: Market, nodes: Mapping[str, NodeStatus] | None = None) -> list[str]:
    """Who leads a market, and each replica in a line: its role, its position, how far behind and how old that is."""
    leader = "no leader" if market.leader is None else f"leader {market.leader.node}"
    epoch = "" if market.epoch is None else f"   epoch {market.epoch}"
    head = f"market {market.name}   {leader}{epoch}"
    rows = [_replica(replica, (nodes or {}).get(replica.node)) for replica in market.replicas]
    return [head, _columns(_REPLICA_HEADINGS), *rows]


def _flows(state: State) -> str:
    """One word where all order flows are in one state, else the state of each."""
    if len(set(state.flows.values())) <= 1:
        return state.flow
    return ", ".join(f"{market} {one}" for market, one in state.flows.items())


def _problem(node: NodeStatus) -> list[str]:
    """What keeps a node from serving, with the end of its log where that tells why."""
    if node.facts is not None:
        return []
    detail = f": {node.problem}" if node.problem else ""
    return [f"node {node.name}   {node.state}{detail}", *(f"    {line}" for line in node.log)]


def _replica(replica: Replica, node: NodeStatus | None) -> str:
    up_s = None if node is None else readings.uptime_s(node)
    state = replica.state if up_s is None else f"up {text.uptime(up_s)}"
    applied, lag = text.number(replica.applied), text.number(replica.lag)
    return _columns((replica.region, replica.node, replica.role, applied, lag, _age(replica.age_ms), state))


def _columns(cells: tuple[str, ...]) -> str:
    region, node, role, applied, lag, age, state = cells
    return f"  {region:<9} {node:<11} {role:<9} {applied:>12} {lag:>8} {age:>8}  {state}"


def _age(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds:,.0f} ms" if milliseconds < _SHOWN_AS_MS else f"{milliseconds / 1000:,.0f} s"


def _market(market: Market, nodes: Mapping[str, NodeStatus]) -> list[str]:
    rates = (
        f"  {market.orders_per_second:,.0f} orders/s   "
        f"answer p50 {_microseconds(market.p50_ns)}  p99 {_microseconds(market.p99_ns)}   "
        f"resting {market.resting:,}   executions {market.executions:,}"
    )
    head, *replicas = topology(market, nodes)
    lines = [
        f"{head}   day {market.day}   sessions {market.sessions}",
        *replicas,
        rates,
        _row(_HEADINGS),
        *(_row(_cells(found)) for found in market.instruments),
    ]
    if market.leader is not None and any(instrument.state == "halted" for instrument in market.instruments):
        admin = nodes[market.leader.node].admin
        lines.append("  Why it is halted: rialto logs. To trade again:")
        lines.append(f"  curl -X POST http://{admin}/v1/markets/{market.name}/resume")
    return lines


def _cells(instrument: Instrument) -> tuple[str, ...]:
    return (
        instrument.symbol,
        # Only what is out of the ordinary is said.
        "" if instrument.state == "trading" else instrument.state,
        text.count(instrument.bid_quantity),
        text.price(instrument.bid_e4),
        text.price(instrument.ask_e4),
        text.count(instrument.ask_quantity),
        text.price(instrument.last_e4),
        text.count(instrument.trades),
        text.count(instrument.volume),
    )


def _row(cells: tuple[str, ...]) -> str:
    symbol, state, *numbers = cells
    columns = zip(numbers, _WIDTHS, strict=True)
    return f"  {symbol:<8} {state:<6} " + " ".join(f"{shown:>{width}}" for shown, width in columns)


def _microseconds(value_ns: int | None) -> str:
    return "-" if value_ns is None else f"{value_ns / 1000:,.0f} us"

"""The status of a venue as lines of text: a pure function, shared by `rialto status` and `rialto watch`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from rialto_platform.local.status import NodeStatus, VenueStatus
from rialto_platform.local.topology import MarketView, Replica, objects
from rialto_tui import link_view

_E4 = 10_000
_HEADINGS = ("symbol", "", "bid qty", "bid", "ask", "ask qty", "last", "trades", "volume")
_REPLICA_HEADINGS = ("region", "node", "role", "applied", "lag", "age", "state")
_SHOWN_AS_MS = 10_000
_WIDTHS = (7, 9, 9, 7, 9, 6, 9)


def render(status: VenueStatus, width: int | None = None) -> list[str]:
    """The lines of a status screen, each at most `width` characters if that is given; 80 hold everything."""
    lines = [f"venue {status.venue}   {status.state}   order flow: {_flows(status)}"]
    if status.problem:
        lines.append(status.problem)
    lines += status.reduced
    nodes = {node.name: node for node in status.nodes}
    for node in status.nodes:
        lines += _problem(node)
    lines += link_view.summary(status.links, status.observed_at_ns)
    for market in status.markets:
        lines += ["", *_market(market, nodes)]
    if status.state == "down":
        lines.append("Nothing runs. Start it: rialto up")
    return [line[:width] for line in lines]


def topology(market: MarketView, nodes: Mapping[str, NodeStatus] | None = None) -> list[str]:
    """Who leads a market, and each replica in a line: its role, its position, how far behind and how old that is."""
    leader = "no leader" if market.leader is None else f"leader {market.leader.node}"
    epoch = "" if market.epoch is None else f"   epoch {market.epoch}"
    head = f"market {market.name}   {leader}{epoch}"
    rows = [_replica(replica, (nodes or {}).get(replica.node)) for replica in market.replicas]
    return [head, _columns(_REPLICA_HEADINGS), *rows]


def _flows(status: VenueStatus) -> str:
    """One word where all order flows are in one state, else the state of each."""
    if len(set(status.flows.values())) <= 1:
        return status.flow
    return ", ".join(f"{market} {state}" for market, state in status.flows.items())


def _problem(node: NodeStatus) -> list[str]:
    """What keeps a node from serving, with the end of its log where that tells why."""
    if node.facts is not None:
        return []
    detail = f": {node.problem}" if node.problem else ""
    return [f"node {node.name}   {node.state}{detail}", *(f"    {line}" for line in node.log)]


def _replica(replica: Replica, node: NodeStatus | None) -> str:
    state = replica.state
    if node is not None and node.facts is not None:
        state = f"up {_duration(_number(node.facts, 'uptime_s'))}"
    lag = "-" if replica.lag is None else f"{replica.lag:,}"
    applied = "-" if replica.applied is None else f"{replica.applied:,}"
    return _columns((replica.region, replica.node, replica.role, applied, lag, _age(replica.age_ms), state))


def _columns(cells: tuple[str, ...]) -> str:
    region, node, role, applied, lag, age, state = cells
    return f"  {region:<9} {node:<11} {role:<9} {applied:>12} {lag:>8} {age:>8}  {state}"


def _age(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds:,.0f} ms" if milliseconds < _SHOWN_AS_MS else f"{milliseconds / 1000:,.0f} s"


def _market(view: MarketView, nodes: Mapping[str, NodeStatus]) -> list[str]:
    market = view.facts
    day = _object(market, "trading_day")
    state = "-" if not day else f"{day.get('date')} {'open' if day.get('open') else 'closed'}"
    acknowledge = _object(market, "acknowledge")
    counters = _object(market, "counters")
    connected = sum(1 for session in objects(market, "sessions") if session.get("connected"))
    rates = (
        f"  {_number(market, 'orders_per_second'):,.0f} orders/s   "
        f"answer p50 {_microseconds(acknowledge, 'p50_ns')}  p99 {_microseconds(acknowledge, 'p99_ns')}   "
        f"resting {_number(market, 'orders_resting'):,.0f}   executions {_number(counters, 'executions'):,.0f}"
    )
    instruments = objects(market, "instruments")
    head, *replicas = topology(view, nodes)
    lines = [
        f"{head}   day {state}   sessions {connected}",
        *replicas,
        rates,
        _row(_HEADINGS),
        *(_row(_cells(found)) for found in instruments),
    ]
    if view.leader is not None and any(instrument.get("state") == "halted" for instrument in instruments):
        admin = nodes[view.leader.node].admin
        lines.append("  Why it is halted: rialto logs. To trade again:")
        lines.append(f"  curl -X POST http://{admin}/v1/markets/{view.name}/resume")
    return lines


def _cells(instrument: Mapping[str, object]) -> tuple[str, ...]:
    bid, ask = _object(instrument, "bid"), _object(instrument, "ask")
    return (
        str(instrument.get("symbol", "")),
        # Only what is out of the ordinary is said.
        "" if instrument.get("state") == "trading" else str(instrument.get("state", "")),
        _count(bid, "quantity"),
        _price(bid, "price_e4"),
        _price(ask, "price_e4"),
        _count(ask, "quantity"),
        _price(instrument, "last_price_e4"),
        _count(instrument, "trades"),
        _count(instrument, "volume"),
    )


def _row(cells: tuple[str, ...]) -> str:
    symbol, state, *numbers = cells
    columns = zip(numbers, _WIDTHS, strict=True)
    return f"  {symbol:<8} {state:<6} " + " ".join(f"{text:>{width}}" for text, width in columns)


def _object(value: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = value.get(key)
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}


def _number(value: Mapping[str, object], key: str) -> float:
    found = value.get(key)
    return float(found) if isinstance(found, int | float) else 0.0


def _count(value: Mapping[str, object], key: str) -> str:
    found = value.get(key)
    return f"{found:,}" if isinstance(found, int) and found else "-"


def _price(value: Mapping[str, object], key: str) -> str:
    found = value.get(key)
    if not isinstance(found, int) or not found:
        return "-"
    # As many decimals as it has, but two at least: ticks of a cent read as money.
    whole, part = divmod(found, _E4)
    decimals = f"{part:04}".rstrip("0").ljust(2, "0")
    return f"{whole:,}.{decimals}"


def _microseconds(value: Mapping[str, object], key: str) -> str:
    found = value.get(key)
    return f"{found / 1000:,.0f} us" if isinstance(found, int | float) else "-"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"

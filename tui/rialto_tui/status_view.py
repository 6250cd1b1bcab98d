"""The status of a venue as lines of text: a pure function, shared by `rialto status` and `rialto watch`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from rialto_platform.local.status import NodeStatus, VenueStatus

_E4 = 10_000
_HEADINGS = ("symbol", "", "bid qty", "bid", "ask", "ask qty", "last", "trades", "volume")
_WIDTHS = (7, 9, 9, 7, 9, 6, 9)


def render(status: VenueStatus, width: int | None = None) -> list[str]:
    """The lines of a status screen, each at most `width` characters if that is given; 80 hold everything."""
    lines = [f"venue {status.venue}   {status.state}   order flow: {status.flow}"]
    if status.problem:
        lines.append(status.problem)
    for node in status.nodes:
        lines += _node(node)
    if status.state == "down":
        lines.append("Nothing runs. Start it: rialto up")
    return [line[:width] for line in lines]


def _node(node: NodeStatus) -> list[str]:
    if node.facts is None:
        detail = f": {node.problem}" if node.problem else ""
        return [f"node {node.name}   {node.state}{detail}"]
    facts = node.facts
    uptime = _duration(_number(facts, "uptime_s"))
    lines = [f"node {node.name}   {node.state}   region {facts.get('region', '-')}   up {uptime}"]
    for name, market in _object(facts, "markets").items():
        if isinstance(market, dict):
            known = cast("Mapping[str, object]", market)
            lines += ["", *_market(name, known)]
            if any(instrument.get("state") == "halted" for instrument in _objects(known, "instruments")):
                lines.append("  Why it is halted: rialto logs. To trade again:")
                lines.append(f"  curl -X POST http://{node.admin}/v1/markets/{name}/resume")
    return lines


def _market(name: str, market: Mapping[str, object]) -> list[str]:
    day = _object(market, "trading_day")
    state = "-" if not day else f"{day.get('date')} {'open' if day.get('open') else 'closed'}"
    acknowledge = _object(market, "acknowledge")
    counters = _object(market, "counters")
    connected = sum(1 for session in _objects(market, "sessions") if session.get("connected"))
    head = (
        f"market {name}   {market.get('role')}   day {state}   "
        f"journal {_number(_object(market, 'journal'), 'applied'):,.0f}   sessions {connected}"
    )
    rates = (
        f"  {_number(market, 'orders_per_second'):,.0f} orders/s   "
        f"answer p50 {_microseconds(acknowledge, 'p50_ns')}  p99 {_microseconds(acknowledge, 'p99_ns')}   "
        f"resting {_number(market, 'orders_resting'):,.0f}   executions {_number(counters, 'executions'):,.0f}"
    )
    return [head, rates, _row(_HEADINGS), *(_row(_cells(found)) for found in _objects(market, "instruments"))]


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


def _objects(value: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    found = value.get(key)
    if not isinstance(found, list):
        return []
    return [cast("Mapping[str, object]", item) for item in cast("list[object]", found) if isinstance(item, dict)]


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

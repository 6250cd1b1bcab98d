"""What a node's status says of a market, as values with types: the one place that reads the admin API's JSON here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from rialto_platform.local.status import NodeStatus
from rialto_platform.local.topology import Epoch, MarketView, Replica, objects

Json = Mapping[str, object]


@dataclass(frozen=True)
class Instrument:
    """An instrument as its market's status tells it; prices in units of 1e-4."""

    symbol: str
    state: str
    """trading or halted."""
    bid_e4: int | None
    bid_quantity: int | None
    ask_e4: int | None
    ask_quantity: int | None
    last_e4: int | None
    trades: int
    """Executions of the trading day."""
    volume: int
    """Quantity executed in the trading day."""


@dataclass(frozen=True)
class Market:
    """One market over all its replicas, at one moment."""

    name: str
    leader: Replica | None
    """The replica that takes logins."""
    epoch: Epoch | None
    replicas: tuple[Replica, ...]
    told_ns: int | None
    """When the node said this was true, nanoseconds since the epoch."""
    day: str
    """The trading day and whether it is open; `-` before the first."""
    sessions: int
    """Order sessions that are logged in."""
    orders_per_second: float
    p50_ns: int | None
    """From a message's arrival until its answer is handed to the socket, half are faster; none without messages."""
    p99_ns: int | None
    resting: int
    executions: int
    instruments: tuple[Instrument, ...]

    def replica(self, node: str) -> Replica | None:
        """The replica on a node."""
        return next((replica for replica in self.replicas if replica.node == node), None)

    @property
    def majority(self) -> int:
        """How many voters must hold an order before it is answered."""
        return len(self.replicas) // 2 + 1


def market(view: MarketView) -> Market:
    """A market as its leader tells it, or as the replica that is furthest does while there is none."""
    facts = view.facts
    day = _object(facts, "trading_day")
    acknowledge = _object(facts, "acknowledge")
    return Market(
        name=view.name,
        leader=view.leader,
        epoch=view.epoch,
        replicas=view.replicas,
        told_ns=_whole(facts, "time_ns"),
        day="-" if not day else f"{day.get('date')} {'open' if day.get('open') else 'closed'}",
        sessions=sum(1 for session in objects(facts, "sessions") if session.get("connected")),
        orders_per_second=_number(facts, "orders_per_second"),
        p50_ns=_whole(acknowledge, "p50_ns"),
        p99_ns=_whole(acknowledge, "p99_ns"),
        resting=_whole(facts, "orders_resting") or 0,
        executions=_whole(_object(facts, "counters"), "executions") or 0,
        instruments=tuple(_instrument(found) for found in objects(facts, "instruments")),
    )


def _instrument(found: Json) -> Instrument:
    bid, ask = _object(found, "bid"), _object(found, "ask")
    return Instrument(
        symbol=str(found.get("symbol", "")),
        state=str(found.get("state", "")),
        bid_e4=_whole(bid, "price_e4"),
        bid_quantity=_whole(bid, "quantity"),
        ask_e4=_whole(ask, "price_e4"),
        ask_quantity=_whole(ask, "quantity"),
        last_e4=_whole(found, "last_price_e4"),
        trades=_whole(found, "trades") or 0,
        volume=_whole(found, "volume") or 0,
    )


def uptime_s(node: NodeStatus) -> float | None:
    """How long a node's process has run; none while it does not answer."""
    return None if node.facts is None else _number(node.facts, "uptime_s")


def _object(value: Json, key: str) -> Json:
    found = value.get(key)
    return cast("Json", found) if isinstance(found, dict) else {}


def _whole(value: Json, key: str) -> int | None:
    found = value.get(key)
    return found if isinstance(found, int) else None


def _number(value: Json, key: str) -> float:
    found = value.get(key)
    return float(found) if isinstance(found, int | float) else 0.0

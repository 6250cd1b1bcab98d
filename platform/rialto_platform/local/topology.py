"""Who leads each market and how far its other replicas are: a pure reading of what nodes say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

Json = Mapping[str, object]


class Observed(Protocol):
    """A node that was asked."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def state(self) -> str:
        """running, starting, frozen, failed or unreachable."""
        ...

    @property
    def facts(self) -> Json | None:
        """What its admin API answered."""
        ...


@dataclass(frozen=True, order=True)
class Epoch:
    """A leadership: a term alone may have had two leaders, on either side of a promotion."""

    term: int
    node: int

    def __str__(self) -> str:
        """As people read it."""
        return f"{self.term}.{self.node}"


@dataclass(frozen=True)
class Replica:
    """One voter of a market as it was seen."""

    id: int
    node: str
    region: str
    state: str
    """Of its node."""
    role: str
    """leader, follower or candidate; `-` while its node does not answer."""
    applied: int | None
    """The last position it applied."""
    lag: int | None
    """Positions it has less than the leader, as it says or as the leader knows; none without a leader."""
    age_ms: float | None
    """Since it last heard from the leader; while it does not answer, since the leader last heard from it."""


@dataclass(frozen=True)
class MarketView:
    """One market over all its replicas."""

    name: str
    leader: Replica | None
    """The replica that takes logins."""
    epoch: Epoch | None
    replicas: tuple[Replica, ...]
    facts: Json
    """What the leader says of the market, or the replica that is furthest while there is none."""
    agreed: bool = False
    """Whether one leads and every replica that answers follows that leadership: no election is under way."""

    def replica(self, node: str) -> Replica | None:
        """The replica on a node."""
        return next((replica for replica in self.replicas if replica.node == node), None)

    def as_json(self) -> dict[str, object]:
        """Leader, epoch and replicas as JSON values."""
        leader, epoch = self.leader, self.epoch
        return {
            "name": self.name,
            "leader": None if leader is None else {"id": leader.id, "node": leader.node, "region": leader.region},
            "epoch": None if epoch is None else {"term": epoch.term, "node": epoch.node},
            "replicas": [
                {
                    "id": replica.id,
                    "node": replica.node,
                    "region": replica.region,
                    "state": replica.state,
                    "role": replica.role,
                    "applied": replica.applied,
                    "lag": replica.lag,
                    "age_ms": replica.age_ms,
                }
                for replica in self.replicas
            ],
        }


def region_of(node: str) -> str:
    """The region in a node's name: a node is named by its region and its zone."""
    return node.rpartition("-")[0]


def markets(nodes: Iterable[Observed]) -> tuple[MarketView, ...]:
    """The markets that any of the nodes tells of, in the order they are told."""
    seen = list(nodes)
    told: dict[str, dict[str, Json]] = {}
    for node in seen:
        for name, market in _object(node.facts or {}, "markets").items():
            if isinstance(market, dict):
                told.setdefault(name, {})[node.name] = cast("Json", market)
    return tuple(_market(name, by_node, {node.name: node.state for node in seen}) for name, by_node in told.items())


def _market(name: str, by_node: Mapping[str, Json], states: Mapping[str, str]) -> MarketView:
    # A leader that was frozen and woken still takes itself for one until it hears of its successor.
    leading = [node for node, market in by_node.items() if market.get("role") == "leader"]
    leader = max(leading, key=lambda node: _epoch(by_node[node]) or Epoch(0, 0), default=None)
    furthest = max(by_node, key=lambda node: _applied(by_node[node]) or 0)
    facts = by_node[furthest if leader is None else leader]
    known: dict[str, Json] = {}
    for market in (facts, *by_node.values()):
        for voter in objects(_object(market, "replication"), "voters"):
            known.setdefault(str(voter.get("node")), voter)
    for node in by_node:
        known.setdefault(node, {})
    followed = {} if leader is None else {str(voter.get("node")): voter for voter in _voters(by_node[leader])}
    replicas = [
        _replica(
            node,
            known[node],
            by_node.get(node),
            followed.get(node),
            states.get(node, "-"),
            leader,
            _applied(facts) or 0,
        )
        for node in known
    ]
    replicas.sort(key=lambda replica: replica.id)
    epoch = None if leader is None else _epoch(by_node[leader])
    following = [market.get("role") == "follower" for node, market in by_node.items() if node != leader]
    return MarketView(
        name,
        next((replica for replica in replicas if replica.node == leader), None),
        epoch,
        tuple(replicas),
        facts,
        agreed=leader is not None and all(following) and {_epoch(market) for market in by_node.values()} == {epoch},
    )


def _replica(
    node: str, known: Json, own: Json | None, followed: Json | None, state: str, leader: str | None, leader_applied: int
) -> Replica:
    leads = node == leader
    role, age = "-", _number(followed, "heard_ms")
    if own is not None:
        role = str(own.get("role", "-"))
        if role == "leader" and not leads:
            role = "deposed"
        age = _number(_object(own, "replication"), "heard_from_leader_ms")
    lag = 0 if leads else _whole(followed, "lag")
    applied = None if own is None else _applied(own)
    if lag is not None and applied is not None:
        # A new leader does not know yet what the others have.
        lag = min(lag, max(0, leader_applied - applied))
    return Replica(
        id=_whole(known, "id") or 0,
        node=node,
        region=str(known.get("region", region_of(node))),
        state=state,
        role=role,
        applied=applied,
        lag=lag,
        age_ms=0.0 if leads else age,
    )


def _voters(market: Json) -> list[Json]:
    return objects(_object(market, "replication"), "voters")


def _epoch(market: Json) -> Epoch | None:
    epoch = _object(_object(market, "replication"), "epoch")
    term, node = epoch.get("term"), epoch.get("node")
    return Epoch(term, node) if isinstance(term, int) and isinstance(node, int) else None


def _applied(market: Json) -> int | None:
    applied = _whole(_object(market, "replication"), "applied")
    return _whole(_object(market, "journal"), "applied") if applied is None else applied


def _object(value: Json, key: str) -> Json:
    found = value.get(key)
    return cast("Json", found) if isinstance(found, dict) else {}


def objects(value: Json, key: str) -> list[Json]:
    """The objects in the list at `key`; none where there is no list."""
    found = value.get(key)
    if not isinstance(found, list):
        return []
    return [cast("Json", item) for item in cast("list[object]", found) if isinstance(item, dict)]


def _whole(value: Json | None, key: str) -> int | None:
    found = None if value is None else value.get(key)
    return found if isinstance(found, int) else None


def _number(value: Json | None, key: str) -> float | None:
    found = None if value is None else value.get(key)
    return float(found) if isinstance(found, int | float) else None

"""Recorded observations of a venue of three regions, for the console's tests: nothing runs, and no clock goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rialto_platform.local.errors import LocalError
from rialto_platform.local.links import Direction, LinkSettings, LinkView
from rialto_platform.local.status import LinksStatus, NodeStatus, VenueStatus
from rialto_tui.console.actions import Action, Outcome
from rialto_tui.console.feeds import FeedDepth, FeedTrade, Sources
from rialto_tui.console.store import (
    Book,
    BookSeen,
    Declared,
    DeclaredSeen,
    Heard,
    Level,
    MarketTerms,
    Observation,
    Place,
    StatusSeen,
    Trade,
)

SECOND_NS = 1_000_000_000
WALL_NS = 1_796_355_727 * SECOND_NS
"""2026-12-04 03:42:07 UTC."""
MONO_NS = 5_000 * SECOND_NS
REGIONS = ("us", "asia", "europe")
NODES = ("us-1", "asia-1", "europe-1")
Kind = Literal["healthy", "degraded", "stale"]
KINDS: tuple[Kind, ...] = ("healthy", "degraded", "stale")
DECLARED = Declared(
    places=(
        Place("us", "aws", "us-east-1"),
        Place("asia", "gcp", "asia-east1"),
        Place("europe", "azure", "westeurope"),
    ),
    terms={"main": MarketTerms(accelerated=True, slowest_round_trip_ns=2_000_000)},
    acknowledgement_p99_ns=10_000_000,
    feeds={"127.0.0.1:41012": "asia-1"},
    outage_ns=SECOND_NS,
)
_PRICES = (
    ("BARK", 481_600, 100),
    ("CORAL", 1_127_500, 100),
    ("DUNE", 98_500, 100),
    ("EMBER", 7_314_000, 500),
    ("FJORD", 236_600, 100),
    ("GLADE", 24_150, 50),
    ("HARBOR", 641_000, 100),
    ("ISLE", 42_105_000, 5000),
)


def facts(
    node: str,
    leader: str | None,
    *,
    term: int = 3,
    second: int = 0,
    position: int = 1_234_567,
    lag: dict[str, int] | None = None,
    told_ns: int = WALL_NS,
    unheard: Sequence[str] = (),
) -> dict[str, object]:
    """What a node's admin API answers."""
    lags = lag or {}
    voters = [
        {
            "id": number,
            "node": name,
            "region": name[:-2],
            "address": "127.0.0.1:9",
            "matched": position - lags.get(name, 0) if node == leader else None,
            "lag": lags.get(name, 0) if node == leader else None,
            "heard_ms": (14.0 if lags.get(name, 0) < 1000 else 6_400.0) if node == leader else None,
        }
        for number, name in enumerate(NODES, start=1)
    ]
    ids = {name: number for number, name in enumerate(NODES, start=1)}
    epoch = {"term": term, "node": 0 if leader is None else ids[leader]}
    applied = position - lags.get(node, 0)
    wave = (second * 37) % 23
    market: dict[str, object] = {
        "role": "leader" if node == leader else "follower",
        "replication": {
            "id": ids[node],
            "incarnation": 1,
            "epoch": epoch,
            "leader": None if leader is None else {"id": ids[leader], "node": leader, "region": leader[:-2]},
            "voters": voters,
            "last": applied,
            "committed": applied,
            "applied": applied,
            "heard_from_leader_ms": None if node == leader or leader is None or node in unheard else 14.0,
        },
        "time_ns": told_ns,
        "trading_day": {"date": 20261204, "opening": 1, "incarnation": 1, "session": "A", "open": True},
        "sessions": [{"username": f"MAKER{at}", "id": at, "connected": True} for at in range(1, 5)],
        "orders_resting": 4_021,
        "counters": {"executions": 31_877},
        "orders_per_second": 180.0 + 2 * wave,
        "acknowledge": {"p50_ns": 2_260_000 + 20_000 * wave, "p99_ns": 4_800_000 + 150_000 * wave},
        "instruments": [
            {
                "symbol": symbol,
                "id": at,
                "state": "halted" if symbol == "ISLE" and term > 3 else "trading",
                "bid": {"price_e4": price, "quantity": 2_903},
                "ask": {"price_e4": price + tick, "quantity": 9_377},
                "last_price_e4": price + tick,
                "volume": 11_522 * at,
                "trades": 182 * at,
            }
            for at, (symbol, price, tick) in enumerate(_PRICES, start=1)
        ],
    }
    return {"venue": "laptop", "node": node, "region": node[:-2], "uptime_s": 3_661.2, "markets": {"main": market}}


def status(
    leader: str | None = "us-1",
    *,
    frozen: Sequence[str] = (),
    term: int = 3,
    second: int = 0,
    lag: dict[str, int] | None = None,
    told_ns: int = WALL_NS,
    starts: int = 1,
    links: tuple[LinkView, ...] = (),
    unheard: Sequence[str] = (),
) -> VenueStatus:
    """What the venue says, with some of its nodes frozen."""
    nodes: list[NodeStatus] = []
    for number, name in enumerate(NODES, start=1):
        if name in frozen:
            problem = f"it was stopped by a signal; wake it: rialto node resume {name}"
            nodes.append(NodeStatus(name, "frozen", problem, None, starts=starts))
        else:
            told = facts(name, leader, term=term, second=second, lag=lag, told_ns=told_ns, unheard=unheard)
            nodes.append(NodeStatus(name, "running", "", told, f"127.0.0.1:{40_000 + number}", starts))
    state = "degraded" if frozen or leader is None else "up"
    carried = LinksStatus("running", views=links or LINKS, starts=1)
    return VenueStatus("laptop", state, told_ns, tuple(nodes), "running", links=carried)


def link(one: str, other: str, *, there: Direction | None = None, back: Direction | None = None) -> LinkView:
    """A link as it is declared, or with other directions."""
    return LinkView((one, other), (there or direction(one, other), back or direction(other, one)))


def direction(
    origin: str,
    target: str,
    *,
    latency_us: int = 1000,
    loss_ppm: int = 0,
    cut: bool = False,
    heals_ns: int | None = None,
) -> Direction:
    """One direction of a link that is declared with 1 ms."""
    return Direction(
        from_region=origin,
        to_region=target,
        latency_us=latency_us,
        jitter_us=0,
        bandwidth_bps=1_000_000_000,
        loss_ppm=loss_ppm,
        cut=cut,
        cut_since_ns=WALL_NS if cut else None,
        heals_at_ns=heals_ns,
        as_declared=not cut and latency_us == 1000 and loss_ppm == 0,
        declared=LinkSettings(1000, 0, 1_000_000_000, 0),
        connections=4,
        queued_bytes=18_211 if cut else 0,
        passed_bytes=1,
        lost_segments=0,
    )


LINKS = (link("us", "asia"), link("us", "europe"), link("asia", "europe"))


def cut(one: str, other: str, *, heals_ns: int | None = None) -> LinkView:
    """A link that is cut both ways."""
    there = direction(one, other, cut=True, heals_ns=heals_ns)
    return link(one, other, there=there, back=direction(other, one, cut=True, heals_ns=heals_ns))


def slow(one: str, other: str, latency_us: int) -> LinkView:
    """A link with another latency each way."""
    return link(
        one,
        other,
        there=direction(one, other, latency_us=latency_us),
        back=direction(other, one, latency_us=latency_us),
    )


def book(symbol: str, heard_ns: int, *, problem: str = "") -> Book:
    """A book and its trades."""
    price, tick = next((price, tick) for name, price, tick in _PRICES if name == symbol)
    bids = tuple(Level(price - tick * at, 2_903 - (at * 731) % 2_500, 5 - at % 4) for at in range(28))
    asks = tuple(Level(price + tick * (at + 1), 9_377 - (at * 1_733) % 8_900, 1 + at % 5) for at in range(28))
    trades = tuple(
        Trade(
            WALL_NS - at * 617_000_000,
            price + (tick if at % 3 else 0),
            100 + (at * 137) % 900,
            "B" if at % 3 else "S",
        )
        for at in range(48)
    )
    connected_to = "" if problem else "127.0.0.1:41012"
    return Book("main", symbol, bids, asks, trades, 812_331, connected_to, Heard(heard_ns, problem=problem))


def observations(kind: Kind, symbol: str = "BARK") -> list[Observation]:
    """Two minutes of a venue: healthy; degraded from its last seconds on; or not heard for the last eight seconds."""
    silent_ns = 8 * SECOND_NS if kind == "stale" else 200_000_000
    end_ns, end_wall_ns = MONO_NS - silent_ns, WALL_NS - silent_ns
    seen: list[Observation] = [DeclaredSeen(end_ns - 120 * SECOND_NS, end_wall_ns - 120 * SECOND_NS, DECLARED)]
    for second in range(120, -1, -1):
        at_ns, wall_ns = end_ns - second * SECOND_NS, end_wall_ns - second * SECOND_NS
        bad = kind == "degraded" and second < 6
        links = LINKS
        if kind == "degraded" and second < 12:
            links = (slow("us", "asia", 80_000), cut("us", "europe", heals_ns=WALL_NS + 22 * SECOND_NS), LINKS[2])
        told = status(second=second, told_ns=wall_ns, links=links)
        if bad:
            lag = {"us-1": 1_204}
            told = status("asia-1", frozen=("us-1",), term=4, second=second, lag=lag, told_ns=wall_ns, links=links)
        seen.append(StatusSeen(at_ns, wall_ns, told, 11_400_000))
        if second == 0:
            problem = "not connected to the feed, looking for a replica that serves it" if kind == "degraded" else ""
            heard_ns = at_ns - 4 * SECOND_NS if kind == "degraded" else at_ns
            seen.append(BookSeen(at_ns, wall_ns, book(symbol, heard_ns, problem=problem)))
    return seen


@dataclass
class RecordedVenue:
    """Sources that answer from a recording, and keep what they were asked to do."""

    kind: Kind = "healthy"
    performed: list[Action] = field(default_factory=list[Action])
    refuse: str = ""
    took_ms: float | None = None

    def sources(self, name: str) -> Sources:
        """As the console opens a venue."""
        return Sources(
            venue=name,
            status=lambda: status(),
            declared=lambda: DECLARED,
            feed=lambda _: RecordedFeed(),
            perform=self.perform,
        )

    def perform(self, action: Action) -> Outcome:
        """Keeps the action, or refuses it."""
        if self.refuse:
            raise LocalError("node us-1", self.refuse, "look at it: rialto status")
        self.performed.append(action)
        return Outcome(("it was done",), took_ms=self.took_ms)


@dataclass
class RecordedFeed:
    """A feed whose messages have numbers and nothing else."""

    position: int = 7
    heard_ns: int = MONO_NS
    connected_to: str | None = "127.0.0.1:41012"
    problem: str = ""
    symbols: Sequence[str] = ("BARK",)
    ended: Exception | None = None

    def depth(self, symbol: str, levels: int) -> FeedDepth:
        """One level a side."""
        found = book(symbol, self.heard_ns)
        return replace(_Depth(), bids=found.bids[:levels], asks=found.asks[:levels])

    def trades(self, symbol: str, count: int) -> Sequence[FeedTrade]:
        """As recorded."""
        return book(symbol, self.heard_ns).trades[:count]

    async def run(self) -> None:
        """Ends at once, with what it is told to end with."""
        if self.ended is not None:
            raise self.ended


@dataclass(frozen=True)
class _Depth:
    bids: Sequence[Level] = ()
    asks: Sequence[Level] = ()

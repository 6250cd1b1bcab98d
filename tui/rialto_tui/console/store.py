"""What the console knows of a venue: `apply(state, observation) → state`, a pure reduction.

Nothing here draws, waits or asks. Times come in with the observations: `at_ns` of the monotonic clock, for ages, and
`wall_ns` since the epoch, for people. Ages are computed from a `now_ns` that is passed in, so a state can be shown at
any moment of a test. `rialto status` reads a venue through the same reduction.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from rialto_platform.local.links import LinkView
from rialto_platform.local.status import LinksStatus, NodeStatus, VenueStatus
from rialto_platform.local.topology import Replica
from rialto_tui.console import events, readings
from rialto_tui.console.events import Event
from rialto_tui.console.readings import Market

SECOND_NS = 1_000_000_000
STALE_NS = 3 * SECOND_NS
"""From this age on a number is shown grey: the venue is asked every second, and the feed is never silent for longer
than its heartbeat of a second, so two have been missed."""
HISTORY = 300
"""Points kept of each market: five minutes of them."""
_POINT_NS = 900_000_000
EVENTS = 500
MEASURED = 50


@dataclass(frozen=True)
class Heard:
    """A source of numbers: when it was heard last, and what is wrong with it since then."""

    at_ns: int | None = None
    took_ns: int = 0
    """How long the last answer took."""
    problem: str = ""
    """Why it gave no answer when it was asked last; empty if it did."""

    def age_ns(self, now_ns: int) -> int | None:
        """How old its numbers are; none before it was ever heard."""
        return None if self.at_ns is None else max(0, now_ns - self.at_ns)

    def stale(self, now_ns: int) -> bool:
        """Whether its numbers may no longer be true."""
        age_ns = self.age_ns(now_ns)
        return age_ns is None or age_ns >= STALE_NS


@dataclass(frozen=True)
class Place:
    """A region as the venue file declares it."""

    name: str
    cloud: str
    location: str


@dataclass(frozen=True)
class MarketTerms:
    """What a market's nodes were configured with; times in nanoseconds."""

    accelerated: bool
    """Whether a dead leader is noticed by its closed connections, besides by timers."""
    slowest_round_trip_ns: int
    """The slowest declared round trip between its voters: its timers follow it."""


@dataclass(frozen=True)
class Declared:
    """What the venue file and the nodes' configurations say; it does not change while the console looks on."""

    places: tuple[Place, ...] = ()
    terms: Mapping[str, MarketTerms] = field(default_factory=dict[str, MarketTerms])
    """By market."""
    acknowledgement_p99_ns: int | None = None
    """The objective, from order in to acknowledgement out."""
    feeds: Mapping[str, str] = field(default_factory=dict[str, str])
    """The node behind each feed address."""
    outage_ns: int | None = None
    """The objective, the longest gap in trading when one replica is lost."""

    def place(self, region: str) -> Place | None:
        """A region, if it is declared."""
        return next((place for place in self.places if place.name == region), None)


@dataclass(frozen=True)
class Level:
    """A price level of a book."""

    price_e4: int
    quantity: int
    orders: int


@dataclass(frozen=True)
class Trade:
    """An execution as the feed tells it; `side` is the aggressor's, B or S."""

    time_ns: int
    price_e4: int
    quantity: int
    side: str


@dataclass(frozen=True)
class Book:
    """An instrument's ladder and its trades, as the market's feed tells them."""

    market: str = ""
    symbol: str = ""
    bids: tuple[Level, ...] = ()
    """Best first."""
    asks: tuple[Level, ...] = ()
    trades: tuple[Trade, ...] = ()
    """Newest first."""
    position: int = 0
    """The feed's number of the last message."""
    connected_to: str = ""
    """The replica's address; empty while there is no connection."""
    heard: Heard = Heard()


@dataclass(frozen=True)
class Point:
    """What a market did at one moment; none where nobody told."""

    at_ns: int
    orders_per_second: float | None
    p50_ns: int | None
    p99_ns: int | None


@dataclass(frozen=True)
class Measured:
    """What came of an action, measured after it."""

    kind: str
    """What was done: kill, freeze, resume, move, cut, slow or heal."""
    what: str
    """To what, as the event log says it."""
    market: str
    outage_ns: int | None
    """The longest time without a message of the market's feed around it; none where that is not known."""
    new_leader: str
    """Who leads since; empty if nobody else came to lead."""
    new_leader_ns: int | None
    """From the action until the new leader was seen to take logins."""
    lines: tuple[str, ...]
    """The same for people."""


@dataclass(frozen=True)
class State:
    """Everything the console shows."""

    venue: str
    environment: str = "local"
    """Where the venue runs: on this machine, or in its clouds."""
    status: Heard = Heard()
    links_heard: Heard = Heard()
    venue_state: str = "unknown"
    """up, degraded, down, or unknown before it was asked."""
    flow: str = "none"
    """Of all its order flows: running, ended, failed or none."""
    flows: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same of each market's order flow, by market."""
    problem: str = ""
    """What is wrong with the venue as a whole, and what to do."""
    reduced: tuple[str, ...] = ()
    """What its file declares and one machine does not run."""
    nodes: tuple[NodeStatus, ...] = ()
    markets: tuple[Market, ...] = ()
    links: tuple[LinkView, ...] = ()
    """As they were told last."""
    carried: LinksStatus = field(default_factory=LinksStatus)
    """The process that carries them, and what it says now."""
    declared: Declared = Declared()
    book: Book = Book()
    history: Mapping[str, tuple[Point, ...]] = field(default_factory=dict[str, tuple[Point, ...]])
    """By market, oldest first."""
    events: tuple[Event, ...] = ()
    """Oldest first."""
    measured: tuple[Measured, ...] = ()
    """Oldest first."""

    def market(self, name: str) -> Market | None:
        """One market, if any node tells of it."""
        return next((market for market in self.markets if market.name == name), None)

    def node(self, name: str) -> NodeStatus | None:
        """One node of the venue."""
        return next((node for node in self.nodes if node.name == name), None)

    def link(self, one: str, other: str) -> LinkView | None:
        """The link that joins two regions, in either order."""
        return next((link for link in self.links if set(link.between) == {one, other}), None)


@dataclass(frozen=True)
class StatusSeen:
    """The venue's processes were asked, and this is what they said."""

    at_ns: int
    wall_ns: int
    status: VenueStatus
    took_ns: int = 0


@dataclass(frozen=True)
class StatusLost:
    """The venue's processes could not be asked."""

    at_ns: int
    wall_ns: int
    why: str


@dataclass(frozen=True)
class DeclaredSeen:
    """The venue file and the nodes' configurations were read."""

    at_ns: int
    wall_ns: int
    declared: Declared


@dataclass(frozen=True)
class BookSeen:
    """The feed's book of an instrument."""

    at_ns: int
    wall_ns: int
    book: Book


@dataclass(frozen=True)
class Noted:
    """Something happened that nobody else tells: an action of the operator, a source that could not be read."""

    at_ns: int
    wall_ns: int
    level: events.Level
    text: str


@dataclass(frozen=True)
class MeasuredSeen:
    """An action was measured."""

    at_ns: int
    wall_ns: int
    measured: Measured


Observation: TypeAlias = StatusSeen | StatusLost | DeclaredSeen | BookSeen | Noted | MeasuredSeen


def apply(state: State, observation: Observation) -> State:
    """The state after an observation; what changed by it is in the event log."""
    after = _reduce(state, observation)
    told = events.between(state, after, observation.wall_ns)
    return after if not told else replace(after, events=(*after.events, *told)[-EVENTS:])


def _reduce(state: State, observation: Observation) -> State:
    match observation:
        case StatusSeen():
            return _status(state, observation)
        case StatusLost(why=why):
            return replace(state, status=replace(state.status, problem=why))
        case DeclaredSeen(declared=declared):
            return replace(state, declared=declared)
        case BookSeen(book=book):
            return replace(state, book=book)
        case Noted(wall_ns=wall_ns, level=level, text=text):
            return replace(state, events=(*state.events, Event(wall_ns, level, text))[-EVENTS:])
        case MeasuredSeen(wall_ns=wall_ns, measured=measured):
            lines = tuple(Event(wall_ns, "info", line) for line in measured.lines)
            return replace(
                state,
                measured=(*state.measured, measured)[-MEASURED:],
                events=(*state.events, *lines)[-EVENTS:],
            )


def _status(state: State, seen: StatusSeen) -> State:
    status = seen.status
    markets = tuple(readings.market(view) for view in status.markets)
    # A market that no node tells of any more is still the market: its last numbers are shown, and grow old.
    kept = tuple(old for old in state.markets if not markets and status.state != "down" and old.name)
    carried = status.links
    if carried.state in ("running", "none"):
        links, heard = carried.views, Heard(seen.at_ns, seen.took_ns)
    else:
        problem = f"their process is {carried.state}" + (f": {carried.problem}" if carried.problem else "")
        links, heard = state.links, replace(state.links_heard, problem=problem)
    return replace(
        state,
        status=Heard(seen.at_ns, seen.took_ns),
        links=links,
        links_heard=heard,
        venue_state=status.state,
        flow=status.flow,
        flows=status.flows,
        carried=carried,
        problem=status.problem,
        reduced=status.reduced,
        nodes=status.nodes,
        markets=markets or kept,
        history=_history(state.history, markets, seen.at_ns),
    )


def _history(
    history: Mapping[str, tuple[Point, ...]], markets: tuple[Market, ...], at_ns: int
) -> Mapping[str, tuple[Point, ...]]:
    after = dict(history)
    for name in dict.fromkeys(itertools.chain(history, (market.name for market in markets))):
        points = history.get(name, ())
        # Looked at closely, a market is asked more often than a point is drawn.
        if points and at_ns - points[-1].at_ns < _POINT_NS:
            continue
        market = next((one for one in markets if one.name == name), None)
        point = Point(at_ns, None, None, None)
        if market is not None and market.leader is not None:
            point = Point(at_ns, market.orders_per_second, market.p50_ns, market.p99_ns)
        after[name] = (*points, point)[-HISTORY:]
    return after


def market_age_ns(state: State, market: Market, now_ns: int, wall_ns: int) -> int | None:
    """How old a market's numbers are: since its node made them, not only since the node was asked.

    `now_ns` and `wall_ns` are the same moment on the monotonic clock and since the epoch. The clocks of venue and
    console are compared, so a node on another machine is as old as its clock is behind.
    """
    heard_ns = state.status.age_ns(now_ns)
    if heard_ns is None:
        return None
    return heard_ns if market.told_ns is None else max(heard_ns, wall_ns - market.told_ns)


def feed_source(state: State) -> Replica | None:
    """The replica that the feed is read from, if it is known."""
    node = state.declared.feeds.get(state.book.connected_to)
    market = state.market(state.book.market)
    return None if node is None or market is None else market.replica(node)


def feed_stale(state: State, now_ns: int) -> bool:
    """Whether the books may be old: the feed is silent, or its replica has not heard the market's leader itself.

    A replica that is cut off goes on sending heartbeats to whoever reads from it.
    """
    if state.book.heard.stale(now_ns) or not state.book.connected_to:
        return True
    source = feed_source(state)
    if source is None or source.role == "leader":
        return False
    heard_ns = None if source.age_ms is None else round(1_000_000 * source.age_ms)
    return heard_ns is None or heard_ns >= STALE_NS


def lost(state: State) -> tuple[str, ...]:
    """What is lost, each in a line: a console that does not say so shows an old venue as a live one."""
    lines: list[str] = []
    if state.status.problem:
        lines.append(f"the venue can't be asked: {state.status.problem}")
    if state.problem:
        lines.append(state.problem)
    lines += [
        f"{node.name} is {node.state}" + (f": {node.problem}" if node.problem else "")
        for node in state.nodes
        if node.state in ("unreachable", "failed", "frozen")
    ]
    lines += [
        f"market {market.name} has no leader" for market in state.markets if market.leader is None and state.nodes
    ]
    if state.links_heard.problem:
        lines.append(f"the links carry nothing: {state.links_heard.problem}")
    # Before it was ever heard the feed is being connected, and not lost.
    if state.book.heard.problem and state.book.heard.at_ns is not None:
        lines.append(f"market data: {state.book.heard.problem}")
    source = feed_source(state)
    if source is not None and source.state == "running" and feed_stale(state, state.book.heard.at_ns or 0):
        lines.append(f"market data comes from {source.node}, which has not heard the leader itself")
    return tuple(lines)

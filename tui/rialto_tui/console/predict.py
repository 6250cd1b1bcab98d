"""What an action stops and what is to be expected of it: pure, from what the console knows of the venue.

The timers are those of the replicas (`engine/crates/replica/src/config.rs`): they follow the slowest declared round
trip between a market's voters. A prediction is a range, and says what it rests on; what was measured here before stands
beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rialto_platform.local.topology import Replica
from rialto_tui.console import actions, text
from rialto_tui.console.actions import Action, Cut, Heal, Move, NodeAction, Slow
from rialto_tui.console.readings import Market
from rialto_tui.console.routes import Network
from rialto_tui.console.store import MarketTerms, State

MS_NS = 1_000_000
_NOTICED_NS = (10 * MS_NS, 45 * MS_NS)
"""What an accelerated failover takes beside its round trips; measured over links of 0 ms: engine/PERFORMANCE.md."""
_NOTICED_TRIPS = (3, 6)
"""Its round trips: the leader's port probed, the other voters asked, the vote, the first entry; some of them twice."""
_ELECTION_TRIPS = 3
"""Of an election by timers: the vote asked for beforehand, the vote, the first entry."""
_HANDED_TRIPS = (2, 4)
"""Of a planned move: the last entries and the word to begin, the vote, the first entry."""
_HANDED_NS = (1 * MS_NS, 25 * MS_NS)
_RESTART = "about a second"


@dataclass(frozen=True)
class Timers:
    """When a replica takes its leader for dead."""

    heartbeat_ns: int
    election_min_ns: int
    election_max_ns: int
    """Also the leader's lease as its followers keep it."""

    @staticmethod
    def of(slowest_round_trip_ns: int) -> Timers:
        """As `rialto_replica::Timers` makes them."""
        election_ns = max(3 * slowest_round_trip_ns, 100 * MS_NS)
        return Timers(max(3 * slowest_round_trip_ns // 2, 30 * MS_NS), election_ns, election_ns + election_ns // 2)

    def failover_ns(self, round_trip_ns: int) -> tuple[int, int]:
        """From the leader's silence until another takes orders: the lease, a random wait, an election."""
        trips = _ELECTION_TRIPS * round_trip_ns
        return self.election_max_ns + self.election_min_ns + trips, 2 * self.election_max_ns + trips + 20 * MS_NS


@dataclass(frozen=True)
class Prediction:
    """What is shown before an operator confirms."""

    stops: tuple[str, ...]
    """What it stops, by name; nothing where nobody notices it."""
    expected: tuple[str, ...]
    outage_ns: tuple[int, int] | None = (0, 0)
    """How long no order is answered; (0, 0) for not at all, none for until somebody mends it."""


def predict(state: State, action: Action) -> Prediction:
    """What the action stops and what is to be expected, market by market."""
    stops: list[str] = []
    expected: list[str] = []
    worst: tuple[int, int] | None = (0, 0)
    for market in _concerned(state, action):
        found = _one(state, market, action)
        stops += found.stops
        expected += found.expected
        if worst is not None:
            worst = None if found.outage_ns is None else max(worst, found.outage_ns)
    earlier = [one.outage_ns for one in state.measured if one.kind == actions.kind(action) and one.outage_ns]
    if earlier:
        shown = ", ".join(text.duration(one) for one in earlier[-3:])
        expected.append(f"measured here before: {shown}")
    objective = state.declared.outage_ns
    if objective is not None and (worst is None or worst[1] > objective):
        expected.append(f"beyond the objective of the venue file: an outage of at most {text.duration(objective)}")
    return Prediction(tuple(stops), tuple(expected), worst)


def _concerned(state: State, action: Action) -> Iterable[Market]:
    match action:
        case Move(market=name):
            return [market for market in state.markets if market.name == name]
        case NodeAction(node=node):
            return [market for market in state.markets if market.replica(node) is not None]
        case _:
            return state.markets


def _one(state: State, market: Market, action: Action) -> Prediction:
    network = Network.of(state.links)
    terms = state.declared.terms.get(market.name, MarketTerms(False, 0))
    match action:
        case NodeAction(verb="resume", node=node):
            return _resumed(market, node)
        case NodeAction(verb=verb, node=node):
            return _gone(market, network, terms, node, killed=verb == "kill")
        case Move(leader=leader, to=to):
            return _moved(market, network, leader, to)
        case Cut(one=one, other=other, one_way=one_way, for_ms=for_ms):
            hops = ((one, other),) if one_way else ((one, other), (other, one))
            return _cut(market, network, network.with_cut(*hops), terms, for_ms)
        case Slow(one=one, other=other, latency_ns=latency_ns):
            return _slowed(market, network, network.with_latency(latency_ns, (one, other), (other, one)), terms)
        case Heal():
            return _healed(market, network)


def _serving(market: Market) -> list[Replica]:
    return [replica for replica in market.replicas if replica.state == "running"]


def _trip_ns(market: Market, network: Network, leader: Replica, voters: Iterable[Replica]) -> int:
    """The round trip an election or an answer waits for: to the nearest others that make a majority."""
    others = [voter.region for voter in voters if voter.node != leader.node]
    return network.majority_ns(leader.region, others, market.majority - 1) or 0


def _gone(market: Market, network: Network, terms: MarketTerms, node: str, *, killed: bool) -> Prediction:
    """A node that dies or stands still."""
    left = [replica for replica in _serving(market) if replica.node != node]
    back = f"its supervisor starts it again, {_RESTART}" if killed else f"it stays so until: rialto node resume {node}"
    if len(left) < market.majority:
        stop = f"market {market.name}: {len(left)} of {len(market.replicas)} voters left, {market.majority} are needed"
        return Prediction((stop + "; no order is answered",), (back,), None)
    leader = market.leader
    if leader is None or leader.node != node:
        one_more = "" if len(left) > market.majority else "; one more lost voter stops the market"
        stop = f"a voter of market {market.name}: {len(left)} of {len(market.replicas)} stay{one_more}"
        return Prediction((stop,), ("orders are answered without a pause", back))
    clients = f" and the orders of {market.sessions} sessions" if market.sessions else ""
    stop = f"the leader of market {market.name}{clients}, until another leads"
    heirs = [_trip_ns(market, network, heir, left) for heir in left]
    trip_ns = max(heirs, default=0)
    timers = Timers.of(terms.slowest_round_trip_ns)
    by_timers = timers.failover_ns(trip_ns)
    if killed and terms.accelerated:
        fast = (
            _NOTICED_NS[0] + _NOTICED_TRIPS[0] * min(heirs, default=0),
            _NOTICED_NS[1] + _NOTICED_TRIPS[1] * trip_ns,
        )
        expected = (
            f"no answers for {text.span(*fast)}: its closed connections are noticed",
            f"else by timers: {text.span(*by_timers)}",
            back,
        )
        return Prediction((stop,), expected, fast)
    noticed = "nothing closes, so timers notice it" if not killed else "timers notice it"
    return Prediction((stop,), (f"no answers for {text.span(*by_timers)}: {noticed}", back), by_timers)


def _moved(market: Market, network: Network, leader: str, to: str | None) -> Prediction:
    """A planned move."""
    old = market.replica(leader)
    heirs = [replica for replica in _serving(market) if replica.node != leader and (to is None or replica.node == to)]
    clients = f"; {market.sessions} sessions log in there again" if market.sessions else ""
    stop = f"{leader} leads market {market.name} no more{clients}"
    if old is None or not heirs:
        return Prediction((stop,), ("it will be refused: the node it should go to does not serve",))
    trips = [network.round_trip_ns(old.region, heir.region) for heir in heirs]
    known = [trip for trip in trips if trip is not None]
    if not known:
        return Prediction((stop,), ("it will be refused: the link between the two is cut",))
    slowest = max([*known, *(_trip_ns(market, network, heir, _serving(market)) for heir in heirs)])
    outage_ns = (_HANDED_NS[0] + _HANDED_TRIPS[0] * min(known), _HANDED_NS[1] + _HANDED_TRIPS[1] * slowest)
    lag = min((heir.lag for heir in heirs if heir.lag is not None), default=0)
    behind = f"the new leader lacks {_entries(lag)} now, which come first" if lag else "the new leader lacks nothing"
    return Prediction(
        (stop,), (f"no answers for {text.span(*outage_ns)}; nothing is lost or repeated", behind), outage_ns
    )


def _cut(market: Market, before: Network, after: Network, terms: MarketTerms, for_ms: int | None) -> Prediction:
    """A link that carries nothing."""
    leader = market.leader
    heals = "until it is healed" if for_ms is None else f"for {text.duration(for_ms * MS_NS)} at most"
    if leader is None:
        return Prediction((), (f"market {market.name} has no leader as it is",), None)
    others = [replica for replica in _serving(market) if replica.node != leader.node]
    heard = [replica for replica in others if before.talk(leader.region, replica.region)]
    left = [replica for replica in heard if after.talk(leader.region, replica.region)]
    parted = [replica.node for replica in heard if replica not in left]
    if not parted:
        between = [
            (one, other)
            for at, one in enumerate(others)
            for other in others[at + 1 :]
            if before.talk(one.region, other.region) and not after.talk(one.region, other.region)
        ]
        stops = tuple(f"nothing between {one.node} and {other.node}, {heals}" for one, other in between)
        return Prediction(stops, (f"market {market.name} trades on: {leader.node} reaches a majority",))
    stop = f"{' and '.join(parted)} of market {market.name}: no entries from {leader.node}, {heals}"
    if 1 + len(left) >= market.majority:
        old_ns = before.majority_ns(leader.region, [one.region for one in heard], market.majority - 1)
        new_ns = after.majority_ns(leader.region, [one.region for one in left], market.majority - 1)
        expected = [f"orders are answered on: {leader.node} and {_names(left)} are a majority"]
        if old_ns is not None and new_ns is not None and new_ns != old_ns:
            expected.append(f"an answer waits for {text.duration(new_ns)} instead of {text.duration(old_ns)}")
        expected.append(f"{' and '.join(parted)} may ask for votes and is refused while the leader is heard elsewhere")
        return Prediction((stop,), tuple(expected))
    stop = f"market {market.name}: {leader.node} reaches no majority, so no order of its is answered"
    heirs = [
        one
        for one in others
        if 1 + sum(after.talk(one.region, two.region) for two in others if two is not one) >= market.majority
    ]
    if not heirs:
        return Prediction((stop,), (f"nobody else reaches a majority: the market stands still {heals}",), None)
    trip_ns = max(_trip_ns(market, after, heir, others) for heir in heirs)
    by_timers = Timers.of(terms.slowest_round_trip_ns).failover_ns(trip_ns)
    return Prediction(
        (stop,),
        (
            f"no answers for {text.span(*by_timers)}: nothing closes, so timers notice it",
            f"then {_names(heirs)} leads; {leader.node} follows once it is healed",
        ),
        by_timers,
    )


def _slowed(market: Market, before: Network, after: Network, terms: MarketTerms) -> Prediction:
    """A link with another latency."""
    leader = market.leader
    if leader is None:
        return Prediction((), (f"market {market.name} has no leader as it is",), None)
    others = [one.region for one in _serving(market) if one.node != leader.node]
    old_ns = before.majority_ns(leader.region, others, market.majority - 1)
    new_ns = after.majority_ns(leader.region, others, market.majority - 1)
    if new_ns is None or old_ns is None:
        return Prediction((), (f"{leader.node} reaches no majority as it is",), None)
    expected = [f"market {market.name}: an answer waits for a round trip of {text.duration(new_ns)}"]
    if new_ns == old_ns:
        expected = [f"market {market.name}: no slower, the nearest majority is {text.duration(new_ns)} away as before"]
    timers = Timers.of(terms.slowest_round_trip_ns)
    if new_ns > timers.heartbeat_ns:
        expected.append(
            f"its timers expect {text.duration(terms.slowest_round_trip_ns)}: with a heartbeat every "
            f"{text.duration(timers.heartbeat_ns)} the leader may be taken for dead while nobody trades"
        )
    return Prediction((), tuple(expected))


def _healed(market: Market, network: Network) -> Prediction:
    """A link as it is declared again."""
    lag = max((replica.lag or 0 for replica in market.replicas), default=0)
    held = "what was held at the cut crosses now" if network.cut else "its latency, loss and bandwidth are as declared"
    expected = [held]
    if lag:
        expected.append(f"market {market.name}: the voter that is behind catches up {_entries(lag)}")
    return Prediction((), tuple(expected))


def _resumed(market: Market, node: str) -> Prediction:
    """A node that goes on where it stood."""
    replica = market.replica(node)
    if replica is None or replica.state != "frozen":
        return Prediction((), (f"{node} is not frozen: nothing changes",))
    lag = "" if replica.lag is None else f" {_entries(replica.lag)}"
    return Prediction((), (f"{node} follows market {market.name} again and catches up{lag}",))


def _names(replicas: Iterable[Replica]) -> str:
    return " or ".join(replica.node for replica in replicas)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"

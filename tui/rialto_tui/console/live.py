"""The sources of a venue on this machine: what the local platform says and does, and the market's feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from rialto_platform.local import credentials, links, node_control, paths, status, target
from rialto_platform.local import switchover as local_switchover
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json
from rialto_platform.local.paths import VenuePaths
from rialto_tui import node_commands
from rialto_tui.console.actions import Action, Cut, Heal, Move, NodeAction, Outcome, Slow
from rialto_tui.console.feeds import FeedView, Sources
from rialto_tui.console.store import Declared, MarketTerms, Place


@dataclass(frozen=True)
class Entry:
    """A venue of this machine, to choose from."""

    name: str
    runs: bool


def venues() -> tuple[Entry, ...]:
    """Every venue with state on this machine, by name."""
    return tuple(Entry(name, paths.venue_paths(name).is_up()) for name in paths.known_venues())


def sources(name: str) -> Sources:
    """What can be asked of a venue of this machine.

    Raises:
        LocalError: it has no state here.
    """
    venue = paths.choose_venue(name)
    return Sources(
        venue=venue.name,
        status=partial(status.observe, venue),
        declared=partial(declared, venue),
        feed=partial(feed, venue),
        perform=partial(perform, venue),
        named=name if len(paths.known_venues()) > 1 else None,
    )


def declared(venue: VenuePaths) -> Declared:
    """What the venue file and the nodes' configurations say.

    Raises:
        LocalError: one of them can't be read, or is wrong.
    """
    # The model is not loaded before the first screen is there.
    from rialto_platform.venue import VenueError, load

    try:
        model = load(venue.venue_file)
    except VenueError as error:
        raise LocalError(
            str(venue.venue_file), str(error), "run: rialto validate on the file it was made of"
        ) from error
    return Declared(
        places=tuple(Place(name, region.cloud, region.location) for name, region in model.regions.items()),
        terms=_terms(venue),
        feeds=_feeds(venue),
        acknowledgement_p99_ns=model.objectives.acknowledgement_p99_ns,
        outage_ns=model.objectives.outage_ns,
    )


def _terms(venue: VenuePaths) -> Mapping[str, MarketTerms]:
    """What the nodes were told, which may be older than the venue file."""
    terms: dict[str, MarketTerms] = {}
    for node in venue.nodes():
        config = read_json(venue.node(node).config) or {}
        for market in cast("list[Mapping[str, object]]", config.get("markets", [])):
            replication = cast("Mapping[str, object]", market.get("replication", {}))
            trip_us = replication.get("slowest_round_trip_us")
            terms[str(market.get("name"))] = MarketTerms(
                accelerated=replication.get("accelerated_failover") is True,
                slowest_round_trip_ns=1000 * trip_us if isinstance(trip_us, int) else 0,
            )
    return terms


def _feeds(venue: VenuePaths) -> Mapping[str, str]:
    """The node behind each feed address; a node that is started again listens where it did."""
    feeds: dict[str, str] = {}
    for node in venue.nodes():
        config = read_json(venue.node(node).config) or {}
        for market in cast("list[Mapping[str, object]]", config.get("markets", [])):
            feeds[str(market.get("feed_listen"))] = node
    return feeds


def feed(venue: VenuePaths, market: str) -> FeedView:
    """A market's feed; it connects once it is run.

    Raises:
        LocalError: the venue is down, or the market has no feed user.
    """
    from rialto_engine.market_view import MarketView

    found = target.find(venue, market)
    if found.feed_user is None:
        raise LocalError(f"market {market}", "has no feed user", "add one under feed_users in the venue file")
    return MarketView(
        [one.feed for one in found.replicas.values()],
        [one.snapshot for one in found.replicas.values()],
        found.feed_user,
        credentials.load(venue.credentials)[found.feed_user],
    )


def perform(venue: VenuePaths, action: Action) -> Outcome:
    """Does it, by the same calls as the command line; returns once it has had its effect.

    Raises:
        LocalError: it was refused, or had no effect; says why.
    """
    match action:
        case NodeAction(verb=verb, node=node):
            return Outcome((node_commands.told(node_control.act(venue, node, verb)),))
        case Move(market=market, to=to):
            moved = local_switchover.switchover(venue, market, to)
            leader = moved.after.leader
            return Outcome(
                (node_commands.summary(moved),),
                took_ms=moved.took_ms,
                new_leader="" if leader is None else leader.node,
                new_leader_ms=moved.seen_ms,
            )
        case Cut(one=one, other=other, one_way=one_way, for_ms=for_ms):
            links.cut(venue, one, other, one_way=one_way, for_ms=for_ms)
            way = f"{one} → {other}" if one_way else f"{one} ⇄ {other}"
            return Outcome((f"link {way} is cut",))
        case Slow(one=one, other=other, latency_ns=latency_ns, for_ms=for_ms):
            links.set_link(venue, one, other, latency_us=latency_ns // 1000, for_ms=for_ms)
            return Outcome((f"link {one} ⇄ {other} takes {latency_ns / 1e6:g} ms one way",))
        case Heal(one=one, other=other):
            links.heal(venue, one, other)
            return Outcome((f"link {one} ⇄ {other} is as declared",))

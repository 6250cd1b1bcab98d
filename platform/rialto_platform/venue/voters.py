"""Who votes on a market's log, who follows it, and how far voters are from one another.

A market of durability ``zone`` has one voter in each zone of its home and a learner in each other region; one of
durability ``region`` has one voter in the first zone of each region. Voters are numbered from 1: the home's first,
then in the order of the file.
"""

import heapq
import itertools
from dataclasses import dataclass

from rialto_platform.venue.model import Interconnect, Market, Venue


@dataclass(frozen=True, slots=True)
class Place:
    """Where a replica is: a region, and its zone counted from 1."""

    region: str
    zone: int = 1


def voters(venue: Venue, market: Market) -> tuple[Place, ...]:
    """Where the market's voters are, in the order of their numbers."""
    if market.durability == "zone":
        zones = venue.regions[market.home].zones if market.home in venue.regions else ()
        return tuple(Place(market.home, zone) for zone in range(1, len(zones) + 1))
    regions = sorted(venue.regions, key=lambda region: region != market.home)
    return tuple(Place(region) for region in regions)


def learners(venue: Venue, market: Market) -> tuple[str, ...]:
    """The regions that follow the market without a vote."""
    voting = {place.region for place in voters(venue, market)}
    return tuple(region for region in venue.regions if region not in voting)


def route(venue: Venue, one: str, other: str) -> tuple[Interconnect, ...] | None:
    """The interconnects that traffic between two regions crosses; ``None`` where no way leads from one to the other.

    Joined regions use their own even where a way round is faster, others the path of least latency. Within a region
    it is none.
    """
    if one != other and (direct := venue.link(one, other)) is not None:
        return (direct,)
    reached: set[str] = set()
    waiting: list[tuple[int, str, tuple[int, ...]]] = [(0, one, ())]
    while waiting:
        latency, here, way = heapq.heappop(waiting)
        if here == other:
            return tuple(venue.interconnects[index] for index in way)
        if here in reached:
            continue
        reached.add(here)
        for index, link in enumerate(venue.interconnects):
            if here in link.between:
                there = link.between[link.between[0] == here]
                heapq.heappush(waiting, (latency + link.latency_ns, there, (*way, index)))
    return None


def round_trip_ns(venue: Venue, one: str, other: str) -> int | None:
    """Twice the latency of the interconnects between two regions, jitter left out; ``None`` where there is no way.

    Within a region it is 0: zones are under a millisecond apart, which is below every timer's least value.
    """
    way = route(venue, one, other)
    return None if way is None else sum(2 * link.latency_ns for link in way)


def slowest_round_trip_ns(venue: Venue, market: Market) -> int:
    """The slowest round trip between two voters of the market, jitter included, in nanoseconds; timers follow it."""
    pairs = itertools.combinations([place.region for place in voters(venue, market)], 2)
    return max((_slowest_ns(venue, one, other) for one, other in pairs), default=0)


def _slowest_ns(venue: Venue, one: str, other: str) -> int:
    """A round trip in which every packet is as late as jitter makes it."""
    way = route(venue, one, other) or ()
    return sum(link.slowest_round_trip_ns for link in way)

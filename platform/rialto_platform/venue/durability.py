"""Whether what was promised can be kept by the voters, links and timers that were declared.

A market of durability ``zone`` has one voter in each zone of its home, and learners elsewhere; one of
durability ``region`` has one voter in each region. A majority of an odd number of voters, at least three,
survives the loss of one.
"""

import itertools
from collections.abc import Iterator

from rialto_platform.venue import units
from rialto_platform.venue.findings import Finding
from rialto_platform.venue.model import Market, Venue
from rialto_platform.venue.problems import Path
from rialto_platform.venue.voters import slowest_round_trip_ns

MILLISECOND = 10**6
MIN_VOTERS = 3


def voters(venue: Venue) -> Iterator[Finding]:
    """Enough voters for a majority to survive the loss of one, and no voter that adds none."""
    for name, market in venue.markets.items():
        if market.home not in venue.regions:
            continue
        path: Path = ("markets", name, "durability")
        home: Path = ("markets", name, "home")
        if market.durability == "zone":
            count, what = len(venue.regions[market.home].zones), f"zones in its home {market.home}"
            rests_on: tuple[Path, ...] = (home, ("regions", market.home, "zones", "*"), ("regions",))
        else:
            count, what = len(venue.regions), "regions"
            rests_on = (home, ("regions",))
        if count < MIN_VOTERS:
            other = _other(venue, market)
            yield Finding(path, f"{market.durability} needs {MIN_VOTERS} {what}, {count} declared", other, rests_on)
        elif count % 2 == 0:
            wrong = f"{count} {what} survive no more losses than {count - 1}, and every order waits for one more"
            yield Finding(path, wrong, f"declare {count - 1} or {count + 1}", rests_on)


def _other(venue: Venue, market: Market) -> str:
    zones = len(venue.regions[market.home].zones)
    if market.durability == "zone":
        more = f"declare {MIN_VOTERS} zones"
        return more + (", or use region" if len(venue.regions) >= MIN_VOTERS else "")
    return f"declare {MIN_VOTERS} regions" + (", or use zone" if zones >= MIN_VOTERS else "")


def links(venue: Venue) -> Iterator[Finding]:
    """Voters reach one another, and learners their market's home."""
    joined = {name for link in venue.interconnects for name in link.between}
    rests_on: tuple[Path, ...] = (("interconnects", "*"), ("regions",))
    for name, market in venue.markets.items():
        path: Path = ("markets", name, "durability")
        needed = itertools.combinations(venue.regions, 2)
        if market.durability == "zone":
            needed = ((market.home, other) for other in venue.regions if other != market.home)
        for one, other in needed:
            # A region that nothing joins, or an unknown home, has a finding of its own.
            if venue.link(one, other) is None and one in joined and other in joined and market.home in venue.regions:
                reason = "both vote" if market.durability == "region" else f"{other} follows it"
                wrong = f"no interconnect joins {one} and {other}, but {reason}"
                yield Finding(path, wrong, "declare one", (("markets", name, "home"), *rests_on))


def acknowledgement(venue: Venue) -> Iterator[Finding]:
    """No order can be acknowledged before a majority of the regions can have answered."""
    promised = venue.objectives.acknowledgement_p99_ns
    for name, market in venue.markets.items():
        trips = round_trips(venue, market)
        majority = len(venue.regions) // 2
        if market.durability != "region" or len(trips) < max(majority, 1) or not promised:
            continue
        fastest = sorted(trips)[majority - 1]
        if promised <= fastest:
            wrong = (
                f"{units.duration_text(promised)} cannot be kept: a majority of the regions of {name} answers after "
                f"{units.duration_text(fastest)}"
            )
            rests_on: tuple[Path, ...] = (("interconnects", "*"), ("markets", name), ("markets", name, "home"))
            yield Finding(
                ("objectives", "acknowledgement_p99"), wrong, "promise more, or use durability zone", rests_on
            )


def round_trips(venue: Venue, market: Market) -> list[int]:
    """The round trips from a market's home to each other region that a link joins to it, in nanoseconds."""
    found = [venue.link(market.home, other) for other in venue.regions if other != market.home]
    return [2 * link.latency_ns for link in found if link is not None]


def outage(venue: Venue) -> Iterator[Finding]:
    """Trading cannot go on before a lost leader's lease has ended and the next election's timer has run."""
    promised = venue.objectives.outage_ns
    for name, market in venue.markets.items():
        longest = longest_election(venue, market)
        if 0 < promised < longest:
            wrong = (
                f"{units.duration_text(promised)} cannot be kept: after the loss of the leader of {name} its "
                f"lease and an election take up to {units.duration_text(longest)}"
            )
            rests_on: tuple[Path, ...] = (("interconnects", "*"), ("markets", name), ("markets", name, "durability"))
            yield Finding(("objectives", "outage"), wrong, f"promise {units.duration_text(longest)} or more", rests_on)


def longest_election(venue: Venue, market: Market) -> int:
    """The longest wait before a new leader, in nanoseconds: the lease and the random timeout, each at its maximum.

    An election times out after max(100 ms, three round trips between the slowest voters) to 1.5 times that.
    """
    return 2 * max(100 * MILLISECOND, 3 * slowest_round_trip_ns(venue, market)) * 3 // 2


def loss(venue: Venue) -> Iterator[Finding]:
    """With durability ``zone`` the other regions trail the home, so losing all of it loses something."""
    promised = venue.objectives.loss_ns
    for name, market in venue.markets.items():
        trips = round_trips(venue, market)
        if market.durability != "zone" or not trips:
            continue
        trailing = min(trips) // 2
        if promised <= trailing:
            wrong = (
                f"{units.duration_text(promised)} cannot be kept: the learner nearest to the home of {name} trails it "
                f"by {units.duration_text(trailing)} or more"
            )
            rests_on: tuple[Path, ...] = (
                ("interconnects", "*"),
                ("markets", name, "durability"),
                ("markets", name, "home"),
            )
            yield Finding(("objectives", "loss"), wrong, "promise more, or use durability region", rests_on)


CHECKS = (voters, links, acknowledgement, outage, loss)

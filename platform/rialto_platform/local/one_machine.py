"""What of a venue runs on one machine: one node in each region, and nothing that only follows.

Zones of one machine share its fate, so several voters of a region would prove nothing here that one does not, and cost
a node each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rialto_platform.venue import Venue


def reduced(venue: Venue) -> Venue:
    """The venue with the first zone of each region alone.

    A market of durability `zone` has one voter then, in its home; one of durability `region` has those it had.
    """
    regions = {name: region.model_copy(update={"zones": region.zones[:1]}) for name, region in venue.regions.items()}
    return venue.model_copy(update={"regions": regions})


def configurations(venue: Venue) -> dict[str, dict[str, object]]:
    """The configuration of each node that runs on one machine, by its name; addresses are not chosen yet."""
    from rialto_platform.node_config import node_configs

    return {name: dict[str, object](config) for name, config in node_configs(reduced(venue)).items()}


def left_out(venue: Venue) -> tuple[str, ...]:
    """What `reduced` leaves out of each market, a sentence each; none where everything runs."""
    from rialto_platform.venue import learners, voters

    few = reduced(venue)
    found: list[str] = []
    for name, market in venue.markets.items():
        here, declared = len(voters(few, few.markets[name])), len(voters(venue, market))
        parts: list[str] = []
        if here < declared:
            parts.append(f"durability {market.durability}: {here} of {declared} zones here")
        if regions := learners(venue, market):
            parts.append(f"its learners in {' and '.join(regions)} are not run")
        if parts:
            found.append(f"markets.{name}: {'; '.join(parts)}")
    return tuple(found)

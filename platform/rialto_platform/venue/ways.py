"""How two regions are joined: by the circuits of both with one carrier, by a VPN, or by one behind the other.

Circuits peer with the carrier, never with each other: a carrier joins two regions if both have circuits at its routers.
"""

from collections.abc import Mapping

from rialto_platform.venue.model import Circuit, Interconnect, Router, Venue


def routers(venue: Venue) -> Mapping[str, tuple[str, Router]]:
    """Each router by its name, with the name of its carrier; of a name that stands twice, the first."""
    found: dict[str, tuple[str, Router]] = {}
    for name, carrier in venue.carriers.items():
        for router_name, router in carrier.routers.items():
            found.setdefault(router_name, (name, router))
    return found


def circuits(venue: Venue, region: str) -> Mapping[str, Circuit]:
    """A region's circuits, the first to be used first; equal ones in the order of the file."""
    own = [(name, circuit) for name, circuit in venue.circuits.items() if circuit.region == region]
    return dict(sorted(own, key=lambda item: item[1].preference))


def carriers(venue: Venue, link: Interconnect) -> tuple[str, ...]:
    """The carriers that join both regions, in the order of the file; none where circuits can't carry this link."""
    by_name = routers(venue)
    reached = [
        {by_name[circuit.router][0] for circuit in circuits(venue, region).values() if circuit.router in by_name}
        for region in link.between
    ]
    return tuple(name for name in venue.carriers if all(name in of for of in reached))


def place(venue: Venue, circuit: Circuit) -> str:
    """The building where a circuit meets its cloud: two circuits of one place fall together.

    Google Cloud names a building's two edge availability domains apart: ``hkg-zone1-1118`` and ``hkg-zone2-1118`` are
    one building.
    """
    region = venue.regions.get(circuit.region)
    if region is not None and region.cloud == "gcp":
        metropolis, _, building = circuit.facility.partition("-zone")
        return f"{metropolis}-{building.partition('-')[2]}"
    return circuit.facility

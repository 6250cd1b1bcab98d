"""What a venue has once only, so that one failure takes it: a zone, a circuit, a building, a carrier, a cloud.

What the venue file says is enough for circuits; what is in one zone is seen in what the programs ask for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rialto_platform.venue import Region, Venue, ways

if TYPE_CHECKING:
    from rialto_platform.clouds.recording import Recording, Registration

Recordings: TypeAlias = "Mapping[str, Recording]"
"""By project and stack: ``region/us``."""

_ZONE_KEYS = ("availabilityZone", "zone", "zones", "availabilityZones", "nodeLocations")
_SPREAD = frozenset({"entry", "nat", "nodes", "system"})
"""The roles that a region with several zones has in each of them; a placement group's members are apart by design."""


@dataclass(frozen=True, slots=True)
class SingleHomed:
    """Something that one failure takes."""

    where: str
    """A region, an interconnect, or the venue."""
    of: str
    """What there is one of: zone, circuit, facility, carrier, way, cloud."""
    what: str
    """Which it is, and what takes over when it fails, if anything does."""

    def as_json(self) -> Mapping[str, str]:
        """For `--json`."""
        return {"where": self.where, "of": self.of, "what": self.what}


def single_homed(venue: Venue, recordings: Recordings) -> list[SingleHomed]:
    """Everything that the venue has once only, in the order of its file."""
    return [
        *_clouds(venue),
        *_zones(venue),
        *_circuits(venue),
        *_interconnects(venue),
        *_in_one_zone(venue, recordings),
    ]


def _clouds(venue: Venue) -> Iterator[SingleHomed]:
    clouds = {region.cloud for region in venue.regions.values()}
    if len(clouds) == 1:
        yield SingleHomed(f"venue {venue.name}", "cloud", f"every region is in {clouds.pop()}: nothing takes over")


def _zones(venue: Venue) -> Iterator[SingleHomed]:
    for name, region in venue.regions.items():
        if len(region.zones) == 1:
            markets = [key for key, market in venue.markets.items() if market.home == name]
            held = f"; {', '.join(markets)} at home there" if markets else ""
            yield SingleHomed(f"region {name}", "zone", f"{region.zones[0]} holds all of it{held}")


def _circuits(venue: Venue) -> Iterator[SingleHomed]:
    known = ways.routers(venue)
    for name in venue.regions:
        own = ways.circuits(venue, name)
        if not own:
            continue
        behind = _behind(venue, name)
        if len(own) == 1:
            [(circuit, facts)] = own.items()
            yield SingleHomed(f"region {name}", "circuit", f"{circuit} at {facts.facility}: {behind}")
            continue
        places = {ways.place(venue, circuit) for circuit in own.values()}
        if len(places) == 1:
            told = f"{', '.join(own)} all meet the cloud in {places.pop()}: {behind}"
            yield SingleHomed(f"region {name}", "facility", told)
        buildings = {known[one.router][1].facility for one in own.values() if one.router in known}
        if len(buildings) == 1:
            told = f"{', '.join(own)} all end in {buildings.pop()}: {behind}"
            yield SingleHomed(f"region {name}", "facility", told)


def _behind(venue: Venue, region: str) -> str:
    """What carries a region's traffic while its circuits do not."""
    links = [link for link in venue.interconnects if region in link.between]
    without = ["-".join(link.between) for link in links if link.vpn is None]
    if not links:
        return "nothing crosses it"
    if not without:
        return "the VPN carries while it does not"
    return f"nothing is behind it on {', '.join(without)}"


def _interconnects(venue: Venue) -> Iterator[SingleHomed]:
    for link in venue.interconnects:
        name = f"interconnect {'-'.join(link.between)}"
        carriers = ways.carriers(venue, link)
        if carriers and link.vpn is None:
            yield SingleHomed(name, "way", f"circuits of {', '.join(carriers)}, and no VPN behind them")
        elif link.vpn is not None and not carriers:
            yield SingleHomed(name, "way", "a VPN over the internet, and no circuits")
        if len(carriers) == 1:
            behind = "the VPN carries while it does not" if link.vpn is not None else "nothing is behind it"
            yield SingleHomed(name, "carrier", f"{carriers[0]}: {behind}")


def _in_one_zone(venue: Venue, recordings: Recordings) -> Iterator[SingleHomed]:
    """Parts that a region with several zones has in one of them alone."""
    for name, region in venue.regions.items():
        recording = recordings.get(f"region/{name}")
        if recording is None or len(region.zones) == 1:
            continue
        groups: dict[tuple[str, str], set[str]] = defaultdict(set)
        for resource in recording.resources:
            role = _role(resource)
            zones = _zones_of(recording, resource, region)
            if role in _SPREAD and zones:
                groups[resource.type, role] |= zones
        for (kind, role), zones in groups.items():
            if len(zones) == 1:
                told = f"{role} ({kind}) is in {zones.pop()} alone, of {len(region.zones)} zones"
                yield SingleHomed(f"region {name}", "zone", told)


def _role(resource: Registration) -> str:
    """The first word of the role that its tags say."""
    for key in ("tags", "labels"):
        given = resource.inputs.get(key)
        if isinstance(given, dict) and isinstance(role := given.get("role"), str):
            return role.partition("-")[0]
    return ""


def _zones_of(recording: Recording, resource: Registration, region: Region) -> set[str]:
    """The region's zones that it is in; those of its subnets where it says none itself."""
    own = _named_zones(resource, region)
    if own:
        return own
    found: set[str] = set()
    for key in ("subnetId", "subnetIds", "subnets"):
        for source in recording.sources(resource, key):
            found |= _named_zones(source, region)
    return found


def _named_zones(resource: Registration, region: Region) -> set[str]:
    found: set[str] = set()
    for key in _ZONE_KEYS:
        value = resource.inputs.get(key)
        said = value if isinstance(value, list) else [value]
        found |= {str(one) for one in said if one in region.zones}
    return found

"""The BGP table: every session of a venue's interconnects, with numbers, addresses, tags and what each side announces.

Circuits peer with the carrier's routers, never with each other: what a region hears there is what the carrier carries
from the regions that it is joined to. Tunnels of the VPN peer region with region.

Who has which address of a session's prefix is the clouds' rule, or ours where they leave the choice:

- ExpressRoute: the carrier has the first of each /30, Microsoft the second (Microsoft, "ExpressRoute routing
  requirements"). Direct Connect leaves the choice; the same here.
- Google Cloud: the Cloud Router has the first of the /29, the carrier the second ("Create VLAN attachments").
- Inside a tunnel AWS has the first of the /30 (AWS Site-to-Site VPN User Guide, "Tunnel options"); between Google Cloud
  and Azure the first is Google's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from rialto_platform.clouds.addresses import addresses
from rialto_platform.clouds.azure.ranges import ranges
from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import Interconnect, Region, Venue
from rialto_platform.venue.asn import AZURE_CIRCUITS
from rialto_platform.venue.model import Cloud
from rialto_platform.venue.ways import carriers, circuits, routers

TUNNELS: Mapping[frozenset[Cloud], int] = {
    frozenset({"aws", "gcp"}): 4,
    frozenset({"aws", "azure"}): 4,
    frozenset({"gcp", "azure"}): 2,
}
"""How many tunnels the clouds' own guides join a pair by: AWS has two a connection and takes two connections, Google
Cloud and Azure have two interfaces each, one tunnel from each to its like."""

_FIRST: tuple[Cloud, ...] = ("aws", "gcp", "azure")
"""Whose end has the first address inside a tunnel."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One side of a session."""

    name: str
    """A region, or a carrier's router."""
    asn: int
    address: IPv4Address
    announces: tuple[IPv4Network, ...]
    within: tuple[IPv4Network, ...]
    """The regions' ranges that what it announces lies in: more than that nobody takes from it."""


@dataclass(frozen=True, slots=True)
class CircuitSession:
    """A session of a region with a carrier's router."""

    circuit: str
    number: int
    """From 1; Azure has two on each circuit, on its primary and its secondary link."""
    vlan: int
    prefix: IPv4Network
    region: Speaker
    router: Speaker
    md5: bool


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel between two regions, and the session inside it."""

    number: int
    """From 1; 1 and 2 end at the first interface or instance of an end, 3 and 4 at the second, where there are four."""
    prefix: IPv4Network
    one: Speaker
    other: Speaker

    def end(self, region: str) -> Speaker:
        """The side of a region."""
        return self.one if self.one.name == region else self.other

    def peer(self, region: str) -> Speaker:
        """The side that faces a region."""
        return self.other if self.one.name == region else self.one


def circuit_sessions(venue: Venue, region: str) -> tuple[CircuitSession, ...]:
    """The sessions of a region's circuits, the first to be used first.

    Raises:
        CloudError: the region or a circuit lacks what the venue file's checks ask for.
    """
    return tuple(_circuit_sessions(venue, region))


def _circuit_sessions(venue: Venue, region: str) -> Iterator[CircuitSession]:
    here, known = venue.regions[region], routers(venue)
    for name, circuit in circuits(venue, region).items():
        if circuit.router not in known:
            raise CloudError(
                f"circuits.{name}.router", f"there is no router {circuit.router}", "declare it at a carrier"
            )
        carrier, router = known[circuit.router]
        others = carried(venue, region, carrier)
        heard = tuple(prefix for other in others for prefix in announced(other, venue.regions[other]))
        within = tuple(venue.regions[other].cidr for other in others)
        for number, prefix in enumerate(circuit.prefixes, 1):
            first, second = list(prefix.hosts())[:2]
            cloud_first = here.cloud == "gcp"
            yield CircuitSession(
                circuit=name,
                number=number,
                vlan=circuit.vlan,
                prefix=prefix,
                region=Speaker(
                    region,
                    circuit_number(region, here),
                    first if cloud_first else second,
                    announced(region, here),
                    (here.cidr,),
                ),
                router=Speaker(circuit.router, router.asn, second if cloud_first else first, heard, within),
                md5=circuit.md5,
            )


def carried(venue: Venue, region: str, carrier: str) -> tuple[str, ...]:
    """The regions whose traffic with this one a carrier carries, in the order of the interconnects."""
    return tuple(
        other
        for link in venue.interconnects
        if region in link.between and carrier in carriers(venue, link)
        for other in link.between
        if other != region
    )


def circuit_number(name: str, region: Region) -> int:
    """The BGP number that a region's circuits have towards the carrier.

    Raises:
        CloudError: the venue file gives none.
    """
    if region.cloud == "azure":
        return AZURE_CIRCUITS
    return region_number(name, region) if region.cloud == "gcp" else _given(name, "circuit_asn", region.circuit_asn)


def region_number(name: str, region: Region) -> int:
    """The region's own BGP number, which its tunnels have.

    Raises:
        CloudError: the venue file gives none.
    """
    return _given(name, "asn", region.asn)


def _given(name: str, key: str, number: int | None) -> int:
    if number is None:
        raise CloudError(f"regions.{name}", f"it has no {key}", f"give it {key}: 64512 to 65514, used nowhere else")
    return number


def tunnels(venue: Venue, link: Interconnect) -> tuple[Tunnel, ...]:
    """The tunnels of an interconnect's VPN; none if it has none.

    Raises:
        CloudError: the two regions are in one cloud, or lack a BGP number.
    """
    if link.vpn is None:
        return ()
    ends: list[Cloud] = [venue.regions[name].cloud for name in link.between]
    count = TUNNELS.get(frozenset(ends))
    if count is None:
        where = f"interconnects {'-'.join(link.between)}"
        raise CloudError(
            where, f"both ends are in {ends[0]}", "the VPN joins two clouds: use circuits with one carrier"
        )
    first, second = sorted(link.between, key=lambda name: _FIRST.index(venue.regions[name].cloud))
    found: list[Tunnel] = []
    for number, prefix in zip(range(1, count + 1), link.vpn.inside.subnets(new_prefix=30), strict=False):
        low, high = prefix.hosts()
        sides = {name: _speaker(venue, name, address) for name, address in ((first, low), (second, high))}
        found.append(Tunnel(number, prefix, sides[link.between[0]], sides[link.between[1]]))
    return tuple(found)


def _speaker(venue: Venue, name: str, address: IPv4Address) -> Speaker:
    region = venue.regions[name]
    return Speaker(name, region_number(name, region), address, announced(name, region), (region.cidr,))


def announced(name: str, region: Region) -> tuple[IPv4Network, ...]:
    """What a region announces on every way: the same prefixes by circuit and by VPN, else the longer one would win.

    AWS' and Azure's VPN gateways announce a network's own blocks and nothing else, so the circuits announce these too.
    A Cloud Router announces what it is told, which is the whole range.

    Raises:
        CloudError: the range is too small for the cloud.
    """
    match region.cloud:
        case "aws":
            own = addresses(region.cidr, len(region.zones))
            return own.all_nodes, own.all_endpoints, own.all_entry
        case "azure":
            return ranges(f"regions.{name}.cidr", region.cidr, len(region.zones)).space
        case "gcp":
            return (region.cidr,)


def instance(tunnel: Tunnel, count: int) -> int:
    """The interface or instance, from 0, that a tunnel has at an end with two; ``count`` tunnels join the pair."""
    return (tunnel.number - 1) * 2 // count


def vpn_links(venue: Venue, region: str) -> tuple[Interconnect, ...]:
    """The interconnects of a region that have a VPN, in the order of the file."""
    return tuple(link for link in venue.interconnects if region in link.between and link.vpn is not None)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, as people exchange it with a carrier."""

    session: str
    vlan: int | None
    prefix: IPv4Network
    one: Speaker
    other: Speaker
    signed: bool
    """By MD5; tunnels sign nothing, IPsec does."""


def table(venue: Venue) -> tuple[Row, ...]:
    """Every session of a venue: circuits by region, then tunnels by interconnect.

    Raises:
        CloudError: as `circuit_sessions` and `tunnels`.
    """
    rows = [
        Row(
            f"{session.circuit}/{session.number}",
            session.vlan,
            session.prefix,
            session.region,
            session.router,
            session.md5,
        )
        for region in venue.regions
        for session in circuit_sessions(venue, region)
    ]
    for link in venue.interconnects:
        name = "-".join(link.between)
        rows += [
            Row(f"{name}/{tunnel.number}", None, tunnel.prefix, tunnel.one, tunnel.other, signed=False)
            for tunnel in tunnels(venue, link)
        ]
    return tuple(rows)

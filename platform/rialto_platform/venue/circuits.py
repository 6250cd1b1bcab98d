"""Circuits, the carrier's routers and the VPN: what must hold between them before anything is ordered.

Sources: AWS Direct Connect User Guide ("Dedicated connections", "MAC Security", "Direct Connect gateways"), AWS
Site-to-Site VPN User Guide ("Tunnel options"); Google Cloud, "VLAN attachments overview" and "MACsec for Cloud
Interconnect"; Microsoft, "ExpressRoute routing requirements", "ExpressRoute circuits and peering" and "Configure BGP
for VPN Gateway".
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from rialto_platform.venue import asn, units, ways
from rialto_platform.venue.arithmetic import PRIVATE
from rialto_platform.venue.findings import Finding
from rialto_platform.venue.model import Circuit, Cloud, Interconnect, Product, Venue
from rialto_platform.venue.problems import Path

LINK_LOCAL = IPv4Network("169.254.0.0/16")
AZURE_INSIDE = (IPv4Network("169.254.21.0/24"), IPv4Network("169.254.22.0/24"))
"""Where Azure's VPN gateways take addresses for BGP inside a tunnel from."""
RESERVED_INSIDE = tuple(
    IPv4Network(f"169.254.{block}/30") for block in ("0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "169.252")
)
"""What AWS keeps for itself inside tunnels; the last holds the metadata servers of all three clouds."""
INSIDE_PREFIX = 28
"""Four tunnels with a /30 each."""

_MBIT = 10**6
_GBIT = 10**9


@dataclass(frozen=True, slots=True)
class Sold:
    """What a cloud sells as a circuit."""

    products: tuple[Product, ...]
    facility: re.Pattern[str]
    like: str
    bandwidths_bps: tuple[int, ...]
    macsec_bps: tuple[int, ...]
    sessions: int
    prefix: int
    ranges: tuple[IPv4Network, ...]
    """Where the prefixes of its BGP sessions may lie."""


SOLD: dict[Cloud, Sold] = {
    "aws": Sold(
        products=("dedicated",),
        facility=re.compile(r"[A-Za-z0-9]{2,16}"),
        like="EqDC2",
        bandwidths_bps=(_GBIT, 10 * _GBIT, 100 * _GBIT, 400 * _GBIT),
        macsec_bps=(10 * _GBIT, 100 * _GBIT, 400 * _GBIT),
        sessions=1,
        prefix=30,
        ranges=(LINK_LOCAL, *PRIVATE),
    ),
    "gcp": Sold(
        products=("dedicated",),
        facility=re.compile(r"[a-z]{3}-zone[12]-[0-9]{1,6}"),
        like="hkg-zone1-1118",
        bandwidths_bps=(
            *(megabits * _MBIT for megabits in (50, 100, 200, 300, 400, 500)),
            *(gigabits * _GBIT for gigabits in (1, 2, 5, 10, 20, 50, 100)),
        ),
        macsec_bps=(10 * _GBIT, 100 * _GBIT),
        sessions=1,
        prefix=29,
        ranges=(LINK_LOCAL,),
    ),
    "azure": Sold(
        products=("premium-metered", "premium-unlimited", "standard-metered", "standard-unlimited"),
        facility=re.compile(r"[A-Z][A-Za-z]*( [A-Z][A-Za-z]*)*[0-9]?"),
        like="London",
        bandwidths_bps=(
            *(megabits * _MBIT for megabits in (50, 100, 200, 500)),
            *(gigabits * _GBIT for gigabits in (1, 2, 5, 10)),
        ),
        macsec_bps=(),
        sessions=2,
        prefix=30,
        ranges=PRIVATE,
    ),
}


def routers(venue: Venue) -> Iterator[Finding]:
    """A router's name stands once, and the region it serves exists."""
    first: dict[str, str] = {}
    for name, carrier in venue.carriers.items():
        for router_name, router in carrier.routers.items():
            path: Path = ("carriers", name, "routers", router_name)
            other = first.setdefault(router_name, name)
            if other != name:
                wrong = f"the router {router_name} already belongs to {other}"
                yield Finding(path, wrong, "rename one", (("carriers", other, "routers", router_name),))
            if router.region not in venue.regions:
                yield _unknown((*path, "region"), "region", router.region, venue.regions, ("regions",))


def numbers(venue: Venue) -> Iterator[Finding]:
    """BGP numbers are anybody's to use and stand once; a region's are for private use."""
    first: dict[int, Path] = {}
    for path, number, own in _numbers(venue):
        if (why := asn.reserved(number)) is not None:
            yield Finding(path, f"{number} {why}", "use one for private use, 64512 to 65514")
        elif own and not asn.private(number):
            yield Finding(path, f"{number} is not for private use", "use 64512 to 65514, or 4200000000 to 4294967294")
        other = first.setdefault(number, path)
        if other != path:
            wrong = f"{number} is also that of {_owner(other)}, and a router drops routes that hold its own"
            yield Finding(path, wrong, "give each its own", (other,))


def _numbers(venue: Venue) -> Iterator[tuple[Path, int, bool]]:
    for name, region in venue.regions.items():
        for key, number in (("asn", region.asn), ("circuit_asn", region.circuit_asn)):
            if number is not None:
                yield ("regions", name, key), number, True
    for name, carrier in venue.carriers.items():
        for router_name, router in carrier.routers.items():
            yield ("carriers", name, "routers", router_name, "asn"), router.asn, False


def _owner(path: Path) -> str:
    return f"the region {path[1]}" if path[0] == "regions" else f"the router {path[3]}"


def needed_numbers(venue: Venue) -> Iterator[Finding]:
    """A region that speaks BGP under a number of its own has one."""
    for name, region in venue.regions.items():
        path: Path = ("regions", name)
        bought = next((key for key, circuit in venue.circuits.items() if circuit.region == name), None)
        vpn = next((i for i, link in enumerate(venue.interconnects) if link.vpn and name in link.between), None)
        why = f"interconnects[{vpn}] has a VPN" if vpn is not None else f"the circuit {bought} is its own"
        rests: tuple[Path, ...] = (("circuits", "*"), ("interconnects", "*"), (*path, "cloud"))
        # On Azure the circuit's gateway has Azure's number: only a VPN needs one.
        if region.asn is None and (vpn is not None or (bought is not None and region.cloud != "azure")):
            yield Finding(path, f"it has no asn, and {why}", "give it one for private use", (*rests, (*path, "asn")))
        if region.circuit_asn is None and bought is not None and region.cloud == "aws":
            wrong = f"it has no circuit_asn, and the circuit {bought} ends at a Direct Connect gateway"
            yield Finding(path, wrong, "give it another one than asn", (*rests, (*path, "circuit_asn")))
        if region.circuit_asn is not None and region.cloud != "aws":
            wrong = f"{region.cloud} has no Direct Connect gateway"
            yield Finding((*path, "circuit_asn"), wrong, "remove it: asn is enough", ((*path, "cloud"),))


def circuits(venue: Venue) -> Iterator[Finding]:
    """A circuit is what its region's cloud sells, and ends at a router that serves the region."""
    known = ways.routers(venue)
    tags: dict[tuple[str, int], str] = {}
    for name, circuit in venue.circuits.items():
        path: Path = ("circuits", name)
        region = venue.regions.get(circuit.region)
        if region is None:
            yield _unknown((*path, "region"), "region", circuit.region, venue.regions, ("regions",))
        else:
            yield from _sold(path, name, circuit, region.cloud)
        if circuit.router not in known:
            yield _unknown((*path, "router"), "router", circuit.router, known, ("carriers", "*"))
        elif known[circuit.router][1].region != circuit.region and region is not None:
            serves = known[circuit.router][1].region
            wrong = f"the router {circuit.router} serves {serves}, not {circuit.region}"
            right = f"end it at a router that serves {circuit.region}"
            yield Finding((*path, "router"), wrong, right, (("carriers", "*"), (*path, "region")))
        first = tags.setdefault((circuit.router, circuit.vlan), name)
        if first != name:
            wrong = f"{circuit.vlan} is already the tag of {first} at the router {circuit.router}"
            rests_on: tuple[Path, ...] = (("circuits", first, "vlan"), ("circuits", first, "router"), (*path, "router"))
            yield Finding((*path, "vlan"), wrong, "use each tag once at a router", rests_on)


def _sold(path: Path, name: str, circuit: Circuit, cloud: Cloud) -> Iterator[Finding]:
    sold = SOLD[cloud]
    rests_on: tuple[Path, ...] = ((*path, "region"), ("regions", circuit.region, "cloud"))
    if circuit.product not in sold.products:
        right = f"use {' or '.join(sold.products)}"
        yield Finding((*path, "product"), f"{cloud} sells no {circuit.product} circuit", right, rests_on)
    if not sold.facility.fullmatch(circuit.facility):
        wrong = f"{circuit.facility} is not how {cloud} names where circuits meet it"
        yield Finding((*path, "facility"), wrong, f"{cloud} names them like {sold.like}", rests_on)
    if circuit.bandwidth_bps not in sold.bandwidths_bps:
        here = units.exact_bandwidth_text(circuit.bandwidth_bps)
        sizes = ", ".join(units.exact_bandwidth_text(size) for size in sold.bandwidths_bps)
        yield Finding((*path, "bandwidth"), f"{cloud} sells no circuit of {here}", f"use one of: {sizes}", rests_on)
    elif circuit.macsec and circuit.bandwidth_bps not in sold.macsec_bps:
        sizes = " or ".join(units.exact_bandwidth_text(size) for size in sold.macsec_bps)
        here = units.exact_bandwidth_text(circuit.bandwidth_bps)
        wrong = f"{cloud} encrypts no circuit of {here}" if sizes else f"{cloud} encrypts no circuit of a provider"
        right = f"use {sizes}, or remove macsec" if sizes else "remove macsec: md5 signs its BGP, and TLS its traffic"
        yield Finding((*path, "macsec"), wrong, right, ((*path, "bandwidth"), *rests_on))
    if len(circuit.prefixes) != sold.sessions:
        wrong = f"{name} has {_count(sold.sessions, 'BGP session')}, {_count(len(circuit.prefixes), 'prefix')} declared"
        yield Finding((*path, "prefixes"), wrong, f"declare {_count(sold.sessions, f'/{sold.prefix}')}", rests_on)
    for index, prefix in enumerate(circuit.prefixes):
        if prefix.prefixlen != sold.prefix:
            wrong = f"{prefix} is no /{sold.prefix}"
            yield Finding((*path, "prefixes", index), wrong, f"{cloud} takes a /{sold.prefix}", rests_on)
        if not any(prefix.subnet_of(allowed) for allowed in sold.ranges):
            right = "use a range within " + ", ".join(str(allowed) for allowed in sold.ranges)
            yield Finding((*path, "prefixes", index), f"{cloud} takes no session in {prefix}", right, rests_on)


def _count(count: int, what: str) -> str:
    plural = {"prefix": "prefixes"}.get(what, f"{what}s")
    return f"{count} {what if count == 1 or what.startswith('/') else plural}"


def inside(venue: Venue) -> Iterator[Finding]:
    """Tunnels have addresses that the clouds at both ends take."""
    for index, link in enumerate(venue.interconnects):
        if link.vpn is None:
            continue
        path: Path = ("interconnects", index, "vpn", "inside")
        own = link.vpn.inside
        if own.prefixlen != INSIDE_PREFIX or not own.subnet_of(LINK_LOCAL):
            wrong = f"{own} is no link-local /{INSIDE_PREFIX}"
            yield Finding(path, wrong, f"use a /{INSIDE_PREFIX} within {LINK_LOCAL}, such as 169.254.21.0/28")
            continue
        ends = [venue.regions[name].cloud for name in link.between if name in venue.regions]
        rests_on: tuple[Path, ...] = tuple(("regions", name, "cloud") for name in link.between)
        if len(set(link.between)) == len(ends) == 2 and ends[0] == ends[1]:
            wrong = f"both ends are in {ends[0]}, and the VPN joins two clouds"
            yield Finding(path[:-1], wrong, "remove it, and declare circuits of both ends with one carrier", rests_on)
        elif "azure" in ends and not any(own.subnet_of(taken) for taken in AZURE_INSIDE):
            right = "use a range within " + " or ".join(str(taken) for taken in AZURE_INSIDE)
            yield Finding(path, f"azure takes no tunnel in {own}", right, rests_on)
        elif (held := next((kept for kept in RESERVED_INSIDE if kept.overlaps(own)), None)) is not None:
            yield Finding(
                path, f"it holds {held}, which clouds keep for themselves", "use another, such as 169.254.21.0/28"
            )


def overlaps(venue: Venue) -> Iterator[Finding]:
    """No range of a session or tunnel overlaps another one or a region."""
    taken: list[tuple[Path, IPv4Network]] = [
        (("regions", name, "cidr"), region.cidr) for name, region in venue.regions.items()
    ]
    for name, circuit in venue.circuits.items():
        taken += [(("circuits", name, "prefixes", index), prefix) for index, prefix in enumerate(circuit.prefixes)]
    for index, link in enumerate(venue.interconnects):
        if link.vpn is not None:
            taken.append((("interconnects", index, "vpn", "inside"), link.vpn.inside))
    for (one, first), (other, second) in itertools.combinations(taken, 2):
        # What regions do to each other is a finding of `arithmetic.networks`.
        if other[0] != "regions" and first.overlaps(second):
            wrong = f"{second} overlaps {first} of {one[0]}{_key(one[1])}"
            yield Finding(other, wrong, "give each a range of its own", (one,))


def _key(key: str | int) -> str:
    return f"[{key}]" if isinstance(key, int) else f".{key}"


def joined(venue: Venue) -> Iterator[Finding]:
    """Once circuits or VPNs are declared, every interconnect has one or the other, and what it has carries it.

    A venue that declares neither runs on one machine alone.
    """
    if not venue.circuits and all(link.vpn is None for link in venue.interconnects):
        return
    for index, link in enumerate(venue.interconnects):
        if any(name not in venue.regions for name in link.between):
            continue
        path: Path = ("interconnects", index)
        by_carrier = ways.carriers(venue, link)
        rests_on: tuple[Path, ...] = (("circuits", "*"), ("carriers", "*"), (*path, "between", "*"))
        if not by_carrier and link.vpn is None:
            names = " and ".join(link.between)
            wrong = f"no carrier has circuits of both {names}, and there is no VPN"
            right = "declare circuits of both ends with one carrier, or a vpn"
            yield Finding((*path, "between"), wrong, right, rests_on)
        if by_carrier:
            yield from _wide_enough(venue, link, (*path, "bandwidth"), rests_on)
        if link.redundant:
            yield from _redundant(venue, link, by_carrier, (*path, "redundant"), rests_on)


def _wide_enough(venue: Venue, link: Interconnect, path: Path, rests_on: tuple[Path, ...]) -> Iterator[Finding]:
    for name in link.between:
        first = next(iter(ways.circuits(venue, name)))
        circuit = venue.circuits[first]
        if circuit.bandwidth_bps < link.bandwidth_bps:
            here, most = (
                units.exact_bandwidth_text(bandwidth) for bandwidth in (link.bandwidth_bps, circuit.bandwidth_bps)
            )
            wrong = f"{here} is more than {most} of {first}, the first circuit of {name}"
            yield Finding(path, wrong, f"use {most} or less, or a larger circuit", rests_on)


def _redundant(
    venue: Venue, link: Interconnect, by_carrier: tuple[str, ...], path: Path, rests_on: tuple[Path, ...]
) -> Iterator[Finding]:
    known = ways.routers(venue)
    for name in link.between:
        own = [
            circuit
            for circuit in ways.circuits(venue, name).values()
            if circuit.router in known and known[circuit.router][0] in by_carrier
        ]
        apart = any(
            ways.place(venue, one) != ways.place(venue, other)
            and known[one.router][1].facility != known[other.router][1].facility
            for one, other in itertools.combinations(own, 2)
        )
        if not apart:
            wrong = f"{name} has no two circuits in two facilities, at routers in two facilities"
            yield Finding(path, wrong, "add a circuit in another place, or remove redundant", rests_on)


def _unknown(path: Path, what: str, name: str, known: Iterable[str], rests_on: Path) -> Finding:
    names = list(known)
    right = f"use one of: {', '.join(names)}" if names else f"declare it among the {what}s"
    return Finding(path, f"there is no {what} {name}", right, (rests_on,))


CHECKS = (routers, numbers, needed_numbers, circuits, inside, overlaps, joined)

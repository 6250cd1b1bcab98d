"""CIDR arithmetic within a recorded program: subnets lie in their network, nothing overlaps, sizes are the cloud's.

Which network a subnet is in follows from the edges: where the value of its `vpcId`, `network` or `virtualNetworkName`
comes from.

Sources: Amazon VPC User Guide, "VPC CIDR blocks" and "Subnet sizing"; AWS Client VPN Administrator Guide, "Rules and
best practices"; Amazon EKS API Reference, "KubernetesNetworkConfigRequest"; VPC of Google Cloud, "Subnets"; Azure
Virtual Network, "FAQ" (subnets of /2 to /29); AKS, "Configure networking" (services apart from the network).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from rialto_platform.clouds import wire
from rialto_platform.clouds.problems import Problem
from rialto_platform.clouds.recording import Recording, Registration

_CIDR = re.compile(r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}")
_NETWORKS: Mapping[str, str] = {
    "aws:ec2/vpc:Vpc": "cidrBlock",
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "cidrBlock",
    "azure-native:network:VirtualNetwork": "addressSpace.addressPrefixes",
    "gcp:compute/network:Network": "",
}
"""What gives a network its ranges; Google Cloud's networks have those of their subnets alone."""
_ROOTS = ("aws:ec2/vpc:Vpc", "azure-native:network:VirtualNetwork", "gcp:compute/network:Network")
_TO_NETWORK = ("vpcId", "network", "virtualNetworkName", "vpcConfig", "subnetwork", "agentPoolProfiles", "subnetIds")


_ADDRESSES = frozenset(
    {
        ("aws:directconnect/transitVirtualInterface:TransitVirtualInterface", "amazonAddress"),
        ("aws:directconnect/transitVirtualInterface:TransitVirtualInterface", "customerAddress"),
        ("gcp:compute/routerInterface:RouterInterface", "ipRange"),
    }
)
"""What is one address with the length of its prefix, and so no range."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where the ranges of a type are, and what they may be."""

    keys: tuple[str, ...]
    shortest: int
    longest: int


_SUBNETS: Mapping[str, _Kind] = {
    "aws:ec2/subnet:Subnet": _Kind(("cidrBlock",), 16, 28),
    "azure-native:network:Subnet": _Kind(("addressPrefix", "addressPrefixes"), 2, 29),
    "azure-native:network:VirtualNetwork": _Kind(("subnets[].addressPrefix", "subnets[].addressPrefixes"), 2, 29),
    "gcp:compute/subnetwork:Subnetwork": _Kind(("ipCidrRange", "secondaryIpRanges[].ipCidrRange"), 4, 29),
}
"""What lies within a network and apart from its siblings."""
_OUTSIDE: Mapping[str, _Kind] = {
    "aws:ec2clientvpn/endpoint:Endpoint": _Kind(("clientCidrBlock",), 12, 22),
    "aws:eks/cluster:Cluster": _Kind(("kubernetesNetworkConfig.serviceIpv4Cidr",), 12, 24),
    "azure-native:containerservice:ManagedCluster": _Kind(
        ("networkProfile.serviceCidr", "networkProfile.podCidr"), 8, 24
    ),
    "gcp:container/cluster:Cluster": _Kind(("privateClusterConfig.masterIpv4CidrBlock",), 28, 28),
}
"""What is beside a network, and overlaps none of its ranges and subnets."""


@dataclass(frozen=True, slots=True)
class Range:
    """A range that a resource claims."""

    resource: Registration
    path: str
    cidr: IPv4Network


def check(recording: Recording, within: IPv4Network | None = None) -> list[Problem]:
    """Everything wrong with the ranges of a program; ``within`` is what its networks may use: the region's range."""
    networks = [each for each in recording.resources if each.type in _ROOTS]
    found = list(_malformed(recording))
    for network in networks:
        blocks, subnets, outside = _claims(recording, network)
        found += _inside(blocks, subnets)
        found += _apart(subnets)
        found += _apart(blocks)
        for other in outside:
            found += [problem for each in (*blocks, *subnets) for problem in _overlap(other, each)]
        if within is not None:
            found += [problem for each in (*blocks, *subnets) for problem in _beyond(each, within)]
    return list(dict.fromkeys(found))


def check_together(recordings: Mapping[str, Recording]) -> list[Problem]:
    """Where networks of different programs overlap: between them no route could tell which is meant."""
    claimed = {
        name: [each for network in recording.resources if network.type in _ROOTS for each in _own(recording, network)]
        for name, recording in recordings.items()
    }
    found: list[Problem] = []
    for (one, ranges), (_, others) in itertools.combinations(claimed.items(), 2):
        for first, second in itertools.product(ranges, others):
            if first.cidr.overlaps(second.cidr):
                wrong = f"{second.cidr} overlaps {first.cidr} of {first.resource.name} in {one}"
                found.append(Problem.of(second.resource, second.path, wrong, "give each region a range of its own"))
    return found


def _own(recording: Recording, network: Registration) -> list[Range]:
    blocks, subnets, _ = _claims(recording, network)
    return blocks or subnets


def _claims(recording: Recording, network: Registration) -> tuple[list[Range], list[Range], list[Range]]:
    """The network's blocks, its subnets, and what must be outside both."""
    blocks: list[Range] = []
    subnets: list[Range] = []
    outside: list[Range] = []
    for resource in recording.resources:
        if network.urn not in _networks(recording, resource):
            continue
        if key := _NETWORKS.get(resource.type):
            blocks += _ranges(resource, (key,))
        if kind := _SUBNETS.get(resource.type):
            subnets += _ranges(resource, kind.keys)
        if kind := _OUTSIDE.get(resource.type):
            outside += _ranges(resource, kind.keys)
    return blocks, subnets, outside


def _networks(recording: Recording, resource: Registration) -> frozenset[str]:
    """The URNs of the networks that a resource is in, by the edges of the inputs that say so."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [resource]
    while waiting:
        here = waiting.pop()
        if here.urn in seen:
            continue
        seen.add(here.urn)
        if here.type in _ROOTS:
            found.add(here.urn)
            continue
        for key in _TO_NETWORK:
            waiting += recording.sources(here, key)
    return frozenset(found)


def _ranges(resource: Registration, keys: tuple[str, ...]) -> list[Range]:
    found: list[Range] = []
    for key in keys:
        for path, value in _at(resource.inputs, key):
            if isinstance(value, str) and (cidr := _network(value)) is not None:
                found.append(Range(resource, path, cidr))
    return found


def _at(value: wire.Value | Mapping[str, wire.Value], key: str, path: str = "") -> Iterator[tuple[str, wire.Value]]:
    """The values at a path in which ``[]`` stands for every item; a list at its end gives its items."""
    if not key:
        items = enumerate(value) if isinstance(value, list) else ()
        yield from ((f"{path}[{index}]", item) for index, item in items)
        if isinstance(value, str):
            yield path, value
        return
    head, _, rest = key.partition(".")
    if not isinstance(value, Mapping):
        return
    name = head.removesuffix("[]")
    inner = value.get(name)
    here = f"{path}.{name}" if path else name
    if head == name:
        yield from _at(inner, rest, here)
    elif isinstance(inner, list):
        for index, item in enumerate(inner):
            yield from _at(item, rest, f"{here}[{index}]")


def _network(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def _malformed(recording: Recording) -> Iterator[Problem]:
    """Ranges with bits beyond their prefix, which clouds refuse or cut; and those of a size that the cloud has not."""
    for resource in recording.resources:
        for path, value in _texts(resource.inputs, ""):
            if _CIDR.fullmatch(value):
                cidr = _network(value)
                if cidr is None:
                    yield Problem.of(resource, path, f"{value} is no IPv4 range", "write one such as 10.1.0.0/16")
                elif str(cidr) != value and (resource.type, path) not in _ADDRESSES:
                    yield Problem.of(resource, path, f"{value} has bits beyond its prefix", f"the range is {cidr}")
        for kinds in (_SUBNETS, _OUTSIDE):
            if kind := kinds.get(resource.type):
                for each in _ranges(resource, kind.keys):
                    if not kind.shortest <= each.cidr.prefixlen <= kind.longest:
                        right = f"use /{kind.shortest} to /{kind.longest}"
                        yield Problem.of(resource, each.path, f"{each.cidr} is no size that the cloud takes", right)


def _texts(value: wire.Value | Mapping[str, wire.Value], path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")


def _inside(blocks: list[Range], subnets: list[Range]) -> Iterator[Problem]:
    for each in subnets:
        if blocks and not any(each.cidr.subnet_of(block.cidr) for block in blocks):
            known = ", ".join(str(block.cidr) for block in blocks)
            wrong = f"{each.cidr} is outside its network, which has {known}"
            yield Problem.of(each.resource, each.path, wrong, "take it from one of those")


def _apart(ranges: list[Range]) -> Iterator[Problem]:
    for first, second in itertools.combinations(ranges, 2):
        yield from _overlap(second, first)


def _overlap(one: Range, other: Range) -> Iterator[Problem]:
    if one.cidr.overlaps(other.cidr):
        wrong = f"{one.cidr} overlaps {other.cidr} of {other.resource.name}"
        yield Problem.of(one.resource, one.path, wrong, "give it a range of its own")


def _beyond(each: Range, within: IPv4Network) -> Iterator[Problem]:
    if not each.cidr.subnet_of(within):
        wrong = f"{each.cidr} is outside the region's range {within}"
        yield Problem.of(each.resource, each.path, wrong, "take it from addresses.addresses")

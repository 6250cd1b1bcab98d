"""No range of a stack overlaps another of its own, or reaches into another region of the venue.

Regions never see each other's stacks; the venue file divides the addresses, so each stack is held to its own share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network

from rialto_platform.clouds.guardrails.resource import Resource, get, items, text
from rialto_platform.clouds.guardrails.rules import Rules

_WHOLE: Mapping[str, tuple[tuple[str | int, ...], ...]] = {
    "aws:ec2/vpc:Vpc": (("cidrBlock",),),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": (("cidrBlock",),),
    "azure-native:network:VirtualNetwork": (("addressSpace", "addressPrefixes"),),
}
"""Networks; subnets lie within them."""
_PARTS: Mapping[str, tuple[tuple[str | int, ...], ...]] = {
    "aws:ec2/subnet:Subnet": (("cidrBlock",),),
    "aws:ec2clientvpn/endpoint:Endpoint": (("clientCidrBlock",),),
    "aws:eks/cluster:Cluster": (("kubernetesNetworkConfig", "serviceIpv4Cidr"),),
    "gcp:compute/subnetwork:Subnetwork": (
        ("ipCidrRange",),
        ("secondaryIpRanges", 0, "ipCidrRange"),
        ("secondaryIpRanges", 1, "ipCidrRange"),
    ),
    "gcp:container/cluster:Cluster": (("privateClusterConfig", "masterIpv4CidrBlock"),),
    "azure-native:network:Subnet": (("addressPrefix",), ("addressPrefixes",)),
    "azure-native:containerservice:ManagedCluster": (
        ("networkProfile", "podCidr"),
        ("networkProfile", "serviceCidr"),
    ),
}
"""Ranges that must not overlap each other."""
TYPES = frozenset({*_WHOLE, *_PARTS})
"""Every type that is looked at."""


@dataclass(frozen=True, slots=True)
class Used:
    """A range, and who uses it."""

    resource: Resource
    key: str
    range: IPv4Network


def overlaps(resources: Sequence[Resource], rules: Rules) -> Iterator[tuple[Resource, str]]:
    """Parts of one stack or of several do not overlap, and none lies in another region's share."""
    parts = [used for resource in resources for used in _used(resource, _PARTS)]
    whole = [used for resource in resources for used in _used(resource, _WHOLE)]
    for index, one in enumerate(parts):
        for other in parts[:index]:
            if one.range.overlaps(other.range):
                wrong = f"its {one.key} {one.range} overlaps {other.range} of {other.resource.name}"
                yield one.resource, f"{wrong}; take both from addresses.addresses"
    for index, one in enumerate(whole):
        for other in whole[:index]:
            if one.range.overlaps(other.range):
                wrong = f"its {one.key} {one.range} overlaps {other.range} of {other.resource.name}"
                yield one.resource, f"{wrong}; give each region a range of its own in the venue file"
    for used in (*parts, *whole):
        yield from _foreign(used, rules)


def _foreign(used: Used, rules: Rules) -> Iterator[tuple[Resource, str]]:
    own = _region(used.resource, rules)
    for name, cidr in rules.ranges.items():
        if name != own and used.range.overlaps(cidr):
            yield used.resource, f"its {used.key} {used.range} lies in {cidr} of region {name}; use the range of {own}"


def _region(resource: Resource, rules: Rules) -> str:
    """By its tags, or by its stack where it takes none."""
    tagged = text(resource.tags.get("region"))
    return tagged if tagged in rules.ranges else resource.stack.rpartition("/")[2]


def _used(resource: Resource, table: Mapping[str, tuple[tuple[str | int, ...], ...]]) -> Iterator[Used]:
    for path in table.get(resource.type, ()):
        value = get(resource.props, *path)
        for said in items(value) or (value,):
            try:
                network = ip_network(text(said), strict=False)
            except ValueError:
                # Absent, or chosen by the cloud; a range that is none is refused by the cloud's own schema.
                continue
            if isinstance(network, IPv4Network):
                yield Used(resource, ".".join(str(part) for part in path), network)

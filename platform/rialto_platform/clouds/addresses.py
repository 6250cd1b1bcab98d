"""How a region's private range is divided: the same picture in every cloud.

A range of prefix length ``p`` falls into sixteen blocks of ``p + 4``: eight for nodes (one a zone), four for pods, one
for services inside the cluster, and three that are split once more into sixteen (``p + 8``): entry, endpoints, and
gateways with access and the control plane.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

LONGEST_PREFIX = 20
"""The smallest range that still gives each zone the /28 that every cloud takes.

Source: AWS, Amazon VPC User Guide, "Subnet sizing".
"""
MOST_ZONES = 8


class AddressError(ValueError):
    """A range that can't be divided; says why and what would do."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The parts of one region's range; none overlaps another."""

    whole: IPv4Network
    nodes: tuple[IPv4Network, ...]
    """One a zone, in the order of the zones."""
    all_nodes: IPv4Network
    """The half that holds every zone's: where a subnet spans zones (Google Cloud, Azure)."""
    pods: IPv4Network
    """Where pods have addresses of their own range; routable."""
    services: IPv4Network
    """Kubernetes services; never routed outside the cluster."""
    entry: tuple[IPv4Network, ...]
    """Public load balancers and NAT, one a zone."""
    all_entry: IPv4Network
    endpoints: tuple[IPv4Network, ...]
    """Private endpoints of storage, registry and keys, one a zone."""
    all_endpoints: IPv4Network
    gateways: IPv4Network
    """The gateways of interconnects and VPNs."""
    access: IPv4Network
    """Operators' way in."""
    control_plane: IPv4Network
    """A /28 for a managed control plane's own addresses."""


def addresses(cidr: IPv4Network, zones: int) -> Addresses:
    """Divides a region's range.

    Raises:
        AddressError: the range is too small, or there are more zones than blocks.
    """
    if cidr.prefixlen > LONGEST_PREFIX:
        raise AddressError(f"{cidr} is too small for a cloud's region; use /{LONGEST_PREFIX} or a shorter prefix")
    if not 1 <= zones <= MOST_ZONES:
        raise AddressError(f"{zones} zones; a region in a cloud has 1 to {MOST_ZONES}")
    blocks = list(cidr.subnets(prefixlen_diff=4))
    entry, endpoints, rest = (list(block.subnets(prefixlen_diff=4)) for block in blocks[13:])
    return Addresses(
        whole=cidr,
        nodes=tuple(blocks[:zones]),
        all_nodes=next(cidr.subnets(prefixlen_diff=1)),
        pods=list(cidr.subnets(prefixlen_diff=2))[2],
        services=blocks[12],
        entry=tuple(entry[:zones]),
        all_entry=blocks[13],
        endpoints=tuple(endpoints[:zones]),
        all_endpoints=blocks[14],
        gateways=rest[0],
        access=rest[1],
        control_plane=next(rest[2].subnets(new_prefix=28)),
    )

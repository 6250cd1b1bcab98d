"""What the guardrails hold a venue's stacks to: everything that depends on the venue, made from its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from rialto_platform.clouds import backends, machines, ports
from rialto_platform.clouds.ports import Ports
from rialto_platform.venue import Venue
from rialto_platform.venue.model import Cloud

REASONS: Mapping[str, str] = {
    "entry": "members' order sessions come over the internet",
    "nat": "nodes fetch certificates and time from outside, and nobody comes in by it",
    "vpn": "tunnels between clouds end at public addresses",
    "circuits": "Azure gives the gateway of ExpressRoute an address to manage it by; nothing listens there",
    "gateway": "a cloud's gateway for tunnels or circuits has public addresses of its own",
    "access": "operators come in by the cloud's own VPN",
}
"""Why something with a role may have a public address. A role `entry-a` counts as `entry`."""

TAGS = ("venue", "region", "role", "managed-by")
"""The tags of `names.Names.tags`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The venue's part of the guardrails."""

    locations: Mapping[Cloud, frozenset[str]]
    """Where resources may be."""
    machines: Mapping[Cloud, frozenset[str]]
    """What machine types nodes may have."""
    ranges: Mapping[str, IPv4Network]
    """Each region's private range."""
    pairs: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """The interconnects of each region, as their pair's stack is called: ``us-asia``."""
    vpns: frozenset[str] = frozenset()
    """Those that have a VPN."""
    reasons: Mapping[str, str] = field(default_factory=lambda: REASONS)
    tags: tuple[str, ...] = TAGS
    open_ports: Ports = ports.ORDER_SESSIONS
    """What the internet may reach."""

    def reason(self, role: str) -> str | None:
        """Why something with this role may be public; ``None`` where nothing is stated."""
        return self.reasons.get(role) or self.reasons.get(role.partition("-")[0])

    @classmethod
    def of(cls, venue: Venue) -> Rules:
        """The rules of a venue: its locations and ranges, and the machine types of its clouds."""
        clouds: set[Cloud] = {region.cloud for region in venue.regions.values()}
        locations: dict[Cloud, frozenset[str]] = {}
        for cloud in clouds:
            own = [region for region in venue.regions.values() if region.cloud == cloud]
            locations[cloud] = frozenset(region.location for region in own)
        ranges = {name: region.cidr for name, region in venue.regions.items()}
        links = {backends.pair(link): link for link in venue.interconnects}
        return cls(
            locations=locations,
            machines=machines.allowed(),
            ranges=ranges,
            pairs={name: tuple(pair for pair, link in links.items() if name in link.between) for name in ranges},
            vpns=frozenset(pair for pair, link in links.items() if link.vpn is not None),
        )

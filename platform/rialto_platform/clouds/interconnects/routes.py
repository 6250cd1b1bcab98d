"""Which way traffic takes between two regions: circuits first, then the VPN; nothing goes round by a third region.

Both ways carry the same prefixes (`bgp.announced`), so that no longer match ever decides for the wrong one. What
decides is each cloud's own rule, and both ends decide alike:

AWS
    A transit gateway prefers what a Direct Connect gateway propagates to what a VPN does, at equal length, whatever BGP
    says (Amazon VPC Transit Gateways, "Route evaluation order"). Between two circuits the carrier's community decides
    what AWS sends where (AWS Direct Connect User Guide, "Local preference BGP communities"); equal ones share.
Google Cloud
    Circuits and VPN have a Cloud Router each, and between two Cloud Routers the MED alone decides, not the length of
    the AS path ("Learned routes", "Best path selection mode", legacy). So import policies set the MED of what is heard,
    lower for circuits; MEDs that the peers send count for nothing. Another range than the peer's own is dropped.
Azure
    ExpressRoute goes before a VPN at equal length, whatever BGP says (Microsoft, "Configure ExpressRoute and
    Site-to-Site coexisting connections"). Between two circuits the connection's weight decides, higher first ("Optimize
    ExpressRoute routing").
The carrier
    Its routers choose between a region's circuits by local preference, higher first, which the order asks for.

A transit gateway and an Azure VPN gateway tell over their tunnels what they heard over others. A way round by a third
region still carries nothing: Google Cloud drops what is not its peer's own and tells only what is its own, and between
AWS and Azure the third region would be Google Cloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

from rialto_platform.clouds.interconnects.bgp import tunnels
from rialto_platform.venue import Interconnect, Venue
from rialto_platform.venue.ways import carriers, circuits, routers

VPN_MED = 1000
"""On Google Cloud, of what comes over the VPN; circuits are below."""

AWS_COMMUNITIES: Mapping[int, str] = {1: "7224:7300", 2: "7224:7200", 3: "7224:7100"}
"""What the carrier marks its announcements to AWS with, by the circuit's preference: high, medium, low."""


def circuit_med(preference: int) -> int:
    """On Google Cloud, the MED of a circuit: lower goes first."""
    return 100 * preference


def azure_weight(preference: int) -> int:
    """On Azure, the weight of a circuit's connection: higher goes first."""
    return 400 - 100 * preference


def carrier_preference(preference: int) -> int:
    """The local preference of a circuit at the carrier's routers: higher goes first."""
    return 400 - 100 * preference


def import_terms(within: tuple[IPv4Network, ...], med: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Google Cloud's import policy for a peer, (match, actions) each: what lies in its ranges, with this MED.

    The language is Cloud Router's ("BGP route policies").
    """
    taken = [(_lies_in(network), (f"med.set({med})", "accept()")) for network in within]
    return (*taken, (_lies_in(IPv4Network("0.0.0.0/0")), ("drop()",)))


def _lies_in(network: IPv4Network) -> str:
    return f"destination.inAnyRange(prefix('{network}').orLonger())"


@dataclass(frozen=True, slots=True)
class Way:
    """One way between two regions."""

    kind: Literal["circuits", "vpn"]
    carrier: str
    """Empty for the VPN."""
    bandwidth_bps: int


def ways(venue: Venue, link: Interconnect) -> tuple[Way, ...]:
    """The ways of an interconnect, the first to be used first."""
    found = [
        Way("circuits", carrier, min(_widest(venue, region, carrier) for region in link.between))
        for carrier in carriers(venue, link)
    ]
    if link.vpn is not None:
        found.append(Way("vpn", "", vpn_bandwidth_bps(venue, link)))
    return tuple(found)


def _widest(venue: Venue, region: str, carrier: str) -> int:
    """Of the circuits that go first at this carrier, all that share."""
    known = routers(venue)
    own = [circuit for circuit in circuits(venue, region).values() if known[circuit.router][0] == carrier]
    first = min(circuit.preference for circuit in own)
    return sum(circuit.bandwidth_bps for circuit in own if circuit.preference == first)


TUNNEL_BPS = 1_250_000_000
"""What one tunnel carries at most (AWS Site-to-Site VPN User Guide, "Quotas"; Google Cloud: 3 Gbit/s both ways)."""


def vpn_bandwidth_bps(venue: Venue, link: Interconnect) -> int:
    """What the tunnels of an interconnect carry together, since all have equal cost."""
    return TUNNEL_BPS * len(tunnels(venue, link))

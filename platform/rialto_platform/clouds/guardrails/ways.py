"""Behind each interconnect stand two circuits in two places, or a VPN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rialto_platform.clouds.guardrails.resource import Resource, get, text
from rialto_platform.clouds.guardrails.rules import Rules

CIRCUITS: Mapping[str, tuple[str | int, ...]] = {
    "aws:directconnect/connection:Connection": ("location",),
    "gcp:compute/interconnect:Interconnect": ("location",),
    "azure-native:network:ExpressRouteCircuit": ("serviceProviderProperties", "peeringLocation"),
}
"""Circuits, and where each says the building that it ends in."""
VPN = frozenset(
    {
        "aws:ec2/vpnConnection:VpnConnection",
        "gcp:compute/haVpnGateway:HaVpnGateway",
        "gcp:compute/vPNTunnel:VPNTunnel",
        "azure-native:network:VirtualNetworkGateway",
        "azure-native:network:VirtualNetworkGatewayConnection",
    }
)
"""Tunnels, and gateways that tunnels end at."""


def single_ways(resources: Sequence[Resource], rules: Rules) -> Iterator[tuple[Resource, str]]:
    """A stack with circuits has two in two buildings, or the gateway of a VPN."""
    del rules
    circuits = [resource for resource in resources if resource.type in CIRCUITS]
    if not circuits or any(is_vpn(resource) for resource in resources):
        return
    places = {text(get(circuit.props, *CIRCUITS[circuit.type])) for circuit in circuits}
    if len(circuits) < 2 or len(places) < 2:
        where = ", ".join(sorted(places))
        wrong = f"it is the only way out: {len(circuits)} circuit(s) in {where}, and no VPN behind"
        yield circuits[0], f"{wrong}; declare a second circuit in another facility, or a vpn"


def is_vpn(resource: Resource) -> bool:
    """Whether it carries IPsec: Azure has one type for gateways and connections of circuits and of VPNs."""
    if resource.type == "azure-native:network:VirtualNetworkGateway":
        return text(get(resource.props, "gatewayType")).lower() == "vpn"
    if resource.type == "azure-native:network:VirtualNetworkGatewayConnection":
        return text(get(resource.props, "connectionType")).lower() == "ipsec"
    return resource.type in VPN

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
    """A stack's circuits end in two buildings, or a VPN stands behind them.

    The VPN is in the same stack, or, by the venue file, in the stack of each pair that the region is one of. Where
    those stacks are told of too, the tunnels must be there.
    """
    stacks = dict.fromkeys(resource.stack for resource in resources)
    tunnelled = {resource.stack.rpartition("/")[2] for resource in resources if is_vpn(resource)}
    for stack in stacks:
        circuits = [resource for resource in resources if resource.stack == stack and resource.type in CIRCUITS]
        places = {text(get(circuit.props, *CIRCUITS[circuit.type])) for circuit in circuits}
        if not circuits or len(places) > 1:
            continue
        region = stack.rpartition("/")[2]
        pairs = rules.pairs.get(region, ())
        told = {f"{stack.rpartition('/')[0]}/{pair}" for pair in pairs} & set(stacks)
        missing = [pair for pair in pairs if pair not in rules.vpns or (told and pair not in tunnelled)]
        if missing or not (pairs or region in tunnelled):
            where = ", ".join(sorted(places))
            on = f" on {', '.join(missing)}" if missing else ""
            wrong = f"it is the only way out{on}: {len(circuits)} circuit(s) in {where}, and no VPN behind"
            yield circuits[0], f"{wrong}; declare a second circuit in another facility, or a vpn"


def is_vpn(resource: Resource) -> bool:
    """Whether it carries IPsec: Azure has one type for gateways and connections of circuits and of VPNs."""
    if resource.type == "azure-native:network:VirtualNetworkGateway":
        return text(get(resource.props, "gatewayType")).lower() == "vpn"
    if resource.type == "azure-native:network:VirtualNetworkGatewayConnection":
        return text(get(resource.props, "connectionType")).lower() == "ipsec"
    return resource.type in VPN

"""How Azure's networks share the region's range: where its picture differs from the other clouds'.

A subnet spans zones in Azure, but a NAT gateway stands in one, so nodes and pods have a subnet a zone. A private
endpoint stands in no zone, so one subnet holds all. The cluster's services and the operators' addresses are left out of
the network's address space: Azure wants both apart from it.

Sources: Azure NAT Gateway, "NAT gateway and availability zones"; AKS, "Configure Azure CNI networking for dynamic
allocation of IPs", "API Server VNet Integration" (/28), VPN Gateway, "About VPN Gateway configuration settings" (a
GatewaySubnet of /27 where gateways for ExpressRoute and VPN stand together), "About point-to-site VPN" (the clients'
pool overlaps no network).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from rialto_platform.clouds.addresses import MOST_ZONES, Addresses, addresses
from rialto_platform.clouds.errors import CloudError

LONGEST_PREFIX = 17
"""From here on the operators' network no longer holds a GatewaySubnet of /27 beside its other subnets."""
_GATEWAY_PREFIX = 27


@dataclass(frozen=True, slots=True)
class Access:
    """The operators' own network, and the addresses that their machines get."""

    network: IPv4Network
    gateway: IPv4Network
    endpoint: IPv4Network
    api: IPv4Address
    """Where the cluster's API answers operators."""
    resolver: IPv4Network
    dns: IPv4Address
    """Where names are resolved for operators."""
    clients: IPv4Network


@dataclass(frozen=True, slots=True)
class Ranges:
    """The parts of one region's range in Azure."""

    space: tuple[IPv4Network, ...]
    """The network's address space."""
    nodes: tuple[IPv4Network, ...]
    """One a zone."""
    pods: tuple[IPv4Network, ...]
    """One a zone."""
    services: IPv4Network
    cluster_dns: IPv4Address
    """The cluster's own name server, among its services."""
    api_server: IPv4Network
    endpoints: IPv4Network
    link: IPv4Network
    """From where the operators' private link reaches the cluster's API."""
    gateways: IPv4Network
    access: Access

    @property
    def cluster(self) -> tuple[IPv4Network, ...]:
        """Whatever runs in the cluster: nodes and pods of all zones."""
        return self.nodes + self.pods


def ranges(where: str, cidr: IPv4Network, zones: int) -> Ranges:
    """Divides a region's range; `where` is its path in the venue file.

    Raises:
        CloudError: the range is too small for Azure's gateways.
        AddressError: there are more zones than blocks.
    """
    if cidr.prefixlen > LONGEST_PREFIX:
        raise CloudError(
            where,
            f"{cidr} is too small for Azure's gateways, which want a /{_GATEWAY_PREFIX} each",
            f"use /{LONGEST_PREFIX} or a shorter prefix",
        )
    whole: Addresses = addresses(cidr, zones)
    endpoints, link = whole.all_endpoints.subnets()
    return Ranges(
        space=(whole.all_nodes, whole.pods, whole.all_endpoints, whole.gateways, whole.control_plane),
        nodes=whole.nodes,
        pods=tuple(list(whole.pods.subnets(prefixlen_diff=(MOST_ZONES - 1).bit_length()))[:zones]),
        services=whole.services,
        cluster_dns=whole.services[10],
        api_server=whole.control_plane,
        endpoints=endpoints,
        link=link,
        gateways=whole.gateways,
        access=_access(whole.access),
    )


def _access(block: IPv4Network) -> Access:
    network, clients = block.subnets()
    gateway, rest = network.subnets()
    endpoint, resolver = rest.subnets()
    # Azure keeps the first four addresses of a subnet for itself.
    return Access(network, gateway, endpoint, endpoint[4], resolver, resolver[4], clients)

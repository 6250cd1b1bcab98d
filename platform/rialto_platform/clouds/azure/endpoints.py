"""Private endpoints: how the cluster reaches storage, registry and keys without the internet.

Sources: Azure Private Link, "Azure Private Endpoint private DNS zone values"; Azure Private DNS, "What is a virtual
network link?".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pulumi
from pulumi_azure_native import network, privatedns

from rialto_platform.clouds.azure.place import Place

GLOBAL = "global"
"""Where Azure says that DNS zones are."""


class Service(Enum):
    """A service with a private endpoint: its part, as Azure calls it, and the zone of its names."""

    BLOB = ("blob", "privatelink.blob.core.windows.net")
    REGISTRY = ("registry", "privatelink.azurecr.io")
    VAULT = ("vault", "privatelink.vaultcore.azure.net")

    @property
    def part(self) -> str:
        """The group id of its private links."""
        return self.value[0]

    @property
    def zone(self) -> str:
        """The private DNS zone."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class EndpointsArgs:
    """Where private endpoints stand."""

    place: Place
    vnet: network.VirtualNetwork
    subnet: network.Subnet


class Endpoints(pulumi.ComponentResource):
    """Private endpoints with the names they answer to."""

    def __init__(self, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Makes the zones; `connect` adds an endpoint."""
        super().__init__("rialto:azure:Endpoints", args.place.of("endpoints"), None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._zones = {
            service: private_zone(args.place, service.part, service.zone, self, args.vnet) for service in Service
        }
        self.register_outputs({})

    def connect(self, service: Service, resource: pulumi.Input[str]) -> network.PrivateDnsZoneGroup:
        """An endpoint of a resource; what needs the service waits for what is returned: then its name leads there."""
        place, role = self._args.place, f"{service.part}-endpoint"
        endpoint = network.PrivateEndpoint(
            place.of(role),
            resource_group_name=place.group,
            location=place.location,
            subnet=network.SubnetArgs(id=self._args.subnet.id),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=service.part, private_link_service_id=resource, group_ids=[service.part]
                )
            ],
            tags=place.tags(role),
            opts=self._child,
        )
        return network.PrivateDnsZoneGroup(
            place.of(role),
            private_dns_zone_group_name="default",
            private_endpoint_name=endpoint.name,
            resource_group_name=place.group,
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name=service.part, private_dns_zone_id=self._zones[service].id)
            ],
            opts=self._child,
        )


def private_zone(
    place: Place, role: str, zone: str, parent: pulumi.Resource, vnet: network.VirtualNetwork | None
) -> privatedns.PrivateZone:
    """A private DNS zone, and the network that sees it; without one, somebody else links it."""
    made = privatedns.PrivateZone(
        place.of(f"{role}-zone"),
        private_zone_name=zone,
        resource_group_name=place.group,
        location=GLOBAL,
        tags=place.tags(f"{role}-zone"),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    if vnet:
        privatedns.VirtualNetworkLink(
            place.of(f"{role}-zone"),
            private_zone_name=made.name,
            resource_group_name=place.group,
            location=GLOBAL,
            virtual_network=privatedns.SubResourceArgs(id=vnet.id),
            registration_enabled=False,
            tags=place.tags(f"{role}-zone"),
            opts=pulumi.ResourceOptions(parent=parent),
        )
    return made

"""A region's attachment on Azure: ExpressRoute circuits with their gateway, and a VPN gateway of two instances.

Both gateways stand in the network's GatewaySubnet, in all its zones.

Sources: Azure ExpressRoute, "Workflows for circuit provisioning and circuit states", "Private peering", "About
ExpressRoute virtual network gateways", "About FastPath"; VPN Gateway, "About zone-redundant gateways", "Active-active
VPN gateways", "Configure BGP" (addresses inside tunnels).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import Provider, network

from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.public import static_address
from rialto_platform.clouds.interconnects import bgp, routes, secrets, sizes
from rialto_platform.clouds.interconnects.attachment import Attachment, AttachmentArgs
from rialto_platform.clouds.outputs import AzureNetwork
from rialto_platform.venue import Circuit

INSTANCES = 2
PRIVATE_PEERING = "AzurePrivatePeering"


class AzureAttachment(Attachment):
    """ExpressRoute and VPN to a region's network."""

    circuits: Mapping[str, network.ExpressRouteCircuit]
    express_route: network.VirtualNetworkGateway | None
    """None while the region has no circuit."""
    vpn: network.VirtualNetworkGateway | None
    """None while no interconnect of the region has a VPN."""

    def __init__(self, args: AttachmentArgs, ground: AzureNetwork, opts: pulumi.ResourceOptions | None = None) -> None:
        """Everything of the region's end; the tunnels are their pair's.

        Raises:
            CloudError: the circuits carry more than a gateway does, or the venue file lacks a BGP number.
        """
        super().__init__("rialto:azure:Attachment", args, opts)
        region = args.region
        self._ground = ground
        self._place = Place(args.names, args.owner, region.location, region.zones, ground.resource_group)
        provider = Provider(
            self._place.of("azure"),
            subscription_id=args.owner,
            location=region.location,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        self._lasting = pulumi.ResourceOptions(parent=self, provider=provider, protect=True)
        self.circuits = {name: self._circuit(name, circuit) for name, circuit in args.circuits.items()}
        self.express_route = self._express_route() if args.circuits else None
        if self.express_route is not None:
            for name, circuit in args.circuits.items():
                if name in args.delivered:
                    self._connect(name, circuit, self.express_route)
        self._addresses: list[network.PublicIPAddress] = []
        self.vpn = self._vpn() if args.has_vpn else None
        self.register_outputs({})

    def _circuit(self, name: str, circuit: Circuit) -> network.ExpressRouteCircuit:
        """Billed from the day that it is made; what it becomes depends on people, so nothing deletes it in passing."""
        args, place = self.args, self._place
        sku, tier, family = sizes.azure_sku(circuit.product)
        return network.ExpressRouteCircuit(
            place.of(name),
            circuit_name=place.of(name),
            resource_group_name=place.group,
            location=place.location,
            sku=network.ExpressRouteCircuitSkuArgs(name=sku, tier=tier, family=family),
            service_provider_properties=network.ExpressRouteCircuitServiceProviderPropertiesArgs(
                service_provider_name=args.provider_of(name),
                peering_location=circuit.facility,
                bandwidth_in_mbps=sizes.azure_bandwidth(circuit.bandwidth_bps),
            ),
            allow_classic_operations=False,
            tags=place.tags(name),
            opts=self._lasting,
        )

    def _connect(self, name: str, circuit: Circuit, gateway: network.VirtualNetworkGateway) -> None:
        """The sessions with the carrier, and the way from the circuit to the gateway."""
        args, place = self.args, self._place
        primary, secondary = args.sessions(name)
        made = self.circuits[name]
        peering = network.ExpressRouteCircuitPeering(
            place.of(f"{name}-peering"),
            peering_name=PRIVATE_PEERING,
            peering_type=network.ExpressRoutePeeringType.AZURE_PRIVATE_PEERING,
            circuit_name=made.name,
            resource_group_name=place.group,
            peer_asn=primary.router.asn,
            primary_peer_address_prefix=str(primary.prefix),
            secondary_peer_address_prefix=str(secondary.prefix),
            vlan_id=primary.vlan,
            shared_key=args.secret(secrets.md5(name)) if circuit.md5 else None,
            opts=self._child,
        )
        size = self._size()
        network.VirtualNetworkGatewayConnection(
            place.of(name),
            virtual_network_gateway_connection_name=place.of(name),
            resource_group_name=place.group,
            location=place.location,
            connection_type=network.VirtualNetworkGatewayConnectionType.EXPRESS_ROUTE,
            virtual_network_gateway1=network.VirtualNetworkGatewayArgs(id=gateway.id),
            peer=network.SubResourceArgs(id=made.id),
            routing_weight=routes.azure_weight(circuit.preference),
            express_route_gateway_bypass=size == sizes.FAST_PATH,
            tags=place.tags(name),
            # A circuit takes a connection when its private peering is there, and nothing of the peering goes into it.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[peering])),
        )

    def _size(self) -> str:
        carried = sum(circuit.bandwidth_bps for circuit in self.args.circuits.values())
        return sizes.express_route_gateway(f"circuits of regions.{self.args.name}", carried)

    def _express_route(self) -> network.VirtualNetworkGateway:
        place, size = self._place, self._size()
        address = self._address("circuits")
        return network.VirtualNetworkGateway(
            place.of("circuits"),
            virtual_network_gateway_name=place.of("circuits"),
            resource_group_name=place.group,
            location=place.location,
            gateway_type=network.VirtualNetworkGatewayType.EXPRESS_ROUTE,
            sku=network.VirtualNetworkGatewaySkuArgs(name=size, tier=size),
            ip_configurations=[self._configuration("instance-1", address)],
            tags=place.tags("circuits"),
            opts=self._child,
        )

    def _vpn(self) -> network.VirtualNetworkGateway:
        args, place = self.args, self._place
        links = bgp.vpn_links(args.venue, args.name)
        size = sizes.vpn_gateway(sum(routes.vpn_bandwidth_bps(args.venue, link) for link in links))
        self._addresses = [self._address(f"vpn-{number}") for number in range(1, INSTANCES + 1)]
        # Azure changes one gateway of a GatewaySubnet at a time, and nothing of one goes into the other.
        after = pulumi.ResourceOptions(depends_on=[self.express_route] if self.express_route else [])
        return network.VirtualNetworkGateway(
            place.of("vpn"),
            virtual_network_gateway_name=place.of("vpn"),
            resource_group_name=place.group,
            location=place.location,
            gateway_type=network.VirtualNetworkGatewayType.VPN,
            vpn_type=network.VpnType.ROUTE_BASED,
            vpn_gateway_generation=network.VpnGatewayGeneration.GENERATION2,
            sku=network.VirtualNetworkGatewaySkuArgs(name=size, tier=size),
            active_active=True,
            enable_bgp=True,
            ip_configurations=[
                self._configuration(f"instance-{number}", address) for number, address in enumerate(self._addresses, 1)
            ],
            bgp_settings=network.BgpSettingsArgs(
                asn=bgp.region_number(args.name, args.region),
                bgp_peering_addresses=[
                    network.IPConfigurationBgpPeeringAddressArgs(
                        ipconfiguration_id=self._configuration_id(number), custom_bgp_ip_addresses=list(addresses)
                    )
                    for number, addresses in enumerate(inside(args), 1)
                ],
            ),
            tags=place.tags("vpn"),
            opts=pulumi.ResourceOptions.merge(self._child, after),
        )

    def _configuration(
        self, name: str, address: network.PublicIPAddress
    ) -> network.VirtualNetworkGatewayIPConfigurationArgs:
        return network.VirtualNetworkGatewayIPConfigurationArgs(
            name=name,
            private_ip_allocation_method=network.IPAllocationMethod.DYNAMIC,
            subnet=network.SubResourceArgs(id=self._ground.gateway_subnet_id),
            public_ip_address=network.SubResourceArgs(id=address.id),
        )

    def _configuration_id(self, number: int) -> str:
        """A gateway names its own parts by their whole ids, before it is there to be asked."""
        gateway = f"Microsoft.Network/virtualNetworkGateways/{self._place.of('vpn')}"
        group = f"/subscriptions/{self.args.owner}/resourceGroups/{self._ground.resource_group}"
        return f"{group}/providers/{gateway}/ipConfigurations/instance-{number}"

    def _address(self, role: str) -> network.PublicIPAddress:
        return static_address(self._place, role, self._child, name=self._place.of(role))

    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What the stack exports; the service keys are secrets, which only their carrier may see."""
        vpn = None
        if self.vpn is not None:
            vpn = {
                "resourceGroup": self._ground.resource_group,
                "gatewayId": self.vpn.id,
                "configurationIds": [self._configuration_id(number) for number in range(1, INSTANCES + 1)],
                "addresses": [address.ip_address for address in self._addresses],
            }
        return {
            "circuits": {name: circuit.id for name, circuit in self.circuits.items()},
            "serviceKeys": pulumi.Output.secret({name: circuit.service_key for name, circuit in self.circuits.items()}),
            "vpn": vpn,
        }


def inside(args: AttachmentArgs) -> Sequence[tuple[str, ...]]:
    """The addresses inside tunnels that each of the gateway's instances has, over all the region's pairs."""
    found: list[list[str]] = [[] for _ in range(INSTANCES)]
    for link in bgp.vpn_links(args.venue, args.name):
        joined = bgp.tunnels(args.venue, link)
        for tunnel in joined:
            found[bgp.instance(tunnel, len(joined))].append(str(tunnel.end(args.name).address))
    return [tuple(addresses) for addresses in found]

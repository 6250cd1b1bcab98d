"""The network: subnets a zone for nodes and pods, NAT gateways a zone, security groups, routes, flow logs.

Sources: Virtual Network, "Virtual network traffic routing" (BGP's routes are more specific than those here, and a route
of one's own can't name an ExpressRoute gateway, so the other regions' ranges come by BGP alone); Azure NAT Gateway,
"NAT gateway and availability zones"; Network Watcher, "Virtual network flow logs"; AKS, "API Server VNet Integration".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import network

from rialto_platform.clouds.azure import rules
from rialto_platform.clouds.azure.flow_logs import KEPT_DAYS, FlowLogs
from rialto_platform.clouds.azure.groups import security_group
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.public import static_address
from rialto_platform.clouds.azure.ranges import Ranges
from rialto_platform.clouds.azure.sinks import Sinks

GATEWAY_SUBNET = "GatewaySubnet"
"""Azure's own name for where gateways stand."""
_AKS = "Microsoft.ContainerService/managedClusters"
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_NETWORK_WATCHERS = "NetworkWatcherRG"
_ANALYTICS_MINUTES = 10


@dataclass(frozen=True, slots=True)
class NetworkArgs:
    """A region's network."""

    place: Place
    ranges: Ranges
    peers: Sequence[IPv4Network]
    """The other regions' ranges."""
    markets: int
    """How many ports the order sessions have."""
    entry: Sequence[pulumi.Input[str]]
    """The static addresses that order sessions come in by."""
    sinks: Sinks
    flows: FlowLogs


@dataclass(slots=True)
class _Subnets:
    """Azure changes a network's subnets one at a time; each waits for the one before."""

    args: NetworkArgs
    vnet: network.VirtualNetwork
    parent: pulumi.Resource
    last: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])

    def add(
        self,
        role: str,
        cidr: IPv4Network,
        *,
        name: str = "",
        group: network.NetworkSecurityGroup | None = None,
        routes: network.RouteTable | None = None,
        nat: network.NatGateway | None = None,
        delegated: bool = False,
        linked: bool = False,
    ) -> network.Subnet:
        """A subnet; `delegated` to AKS, `linked` where a private link service has its addresses."""
        place = self.args.place
        policies = network.VirtualNetworkPrivateLinkServiceNetworkPolicies
        subnet = network.Subnet(
            place.of(role),
            subnet_name=name or role,
            resource_group_name=place.group,
            virtual_network_name=self.vnet.name,
            address_prefix=str(cidr),
            # Without a NAT gateway there is no way out.
            default_outbound_access=False,
            network_security_group=network.NetworkSecurityGroupArgs(id=group.id) if group else None,
            route_table=network.RouteTableArgs(id=routes.id) if routes else None,
            nat_gateway=network.SubResourceArgs(id=nat.id) if nat else None,
            delegations=[network.DelegationArgs(name="aks", service_name=_AKS)] if delegated else None,
            # Security group and routes hold for private endpoints too.
            private_endpoint_network_policies=network.VirtualNetworkPrivateEndpointNetworkPolicies.ENABLED,
            private_link_service_network_policies=policies.DISABLED if linked else policies.ENABLED,
            opts=pulumi.ResourceOptions(parent=self.parent, depends_on=self.last),
        )
        self.last = [subnet]
        return subnet


class Network(pulumi.ComponentResource):
    """A region's virtual network."""

    vnet: network.VirtualNetwork
    nodes: Sequence[network.Subnet]
    """One a zone."""
    pods: Sequence[network.Subnet]
    """One a zone."""
    api_server: network.Subnet
    endpoints: network.Subnet
    link: network.Subnet
    gateways: network.Subnet

    def __init__(self, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Nothing is open that a rule of `rules` doesn't open."""
        place, ranges = args.place, args.ranges
        super().__init__("rialto:azure:Network", place.of("network"), None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.vnet = network.VirtualNetwork(
            place.of("network"),
            virtual_network_name=place.of("network"),
            resource_group_name=place.group,
            location=place.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[str(part) for part in ranges.space]),
            tags=place.tags("network"),
            opts=self._child,
        )
        subnets = _Subnets(args, self.vnet, self)
        ways_out = self._routes("nodes", propagated=True)
        stays = self._routes("endpoints", propagated=False)
        nats = [self._nat(zone) for zone in place.zones]
        nodes = self._group("nodes", rules.nodes(ranges, args.peers, args.markets))
        pods = self._group("pods", rules.pods(ranges, args.peers))
        self.nodes = [
            subnets.add(f"nodes-{zone}", cidr, group=nodes, routes=ways_out, nat=nat)
            for zone, cidr, nat in zip(place.zones, ranges.nodes, nats, strict=True)
        ]
        self.pods = [
            subnets.add(f"pods-{zone}", cidr, group=pods, routes=ways_out, nat=nat, delegated=True)
            for zone, cidr, nat in zip(place.zones, ranges.pods, nats, strict=True)
        ]
        self.api_server = subnets.add(
            "api-server", ranges.api_server, group=self._group("api-server", rules.api_server(ranges)), delegated=True
        )
        self.endpoints = subnets.add(
            "endpoints", ranges.endpoints, group=self._group("endpoints", rules.endpoints(ranges)), routes=stays
        )
        self.link = subnets.add("link", ranges.link, routes=stays, linked=True)
        # Azure takes neither a security group nor a default route here.
        self.gateways = subnets.add("gateways", ranges.gateways, name=GATEWAY_SUBNET)
        self._flow_log()
        args.sinks.watch("network", self.vnet.id, self)
        self.register_outputs({"id": self.vnet.id})

    def _group(self, role: str, opened: Sequence[rules.Rule]) -> network.NetworkSecurityGroup:
        return security_group(self._args.place, role, opened, self, self._args.entry)

    def _routes(self, role: str, *, propagated: bool) -> network.RouteTable:
        """Private ranges that nobody announces go nowhere, instead of out by the NAT gateway."""
        place = self._args.place
        return network.RouteTable(
            place.of(role),
            resource_group_name=place.group,
            location=place.location,
            disable_bgp_route_propagation=not propagated,
            routes=[
                network.RouteArgs(
                    name=f"unknown-{number}", address_prefix=cidr, next_hop_type=network.RouteNextHopType.NONE
                )
                for number, cidr in enumerate(_PRIVATE, 1)
            ],
            tags=place.tags(role),
            opts=self._child,
        )

    def _nat(self, zone: str) -> network.NatGateway:
        """A zone's own, so that a zone that is lost takes no other's way out with it."""
        place, role = self._args.place, f"nat-{zone}"
        address = static_address(place, role, self._child, zones=[zone])
        return network.NatGateway(
            place.of(role),
            resource_group_name=place.group,
            location=place.location,
            sku=network.NatGatewaySkuArgs(name=network.NatGatewaySkuName.STANDARD),
            zones=[zone],
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            idle_timeout_in_minutes=4,
            tags=place.tags(role),
            opts=self._child,
        )

    def _flow_log(self) -> None:
        place, sinks, flows = self._args.place, self._args.sinks, self._args.flows
        network.FlowLog(
            place.of("flow-log"),
            # Azure makes one watcher a region and subscription with the first network in it, and refuses a second.
            resource_group_name=_NETWORK_WATCHERS,
            network_watcher_name=f"NetworkWatcher_{place.location}",
            location=place.location,
            target_resource_id=self.vnet.id,
            storage_id=flows.account.id,
            enabled=True,
            format=network.FlowLogFormatParametersArgs(type=network.FlowLogFormatType.JSON, version=2),
            retention_policy=network.RetentionPolicyParametersArgs(enabled=True, days=KEPT_DAYS),
            identity=network.ManagedServiceIdentityArgs(
                type=network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[flows.writer.id]
            ),
            flow_analytics_configuration=network.TrafficAnalyticsPropertiesArgs(
                network_watcher_flow_analytics_configuration=network.TrafficAnalyticsConfigurationPropertiesArgs(
                    enabled=True,
                    traffic_analytics_interval=_ANALYTICS_MINUTES,
                    workspace_id=sinks.logs.customer_id,
                    workspace_region=place.location,
                    workspace_resource_id=sinks.logs.id,
                )
            ),
            tags=place.tags("flow-log"),
            # No output says that the identity may write by now.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[flows.grant]),
        )

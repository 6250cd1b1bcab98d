"""Operators' access: a point-to-site VPN with Entra sign-in, into a network of its own from which the cluster's API
alone is in reach.

Why so: a bastion would be a public host; Azure's own Bastion is one too, unless a VPN is there already. The gateway
stands in a network beside the region's, as a network holds one VPN gateway and the region's belongs to the
interconnects. Nothing routes between the two: a private link leads to the API, so an operator's machine never reaches a
node, and what it may do is Azure's RBAC to say. The admin API and the console go through the cluster's API (`kubectl
port-forward`).

Sources: AKS, "Connect to an API Server VNet Integration cluster by using Azure Private Link"; VPN Gateway, "Configure
P2S VPN Gateway for Microsoft Entra ID authentication: Microsoft-registered app" (audience and addresses of tenant and
issuer), "About zone-redundant virtual network gateways"; Azure DNS Private Resolver, "Overview" (a VPN's clients can't
ask Azure's own).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerservice, dnsresolver, network, privatedns, resources

from rialto_platform.clouds.azure import rules
from rialto_platform.clouds.azure.cluster import api_zone
from rialto_platform.clouds.azure.endpoints import private_zone
from rialto_platform.clouds.azure.groups import security_group
from rialto_platform.clouds.azure.network import GATEWAY_SUBNET
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.public import static_address
from rialto_platform.clouds.azure.ranges import Ranges
from rialto_platform.clouds.azure.sinks import Sinks

AUDIENCE = "c632b3df-fb67-4d84-bdcf-b95ad541b5c8"
"""The Azure VPN Client, as Microsoft registered it in every directory of the public cloud."""
_RESOLVERS = "Microsoft.Network/dnsResolvers"
_API_BALANCER = "loadBalancers/kube-apiserver/frontendIPConfigurations/kube-apiserver-frontend"
_TTL_S = 60


@dataclass(frozen=True, slots=True)
class AccessArgs:
    """Operators' access."""

    place: Place
    ranges: Ranges
    tenant: pulumi.Output[str]
    """The Entra directory that operators sign in to."""
    cluster: containerservice.ManagedCluster
    link: network.Subnet
    """Of the region's network: from where the private link reaches the API."""
    sinks: Sinks


class Access(pulumi.ComponentResource):
    """The operators' network, its VPN gateway, and the private link to the cluster's API."""

    gateway: network.VirtualNetworkGateway

    def __init__(self, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """A resource group of its own: the zone of the API's name exists twice, with another address for operators."""
        super().__init__("rialto:azure:Access", args.place.of("access"), None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        group = resources.ResourceGroup(
            args.place.of("access"),
            resource_group_name=args.place.of("access"),
            location=args.place.location,
            tags=args.place.tags("access"),
            opts=self._child,
        )
        self._place = args.place.within(group.name)
        access = args.ranges.access
        self._vnet = network.VirtualNetwork(
            self._place.of("access"),
            virtual_network_name=self._place.of("access"),
            resource_group_name=group.name,
            location=self._place.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[str(access.network)]),
            # What the VPN tells its clients to ask.
            dhcp_options=network.DhcpOptionsArgs(dns_servers=[str(access.dns)]),
            tags=self._place.tags("access"),
            opts=self._child,
        )
        # One after the other: Azure changes a network's subnets one at a time.
        gateways = self._subnet("gateways", GATEWAY_SUBNET, str(access.gateway))
        endpoint = self._subnet("access-endpoint", "endpoint", str(access.endpoint), gateways)
        resolver = self._subnet("access-resolver", "resolver", str(access.resolver), endpoint)
        self._names(resolver)
        self._api(endpoint)
        self.gateway = self._gateway(gateways)
        args.sinks.watch("access", self.gateway.id, self)
        self.register_outputs({"gateway": self.gateway.id})

    def _subnet(self, role: str, name: str, cidr: str, after: network.Subnet | None = None) -> network.Subnet:
        place, ranges = self._place, self._args.ranges
        opened = {
            "access-endpoint": rules.access_endpoint(ranges),
            "access-resolver": rules.access_resolver(ranges),
        }.get(role)
        group = security_group(place, role, opened, self) if opened else None
        return network.Subnet(
            place.of(f"access-{name.lower()}"),
            subnet_name=name,
            resource_group_name=place.group,
            virtual_network_name=self._vnet.name,
            address_prefix=cidr,
            default_outbound_access=False,
            network_security_group=network.NetworkSecurityGroupArgs(id=group.id) if group else None,
            private_endpoint_network_policies=network.VirtualNetworkPrivateEndpointNetworkPolicies.ENABLED,
            delegations=(
                [network.DelegationArgs(name="resolver", service_name=_RESOLVERS)] if name == "resolver" else None
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after] if after else None),
        )

    def _names(self, subnet: network.Subnet) -> None:
        place = self._place
        resolver = dnsresolver.DnsResolver(
            place.of("access"),
            resource_group_name=place.group,
            location=place.location,
            virtual_network=dnsresolver.SubResourceArgs(id=self._vnet.id),
            tags=place.tags("access"),
            opts=self._child,
        )
        dnsresolver.InboundEndpoint(
            place.of("access"),
            dns_resolver_name=resolver.name,
            resource_group_name=place.group,
            location=place.location,
            ip_configurations=[
                dnsresolver.IpConfigurationArgs(
                    subnet=dnsresolver.SubResourceArgs(id=subnet.id),
                    private_ip_allocation_method=dnsresolver.IpAllocationMethod.STATIC,
                    private_ip_address=str(self._args.ranges.access.dns),
                )
            ],
            tags=place.tags("access"),
            opts=self._child,
        )

    def _api(self, subnet: network.Subnet) -> None:
        """A private link service before the API's load balancer, an endpoint of it here, and the API's name for it."""
        args, place = self._args, self._place
        balancer = pulumi.Output.concat(
            f"/subscriptions/{place.owner}/resourceGroups/",
            args.cluster.node_resource_group.apply(lambda group: group or ""),
            f"/providers/Microsoft.Network/{_API_BALANCER}",
        )
        service = network.PrivateLinkService(
            place.of("access-api"),
            resource_group_name=args.place.group,
            location=place.location,
            load_balancer_frontend_ip_configurations=[network.FrontendIPConfigurationArgs(id=balancer)],
            ip_configurations=[
                network.PrivateLinkServiceIpConfigurationArgs(
                    name="link",
                    primary=True,
                    private_ip_allocation_method=network.IPAllocationMethod.DYNAMIC,
                    private_ip_address_version=network.IPVersion.I_PV4,
                    subnet=network.SubnetArgs(id=args.link.id),
                )
            ],
            visibility=network.PrivateLinkServicePropertiesVisibilityArgs(subscriptions=[place.owner]),
            auto_approval=network.PrivateLinkServicePropertiesAutoApprovalArgs(subscriptions=[place.owner]),
            tags=place.tags("access"),
            opts=self._child,
        )
        address = str(args.ranges.access.api)
        network.PrivateEndpoint(
            place.of("access-api"),
            resource_group_name=place.group,
            location=place.location,
            subnet=network.SubnetArgs(id=subnet.id),
            ip_configurations=[network.PrivateEndpointIPConfigurationArgs(name="api", private_ip_address=address)],
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(name="api", private_link_service_id=service.id)
            ],
            tags=place.tags("access"),
            opts=self._child,
        )
        suffix = f".{api_zone(place.location)}"
        zone = private_zone(place, "access-api", suffix[1:], self, self._vnet)
        privatedns.PrivateRecordSet(
            place.of("access-api"),
            private_zone_name=zone.name,
            record_type="A",
            relative_record_set_name=args.cluster.private_fqdn.apply(lambda name: name.removesuffix(suffix)),
            resource_group_name=place.group,
            ttl=_TTL_S,
            a_records=[privatedns.ARecordArgs(ipv4_address=address)],
            opts=self._child,
        )

    def _gateway(self, subnet: network.Subnet) -> network.VirtualNetworkGateway:
        place, tenant = self._place, self._args.tenant
        address = static_address(place, "access", self._child)
        return network.VirtualNetworkGateway(
            place.of("access"),
            resource_group_name=place.group,
            location=place.location,
            gateway_type=network.VirtualNetworkGatewayType.VPN,
            vpn_type=network.VpnType.ROUTE_BASED,
            vpn_gateway_generation=network.VpnGatewayGeneration.GENERATION1,
            sku=network.VirtualNetworkGatewaySkuArgs(
                name=network.VirtualNetworkGatewaySkuName.VPN_GW1_AZ,
                tier=network.VirtualNetworkGatewaySkuTier.VPN_GW1_AZ,
            ),
            active_active=False,
            enable_bgp=False,
            ip_configurations=[
                network.VirtualNetworkGatewayIPConfigurationArgs(
                    name="gateway",
                    private_ip_allocation_method=network.IPAllocationMethod.DYNAMIC,
                    public_ip_address=network.SubResourceArgs(id=address.id),
                    subnet=network.SubResourceArgs(id=subnet.id),
                )
            ],
            vpn_client_configuration=network.VpnClientConfigurationArgs(
                vpn_authentication_types=[network.VpnAuthenticationType.AAD],
                vpn_client_protocols=[network.VpnClientProtocol.OPEN_VPN],
                vpn_client_address_pool=network.AddressSpaceArgs(
                    address_prefixes=[str(self._args.ranges.access.clients)]
                ),
                aad_audience=AUDIENCE,
                aad_tenant=pulumi.Output.concat("https://login.microsoftonline.com/", tenant),
                aad_issuer=pulumi.Output.concat("https://sts.windows.net/", tenant, "/"),
            ),
            tags=place.tags("access"),
            opts=self._child,
        )

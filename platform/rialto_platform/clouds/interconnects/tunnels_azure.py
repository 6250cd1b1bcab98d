"""Azure's end of a pair: each of the other's addresses as a local network gateway, and a connection to it.

Both instances of the gateway try each connection; the other end knows one address for it, so one instance gets through:
the one whose address inside the tunnel is given for it. Azure wants one for the other instance too, which stays unused.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import Provider, network

from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.interconnects import ipsec
from rialto_platform.clouds.interconnects.bgp import Tunnel
from rialto_platform.clouds.interconnects.ends import AzureEnd
from rialto_platform.clouds.interconnects.tunnels import EndArgs, Outside


class AzureTunnels(pulumi.ComponentResource):
    """Connections of the region's VPN gateway."""

    def __init__(
        self,
        args: EndArgs,
        end: AzureEnd,
        outside: Sequence[Outside],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`outside` says where each tunnel ends, and its key."""
        self._args, self._here = args, end
        self._place = Place(args.names, end.owner, args.here.location, args.here.zones, end.resource_group)
        super().__init__("rialto:azure:Tunnels", self._place.of("azure-tunnels"), None, opts)
        provider = Provider(
            self._place.of("azure"),
            subscription_id=end.owner,
            location=args.here.location,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        for tunnel, each in zip(args.tunnels, outside, strict=True):
            self._tunnel(tunnel, each)
        self.register_outputs({})

    def _tunnel(self, tunnel: Tunnel, outside: Outside) -> None:
        args, place, end = self._args, self._place, self._here
        peer, role = tunnel.peer(args.region), f"tunnel-{tunnel.number}"
        other = network.LocalNetworkGateway(
            place.of(role),
            local_network_gateway_name=place.of(role),
            resource_group_name=place.group,
            location=place.location,
            gateway_ip_address=outside.address,
            # The other end's address inside the tunnel; everything else comes by BGP.
            local_network_address_space=network.AddressSpaceArgs(address_prefixes=[f"{peer.address}/32"]),
            bgp_settings=network.BgpSettingsArgs(asn=peer.asn, bgp_peering_address=str(peer.address)),
            tags=place.tags(role),
            opts=self._child,
        )
        network.VirtualNetworkGatewayConnection(
            place.of(role),
            virtual_network_gateway_connection_name=place.of(role),
            resource_group_name=place.group,
            location=place.location,
            connection_type=network.VirtualNetworkGatewayConnectionType.IPSEC,
            connection_protocol=network.VirtualNetworkGatewayConnectionProtocol.IK_EV2,
            virtual_network_gateway1=network.VirtualNetworkGatewayArgs(id=end.gateway_id),
            local_network_gateway2=network.LocalNetworkGatewayArgs(id=other.id),
            shared_key=outside.key,
            enable_bgp=True,
            use_policy_based_traffic_selectors=False,
            dpd_timeout_seconds=ipsec.DEAD_PEER_S,
            gateway_custom_bgp_ip_addresses=[
                network.GatewayCustomBgpIpAddressIpConfigurationArgs(
                    ip_configuration_id=configuration, custom_bgp_ip_address=self._inside(tunnel, instance)
                )
                for instance, configuration in enumerate(end.configuration_ids)
            ],
            ipsec_policies=[
                network.IpsecPolicyArgs(
                    ike_encryption=network.IkeEncryption.GCMAES256,
                    ike_integrity=network.IkeIntegrity.SHA384,
                    dh_group=network.DhGroup.ECP384,
                    ipsec_encryption=network.IpsecEncryption.GCMAES256,
                    ipsec_integrity=network.IpsecIntegrity.GCMAES256,
                    pfs_group=network.PfsGroup.ECP384,
                    sa_life_time_seconds=ipsec.IPSEC_LIFETIME_S,
                    sa_data_size_kilobytes=ipsec.AZURE_DATA_KIB,
                )
            ],
            tags=place.tags(role),
            opts=self._child,
        )

    def _inside(self, tunnel: Tunnel, instance: int) -> str:
        """The tunnel's address at its own instance; at the other, the first of that instance in the pair."""
        args = self._args
        at = tunnel if args.instance(tunnel) == instance else self._first(instance)
        return str(at.end(args.region).address)

    def _first(self, instance: int) -> Tunnel:
        return next(tunnel for tunnel in self._args.tunnels if self._args.instance(tunnel) == instance)

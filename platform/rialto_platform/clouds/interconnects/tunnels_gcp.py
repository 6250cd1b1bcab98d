"""Google Cloud's end of a pair: the other's gateway as Google knows it, tunnels from both interfaces, BGP in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place
from rialto_platform.clouds.interconnects import ipsec, routes
from rialto_platform.clouds.interconnects.bgp import Tunnel
from rialto_platform.clouds.interconnects.ends import GcpEnd
from rialto_platform.clouds.interconnects.gcp import import_policy
from rialto_platform.clouds.interconnects.tunnels import EndArgs, Outside

REDUNDANCY: Mapping[int, str] = {2: "TWO_IPS_REDUNDANCY", 4: "FOUR_IPS_REDUNDANCY"}
"""By the addresses of the other end."""


class GcpTunnels(pulumi.ComponentResource):
    """Tunnels on the region's HA VPN gateway."""

    def __init__(
        self,
        args: EndArgs,
        end: GcpEnd,
        outside: Sequence[Outside],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`outside` says where each tunnel ends, and its key."""
        self._args, self._here = args, end
        self._place = Place(args.names, end.owner, args.here.location)
        super().__init__("rialto:gcp:Tunnels", self._place.of("gcp-tunnels"), None, opts)
        provider = gcp.Provider(
            self._place.of("gcp"),
            project=end.owner,
            region=args.here.location,
            add_pulumi_attribution_label=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        external = gcp.compute.ExternalVpnGateway(
            self._place.of("peer"),
            name=self._place.of("peer"),
            description=f"The end in {args.peer}",
            project=end.owner,
            redundancy_type=REDUNDANCY[len(outside)],
            interfaces=[
                gcp.compute.ExternalVpnGatewayInterfaceArgs(id=number, ip_address=each.address)
                for number, each in enumerate(outside)
            ],
            labels=self._place.labels("peer"),
            opts=self._child,
        )
        policy = import_policy(
            self._place, "heard", end.router, args.tunnels[0].peer(args.region).within, routes.VPN_MED, self._child
        )
        for tunnel, each in zip(args.tunnels, outside, strict=True):
            self._tunnel(tunnel, each, external, policy)
        self.register_outputs({})

    def _tunnel(
        self,
        tunnel: Tunnel,
        outside: Outside,
        external: gcp.compute.ExternalVpnGateway,
        policy: gcp.compute.RouterRoutePolicy,
    ) -> None:
        args, place, end = self._args, self._place, self._here
        role = f"tunnel-{tunnel.number}"
        own, peer = tunnel.end(args.region), tunnel.peer(args.region)
        made = gcp.compute.VPNTunnel(
            place.of(role),
            name=place.of(role),
            project=end.owner,
            region=args.here.location,
            vpn_gateway=end.gateway,
            vpn_gateway_interface=args.instance(tunnel),
            peer_external_gateway=external.self_link,
            peer_external_gateway_interface=tunnel.number - 1,
            shared_secret=outside.key,
            ike_version=ipsec.IKE_VERSION,
            cipher_suite=gcp.compute.VPNTunnelCipherSuiteArgs(
                phase1=gcp.compute.VPNTunnelCipherSuitePhase1Args(
                    encryptions=[ipsec.GCP_ENCRYPTION], prves=[ipsec.GCP_RANDOM], dhs=[ipsec.GCP_GROUP]
                ),
                phase2=gcp.compute.VPNTunnelCipherSuitePhase2Args(
                    encryptions=[ipsec.GCP_ENCRYPTION], pfs=[ipsec.GCP_GROUP]
                ),
            ),
            router=end.router,
            labels=place.labels(role),
            opts=self._child,
        )
        interface = gcp.compute.RouterInterface(
            place.of(role),
            name=place.of(role),
            project=end.owner,
            region=args.here.location,
            router=end.router,
            ip_range=f"{own.address}/{tunnel.prefix.prefixlen}",
            vpn_tunnel=made.name,
            opts=self._child,
        )
        gcp.compute.RouterPeer(
            place.of(role),
            name=place.of(role),
            project=end.owner,
            region=args.here.location,
            router=end.router,
            interface=interface.name,
            ip_address=str(own.address),
            peer_ip_address=str(peer.address),
            peer_asn=peer.asn,
            advertised_route_priority=routes.VPN_MED,
            import_policies=[policy.name],
            opts=self._child,
        )

"""AWS' end of a pair: a customer gateway for each address of the other end, and a connection of two tunnels to each."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws.place import Place
from rialto_platform.clouds.interconnects import ipsec
from rialto_platform.clouds.interconnects.aws import routed
from rialto_platform.clouds.interconnects.bgp import Tunnel
from rialto_platform.clouds.interconnects.ends import AwsEnd
from rialto_platform.clouds.interconnects.tunnels import EndArgs, Outside


class AwsTunnels(pulumi.ComponentResource):
    """VPN connections on the region's transit gateway."""

    outside: Sequence[Outside]
    """Of each tunnel, with the key that AWS made for it."""

    def __init__(
        self, args: EndArgs, end: AwsEnd, peers: tuple[str, str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`peers` are the other end's addresses, one for each connection."""
        self._args, self._transit = args, end
        self._place = Place(args.names, end.owner, args.here.location)
        super().__init__("rialto:aws:Tunnels", self._place.of("aws-tunnels"), None, opts)
        provider = aws.Provider(
            self._place.of("aws"),
            region=args.here.location,
            allowed_account_ids=[end.owner],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        outside: list[Outside] = []
        for number, address in enumerate(peers, 1):
            first, second = [tunnel for tunnel in args.tunnels if args.instance(tunnel) == number - 1]
            connection = self._connection(number, address, first, second)
            outside += [
                Outside(connection.tunnel1_address, pulumi.Output.secret(connection.tunnel1_preshared_key)),
                Outside(connection.tunnel2_address, pulumi.Output.secret(connection.tunnel2_preshared_key)),
            ]
        self.outside = outside
        self.register_outputs({})

    def _connection(self, number: int, address: str, first: Tunnel, second: Tunnel) -> aws.ec2.VpnConnection:
        args, place = self._args, self._place
        number_of_peer = first.peer(args.region).asn
        # Two keys for one thing: AWS takes numbers of more than 31 bits under another name.
        small = number_of_peer < 1 << 31
        gateway = aws.ec2.CustomerGateway(
            place.of(f"peer-{number}"),
            type="ipsec.1",
            ip_address=address,
            bgp_asn=str(number_of_peer) if small else None,
            bgp_asn_extended=None if small else str(number_of_peer),
            device_name=f"{args.peer}-{number}",
            tags=place.tags(f"peer-{number}"),
            opts=self._child,
        )
        connection = aws.ec2.VpnConnection(
            place.of(f"vpn-{number}"),
            type="ipsec.1",
            customer_gateway_id=gateway.id,
            transit_gateway_id=self._transit.transit_gateway_id,
            static_routes_only=False,
            tunnel1_inside_cidr=str(first.prefix),
            tunnel1_ike_versions=[f"ikev{ipsec.IKE_VERSION}"],
            tunnel1_phase1_encryption_algorithms=[ipsec.AWS_ENCRYPTION],
            tunnel1_phase1_integrity_algorithms=[ipsec.AWS_INTEGRITY],
            tunnel1_phase1_dh_group_numbers=[ipsec.GROUP],
            tunnel1_phase1_lifetime_seconds=ipsec.IKE_LIFETIME_S,
            tunnel1_phase2_encryption_algorithms=[ipsec.AWS_ENCRYPTION],
            tunnel1_phase2_integrity_algorithms=[ipsec.AWS_INTEGRITY],
            tunnel1_phase2_dh_group_numbers=[ipsec.GROUP],
            tunnel1_phase2_lifetime_seconds=ipsec.IPSEC_LIFETIME_S,
            tunnel1_dpd_timeout_action="restart",
            tunnel1_dpd_timeout_seconds=ipsec.DEAD_PEER_S,
            tunnel1_startup_action="add",
            tunnel2_inside_cidr=str(second.prefix),
            tunnel2_ike_versions=[f"ikev{ipsec.IKE_VERSION}"],
            tunnel2_phase1_encryption_algorithms=[ipsec.AWS_ENCRYPTION],
            tunnel2_phase1_integrity_algorithms=[ipsec.AWS_INTEGRITY],
            tunnel2_phase1_dh_group_numbers=[ipsec.GROUP],
            tunnel2_phase1_lifetime_seconds=ipsec.IKE_LIFETIME_S,
            tunnel2_phase2_encryption_algorithms=[ipsec.AWS_ENCRYPTION],
            tunnel2_phase2_integrity_algorithms=[ipsec.AWS_INTEGRITY],
            tunnel2_phase2_dh_group_numbers=[ipsec.GROUP],
            tunnel2_phase2_lifetime_seconds=ipsec.IPSEC_LIFETIME_S,
            tunnel2_dpd_timeout_action="restart",
            tunnel2_dpd_timeout_seconds=ipsec.DEAD_PEER_S,
            tunnel2_startup_action="add",
            tags=place.tags(f"vpn-{number}"),
            opts=self._child,
        )
        attachment = connection.transit_gateway_attachment_id
        routed(place, f"vpn-{number}", attachment, self._transit.transit_route_table_id, self._child)
        return connection

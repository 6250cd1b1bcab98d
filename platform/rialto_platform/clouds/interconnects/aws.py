"""A region's attachment on AWS: connections, the Direct Connect gateway, and a transit virtual interface on each line.

Sources: AWS Direct Connect User Guide, "Connections", "MAC Security", "Transit gateway associations", "Transit virtual
interfaces"; Amazon VPC Transit Gateways, "Transit gateway attachments to a Direct Connect gateway".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws.place import Place
from rialto_platform.clouds.interconnects import bgp, secrets, sizes
from rialto_platform.clouds.interconnects.attachment import Attachment, AttachmentArgs
from rialto_platform.clouds.outputs import AwsNetwork
from rialto_platform.venue import Circuit

MTU: Final = 1500
"""What Azure's end carries too; a larger one would be cut on the way."""


class AwsAttachment(Attachment):
    """Direct Connect to a region's transit gateway, which is the VPN's gateway too."""

    connections: Mapping[str, aws.directconnect.Connection]
    """By circuit."""

    def __init__(self, args: AttachmentArgs, network: AwsNetwork, opts: pulumi.ResourceOptions | None = None) -> None:
        """Everything of the region's end; the VPN's connections are their pair's.

        Raises:
            CloudError: the venue file lacks a BGP number.
        """
        super().__init__("rialto:aws:Attachment", args, opts)
        self._network = network
        self._place = Place(args.names, args.owner, args.region.location)
        provider = aws.Provider(
            self._place.of("aws"),
            region=args.region.location,
            allowed_account_ids=[args.owner],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        self._lasting = pulumi.ResourceOptions(parent=self, provider=provider, protect=True)
        self.connections = {name: self._connection(name, circuit) for name, circuit in args.circuits.items()}
        if args.circuits:
            gateway = self._gateway()
            for name, circuit in args.circuits.items():
                if name in args.delivered:
                    self._interface(name, circuit, gateway)
        self.register_outputs({})

    def _connection(self, name: str, circuit: Circuit) -> aws.directconnect.Connection:
        """The port at AWS' end of the line; what it becomes depends on people, so nothing deletes it in passing."""
        args, place = self.args, self._place
        connection = aws.directconnect.Connection(
            place.of(name),
            name=place.of(name),
            bandwidth=sizes.aws_bandwidth(circuit.bandwidth_bps),
            location=circuit.facility,
            request_macsec=circuit.macsec,
            # A line that is not up yet has nobody to encrypt with.
            encryption_mode="must_encrypt" if circuit.macsec and name in args.delivered else None,
            tags=place.tags(name),
            opts=self._lasting,
        )
        if circuit.macsec:
            aws.directconnect.MacsecKeyAssociation(
                place.of(f"{name}-macsec"),
                connection_id=connection.id,
                ckn=args.secret(secrets.macsec_name(name)),
                cak=args.secret(secrets.macsec_key(name)),
                opts=self._child,
            )
        return connection

    def _gateway(self) -> aws.directconnect.Gateway:
        """Between the circuits and the transit gateway; it announces to the carrier what the VPN announces."""
        args, place, network = self.args, self._place, self._network
        gateway = aws.directconnect.Gateway(
            place.of("circuits"),
            name=place.of("circuits"),
            amazon_side_asn=str(bgp.circuit_number(args.name, args.region)),
            tags=place.tags("circuits"),
            opts=self._child,
        )
        association = aws.directconnect.GatewayAssociation(
            place.of("circuits"),
            dx_gateway_id=gateway.id,
            associated_gateway_id=network.transit_gateway_id,
            allowed_prefixes=[str(prefix) for prefix in bgp.announced(args.name, args.region)],
            opts=self._child,
        )
        routed(
            place, "circuits", association.transit_gateway_attachment_id, network.transit_route_table_id, self._child
        )
        return gateway

    def _interface(self, name: str, circuit: Circuit, gateway: aws.directconnect.Gateway) -> None:
        args, place = self.args, self._place
        [session] = args.sessions(name)
        length = session.prefix.prefixlen
        aws.directconnect.TransitVirtualInterface(
            place.of(name),
            name=place.of(name),
            connection_id=self.connections[name].id,
            dx_gateway_id=gateway.id,
            vlan=session.vlan,
            address_family="ipv4",
            amazon_address=f"{session.region.address}/{length}",
            customer_address=f"{session.router.address}/{length}",
            # The plain number ends at two to the power of 31.
            bgp_asn_long=str(session.router.asn),
            bgp_auth_key=args.secret(secrets.md5(name)) if circuit.md5 else None,
            mtu=MTU,
            tags=place.tags(name),
            opts=self._child,
        )

    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What the stack exports."""
        vpn = {
            "transitGatewayId": self._network.transit_gateway_id,
            "transitRouteTableId": self._network.transit_route_table_id,
        }
        return {
            "circuits": {name: connection.id for name, connection in self.connections.items()},
            "vpn": vpn if self.args.has_vpn else None,
        }


def routed(
    place: Place,
    role: str,
    attachment: pulumi.Input[str],
    table: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Has an attachment of the transit gateway use the region's route table, and put there what it hears."""
    aws.ec2transitgateway.RouteTableAssociation(
        place.of(f"{role}-routed"),
        transit_gateway_attachment_id=attachment,
        transit_gateway_route_table_id=table,
        opts=opts,
    )
    aws.ec2transitgateway.RouteTablePropagation(
        place.of(f"{role}-heard"),
        transit_gateway_attachment_id=attachment,
        transit_gateway_route_table_id=table,
        opts=opts,
    )

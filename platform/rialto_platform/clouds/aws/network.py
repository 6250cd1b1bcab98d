"""The region's network: a VPC of three subnets a zone, a way out through NAT, a way to the other regions, flow logs.

A zone has a subnet for nodes (private, out through the zone's own NAT), one for endpoints (private, no way out) and one
for the entry (load balancer and NAT, the only one with a route to the internet gateway).

Sources: Amazon VPC User Guide, "VPC CIDR blocks" (a block is /16 to /28; EKS wants its services' range outside them),
"NAT gateway basics" (one a zone), "Logging IP traffic using VPC Flow Logs"; AWS Transit Gateway, "Design best
practices".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.addresses import Addresses
from rialto_platform.clouds.aws import policy
from rialto_platform.clouds.aws.place import Place
from rialto_platform.clouds.errors import CloudError

SHORTEST_PREFIX = 16
"""The largest block that a VPC takes."""
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class NetworkArgs:
    """A region's ranges, and who else is reached from it."""

    place: Place
    zones: Sequence[str]
    ranges: Addresses
    peers: Mapping[str, IPv4Network]
    """The other regions' ranges, by region."""
    asn: int | None
    """The transit gateway's own BGP number; AWS' default if none is given."""
    flow_logs: aws.cloudwatch.LogGroup


class Network(pulumi.ComponentResource):
    """VPC, subnets, routes, NAT, transit gateway, flow logs."""

    vpc: aws.ec2.Vpc
    nodes: Sequence[aws.ec2.Subnet]
    """One a zone, in the order of the zones; so are the next two."""
    endpoints: Sequence[aws.ec2.Subnet]
    entry: Sequence[aws.ec2.Subnet]
    node_tables: Sequence[aws.ec2.RouteTable]
    transit: aws.ec2transitgateway.TransitGateway
    transit_table: aws.ec2transitgateway.RouteTable

    def __init__(self, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """From the outside in.

        Raises:
            CloudError: the region's range is larger than a VPC takes.
        """
        self._args, self._place = args, args.place
        super().__init__("rialto:aws:Network", args.place.of("network"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        place, ranges = args.place, args.ranges
        if ranges.all_nodes.prefixlen < SHORTEST_PREFIX:
            raise CloudError(
                f"regions.{place.names.region}.cidr",
                f"{ranges.whole} is more than a VPC takes",
                f"use /{SHORTEST_PREFIX - 1} or a longer prefix",
            )
        self.vpc = aws.ec2.Vpc(
            place.of("vpc"),
            cidr_block=str(ranges.all_nodes),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=place.tags("vpc"),
            opts=self._child,
        )
        # What AWS puts into it by default lets everything out; managed here, it lets through nothing.
        aws.ec2.DefaultSecurityGroup(
            place.of("default-group"), vpc_id=self.vpc.id, tags=place.tags("default-group"), opts=self._child
        )
        self.nodes = self._subnets("nodes", self.vpc.id, ranges.nodes)
        self.endpoints = self._subnets("endpoints", self._block("endpoints", ranges.all_endpoints), ranges.endpoints)
        self.entry = self._subnets("entry", self._block("entry", ranges.all_entry), ranges.entry)
        self._internet()
        self.node_tables = [self._node_table(index) for index in range(len(args.zones))]
        endpoint_table = self._table("endpoints")
        for index, subnet in enumerate(self.endpoints, start=1):
            self._associate(f"endpoints-{index}", subnet, endpoint_table)
        self.transit, self.transit_table = self._transit()
        self._flow_log()
        self.register_outputs({})

    def _block(self, role: str, cidr: IPv4Network) -> pulumi.Output[str]:
        """Adds a range to the VPC; what is made in it takes the VPC's id from here, and so waits for the range."""
        block = aws.ec2.VpcIpv4CidrBlockAssociation(
            self._place.of(f"{role}-range"), vpc_id=self.vpc.id, cidr_block=str(cidr), opts=self._child
        )
        return block.vpc_id

    def _subnets(self, role: str, vpc_id: pulumi.Input[str], cidrs: Sequence[IPv4Network]) -> Sequence[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                self._place.of(f"{role}-{index}"),
                vpc_id=vpc_id,
                availability_zone=zone,
                cidr_block=str(cidr),
                map_public_ip_on_launch=False,
                tags=self._place.tags(f"{role}-{index}"),
                opts=self._child,
            )
            for index, (zone, cidr) in enumerate(zip(self._args.zones, cidrs, strict=True), start=1)
        ]

    def _table(self, role: str) -> aws.ec2.RouteTable:
        role = f"{role}-routes"
        return aws.ec2.RouteTable(
            self._place.of(role), vpc_id=self.vpc.id, tags=self._place.tags(role), opts=self._child
        )

    def _associate(self, role: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable) -> None:
        aws.ec2.RouteTableAssociation(
            self._place.of(f"{role}-routed"), subnet_id=subnet.id, route_table_id=table.id, opts=self._child
        )

    def _internet(self) -> None:
        place = self._place
        gateway = aws.ec2.InternetGateway(
            place.of("internet"), vpc_id=self.vpc.id, tags=place.tags("internet"), opts=self._child
        )
        table = self._table("entry")
        aws.ec2.Route(
            place.of("entry-to-internet"),
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )
        for index, subnet in enumerate(self.entry, start=1):
            self._associate(f"entry-{index}", subnet, table)

    def _node_table(self, index: int) -> aws.ec2.RouteTable:
        """The zone's own way out, so that the loss of a zone costs no other zone its way."""
        place, number = self._place, index + 1
        address = aws.ec2.Eip(
            place.of(f"nat-{number}-address"),
            domain="vpc",
            tags=place.tags(f"nat-{number}"),
            opts=self._child,
        )
        nat = aws.ec2.NatGateway(
            place.of(f"nat-{number}"),
            subnet_id=self.entry[index].id,
            allocation_id=address.allocation_id,
            tags=place.tags(f"nat-{number}"),
            opts=self._child,
        )
        table = self._table(f"nodes-{number}")
        aws.ec2.Route(
            place.of(f"nodes-{number}-to-nat"),
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            nat_gateway_id=nat.id,
            opts=self._child,
        )
        self._associate(f"nodes-{number}", self.nodes[index], table)
        return table

    def _transit(self) -> tuple[aws.ec2transitgateway.TransitGateway, aws.ec2transitgateway.RouteTable]:
        place = self._place
        transit = aws.ec2transitgateway.TransitGateway(
            place.of("transit"),
            description=f"{place.of('')}: to the other regions",
            amazon_side_asn=self._args.asn,
            auto_accept_shared_attachments="disable",
            # Attachments get routes by declaration alone.
            default_route_table_association="disable",
            default_route_table_propagation="disable",
            dns_support="enable",
            vpn_ecmp_support="enable",
            tags=place.tags("transit"),
            opts=self._child,
        )
        table = aws.ec2transitgateway.RouteTable(
            place.of("transit-routes"),
            transit_gateway_id=transit.id,
            tags=place.tags("transit-routes"),
            opts=self._child,
        )
        # In the endpoints' subnets, since the smallest region has no /28 a zone to spare for it.
        attachment = aws.ec2transitgateway.VpcAttachment(
            place.of("transit-vpc"),
            transit_gateway_id=transit.id,
            vpc_id=self.vpc.id,
            subnet_ids=[subnet.id for subnet in self.endpoints],
            dns_support="enable",
            transit_gateway_default_route_table_association=False,
            transit_gateway_default_route_table_propagation=False,
            tags=place.tags("transit-vpc"),
            opts=self._child,
        )
        aws.ec2transitgateway.RouteTableAssociation(
            place.of("transit-vpc-routed"),
            transit_gateway_attachment_id=attachment.id,
            transit_gateway_route_table_id=table.id,
            opts=self._child,
        )
        aws.ec2transitgateway.RouteTablePropagation(
            place.of("transit-vpc-announced"),
            transit_gateway_attachment_id=attachment.id,
            transit_gateway_route_table_id=table.id,
            opts=self._child,
        )
        for region, cidr in self._args.peers.items():
            for index, routes in enumerate(self.node_tables, start=1):
                # The gateway's id comes from the attachment: AWS refuses a route before the VPC is attached.
                aws.ec2.Route(
                    place.of(f"nodes-{index}-to-{region}"),
                    route_table_id=routes.id,
                    destination_cidr_block=str(cidr),
                    transit_gateway_id=attachment.transit_gateway_id,
                    opts=self._child,
                )
        return transit, table

    def _flow_log(self) -> None:
        place, group = self._place, self._args.flow_logs
        role = aws.iam.Role(
            place.of("flow-logs-role"),
            name=place.of("flow-logs"),
            description="Writes the VPC's flow logs",
            assume_role_policy=policy.trust("vpc-flow-logs.amazonaws.com", place.owner),
            tags=place.tags("flow-logs-role"),
            opts=self._child,
        )
        writes = policy.statement(
            "Write",
            ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            (group.arn, pulumi.Output.concat(group.arn, ":*")),
        )
        granted = aws.iam.RolePolicy(
            place.of("flow-logs-policy"), role=role.id, policy=policy.document(writes), opts=self._child
        )
        aws.ec2.FlowLog(
            place.of("flow-logs"),
            vpc_id=self.vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags=place.tags("flow-logs"),
            # The role's ARN is there before the role may write.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted]),
        )

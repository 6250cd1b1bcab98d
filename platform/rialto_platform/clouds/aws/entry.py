"""Where members come in: a load balancer for order sessions with a static address a zone.

Each address leads to the node of its own zone: a client lists all of them and logs in at the one that leads, as it does
among the nodes of one machine. So a connection never crosses zones on its way in.

Sources: Elastic Load Balancing, "Network Load Balancers" (one Elastic IP a zone; client addresses kept; security
groups; "Cross-zone load balancing"), "Health checks for Network Load Balancer target groups".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds import ports
from rialto_platform.clouds.aws.place import Place

HEALTH_PATH = "/healthz"
"""Of the node's admin API."""


@dataclass(frozen=True, slots=True)
class EntryArgs:
    """What stands behind the load balancer."""

    place: Place
    vpc_id: pulumi.Input[str]
    subnets: Sequence[aws.ec2.Subnet]
    group: pulumi.Input[str]
    engine: Sequence[aws.eks.NodeGroup]
    markets: Sequence[str]
    """In the order of the venue file, which numbers their ports."""


class Entry(pulumi.ComponentResource):
    """Addresses, load balancer, and a listener with its targets for each market."""

    addresses: Sequence[aws.ec2.Eip]
    balancer: aws.lb.LoadBalancer

    def __init__(self, args: EntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """One listener a market.

        Raises:
            CloudError: there are more markets than ports.
        """
        place = args.place
        self._args, self._place = args, place
        super().__init__("rialto:aws:Entry", place.of("entry"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.addresses = [
            aws.ec2.Eip(
                place.of(f"entry-{index}-address"),
                domain="vpc",
                tags=place.tags(f"entry-{index}"),
                # Members have them in their own firewalls.
                opts=pulumi.ResourceOptions(parent=self, protect=True),
            )
            for index in range(1, len(args.subnets) + 1)
        ]
        self.balancer = aws.lb.LoadBalancer(
            place.of("entry"),
            name=place.short("entry"),
            load_balancer_type="network",
            internal=False,
            security_groups=[args.group],
            subnet_mappings=[
                aws.lb.LoadBalancerSubnetMappingArgs(subnet_id=subnet.id, allocation_id=address.allocation_id)
                for subnet, address in zip(args.subnets, self.addresses, strict=True)
            ],
            enable_cross_zone_load_balancing=False,
            enable_deletion_protection=True,
            enable_zonal_shift=True,
            tags=place.tags("entry"),
            opts=self._child,
        )
        for number, market in enumerate(args.markets, start=1):
            self._market(market, ports.ORDER_SESSIONS.of_market(number))
        self.register_outputs({})

    @property
    def listed(self) -> Sequence[pulumi.Output[str]]:
        """The static addresses, one a zone in the order of the zones."""
        return [address.public_ip for address in self.addresses]

    def _market(self, market: str, port: int) -> None:
        place, role = self._place, f"entry-{market}"
        targets = aws.lb.TargetGroup(
            place.of(role),
            name=place.short(role),
            vpc_id=self._args.vpc_id,
            port=port,
            protocol="TCP",
            target_type="instance",
            preserve_client_ip="true",
            # Order sessions log in again elsewhere at once: a node that leaves keeps none of them.
            connection_termination=True,
            deregistration_delay=5,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                enabled=True,
                protocol="HTTP",
                port=str(ports.ADMIN),
                path=HEALTH_PATH,
                interval=5,
                timeout=2,
                healthy_threshold=2,
                unhealthy_threshold=2,
            ),
            tags=place.tags(role),
            opts=self._child,
        )
        aws.lb.Listener(
            place.of(f"{role}-listener"),
            load_balancer_arn=self.balancer.arn,
            port=port,
            protocol="TCP",
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=targets.arn)],
            tags=place.tags(f"{role}-listener"),
            opts=self._child,
        )
        for index, pool in enumerate(self._args.engine, start=1):
            aws.autoscaling.Attachment(
                place.of(f"{role}-engine-{index}"),
                autoscaling_group_name=pool.resources[0].autoscaling_groups[0].name.apply(lambda name: name or ""),
                lb_target_group_arn=targets.arn,
                opts=self._child,
            )

"""The region's security groups, made of `rules.rules`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws.place import Place
from rialto_platform.clouds.aws.rules import ALL, GROUPS, S3, Group, Rule


@dataclass(frozen=True, slots=True)
class FirewallArgs:
    """What the groups stand in."""

    place: Place
    vpc_id: pulumi.Input[str]
    rules: Sequence[Rule]


class Firewall(pulumi.ComponentResource):
    """A group each for control plane, engine nodes, system nodes, endpoints, entry and operators."""

    groups: Mapping[Group, aws.ec2.SecurityGroup]

    def __init__(self, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Groups first, since rules name two of them; rules of S3's prefix list follow by `open_s3`."""
        place = args.place
        super().__init__("rialto:aws:Firewall", place.of("firewall"), None, opts)
        self._args = args
        needed = {rule.group for rule in args.rules}
        self.groups = {
            group: aws.ec2.SecurityGroup(
                place.of(f"{group}-group"),
                name=place.of(group),
                description=f"{about} of {place.of('')}",
                vpc_id=args.vpc_id,
                tags=place.tags(f"{group}-group"),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for group, about in GROUPS.items()
            if group in needed
        }
        for rule in args.rules:
            if not isinstance(rule.peer, S3):
                self._rule(rule, None)
        self.register_outputs({})

    def open_s3(self, prefix_list_id: pulumi.Input[str]) -> None:
        """The rules towards S3, whose prefix list comes with its endpoint."""
        for rule in self._args.rules:
            if isinstance(rule.peer, S3):
                self._rule(rule, prefix_list_id)

    def group_id(self, group: Group) -> pulumi.Output[str]:
        """The id of a group."""
        return self.groups[group].id

    def _rule(self, rule: Rule, prefix_list_id: pulumi.Input[str] | None) -> None:
        place, every = self._args.place, rule.ports is ALL
        peer = rule.peer
        make = aws.vpc.SecurityGroupIngressRule if rule.direction == "in" else aws.vpc.SecurityGroupEgressRule
        make(
            place.of(rule.role),
            security_group_id=self.groups[rule.group].id,
            ip_protocol=rule.protocol,
            from_port=None if every else rule.ports.first,
            to_port=None if every else rule.ports.last,
            cidr_ipv4=str(peer) if isinstance(peer, IPv4Network) else None,
            referenced_security_group_id=None if isinstance(peer, IPv4Network | S3) else self.groups[peer].id,
            prefix_list_id=prefix_list_id,
            description=rule.why,
            tags=place.tags(rule.role),
            opts=pulumi.ResourceOptions(parent=self),
        )

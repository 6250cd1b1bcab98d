"""The firewall: what `rules` decides, as VPC firewall rules whose targets are the nodes' identities.

Source: Cloud NGFW, "VPC firewall rules", "Filter by service account versus network tag": a tag is whatever a node says
it is, a service account must be granted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place
from rialto_platform.clouds.gcp.rules import Pool, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallArgs:
    """A network's firewall."""

    place: Place
    project: pulumi.Input[str]
    network: gcp.compute.Network
    accounts: Mapping[Pool, pulumi.Output[str]]
    """The e-mail address of each pool's service account."""
    rules: Sequence[Rule]


class Firewall(pulumi.ComponentResource):
    """Denies everything in both directions, and opens what the rules say."""

    def __init__(self, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """One resource a rule."""
        super().__init__("rialto:gcp:Firewall", args.place.of("firewall"), None, opts)
        for rule in args.rules:
            self._rule(args, rule)
        self.register_outputs({})

    def _rule(self, args: FirewallArgs, rule: Rule) -> None:
        protocol = "tcp" if rule.tcp else "all"
        ports = list(rule.tcp) or None
        gcp.compute.Firewall(
            args.place.of(rule.role),
            name=args.place.of(rule.role),
            description=rule.why,
            project=args.project,
            network=args.network.self_link,
            direction=rule.direction,
            priority=rule.priority,
            source_ranges=list(rule.ranges) if rule.direction == "INGRESS" else None,
            destination_ranges=list(rule.ranges) if rule.direction == "EGRESS" else None,
            target_service_accounts=[args.accounts[pool] for pool in rule.pools] or None,
            allows=None if rule.denies else [gcp.compute.FirewallAllowArgs(protocol=protocol, ports=ports)],
            denies=[gcp.compute.FirewallDenyArgs(protocol=protocol, ports=ports)] if rule.denies else None,
            log_config=logged(),
            opts=pulumi.ResourceOptions(parent=self),
        )


def logged() -> gcp.compute.FirewallLogConfigArgs:
    """What every rule writes down: who tried, and whether it was let through."""
    return gcp.compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA")

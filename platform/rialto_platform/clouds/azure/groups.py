"""Network security groups out of the rules that are decided as data."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import network

from rialto_platform.clouds.azure import rules
from rialto_platform.clouds.azure.place import Place

_STEP = 10
"""Room for a rule between two."""


def security_group(
    place: Place,
    role: str,
    opened: Sequence[rules.Rule],
    parent: pulumi.Resource,
    entry: Sequence[pulumi.Input[str]] = (),
) -> network.NetworkSecurityGroup:
    """The group that opens what the rules say; `entry` is where a rule without destinations leads."""
    counted = {"Inbound": rules.FIRST_PRIORITY, "Outbound": rules.FIRST_PRIORITY}
    made: list[network.SecurityRuleArgs] = []
    for rule in opened:
        priority = rules.LAST_PRIORITY if rule in (rules.DENY_IN, rules.DENY_OUT) else counted[rule.direction]
        counted[rule.direction] += _STEP
        made.append(_rule(rule, priority, entry))
    return network.NetworkSecurityGroup(
        place.of(role),
        resource_group_name=place.group,
        location=place.location,
        security_rules=made,
        tags=place.tags(role),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _rule(rule: rules.Rule, priority: int, entry: Sequence[pulumi.Input[str]]) -> network.SecurityRuleArgs:
    # Azure takes one value in the one property and several in the other; a service tag or * stands alone.
    destinations = rule.destinations or entry
    return network.SecurityRuleArgs(
        name=rule.name,
        description=rule.why,
        priority=priority,
        direction=rule.direction,
        access=rule.access,
        protocol=rule.protocol,
        source_port_range=rules.ANY,
        source_address_prefix=rule.sources[0] if len(rule.sources) == 1 else None,
        source_address_prefixes=list(rule.sources) if len(rule.sources) > 1 else None,
        destination_address_prefix=destinations[0] if len(destinations) == 1 else None,
        destination_address_prefixes=list(destinations) if len(destinations) > 1 else None,
        destination_port_range=rule.ports[0] if len(rule.ports) == 1 else None,
        destination_port_ranges=list(rule.ports) if len(rule.ports) > 1 else None,
    )

"""The guardrails: what no stack of a venue may do, as plain functions that return what is wrong.

`stacks/guardrails` makes a policy pack of them, which the engine asks before it touches a cloud; `rialto clouds plan`
and the tests ask them of recorded programs. Nothing here knows Pulumi.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rialto_platform.clouds.guardrails import deletion, encryption, exposure, ingress, places, ranges, tags, ways
from rialto_platform.clouds.guardrails.resource import UNKNOWN, Resource, kind
from rialto_platform.clouds.guardrails.rules import Rules

__all__ = [
    "RESOURCE_POLICIES",
    "STACK_POLICIES",
    "UNKNOWN",
    "Resource",
    "ResourcePolicy",
    "Rules",
    "StackPolicy",
    "Violation",
    "check",
    "kind",
]

ResourceCheck: TypeAlias = Callable[[Resource, Rules], Iterator[str]]
StackCheck: TypeAlias = Callable[[Sequence[Resource], Rules], Iterator[tuple[Resource, str]]]


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """A rule for one resource at a time."""

    name: str
    description: str
    check: ResourceCheck


@dataclass(frozen=True, slots=True)
class StackPolicy:
    """A rule for all resources together."""

    name: str
    description: str
    check: StackCheck


@dataclass(frozen=True, slots=True)
class Violation:
    """A resource that breaks a rule."""

    policy: str
    resource: Resource
    problem: str
    """What is wrong; what to do."""

    def as_json(self) -> Mapping[str, str]:
        """For `--json`."""
        resource = self.resource
        return {
            "policy": self.policy,
            "stack": resource.stack,
            "type": resource.type,
            "name": resource.name,
            "problem": self.problem,
        }

    def __str__(self) -> str:
        """As a plan prints it."""
        return f"{self.policy}: {self.resource.stack} {self.resource.type} {self.resource.name}: {self.problem}"


RESOURCE_POLICIES: tuple[ResourcePolicy, ...] = (
    ResourcePolicy(
        "no-public-data",
        "Buckets, registries, vaults, nodes and clusters' APIs are reached from within alone.",
        exposure.public_data,
    ),
    ResourcePolicy(
        "public-address-with-reason", "A public address states why it is public.", exposure.public_addresses
    ),
    ResourcePolicy(
        "no-open-ingress",
        "The internet reaches order sessions alone, by a rule that states why.",
        ingress.open_ingress,
    ),
    ResourcePolicy("encryption", "What holds data names the key that encrypts it.", encryption.encryption),
    ResourcePolicy("deletion-protection", "What holds data is protected.", deletion.deletion),
    ResourcePolicy("allowed-locations", "Resources are where the venue file says.", places.locations),
    ResourcePolicy("allowed-machines", "Nodes have machine types chosen for them.", places.machines),
    ResourcePolicy("required-tags", "What takes tags says whose it is.", tags.tags),
)

STACK_POLICIES: tuple[StackPolicy, ...] = (
    StackPolicy("blocked-buckets", "Each S3 bucket blocks public access.", exposure.unblocked_buckets),
    StackPolicy("encrypted-buckets", "Each S3 bucket has a key of the venue.", encryption.unencrypted_buckets),
    StackPolicy("no-overlap", "No range overlaps another, or lies in another region's.", ranges.overlaps),
    StackPolicy("two-ways", "Behind each interconnect stand two circuits in two places, or a VPN.", ways.single_ways),
)


def check(resources: Sequence[Resource], rules: Rules) -> list[Violation]:
    """Everything that is wrong with the resources of one stack, or of several together."""
    found = [
        Violation(policy.name, resource, problem)
        for policy in RESOURCE_POLICIES
        for resource in resources
        for problem in policy.check(resource, rules)
    ]
    for policy in STACK_POLICIES:
        found += [Violation(policy.name, resource, problem) for resource, problem in policy.check(resources, rules)]
    return found

"""Mistakes planted into recordings, and the checks that are asked whether they see them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

import clouds_recording

from rialto_platform.clouds import backends, guardrails, plan, range_checks, schema_check, value_checks
from rialto_platform.clouds.guardrails import Rules
from rialto_platform.clouds.interconnects import bgp
from rialto_platform.clouds.recording import PROVIDER_PREFIX, Recording, Registration
from rialto_platform.clouds.wire import Value
from rialto_platform.venue import Venue

Recordings: TypeAlias = Mapping[str, Recording]
Check: TypeAlias = Callable[[Venue, Recordings], list[str]]
Change: TypeAlias = Callable[[Registration], Registration]

REFERENCES = frozenset(
    {
        *("vpcId", "subnetId", "subnetIds", "securityGroupId", "roleArn", "nodeRoleArn", "clusterName", "keyId"),
        *("network", "subnetwork", "keyRing", "cluster", "managedZone", "router", "cryptoKeyId", "backendService"),
        *("resourceGroupName", "virtualNetworkName", "accountName", "encryption", "encryptionConfig", "zoneName"),
        *("loadBalancerArn", "targetGroupArn", "routeTableId", "repository", "diskEncryptionSetID", "repositoryName"),
    }
)
"""Inputs that name another resource of a region: their value comes from it, never from the program."""

OWN_NAMES = frozenset(
    {
        ("azure-native:resources:ResourceGroup", "resourceGroupName"),
        ("azure-native:dns:Zone", "zoneName"),
        ("azure-native:network:VirtualNetwork", "virtualNetworkName"),
        ("azure-native:storage:StorageAccount", "accountName"),
        # The network watcher's group is Azure's own.
        ("azure-native:network:FlowLog", "resourceGroupName"),
    }
)
"""Where such an input is the resource's own name, or the cloud's."""


def in_regions(check: Callable[[Recording], list[str]]) -> Check:
    """A check of each region's recording."""
    return lambda _, made: [
        problem for name, recording in made.items() if name.startswith("region/") for problem in check(recording)
    ]


def in_all(check: Callable[[Recording], list[str]]) -> Check:
    """A check of each stack's recording."""
    return lambda _, made: [problem for recording in made.values() for problem in check(recording)]


def schema(recording: Recording) -> list[str]:
    return [str(problem) for problem in schema_check.check(recording)]


def values(recording: Recording) -> list[str]:
    return [str(problem) for problem in value_checks.check(recording)]


def together(_venue: Venue, made: Recordings) -> list[str]:
    return [str(problem) for problem in range_checks.check_together(made)]


def guarded(venue: Venue, made: Recordings) -> list[str]:
    """What the guardrails say of all stacks together."""
    by_name = {str(stack): stack for stack in backends.stacks(venue)}
    resources = [one for name, recording in made.items() for one in plan.guarded(by_name[name], recording)]
    return [str(one) for one in guardrails.check(resources, Rules.of(venue))]


def providers(recording: Recording) -> list[str]:
    """Resources whose provider is another cloud's, or none."""
    return [
        f"{resource.type} {resource.name}: {resource.provider or 'the default provider'}"
        for resource in recording.resources
        if resource.custom and not resource.is_provider
        if resource.provider not in recording.by_urn
        or recording.by_urn[resource.provider].type != PROVIDER_PREFIX + resource.package
    ]


def parents(recording: Recording) -> list[str]:
    """Resources under the stack, or under nothing that was recorded."""
    unknown = [
        f"{one.type} {one.name}: {one.parent}"
        for one in recording.resources
        if one.parent not in recording.by_urn and one.parent != recording.stack
    ]
    return [*unknown, *clouds_recording.without_component(recording)]


def edges(recording: Recording) -> list[str]:
    """Inputs that name another resource and come from none."""
    return [
        f"{resource.type} {resource.name}: {key} is a constant"
        for resource in recording.resources
        if resource.custom and not resource.is_provider
        for key in REFERENCES.intersection(resource.inputs)
        if not resource.property_dependencies.get(key) and (resource.type, key) not in OWN_NAMES
    ]


def kept(recording: Recording) -> list[str]:
    """Data that Pulumi protects is retained too: what is lost by a deletion is lost twice."""
    return [
        f"{resource.type} {resource.name}: protected, and deleted with its stack"
        for resource in recording.resources
        if resource.type in guardrails.deletion.HOLDS_DATA and not resource.retain_on_delete
    ]


def sessions(venue: Venue, made: Recordings) -> list[str]:
    """Tags, numbers and addresses of the circuits' BGP that are not those of the BGP table."""
    wrong: list[str] = []
    for region in venue.regions:
        recording = made[f"interconnect/{region}"]
        for session in bgp.circuit_sessions(venue, region):
            wanted = _wanted(venue, region, session)
            for kind, (key, value) in wanted:
                names = [one for one in recording.of_type(kind) if session.circuit in one.name]
                said = {str(one.inputs.get(key)) for one in names}
                if said != {value}:
                    wrong.append(
                        f"{region} {session.circuit}: {kind} {key} is {', '.join(said) or 'missing'}, not {value}"
                    )
    return wrong


def _wanted(venue: Venue, region: str, session: bgp.CircuitSession) -> list[tuple[str, tuple[str, str]]]:
    length = session.prefix.prefixlen
    match venue.regions[region].cloud:
        case "aws":
            kind = "aws:directconnect/transitVirtualInterface:TransitVirtualInterface"
            return [
                (kind, ("vlan", str(session.vlan))),
                (kind, ("bgpAsnLong", str(session.router.asn))),
                (kind, ("customerAddress", f"{session.router.address}/{length}")),
                (kind, ("amazonAddress", f"{session.region.address}/{length}")),
            ]
        case "gcp":
            return [
                ("gcp:compute/interconnectAttachment:InterconnectAttachment", ("vlanTag8021q", str(session.vlan))),
                ("gcp:compute/routerPeer:RouterPeer", ("peerAsn", str(session.router.asn))),
            ]
        case "azure":
            kind = "azure-native:network:ExpressRouteCircuitPeering"
            side = "primary" if session.number == 1 else "secondary"
            return [
                (kind, ("vlanId", str(session.vlan))),
                (kind, ("peerASN", str(session.router.asn))),
                (kind, (f"{side}PeerAddressPrefix", str(session.prefix))),
            ]


CHECKS: Mapping[str, Check] = {
    "schema": in_all(schema),
    "values": in_regions(values),
    "ranges together": together,
    "guardrails": guarded,
    "providers": in_all(providers),
    "parents": in_regions(parents),
    "edges": in_regions(edges),
    "tags": in_all(clouds_recording.without_tags),
    "retention": in_all(kept),
    "BGP table": sessions,
}
"""Each finds nothing in what the programs build, and must find what is planted."""


@dataclass(frozen=True)
class Mistake:
    """A planted mistake: where, what, and the check that must see it with a word that it must say."""

    what: str
    stack: str
    type: str
    change: Change
    caught_by: str
    told: str
    name: str = ""
    """A part of the resource's logical name, where there are several."""


def planted(made: Recordings, mistake: Mistake) -> Recordings:
    """The recordings with the mistake in the first resource that it is for.

    Raises:
        AssertionError: there is none, or the change changes nothing.
    """
    recording = made[mistake.stack]
    found = [one for one in recording.resources if one.type == mistake.type and mistake.name in one.name]
    assert found, f"{mistake.stack} has no {mistake.type} {mistake.name}"
    changed = mistake.change(found[0])
    assert changed != found[0]
    resources = tuple(changed if one is found[0] else one for one in recording.resources)
    return {**made, mistake.stack: replace(recording, resources=resources)}


def _inner(inputs: dict[str, Value], path: tuple[str | int, ...]) -> dict[str | int, Value]:
    at = cast("dict[str | int, Value]", inputs)
    for part in path:
        at = cast("dict[str | int, Value]", at[part])
    return at


def put(*path: str | int, value: Value) -> Change:
    """An input, at any depth, has another value."""

    def change(resource: Registration) -> Registration:
        inputs = copy.deepcopy(dict(resource.inputs))
        _inner(inputs, path[:-1])[path[-1]] = value
        return replace(resource, inputs=inputs)

    return change


def without(*path: str | int) -> Change:
    """An input, at any depth, is not there."""

    def change(resource: Registration) -> Registration:
        inputs = copy.deepcopy(dict(resource.inputs))
        del _inner(inputs, path[:-1])[path[-1]]
        return replace(resource, inputs=inputs)

    return change


def misspelt(*path: str | int, as_: str) -> Change:
    """A key, at any depth, is written otherwise."""

    def change(resource: Registration) -> Registration:
        inputs = copy.deepcopy(dict(resource.inputs))
        inner = _inner(inputs, path[:-1])
        inner[as_] = inner.pop(path[-1])
        return replace(resource, inputs=inputs)

    return change


def constant(key: str, value: Value) -> Change:
    """An input that came from another resource is a value of the program's own."""

    def change(resource: Registration) -> Registration:
        sources = {name: urns for name, urns in resource.property_dependencies.items() if name != key}
        return replace(resource, inputs={**resource.inputs, key: value}, property_dependencies=sources)

    return change


def provided(urn: str) -> Change:
    """Another provider makes it; the default one where it is empty."""
    return lambda resource: replace(resource, provider=urn)


def under(urn: str) -> Change:
    """It stands under something else."""
    return lambda resource: replace(resource, parent=urn)


def unprotected(resource: Registration) -> Registration:
    """It lost its protection."""
    return replace(resource, protect=False)


def unretained(resource: Registration) -> Registration:
    """It is deleted with its stack."""
    return replace(resource, retain_on_delete=False)

"""What would exist, as data: made of what the programs asked for, with nothing of a cloud.

`rialto clouds plan` prints it; `--json` is this, whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rialto_platform.clouds import backends
from rialto_platform.clouds.backends import Stack
from rialto_platform.clouds.guardrails import Resource, Violation, kind
from rialto_platform.clouds.interconnects.checklist import Step
from rialto_platform.clouds.orders import Order
from rialto_platform.clouds.single_homed import SingleHomed
from rialto_platform.venue import Venue

if TYPE_CHECKING:
    from rialto_platform.clouds.recording import Recording, Registration

_CLOUDS: Mapping[str, str] = {"aws": "aws", "gcp": "gcp", "azure-native": "azure", "tls": "none", "random": "none"}


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a stack: what it consists of, and which other parts it waits for."""

    name: str
    kind: str
    """What people call it: `Network`."""
    kinds: Mapping[str, int]
    """How many resources of each type."""
    waits_for: tuple[str, ...]
    """The parts whose outputs its resources take."""

    def as_json(self) -> Mapping[str, object]:
        """For `--json`."""
        return {"name": self.name, "part": self.kind, "kinds": dict(self.kinds), "waits_for": list(self.waits_for)}


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What one stack would hold."""

    stack: Stack
    needs: tuple[str, ...]
    """The stacks whose outputs it takes."""
    clouds: tuple[str, ...]
    """The clouds that it touches."""
    kinds: Mapping[str, int]
    parts: tuple[Part, ...]
    resources: tuple[Mapping[str, object], ...]
    """Each resource with its parent and what it waits for."""

    def as_json(self) -> Mapping[str, object]:
        """For `--json`."""
        return {
            "stack": str(self.stack),
            "state": self.stack.cloud,
            "needs": list(self.needs),
            "clouds": list(self.clouds),
            "count": sum(self.kinds.values()),
            "kinds": dict(self.kinds),
            "parts": [part.as_json() for part in self.parts],
            "resources": list(self.resources),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a venue would be in the clouds."""

    venue: str
    stacks: tuple[StackPlan, ...]
    single_homed: tuple[SingleHomed, ...]
    orders: tuple[Order, ...]
    circuits: tuple[Step, ...]
    """What the circuits take of people, in order."""
    violations: tuple[Violation, ...]

    def as_json(self) -> Mapping[str, object]:
        """For `--json`."""
        return {
            "venue": self.venue,
            "stacks": [stack.as_json() for stack in self.stacks],
            "single_homed": [one.as_json() for one in self.single_homed],
            "orders": [order.as_json() for order in self.orders],
            "circuits": [asdict(step) for step in self.circuits],
            "violations": [one.as_json() for one in self.violations],
        }


def needs(venue: Venue, stack: Stack) -> tuple[str, ...]:
    """The stacks whose outputs a stack takes: an attachment its region's, a pair those of both ends."""
    if stack.project == "region":
        return ()
    for link in venue.interconnects:
        if stack.name == backends.pair(link):
            ends = link.between
            return (*(f"region/{name}" for name in ends), *(f"interconnect/{name}" for name in ends))
    return (f"region/{stack.name}",)


def stack_plan(venue: Venue, stack: Stack, recording: Recording) -> StackPlan:
    """What one recorded stack would hold."""
    made = [resource for resource in recording.resources if resource.custom and not resource.is_provider]
    return StackPlan(
        stack=stack,
        needs=needs(venue, stack),
        clouds=tuple(dict.fromkeys(_CLOUDS.get(resource.package, resource.package) for resource in made)),
        kinds=_counted(resource.type for resource in made),
        parts=tuple(_parts(recording, made)),
        resources=tuple(_edges(resource) for resource in recording.resources),
    )


def _counted(kinds: Iterable[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(kinds).items()))


def _parts(recording: Recording, made: Sequence[Registration]) -> list[Part]:
    """By the component that each stands under, the outermost but the ground itself."""
    part_of = {resource.urn: _part(recording, resource) for resource in recording.resources}
    found: list[Part] = []
    for urn in dict.fromkeys(part_of[resource.urn] for resource in made):
        own = [resource for resource in made if part_of[resource.urn] == urn]
        waits = {part_of[source] for resource in own for source in resource.dependencies if source in part_of} - {urn}
        component = recording.by_urn.get(urn)
        names = sorted(_title(recording.by_urn[one].type) for one in waits if one in recording.by_urn)
        found.append(
            Part(
                name=component.name if component else "",
                kind=_title(component.type) if component else "(stack)",
                kinds=_counted(resource.type for resource in own),
                waits_for=tuple(dict.fromkeys(names)),
            )
        )
    return found


def _title(type_token: str) -> str:
    """What people call a component: `Network`, and the two ends of a pair's tunnels by their clouds."""
    _, cloud, word = type_token.split(":")
    return f"{word} in {cloud}" if word == "Tunnels" else word


def _part(recording: Recording, resource: Registration) -> str:
    """The URN of the component that stands right under the outermost one; of the outermost itself, its own."""
    above = [one for one in recording.ancestors(resource) if not one.custom]
    chain = [*reversed(above), *([] if resource.custom else [resource])]
    return chain[1].urn if len(chain) > 1 else (chain[0].urn if chain else "")


def _edges(resource: Registration) -> Mapping[str, object]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent,
        "protect": resource.protect,
        "waits_for": sorted(resource.dependencies),
        "by": {key: sorted(urns) for key, urns in resource.property_dependencies.items() if urns},
    }


def guarded(stack: Stack, recording: Recording) -> list[Resource]:
    """The resources of a stack as the guardrails see them; tests and the plan ask with the values that are known."""
    return [
        Resource(
            type=kind(resource.type),
            name=resource.name,
            urn=resource.urn,
            props=resource.inputs,
            protect=resource.protect,
            sources=resource.property_dependencies,
            stack=str(stack),
        )
        for resource in recording.resources
    ]

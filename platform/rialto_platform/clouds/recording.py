"""What a recorded program asked for: its resources with their edges, its outputs, what it said. Plain data, no SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rialto_platform.clouds import wire

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


@dataclass(frozen=True, slots=True)
class Registration:
    """One resource as the program asked for it."""

    urn: str
    type: str
    name: str
    """The logical name: the last part of the URN."""
    parent: str
    """The URN of what it stands under; empty for the stack alone."""
    custom: bool
    """Whether a cloud holds it; components are grouping alone."""
    provider: str
    """The URN of the explicit provider; empty for a component, and where a default provider would be used."""
    providers: Mapping[str, str]
    """Of a component: the URNs of the providers that its children take, by package."""
    dependencies: frozenset[str]
    """The URNs of everything it waits for: by its inputs' outputs and by `depends_on`."""
    property_dependencies: Mapping[str, frozenset[str]]
    """The URNs that each input's value comes from; an input without an edge is a constant."""
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    inputs: Mapping[str, wire.Value]
    """By the cloud's names, as they go over the wire; secrets are unwrapped."""
    secret_inputs: tuple[str, ...]
    """The paths of the inputs that are secrets: `adminPassword`, `tags.key`."""
    id: str
    outputs: Mapping[str, wire.Value]
    """What the program was told that the cloud made of it: its inputs, and stand-ins for the rest."""

    @property
    def package(self) -> str:
        """Whose resource it is: `aws`, `gcp`, `azure-native`, `rialto`."""
        return self.type.partition(":")[0]

    @property
    def is_provider(self) -> bool:
        """Whether it is an explicit provider."""
        return self.type.startswith(PROVIDER_PREFIX)


@dataclass(frozen=True, slots=True)
class Message:
    """What the program or an SDK said to whoever runs it."""

    severity: Literal["debug", "info", "warning", "error"]
    text: str
    urn: str


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that a program asked for."""

    resources: tuple[Registration, ...]
    """In an order in which an engine could make them; the stack itself is not among them."""
    outputs: Mapping[str, wire.Value]
    """What the stack exports."""
    secret_outputs: tuple[str, ...]
    messages: tuple[Message, ...]
    stack: str
    """The stack's URN, the parent of what has no other."""
    by_urn: Mapping[str, Registration] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Indexes the resources."""
        object.__setattr__(self, "by_urn", {resource.urn: resource for resource in self.resources})

    def of_type(self, kind: str) -> tuple[Registration, ...]:
        """Every resource of a type token, such as `aws:ec2/vpc:Vpc`."""
        return tuple(resource for resource in self.resources if resource.type == kind)

    def one(self, kind: str, name: str = "") -> Registration:
        """The only resource of a type, or the only one of that type and logical name.

        Raises:
            LookupError: there is none, or more than one; names what there is.
        """
        found = [resource for resource in self.of_type(kind) if name in ("", resource.name)]
        if len(found) != 1:
            there = ", ".join(resource.name for resource in self.of_type(kind)) or "none of the type"
            raise LookupError(f"{len(found)} of {kind} {name}; there is {there}")
        return found[0]

    def children(self, urn: str) -> tuple[Registration, ...]:
        """What stands directly under a resource."""
        return tuple(resource for resource in self.resources if resource.parent == urn)

    def ancestors(self, resource: Registration) -> Iterator[Registration]:
        """What it stands under, the nearest first; the stack is not among them."""
        while above := self.by_urn.get(resource.parent):
            yield above
            resource = above

    def sources(self, resource: Registration, key: str) -> tuple[Registration, ...]:
        """The resources that an input's value comes from, by type and name."""
        urns = resource.property_dependencies.get(key, frozenset())
        return tuple(sorted((self.by_urn[urn] for urn in urns), key=lambda source: (source.type, source.name)))

"""The guardrails as the engine's policy service calls them: plain values in place of what a preview does not know.

The service's own library is named nowhere here: `stacks/guardrails` hands its arguments over, which have the shapes
below.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, cast

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.guardrails import Resource, ResourcePolicy, Rules, StackPolicy, kind
from rialto_platform.clouds.guardrails.resource import UNKNOWN
from rialto_platform.venue import load

__all__ = ["Rules", "rules", "stack_violations", "violations"]


class Options(Protocol):
    """What the engine says of a resource beside its properties."""

    @property
    def protect(self) -> bool:
        """Whether it may not be deleted."""
        ...


class Told(Protocol):
    """A resource as the policy service tells of it."""

    @property
    def resource_type(self) -> str:
        """Its type token."""
        ...

    @property
    def name(self) -> str:
        """Its logical name."""
        ...

    @property
    def urn(self) -> str:
        """Its URN."""
        ...

    @property
    def props(self) -> Mapping[str, object]:
        """Its properties; reading one that is not known yet raises."""
        ...

    @property
    def opts(self) -> Options:
        """Its options."""
        ...


class ToldInStack(Told, Protocol):
    """A resource among all of its stack."""

    @property
    def property_dependencies(self) -> Mapping[str, Sequence[Told]]:
        """Where each property's value comes from."""
        ...


def rules(variables: Mapping[str, str]) -> Rules:
    """The rules of the venue whose file the stack's config names; the engine hands that over in PULUMI_CONFIG.

    Raises:
        CloudError: the config names no venue file.
        VenueError: the venue file can't be used.
    """
    config = cast("Mapping[str, object]", json.loads(variables.get("PULUMI_CONFIG") or "{}"))
    for key, value in config.items():
        if key.partition(":")[2] == "venue" and isinstance(value, str):
            return Rules.of(load(Path(value)))
    step = "set it: pulumi config set venue ../venues/three-clouds.yaml"
    raise CloudError("the stack's config", "names no venue file, so nothing says what is allowed", step)


def violations(policy: ResourcePolicy, told: Told, rules: Rules, unknown: type[Exception]) -> Iterator[str]:
    """What one policy says of one resource; `unknown` is what reading an unknown value raises."""
    yield from policy.check(_resource(told, unknown, {}), rules)


def stack_violations(
    policy: StackPolicy, told: Sequence[ToldInStack], rules: Rules, unknown: type[Exception]
) -> Iterator[tuple[str, str]]:
    """What one policy says of a whole stack: each problem with the URN of its resource."""
    resources = [
        _resource(
            one,
            unknown,
            {key: frozenset(source.urn for source in of) for key, of in one.property_dependencies.items()},
        )
        for one in told
    ]
    for resource, problem in policy.check(resources, rules):
        yield problem, resource.urn


def _resource(told: Told, unknown: type[Exception], sources: Mapping[str, frozenset[str]]) -> Resource:
    return Resource(
        type=kind(told.resource_type),
        name=told.name,
        urn=told.urn,
        props={key: _plain(partial(told.props.__getitem__, key), unknown) for key in told.props},
        protect=told.opts.protect,
        sources=sources,
        stack=_stack(told.urn),
    )


def _plain(read: Callable[[], object], unknown: type[Exception]) -> object:
    """A value as plain mappings and lists, with `UNKNOWN` where reading it raises."""
    try:
        value = read()
    except unknown:
        return UNKNOWN
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, object]", value)
        return {key: _plain(partial(inner.__getitem__, key), unknown) for key in inner}
    if isinstance(value, Sequence) and not isinstance(value, str):
        several = cast("Sequence[object]", value)
        return [_plain(partial(several.__getitem__, index), unknown) for index in range(len(several))]
    return value


def _stack(urn: str) -> str:
    """Project and stack of a URN: ``urn:pulumi:us::region::…`` is ``region/us``."""
    head, _, rest = urn.partition("::")
    return f"{rest.partition('::')[0]}/{head.rpartition(':')[2]}"

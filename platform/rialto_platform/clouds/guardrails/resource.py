"""A resource as the guardrails see it, whoever tells of it: the engine's policy service or a recorded program.

Values that a preview does not know yet are `UNKNOWN`. No policy judges one: the update that follows does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal, cast

_API_VERSION = re.compile(r"^(azure-native:[a-z]+)/v[0-9a-z]+:")
_PACKAGES: Mapping[str, Literal["aws", "gcp", "azure"]] = {"aws": "aws", "gcp": "gcp", "azure-native": "azure"}
_TAG_KEYS = ("tags", "labels", "resourceLabels", "userLabels")


class Unknown(Enum):
    """What only the cloud knows, before an update."""

    VALUE = "unknown"


UNKNOWN: Final = Unknown.VALUE


@dataclass(frozen=True, slots=True)
class Resource:
    """What a program asked for, or what an update made of it."""

    type: str
    """Its type token; Azure's without the version of its API."""
    name: str
    urn: str
    props: Mapping[str, object]
    """By the cloud's names."""
    protect: bool = False
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """The URNs that each property's value comes from."""
    stack: str = ""
    """Project and stack, such as ``region/us``."""

    @property
    def cloud(self) -> Literal["aws", "gcp", "azure"] | None:
        """Whose it is; ``None`` for components and providers."""
        return _PACKAGES.get(self.type.partition(":")[0])

    @property
    def tags(self) -> Mapping[str, object]:
        """Its tags, whatever its cloud and its type call them."""
        for key in _TAG_KEYS:
            found = self.props.get(key)
            if isinstance(found, Mapping):
                return cast("Mapping[str, object]", found)
        return {}

    @property
    def tags_unknown(self) -> bool:
        """Whether what its tags say is not known yet."""
        return any(self.props.get(key) is UNKNOWN for key in _TAG_KEYS) or self.tags.get("role") is UNKNOWN

    @property
    def role(self) -> str:
        """What its tags say it is for."""
        return text(self.tags.get("role"))


def kind(type_token: str) -> str:
    """The type token without the version of Azure's API: ``azure-native:network:SecurityRule``."""
    return _API_VERSION.sub(r"\1:", type_token)


def get(value: object, *path: str | int) -> object:
    """What stands at a path; ``None`` where there is nothing, `UNKNOWN` where a part of the way is."""
    for part in path:
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(value, Mapping):
            value = cast("Mapping[object, object]", value).get(part)
        elif isinstance(value, Sequence) and not isinstance(value, str) and isinstance(part, int):
            value = cast("Sequence[object]", value)[part] if part < len(cast("Sequence[object]", value)) else None
        else:
            return None
    return value


def items(value: object) -> tuple[object, ...]:
    """The items of a list; none of anything else."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(cast("Sequence[object]", value))
    return ()


def text(value: object) -> str:
    """The text; empty for anything else."""
    return value if isinstance(value, str) else ""


def is_set(value: object) -> bool:
    """Whether something stands there, known or not."""
    return value not in (None, "", (), [], {})


def may_be(value: object, wanted: object) -> bool:
    """Whether it is what is wanted, or not known yet."""
    return value is UNKNOWN or value == wanted


def found(value: object, keys: frozenset[str]) -> Iterator[tuple[str, object]]:
    """Everything under the keys, at any depth, with its path."""
    yield from _found(value, keys, "")


def _found(value: object, keys: frozenset[str], path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, object]", value).items():
            below = f"{path}.{key}" if path else key
            if key in keys:
                yield below, inner
            yield from _found(inner, keys, below)
    else:
        for index, inner in enumerate(items(value)):
            yield from _found(inner, keys, f"{path}[{index}]")

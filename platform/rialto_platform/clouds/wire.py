"""Pulumi's messages as plain values: what goes over the wire between a program and its engine.

Source: Pulumi's `resource.proto`, and "Property values" in its developer documentation for the signatures below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

from google.protobuf import json_format, struct_pb2
from google.protobuf.message import Message

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
"""A property's value; whole numbers are `int`."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the public mark of a secret, not one
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands in a preview for a value that only the cloud knows."""


def message(request: Message) -> dict[str, Value]:
    """A message's fields by their names in the protocol; absent ones are left out."""
    return mapping(_whole(cast("Value", json_format.MessageToDict(request))))


def _whole(value: Value) -> Value:
    """Numbers are floating on the wire; whole ones become integers again."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value


def struct(values: Mapping[str, Value]) -> struct_pb2.Struct:
    """A `Struct` that holds these values."""
    return json_format.ParseDict(dict(values), struct_pb2.Struct())


def unwrapped(values: Mapping[str, Value], path: str = "") -> tuple[dict[str, Value], tuple[str, ...]]:
    """The values without the marks of secrets, and the paths of the secrets."""
    plain: dict[str, Value] = {}
    secrets: list[str] = []
    for key, value in values.items():
        plain[key], below = _unwrapped(value, f"{path}.{key}" if path else key)
        secrets += below
    return plain, tuple(secrets)


def _unwrapped(value: Value, path: str) -> tuple[Value, list[str]]:
    if isinstance(value, list):
        pairs = [_unwrapped(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return [plain for plain, _ in pairs], [secret for _, below in pairs for secret in below]
    if not isinstance(value, dict):
        return value, []
    if value.get(SIGNATURE) == SECRET:
        return _unwrapped(value.get("value"), path)[0], [path]
    if value.get(SIGNATURE) == RESOURCE:
        return value.get("id") or value.get("urn"), []
    plain, secrets = unwrapped(value, path)
    return plain, list(secrets)


def mapping(value: Value) -> dict[str, Value]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Value) -> list[Value]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Value) -> str:
    """The value if it is text, else none."""
    return value if isinstance(value, str) else ""


def texts(value: Value) -> list[str]:
    """The texts of a list."""
    return [item for item in sequence(value) if isinstance(item, str)]


def provider_urn(reference: str) -> str:
    """The URN of a provider's reference, `urn::id`."""
    return reference.rpartition("::")[0]


def urn(parent: str, kind: str, name: str, *, project: str, stack: str, root: str) -> str:
    """A resource's URN as the engine makes it: under a parent other than the stack the types are joined by ``$``."""
    above = "" if parent in ("", root) else parent.split("::")[2] + "$"
    return f"urn:pulumi:{stack}::{project}::{above}{kind}::{name}"

"""Holds every recorded input against the SDKs' own types: names at every depth, types, what is required, enumerations.

The SDKs themselves pass a misspelt nested key on, and only the cloud refuses it, minutes into an update. Their
classes of arguments know better; this asks them (`sdk_types`). A value that only the cloud knows is passed over.

Where a type is both text and an enumeration, the SDK takes any text, for values newer than itself; here only the values
that it knows pass, since a misspelling is likelier than a newer value. `OPEN` names what is to be taken all the same.
"""

from __future__ import annotations

import difflib
import enum
import json
import types
import typing
from collections import abc
from collections.abc import Collection, Iterator, Mapping

import pulumi

from rialto_platform.clouds import sdk_types, wire
from rialto_platform.clouds.problems import Problem
from rialto_platform.clouds.recording import PROVIDER_PREFIX, Recording, Registration

OPEN: frozenset[tuple[str, str]] = frozenset(
    {
        # Azure Monitor, "Collect Prometheus metrics from an AKS cluster": the stream of its data flow.
        ("azure-native:monitor:DataCollectionRule", "Microsoft-PrometheusMetrics"),
    }
)
"""Values beyond an enumeration that are right all the same: type token and value."""

_NAMES: Mapping[type[object], str] = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def check(recording: Recording) -> list[Problem]:
    """Everything that is wrong with the inputs of a program's resources, in the order of the recording."""
    return [
        problem
        for resource in recording.resources
        if resource.custom or resource.is_provider
        for problem in check_resource(resource)
    ]


def check_resource(resource: Registration) -> list[Problem]:
    """Everything that is wrong with the inputs of one."""
    try:
        arguments = sdk_types.args_class(resource.type)
    except sdk_types.UnknownTypeError as error:
        return [Problem.of(resource, "", str(error), "use a type of the pinned SDK")]
    inputs = resource.inputs
    if resource.type.startswith(PROVIDER_PREFIX):
        inputs = {key: _decoded(value) for key, value in inputs.items()}
    return [Problem.of(resource, *found) for found in _object(resource.type, arguments, inputs, "")]


_Found: typing.TypeAlias = tuple[str, str, str]
"""Path, what is wrong, what would be right."""


def _decoded(value: wire.Value) -> wire.Value:
    """A provider's inputs are text on the wire, whatever they are; what isn't JSON is itself."""
    if not isinstance(value, str):
        return value
    try:
        decoded = typing.cast("wire.Value", json.loads(value))
    except ValueError:
        return value
    # An account's number is text, though it reads as a number.
    return value if isinstance(decoded, int | float) and not isinstance(decoded, bool) else decoded


def _object(token: str, kind: type, given: Mapping[str, wire.Value], path: str) -> Iterator[_Found]:
    hints = sdk_types.input_hints(kind)
    for key, value in given.items():
        here = f"{path}.{key}" if path else key
        if key not in hints:
            near = difflib.get_close_matches(key, hints, 1, 0.6)
            right = f"it may be meant as {near[0]}" if near else f"it has {_listed(hints)}"
            yield here, f"{kind.__name__} has no such property", right
        else:
            yield from _value(token, hints[key], value, here)
    for key, hint in hints.items():
        if given.get(key) is None and not _optional(hint):
            yield f"{path}.{key}" if path else key, f"{kind.__name__} needs it, and it is not there", "give it a value"


def _value(token: str, hint: object, given: wire.Value, path: str) -> Iterator[_Found]:
    if given is None or given == wire.UNKNOWN or (isinstance(given, dict) and wire.SIGNATURE in given):
        return
    tried = [list(_one(token, kind, given, path)) for kind in _kinds(hint)]
    # Of several types, what is wrong with the one that comes nearest.
    yield from min(tried, key=len, default=list[_Found]())


def _one(token: str, kind: object, given: wire.Value, path: str) -> Iterator[_Found]:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is typing.Any or kind is object:
        return
    if origin in (list, abc.Sequence):
        if not isinstance(given, list):
            yield path, f"{_shown(given)} where a list belongs", "make it a list"
            return
        for index, item in enumerate(given):
            yield from _value(token, parts[0], item, f"{path}[{index}]")
    elif origin in (dict, abc.Mapping):
        if not isinstance(given, dict):
            yield path, f"{_shown(given)} where a mapping belongs", "make it a mapping"
            return
        for key, item in given.items():
            yield from _value(token, parts[1], item, f"{path}.{key}")
    elif not _is_class(kind):
        return
    elif sdk_types.is_input(kind):
        if not isinstance(given, dict):
            yield path, f"{_shown(given)} where {kind.__name__} belongs", f"make it {kind.__name__}"
            return
        yield from _object(token, kind, given, path)
    elif issubclass(kind, enum.Enum):
        yield from _member(token, kind, given, path)
    elif not _fits(kind, given):
        name = _NAMES.get(kind, kind.__name__)
        yield path, f"{_shown(given)} where {name} belongs", f"make it {name}"


def _member(token: str, kind: type[enum.Enum], given: wire.Value, path: str) -> Iterator[_Found]:
    values = [str(member.value) for member in kind]
    if str(given) in values or (token, str(given)) in OPEN:
        return
    near = difflib.get_close_matches(str(given), values, 1, 0.6)
    right = f"it may be meant as {near[0]}" if near else f"use one of {_listed(values)}"
    yield path, f"{_shown(given)} is no {kind.__name__}", right


def _is_class(kind: object) -> typing.TypeGuard[type[object]]:
    return isinstance(kind, type)


def _fits(kind: type[object], given: wire.Value) -> bool:
    if kind is bool:
        return isinstance(given, bool)
    if kind is int:
        return isinstance(given, int) and not isinstance(given, bool)
    if kind is float:
        return isinstance(given, int | float) and not isinstance(given, bool)
    if kind is str:
        return isinstance(given, str)
    # Assets and archives have a signature, and are passed over before.
    return True


def _kinds(hint: object) -> list[object]:
    """The types that an annotation allows on the wire: without `Optional`, `Output`, `Awaitable` and `TypedDict`.

    An enumeration stands for itself and for the text beside it.
    """
    flat = _flat(hint)
    if any(_is_enum(kind) for kind in flat):
        flat = [kind for kind in flat if kind is not str]
    return flat


def _flat(hint: object) -> list[object]:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        found: list[object] = []
        for part in typing.get_args(hint):
            found += [kind for kind in _flat(part) if kind not in found]
        if any(isinstance(kind, type) and sdk_types.is_input(kind) for kind in found):
            # The untyped twins of a class of arguments, which take any key.
            found = [kind for kind in found if not _is_untyped(kind)]
        return found
    if hint is type(None) or origin in (pulumi.Output, abc.Awaitable):
        return []
    return [hint]


def _is_untyped(kind: object) -> bool:
    untyped = typing.get_origin(kind) in (dict, abc.Mapping) and typing.get_args(kind)[1:] == (typing.Any,)
    return untyped or kind is dict or (isinstance(kind, type) and typing.is_typeddict(kind))


def _is_enum(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def _optional(hint: object) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return any(part is type(None) or _optional(part) for part in typing.get_args(hint))
    return False


def _shown(value: wire.Value) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(names: Collection[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")

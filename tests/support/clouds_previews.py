"""What a provider answers in a preview: the inputs, and unknown for every other property, at any depth.

That is what azure-native does; the providers that are bridged from Terraform call fewer properties unknown, which the
SDKs don't tell. Source: azure-native's own provider, `convert` ("PreviewOutputs").
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping

from rialto_platform.clouds import sdk_types, stand_ins, wire
from rialto_platform.clouds.recording import PROVIDER_PREFIX
from rialto_platform.clouds.wire import Value


def created(kind: str, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """The outputs of a resource that is to be made.

    Raises:
        sdk_types.UnknownTypeError: no SDK has the type.
    """
    given = stand_ins.previewed(kind, inputs)
    if kind.startswith(PROVIDER_PREFIX):
        return given
    filled = _filled(sdk_types.output_types(sdk_types.resource_class(kind)), given)
    return {key: value for key, value in filled.items() if key not in ("id", "urn")}


def updated(kind: str, inputs: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
    """The outputs of a resource that is to be changed: what was known of it stays known.

    Raises:
        sdk_types.UnknownTypeError: no SDK has the type.
    """
    return _kept(created(kind, inputs), before)


def _filled(kinds: Mapping[str, object], given: Mapping[str, Value]) -> dict[str, Value]:
    missing = {name: wire.UNKNOWN for name in kinds if name not in given}
    return {**{name: _part(kinds.get(name), value) for name, value in given.items()}, **missing}


def _part(of: object, given: Value) -> Value:
    while typing.get_origin(of) in (typing.Union, types.UnionType):
        of = next(part for part in typing.get_args(of) if part is not type(None))
    if isinstance(given, list):
        return [_part(next(iter(typing.get_args(of)), None), item) for item in given]
    if isinstance(given, dict) and wire.SIGNATURE not in given and isinstance(of, type) and sdk_types.is_output(of):
        return _filled(sdk_types.output_types(of), given)
    return given


def _kept(new: Mapping[str, Value], old: Mapping[str, Value]) -> dict[str, Value]:
    kept: dict[str, Value] = {}
    for key, value in new.items():
        before = old.get(key)
        if value == wire.UNKNOWN:
            # What was not there before is not there after.
            if key in old:
                kept[key] = before
        elif isinstance(value, dict) and isinstance(before, dict):
            kept[key] = _kept(value, before)
        else:
            kept[key] = value
    return kept

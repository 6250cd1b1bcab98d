"""The guardrails know resources by types and names that the SDKs have: a misspelt one would stop nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import pytest
from clouds_guardrails import EXAMPLES, Example
from clouds_recording import registration

from rialto_platform.clouds import schema_check, sdk_types, wire
from rialto_platform.clouds.guardrails import deletion, encryption, exposure, ingress, ranges, tagged, ways

TYPES = sorted(
    {
        *exposure.TYPES,
        *ingress.OPENINGS,
        *encryption.TYPES,
        *deletion.HOLDS_DATA,
        *ranges.TYPES,
        *ways.CIRCUITS,
        *ways.VPN,
        *tagged.TAGGED,
    }
)


@pytest.fixture(autouse=True)
def _quiet_sdks() -> None:
    """The SDKs' modules warn of their own deprecations when they are imported."""
    warnings.simplefilter("ignore", DeprecationWarning)


def wrong(kind: str, props: Mapping[str, wire.Value]) -> list[str]:
    """What the SDK's types say against the values; what is required besides is left out of an example."""
    told = schema_check.check_resource(registration(kind, props))
    return [str(one) for one in told if "needs it, and it is not there" not in one.wrong]


def test_every_type_that_a_policy_names_is_one_of_the_sdks() -> None:
    unknown: list[str] = []
    for kind in TYPES:
        try:
            sdk_types.args_class(kind)
        except sdk_types.UnknownTypeError:
            unknown.append(kind)
    assert unknown == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.policy} {one.type.rpartition(':')[2]}")
def test_every_example_is_made_of_names_that_the_sdks_have(example: Example) -> None:
    for props in (example.wrong, example.right):
        assert wrong(example.type, _values(props)) == []


def test_every_key_that_the_table_of_keys_names_is_one_of_the_sdks() -> None:
    for kind, paths in encryption.KEYS.items():
        for path in paths:
            props: dict[str, wire.Value] = {}
            inner = props
            for part in path[:-1]:
                inner[str(part)] = deeper = dict[str, wire.Value]()
                inner = deeper
            inner[str(path[-1])] = "key"
            assert wrong(kind, props) == []


def _values(props: Mapping[str, object]) -> Mapping[str, wire.Value]:
    return {key: _value(value) for key, value in props.items()}


def _value(value: object) -> wire.Value:
    if isinstance(value, dict):
        return {str(key): _value(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON of an example
    if isinstance(value, list):
        return [_value(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON of an example
    assert value is None or isinstance(value, str | bool | int | float)
    return value

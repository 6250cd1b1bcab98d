"""What a cloud would answer, for programs that run without one: ids, names, addresses, nested parts.

A stand-in is a function of the resource's URN and the property's name, so no two resources share one, and each run
gives the same. It has the type that the SDK declares, and where programs look into it, the form: an ARN, an address, a
URL.
"""

from __future__ import annotations

import enum
import hashlib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TypeAlias, cast

from rialto_platform.clouds import sdk_types, wire

_DEPTH = 3
"""How far nested parts are filled in; deeper ones refer to themselves without an end (Azure's networks)."""
_ADDRESSES = IPv4Network("198.18.0.0/15")
"""Set aside for tests (RFC 2544), so that no stand-in is anyone's address."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A resource that a program asked for."""

    type: str
    name: str
    urn: str
    inputs: Mapping[str, wire.Value]


_SEVERAL: Mapping[str, Mapping[str, wire.Value]] = {
    "gcp:compute/haVpnGateway:HaVpnGateway": {
        "vpnInterfaces": [{"id": number, "ipAddress": f"198.51.100.{number + 1}"} for number in (0, 1)]
    }
}
"""Lists that the cloud always answers with more items than the one that stands for any other list."""

OutputsFor: TypeAlias = Callable[[Asked], Mapping[str, wire.Value]]
"""More outputs of a resource, or others; `id` among them replaces its id."""
AnswersFor: TypeAlias = Callable[[str, Mapping[str, wire.Value]], Mapping[str, wire.Value] | None]
"""The answer of a provider's function by its token and arguments; `None` for one that is not known."""


def made(asked: Asked) -> tuple[str, dict[str, wire.Value]]:
    """The id and the outputs of a resource: its inputs, and a stand-in for each property that has none.

    Raises:
        sdk_types.UnknownTypeError: no SDK has the type.
    """
    kind = sdk_types.resource_class(asked.type)
    outputs = dict(asked.inputs)
    if not asked.type.startswith("pulumi:providers:"):
        outputs = {**_filled(asked, kind, outputs, "", 0), **_SEVERAL.get(asked.type, {})}
    return _identity(asked), outputs


def previewed(kind: str, inputs: Mapping[str, wire.Value]) -> dict[str, wire.Value]:
    """What an engine's preview answers: the inputs, less those whose form only the cloud makes that of an output.

    Raises:
        sdk_types.UnknownTypeError: no SDK has the type.
    """
    if kind.startswith("pulumi:providers:"):
        return dict(inputs)
    return _echoed(sdk_types.output_types(sdk_types.resource_class(kind)), inputs)


def _echoed(kinds: Mapping[str, object], given: Mapping[str, wire.Value]) -> dict[str, wire.Value]:
    echoes = {name: _echo(kinds.get(name), value) for name, value in given.items()}
    return {name: value for name, value in echoes.items() if value is not None}


def _echo(of: object, given: wire.Value) -> wire.Value:
    of = _bare(of)
    origin, parts = typing.get_origin(of), typing.get_args(of)
    if isinstance(given, list):
        if origin in (dict, Mapping):
            return None
        return [_echo(parts[0] if parts else None, item) for item in given]
    if isinstance(given, dict) and wire.SIGNATURE not in given and isinstance(of, type) and sdk_types.is_output(of):
        return _echoed(sdk_types.output_types(of), given)
    return given


def _identity(asked: Asked) -> str:
    if asked.type.startswith("azure-native:"):
        _, area, kind = asked.type.split(":")
        group = wire.text(asked.inputs.get("resourceGroupName")) or asked.name
        subscription = "/subscriptions/00000000-0000-0000-0000-000000000000"
        return f"{subscription}/resourceGroups/{group}/providers/Microsoft.{area}/{kind}/{asked.name}"
    if asked.type.startswith("gcp:"):
        return f"projects/stand-in/{asked.type.rpartition(':')[2]}/{asked.name}"
    return f"{asked.name}-{_digest(asked.urn)[:8]}"


def _filled(asked: Asked, kind: type, given: Mapping[str, wire.Value], path: str, depth: int) -> dict[str, wire.Value]:
    """An object's properties: those given, and a stand-in for each other that the type has."""
    filled = dict(given)
    for name, of in sdk_types.output_types(kind).items():
        if name in ("id", "urn") and not path:
            continue
        here = f"{path}.{name}" if path else name
        filled[name] = _value(asked, of, given.get(name), here, depth)
    return {name: value for name, value in filled.items() if value is not None}


def _value(asked: Asked, of: object, given: wire.Value, path: str, depth: int) -> wire.Value:
    of = _bare(of)
    if isinstance(given, dict) and wire.SIGNATURE in given:
        return given
    origin, parts = typing.get_origin(of), typing.get_args(of)
    if origin in (list, Sequence):
        return _items(asked, parts[0] if parts else str, given, path, depth)
    if origin in (dict, Mapping) and isinstance(given, list):
        return _entries(asked, parts[1], given, path, depth)
    if isinstance(of, type) and sdk_types.is_output(of):
        if depth >= _DEPTH:
            return given
        return _filled(asked, of, given if isinstance(given, dict) else {}, path, depth + 1)
    return _leaf(asked, of, path) if given is None else given


def _items(asked: Asked, of: object, given: wire.Value, path: str, depth: int) -> wire.Value:
    if isinstance(given, list):
        return [_value(asked, of, item, f"{path}[{index}]", depth) for index, item in enumerate(given)]
    one = _value(asked, of, None, f"{path}[0]", depth)
    return [] if one is None else [one]


def _entries(asked: Asked, of: object, given: list[wire.Value], path: str, depth: int) -> wire.Value:
    """Azure is given a list of identities, and answers what it knows of each by its id."""
    return {wire.text(key): _value(asked, of, None, f"{path}[{index}]", depth) for index, key in enumerate(given)}


def _bare(of: object) -> object:
    """A type without `Optional`; of several, the first."""
    while typing.get_origin(of) in (typing.Union, types.UnionType):
        of = next(part for part in typing.get_args(of) if part is not type(None))
    return of


def _leaf(asked: Asked, of: object, path: str) -> wire.Value:
    if isinstance(of, type) and issubclass(of, enum.Enum):
        return cast("str", next(iter(of)).value)
    if of is bool:
        return False
    if of in (int, float):
        return 1 + int(_digest(f"{asked.urn} {path}")[:4], 16)
    if of is str:
        return _text(asked, path)
    return None


def _text(asked: Asked, path: str) -> str:
    """A text of the form that the property's name promises."""
    digest = _digest(f"{asked.urn} {path}")
    last = path.rpartition(".")[2].partition("[")[0]
    low = last.lower()
    if last == "arn" or low.endswith("arn"):
        service = asked.type.split(":")[1].partition("/")[0]
        return f"arn:aws:{service}:us-east-1:123456789012:{asked.name}/{digest[:8]}"
    if last == "name":
        return f"{asked.name}-{digest[:7]}"
    if low.endswith(("cidrblock", "cidr", "cidrrange")):
        network = 10 << 24 | int(digest[:4], 16) << 8
        return f"{IPv4Address(network)}/24"
    if low.endswith(("ip", "ipaddress", "publicip", "privateip", "address")):
        return str(_ADDRESSES[int(digest[:8], 16) % _ADDRESSES.num_addresses])
    if low.endswith(("url", "uri", "endpoint", "issuer", "selflink")):
        return f"https://{digest[:8]}.example/{last}"
    if low.endswith(("dnsname", "fqdn", "domainname", "hostname")):
        return f"{digest[:8]}.example"
    return f"{last}-{digest[:8]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

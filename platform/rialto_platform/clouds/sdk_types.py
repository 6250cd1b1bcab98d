"""The SDKs' own types by type token: a resource's class, the class of its arguments, their properties.

This rests on `pulumi._types` and the tables that the SDKs register, which are not part of Pulumi's public interface:
hence the exact pin of pulumi, and this one place.
"""

from __future__ import annotations

import functools
import importlib
import sys
from typing import Protocol, cast

# The reason for every ignore below: see the module's first lines.
from pulumi import _types  # pyright: ignore[reportPrivateUsage]
from pulumi.runtime import rpc

PACKAGES = {"aws": "pulumi_aws", "gcp": "pulumi_gcp", "azure-native": "pulumi_azure_native"}
"""The Python package of each provider."""


class UnknownTypeError(LookupError):
    """A type token that no SDK knows."""


class _Registered(Protocol):
    """What an SDK registers of a module (`_utilities.Module`) or of itself (`_utilities.Package`)."""

    mod_info: dict[str, object]
    pkg_info: dict[str, object]


@functools.cache
def resource_class(token: str) -> type:
    """The class of a resource's type token, such as `aws:ec2/vpc:Vpc` or `pulumi:providers:aws`.

    Raises:
        UnknownTypeError: no SDK that this project uses has it.
    """
    provider = token.removeprefix("pulumi:providers:")
    package, _, rest = token.partition(":")
    name = PACKAGES.get(provider if provider != token else package)
    if name is None:
        raise UnknownTypeError(f"{token} is of no provider known here: {', '.join(PACKAGES)}")
    if name not in sys.modules:
        importlib.import_module(name)
    if provider != token:
        return _attribute(name, "Provider")
    registered = rpc.get_resource_module(package, rest.rpartition(":")[0], "")
    info = cast("_Registered", registered).mod_info if registered is not None else {}
    classes = cast("dict[str, str]", info.get("classes", {}))
    if token not in classes:
        raise UnknownTypeError(f"{token} is not a type of {name}")
    return _attribute(cast("str", info["fqn"]), classes[token])


@functools.cache
def args_class(token: str) -> type:
    """The class of a resource's arguments: `VpcArgs`.

    Raises:
        UnknownTypeError: as `resource_class`.
    """
    resource = resource_class(token)
    module = sys.modules[resource.__module__]
    # Named otherwise where a nested type has the name already.
    for ending in ("InitArgs", "Args"):
        found: object = vars(module).get(resource.__name__ + ending)
        if isinstance(found, type) and _types.is_input_type(found):
            return found
    raise UnknownTypeError(f"{token} has no class of arguments in {resource.__module__}")


def _attribute(module: str, name: str) -> type:
    return cast("type", getattr(importlib.import_module(module), name))


def is_input(kind: type) -> bool:
    """Whether it is a class of arguments or of a nested part of them."""
    return _types.is_input_type(kind)


def is_output(kind: type) -> bool:
    """Whether it is a class of a nested part of a resource's outputs."""
    return _types.is_output_type(kind)


def output_types(kind: type) -> dict[str, object]:
    """The properties of a resource or of a nested part of its outputs, by the wire's names."""
    found = _types.output_type_types(kind) if is_output(kind) else _types.resource_types(kind)
    return cast("dict[str, object]", found)


def input_hints(kind: type) -> dict[str, object]:
    """The properties of a class of arguments, by the wire's names, with `Optional` and `Input` still around them."""
    # _types.input_type_types takes them off, and with them what tells a required property from another.
    return cast("dict[str, object]", _types._raw_return_hints(kind))  # pyright: ignore[reportPrivateUsage]

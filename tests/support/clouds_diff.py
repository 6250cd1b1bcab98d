"""What differs between two sets of inputs, down to the property, by Pulumi's property paths.

Source: Pulumi's `provider.proto` ("PropertyDiff"), and `sdk/go/common/resource/property_path.go` for the paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from rialto_platform.clouds.wire import Value

_PLAIN = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs."""

    path: str
    kind: Literal["add", "delete", "update"]

    @property
    def key(self) -> str:
        """The input that it is a part of."""
        found = _PLAIN.match(self.path)
        return found.group() if found else self.path


def changes(old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[Change, ...]:
    """Every property that is only in one of them, or differs; the smallest parts that say it."""
    return tuple(_object(old, new, ""))


def _object(old: Mapping[str, Value], new: Mapping[str, Value], path: str) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        step = key if _PLAIN.fullmatch(key) else f'["{key}"]'
        here = f"{path}.{step}" if path and not step.startswith("[") else f"{path}{step}"
        yield from _value(old.get(key), new.get(key), here)


def _value(old: Value, new: Value, path: str) -> Iterator[Change]:
    if old == new:
        return
    if old is None or new is None:
        yield Change(path, "add" if old is None else "delete")
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _object(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (items[index] if index < len(items) else None for items in (old, new))
            yield from _value(before, after, f"{path}[{index}]")
    else:
        yield Change(path, "update")

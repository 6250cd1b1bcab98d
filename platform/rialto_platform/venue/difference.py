"""What one venue declares otherwise than another, value by value: a pure comparison of two models."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel

from rialto_platform.venue import units
from rialto_platform.venue.model import Interconnect, Venue
from rialto_platform.venue.problems import Path, path_text

_TEXTS = {
    "_e4": units.price_text,
    "_ns": units.duration_text,
    "_bps": units.exact_bandwidth_text,
    "_bp": units.percent_text,
    "_ppm": units.loss_text,
    "_bytes": units.exact_size_text,
}
"""How amounts are written, by the end of the attribute's name."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value that differs: ``path`` as a message names it, and both values as a file would write them.

    ``None`` stands for a value that is not there.
    """

    path: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        """In a line."""
        if self.old is None:
            return f"{self.path}: {self.new} is new"
        if self.new is None:
            return f"{self.path}: {self.old} is gone"
        return f"{self.path}: {self.old} -> {self.new}"


def difference(old: Venue, new: Venue) -> list[Change]:
    """Every value that differs, in the order of the model; an added or removed part is one change.

    List entries are compared by position, since instruments, accounts and sessions are numbered by it, and so is the
    order of mappings. An interconnect is known by the regions it joins. Amounts are compared, not how they are written:
    ``1 ms`` is ``1000 us``.
    """
    return list(_models((), old, new))


def _models(path: Path, old: BaseModel, new: BaseModel) -> Iterator[Change]:
    for name, field in type(old).model_fields.items():
        here = (*path, field.alias or name)
        if name == "interconnects":
            yield from _interconnects(here, getattr(old, name), getattr(new, name))
        elif name != "between":
            yield from _values(here, name, getattr(old, name), getattr(new, name))


def _values(path: Path, name: str, old: object, new: object) -> Iterator[Change]:
    """``name`` is the attribute that holds the values, or the list they are in: its end tells their unit."""
    if old == new and not isinstance(old, Mapping):
        return
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        yield from _models(path, old, new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mappings(path, name, cast("Mapping[str, object]", old), cast("Mapping[str, object]", new))
    elif isinstance(old, tuple) and isinstance(new, tuple):
        pairs = itertools.zip_longest(cast("tuple[object, ...]", old), cast("tuple[object, ...]", new))
        for index, (before, after) in enumerate(pairs):
            yield from _values((*path, index), name, before, after)
    else:
        yield Change(path_text(path), _text(name, cast("object", old)), _text(name, new))


def _mappings(path: Path, name: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    both = [key for key in old if key in new]
    moved = [key for key in new if key in old]
    if both != moved:
        yield Change(path_text(path), f"in the order {', '.join(both)}", f"in the order {', '.join(moved)}")
    for key in dict.fromkeys((*old, *new)):
        yield from _values((*path, key), name, old.get(key), new.get(key))


def _interconnects(path: Path, old: Iterable[Interconnect], new: Iterable[Interconnect]) -> Iterator[Change]:
    before = {frozenset(link.between): (index, link) for index, link in enumerate(old)}
    after = {frozenset(link.between): (index, link) for index, link in enumerate(new)}
    for pair in dict.fromkeys((*before, *after)):
        index, link = after.get(pair) or before[pair]
        if pair not in before or pair not in after:
            text = _text("", link)
            yield Change(path_text((*path, index)), *((text, None) if pair in before else (None, text)))
        else:
            yield from _models((*path, index), before[pair][1], link)


def _text(name: str, value: object, depth: int = 0) -> str | None:
    """A value as a file would write it; of a part, its keys, and below them no more than that there is something."""
    if value is None:
        return None
    if isinstance(value, BaseModel):
        fields = {field.alias or key: (key, getattr(value, key)) for key, field in type(value).model_fields.items()}
        return _braced({key: _text(inner, item, depth + 1) for key, (inner, item) in fields.items()}, depth)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return _braced({key: _text(name, item, depth + 1) for key, item in items}, depth)
    if isinstance(value, tuple):
        parts = [_text(name, item, depth + 1) or "" for item in cast("tuple[object, ...]", value)]
        return f"[{', '.join(parts)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        write = next((text for end, text in _TEXTS.items() if name.endswith(end)), str)
        return write(value)
    return str(value)


def _braced(parts: Mapping[str, str | None], depth: int) -> str:
    if depth > 1:
        return "{…}"
    return "{" + ", ".join(f"{key}: {text}" for key, text in parts.items() if text is not None) + "}"

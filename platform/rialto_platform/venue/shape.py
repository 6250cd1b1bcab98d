"""Types and keys: what the model refuses value by value, in words, and what stands in for it.

The checks that span several values need a whole model. So each refused value is replaced by the same value of
an example, and its path is remembered: a finding that rests on a replaced value is not reported.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rialto_platform.venue.model import RULES, Venue
from rialto_platform.venue.problems import Path
from rialto_platform.venue.source import Raw, Unquoted

Halves: TypeAlias = tuple[str, str]
"""What is wrong, and what would be right."""

EXAMPLE: dict[str, Raw] = {
    "venue": "example",
    "regions": {
        "us": {
            "cloud": "aws",
            "location": "us-east-1",
            "zones": ("us-east-1a",),
            "cidr": "10.1.0.0/16",
            "machine": "c6in.8xlarge",
            "asn": 64601,
            "circuit_asn": 64611,
        }
    },
    "interconnects": (
        {
            "between": ("us", "asia"),
            "bandwidth": "10 Gbit/s",
            "latency": "1 ms",
            "jitter": "0.1 ms",
            "loss": "0.1 %",
            "redundant": False,
            "vpn": {"inside": "169.254.21.0/28"},
        },
    ),
    "carriers": {
        "fabric": {
            "provider": "Equinix",
            "routers": {"ashburn": {"facility": "Equinix DC2, Ashburn", "asn": 64701, "region": "us"}},
        }
    },
    "circuits": {
        "us-1": {
            "region": "us",
            "router": "ashburn",
            "product": "dedicated",
            "bandwidth": "10 Gbit/s",
            "facility": "EqDC2",
            "vlan": 101,
            "prefixes": ("169.254.240.0/30",),
            "preference": 1,
            "md5": True,
            "macsec": False,
        }
    },
    "domain": "venue.example.com",
    "access": {"operators": ("operators@example.com",)},
    "node": {"memory": "4 GiB", "disk": "20 GiB"},
    "markets": {
        "main": {
            "home": "us",
            "durability": "region",
            "peak_orders_per_second": 1000,
            "checkpoint_interval": "1 min",
            "instruments": (
                {"symbol": "AAPL", "tick_size": "0.01", "lot_size": 1, "collar": "10 %", "reference_price": "585.33"},
            ),
            "accounts": {
                "TRADE": {
                    "max_order_quantity": 10000,
                    "max_order_value": "1000000.00",
                    "max_open_orders": 1000,
                    "sessions": ("TRADE1",),
                    "cancel_on_disconnect": False,
                }
            },
            "feed_users": ("FEED01",),
        }
    },
    "failover": {"accelerated": True},
    "objectives": {"acknowledgement_p99": "10 ms", "outage": "1 s", "loss": "0 s"},
    "flow": {
        "main": {
            "orders_per_second": 200,
            "duration": "30 min",
            "instruments": ("AAPL",),
            "sessions": ("TRADE1",),
            "resting_orders": 1000,
            "seed": 1,
        }
    },
}
"""One of everything, each value as a file would write it."""

MAX_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that the model refuses."""

    path: Path
    wrong: str
    right: str


@dataclass(slots=True)
class Shaped:
    """The model, with stand-ins at ``replaced`` (and below them); ``None`` if not even those helped."""

    venue: Venue | None
    refused: list[Refused]
    replaced: set[Path]


def shape(value: dict[str, Raw]) -> Shaped:
    """Validates a file's value against the model; never raises."""
    raw: Raw = value
    shaped = Shaped(None, [], set())
    for _ in range(MAX_ROUNDS):
        try:
            shaped.venue = Venue.model_validate(raw)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                raw = _repair(raw, details, shaped)
        else:
            break
    return shaped


def _repair(raw: Raw, details: ErrorDetails, shaped: Shaped) -> Raw:
    """Reports one refusal and returns the value with a stand-in for what was refused."""
    kind, path = details["type"], details["loc"]
    if kind == "too_short" and details["input"]:
        # Pydantic counts only the items that passed; those that did not have errors of their own.
        return raw
    if path[-1:] == ("[key]",):
        path = path[:-1]
        _report(shaped, path, f'"{path[-1]}" cannot be a name here', f"use {_rule(details)}")
        shaped.replaced.add(path[:-1])
        return _with(raw, path, None, remove=True)
    if kind == "extra_forbidden":
        _report(shaped, path, "this key is not known here", _known_keys(path))
        return _with(raw, path, None, remove=True)
    if kind == "missing" and isinstance(path[-1], int):
        path = path[:-1]
    if path[-1:] == ("between",) and kind in ("missing", "too_long"):
        _report(shaped, path, "it does not name two regions", "an interconnect joins exactly two")
    else:
        _report(shaped, path, *_words(details, path))
    shaped.replaced.add(path)
    return _with(raw, path, example(path))


def _report(shaped: Shaped, path: Path, wrong: str, right: str) -> None:
    if path not in {refused.path for refused in shaped.refused}:
        shaped.refused.append(Refused(path, wrong, right))


def _with(raw: Raw, path: Path, new: Raw, *, remove: bool = False) -> Raw:
    """``raw`` with ``new`` at ``path``, or with the key there removed."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    if isinstance(raw, dict) and isinstance(key, str):
        if remove and not rest:
            return {name: value for name, value in raw.items() if name != key}
        return raw | {key: _with(raw.get(key), rest, new, remove=remove)}
    if isinstance(raw, tuple) and isinstance(key, int) and key < len(raw):
        return (*raw[:key], _with(raw[key], rest, new, remove=remove), *raw[key + 1 :])
    return raw


def example(path: Path) -> Raw:
    """The example's value at ``path``; for a name or a position it does not have, that of its first one."""
    here: Raw = EXAMPLE
    for part in path:
        if isinstance(here, dict):
            here = here[part] if isinstance(part, str) and part in here else next(iter(here.values()))
        elif isinstance(here, tuple):
            here = here[part] if isinstance(part, int) and part < len(here) else here[0]
    return here


def described(value: object) -> str:
    """A value in words, for "expected …, found …"."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the truth value {str(value).lower()}"
        case Unquoted():
            return f"the unquoted number {value.text}"
        case int():
            return f"the number {value}"
        case str():
            return f'the text "{value if len(value) <= 40 else value[:40] + "…"}"'
        case tuple():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return "something else"


_EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "not_text": "text",
    "tuple_type": "a list",
    "mapping_type": "a mapping of names",
    "dict_type": "a mapping of names",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
}


def _words(details: ErrorDetails, path: Path) -> Halves:
    """What pydantic refused, in words of our own."""
    kind, given = details["type"], details["input"]
    context = cast("Mapping[str, Any]", details.get("ctx", {}))
    if kind == "missing":
        return "this key is missing", f"write {_shown(path)}"
    if kind == "wrong_amount":
        return str(context["wrong"]), str(context["right"])
    if kind in _EXPECTED:
        wrong = f"expected {_EXPECTED[kind]}, found {described(given)}"
        if _EXPECTED[kind] == "text" and isinstance(given, int | Unquoted) and not isinstance(given, bool):
            digits = given.text if isinstance(given, Unquoted) else str(given)
            return wrong, f'write "{digits}" in quotes' if _reads_numbers(path) else f"write {_shown(path)}"
        if _EXPECTED[kind] == "a whole number" and isinstance(given, str) and given.isascii() and given.isdigit():
            return wrong, f"write {given} without quotes"
        return wrong, f"write {_shown(path)}"
    match kind:
        case "literal_error":
            return f"{described(given)} is none of the choices", f"choose {context['expected']}".replace("'", "")
        case "string_pattern_mismatch":
            return f"{described(given)} does not fit", f"use {_rule(details)}"
        case "greater_than_equal":
            return f"{given} is too small", f"use {context['ge']:,} or more"
        case "less_than_equal":
            return f"{given} is too large", f"use {context['le']:,} or less"
        case "too_short":
            return "it is empty", f"write at least one, as in {_shown(path)}"
        case "too_long":
            return f"it has {context['actual_length']} items", f"use at most {context['max_length']}"
        case _:
            return details["msg"], f"write {_shown(path)}"


def _reads_numbers(path: Path) -> bool:
    """Whether the text wanted at ``path`` is a bare number, so that quotes are all that is missing."""
    wanted = example(path)
    return path[-2:-1] == ("zones",) or (isinstance(wanted, str) and wanted.replace(".", "", 1).isdigit())


def _rule(details: ErrorDetails) -> str:
    pattern = cast("Mapping[str, Any]", details.get("ctx", {})).get("pattern", "")
    return RULES.get(str(pattern), f"text that matches {pattern}")


def _shown(path: Path) -> str:
    """The key with its example, as a file would write it; a mapping's keys only."""
    value = example(path)
    return _flow(value) if not isinstance(path[-1], str) else f"{path[-1]}: {_flow(value)}"


def _flow(value: Raw, depth: int = 0) -> str:
    if isinstance(value, dict):
        if depth:
            return "{…}"
        return "{" + ", ".join(f"{key}: {_flow(item, depth + 1)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_flow(item, depth + 1) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if value.replace(".", "", 1).isdigit() else value
    return str(value)


def _known_keys(path: Path) -> str:
    around = example(path[:-1])
    known = list(around) if isinstance(around, dict) else []
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    return f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"

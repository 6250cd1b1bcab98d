"""The numbers of markets, replicas, accounts and sessions: journals know them by number, so none is given anew.

A venue file numbers by position. A file whose lists were put in another order would hand one session's orders to
another, or one market's journal to another market; this is found before anything starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json, write_json

Kept = dict[str, dict[str, int]]
"""Numbers by name, by kind: `market`, and `replica of M`, `account of M` and `session of M` for each market M; a
replica's name is its node's."""

_REPLICA = "replica of "
_FORMER = "nodes"
"""A table that venues of one replica kept."""


def of_configs(configs: Mapping[str, Mapping[str, object]]) -> Kept:
    """What node configurations give out; market numbers are one list over all nodes."""
    found: Kept = {"market": {}}
    for config in configs.values():
        for market in cast("list[Mapping[str, object]]", config["markets"]):
            name = str(market["name"])
            found["market"][name] = cast("int", market["id"])
            replication = cast("Mapping[str, object]", market["replication"])
            for kind, entries, label in (
                ("replica", replication["voters"], "node"),
                ("account", market["accounts"], "name"),
                ("session", market["sessions"], "username"),
            ):
                numbered = cast("list[Mapping[str, object]]", entries)
                found[f"{kind} of {name}"] = {str(entry[label]): cast("int", entry["id"]) for entry in numbered}
    return found


def check(path: Path, configs: Mapping[str, Mapping[str, object]]) -> None:
    """Refuses configurations that contradict what was kept in `path`; without such a file everything is new.

    Raises:
        LocalError: a number now means another, or a market has other voters than its journals; the file is damaged, or
            is of a version that kept other journals.
    """
    kept = _read(path)
    problems = [
        f"{kind}: {problem}"
        for kind, given in of_configs(configs).items()
        for problem in _conflicts(kept.get(kind, {}), given)
    ]
    problems += [
        f"{kind}: the voters were {', '.join(kept[kind])}, where the journals are, and are now {', '.join(given)}"
        for kind, given in of_configs(configs).items()
        if kind.startswith(_REPLICA) and kind in kept and set(kept[kind]) != set(given)
    ]
    if problems:
        raise LocalError(
            "the venue file",
            "contradicts the journals: " + "; ".join(problems),
            "put the lists back in their order, with new entries at their ends, and regions, zones and homes as they "
            "were, or give up the journals: rialto clean",
        )


def keep(path: Path, configs: Mapping[str, Mapping[str, object]]) -> None:
    """Adds what these configurations give out to `path`."""
    kept = _read(path)
    for kind, given in of_configs(configs).items():
        kept[kind] = kept.get(kind, {}) | given
    write_json(path, kept)


def _conflicts(kept: Mapping[str, int], given: Mapping[str, int]) -> list[str]:
    owners = {number: name for name, number in kept.items()}
    problems: list[str] = []
    for name, number in given.items():
        if kept.get(name, number) != number:
            problems.append(f"{name} was number {kept[name]} and is now {number}")
        elif owners.get(number, name) != name:
            problems.append(f"number {number} was {owners[number]} and is now {name}")
    return problems


def _read(path: Path) -> Kept:
    value = dict(read_json(path) or {})
    if _FORMER in value:
        raise LocalError(
            str(path.parent),
            "holds journals of one replica, from before markets were replicated",
            "give them up: rialto clean, then rialto up",
        )
    if not all(isinstance(table, dict) for table in value.values()):
        raise LocalError(
            str(path), "does not hold the venue's numbers", "remove it if the venue file's lists kept their order"
        )
    return cast("Kept", value)

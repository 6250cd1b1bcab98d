"""The numbers of markets, accounts and sessions: journals know them by number, so a number is never given anew.

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
"""Numbers by name, by kind: `market`, `account of M` and `session of M` for each market M."""

_NODES = "nodes"


def of_configs(configs: Mapping[str, Mapping[str, object]]) -> Kept:
    """What node configurations give out; market numbers are one list over all nodes."""
    found: Kept = {"market": {}}
    for config in configs.values():
        for market in cast("list[Mapping[str, object]]", config["markets"]):
            name = str(market["name"])
            found["market"][name] = cast("int", market["id"])
            for kind, key, label in (("account", "accounts", "name"), ("session", "sessions", "username")):
                entries = cast("list[Mapping[str, object]]", market[key])
                found[f"{kind} of {name}"] = {str(entry[label]): cast("int", entry["id"]) for entry in entries}
    return found


def homes(configs: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """The node of each market."""
    return {
        str(market["name"]): node
        for node, config in configs.items()
        for market in cast("list[Mapping[str, object]]", config["markets"])
    }


def check(path: Path, configs: Mapping[str, Mapping[str, object]]) -> None:
    """Refuses configurations that contradict what was kept in `path`; without such a file everything is new.

    Raises:
        LocalError: a number now means another, or a market is on another node than its journal; or the file is damaged.
    """
    kept, nodes = _read(path)
    problems = [
        f"{kind}: {problem}"
        for kind, given in of_configs(configs).items()
        for problem in _conflicts(kept.get(kind, {}), given)
    ]
    problems += [
        f"market: {name} was on node {nodes[name]}, where its journal is, and is now on {node}"
        for name, node in homes(configs).items()
        if nodes.get(name, node) != node
    ]
    if problems:
        raise LocalError(
            "the venue file",
            "contradicts the journals: " + "; ".join(problems),
            "put the lists back in their order, with new entries at their ends, or give up the journals: rialto clean",
        )


def keep(path: Path, configs: Mapping[str, Mapping[str, object]]) -> None:
    """Adds what these configurations give out to `path`."""
    kept, nodes = _read(path)
    for kind, given in of_configs(configs).items():
        kept[kind] = kept.get(kind, {}) | given
    write_json(path, {**kept, _NODES: nodes | homes(configs)})


def _conflicts(kept: Mapping[str, int], given: Mapping[str, int]) -> list[str]:
    owners = {number: name for name, number in kept.items()}
    problems: list[str] = []
    for name, number in given.items():
        if kept.get(name, number) != number:
            problems.append(f"{name} was number {kept[name]} and is now {number}")
        elif owners.get(number, name) != name:
            problems.append(f"number {number} was {owners[number]} and is now {name}")
    return problems


def _read(path: Path) -> tuple[Kept, dict[str, str]]:
    value = dict(read_json(path) or {})
    nodes = value.pop(_NODES, {})
    tables = [nodes, *value.values()]
    if not all(isinstance(table, dict) for table in tables):
        raise LocalError(
            str(path), "does not hold the venue's numbers", "remove it if the venue file's lists kept their order"
        )
    return cast("Kept", value), cast("dict[str, str]", nodes)

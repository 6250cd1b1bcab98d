"""The addresses of a venue on one machine: every listener of its nodes, and the edges of its links.

All of them are chosen before anything starts: voters must know one another's, and the links must know which region an
address is in. Each is what it was before where that is still free, since clients find a node where it was.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json

Say = Callable[[str], object]
Json = dict[str, object]

_HOST = "127.0.0.1"
_LISTENS = ("orders", "feed", "snapshot")
_FIRST_PORT = 20_000
_FIRST_EPHEMERAL_PORT = 32_768
_TRIES = 1000


@dataclass(frozen=True)
class Listener:
    """Something that listens: a node's admin API, a port of a market on a node, a region's edge, the links' API."""

    what: str
    """admin, orders, feed, snapshot or replication of a node; edge of a region; links for the links' own API."""
    of: str = ""
    """The node, or the region."""
    market: str = ""

    def __str__(self) -> str:
        """In words, for messages."""
        if self.what == "links":
            return "the links' API"
        market = f" of market {self.market}" if self.market else ""
        return f"the {self.what}{market} of {self.of}"


@dataclass(frozen=True)
class Placed:
    """Configurations with every address in them."""

    configs: dict[str, Json]
    """By node."""
    links: Json | None


def place(
    configs: Mapping[str, Mapping[str, object]],
    links: Mapping[str, object] | None,
    files: Mapping[str, Path],
    links_file: Path,
    say: Say,
    kept_elsewhere: AbstractSet[str] = frozenset(),
) -> Placed:
    """The configurations with the addresses that their listeners had before, or new ones.

    Args:
        configs: node configurations by node.
        links: the links' configuration, if the venue has any.
        files: where each node's configuration was written before, by node; a damaged one costs no address that others
            know too.
        links_file: the same of the links.
        say: told each address that can't be kept.
        kept_elsewhere: addresses that other venues of this machine will want back.

    Raises:
        LocalError: this machine has no free port.
    """
    former = [_former(path, say) for path in (*files.values(), links_file)]
    before: dict[Listener, str] = {}
    for listener, address in (found for value in former for found in _addresses_in(value)):
        before.setdefault(listener, address)
    chosen = _choose([*_listeners(configs, links)], before, kept_elsewhere, say)
    placed = {name: _node(config, name, chosen, linked=links is not None) for name, config in configs.items()}
    return Placed(placed, None if links is None else _links(links, placed, chosen))


def kept(files: Iterable[Path]) -> set[str]:
    """Every address that these configurations keep; a damaged one keeps none."""
    return {address for path in files for _, address in _addresses_in(_former(path, lambda _: None))}


def _former(path: Path, say: Say) -> Json:
    try:
        value = dict(read_json(path) or {})
        list(_addresses_in(value))
    except (LocalError, AttributeError, KeyError, TypeError):
        say(f"{path} was damaged and is written anew")
        return {}
    return value


def _addresses_in(config: Mapping[str, object]) -> Iterator[tuple[Listener, str]]:
    """Every address that a configuration of a node or of the links tells of."""
    if "regions" in config:
        for region in cast("list[Json]", config["regions"]):
            yield Listener("edge", str(region["name"])), str(region["listen"])
        yield Listener("links"), str(config["admin_listen"])
    if "node" not in config:
        return
    node = str(config["node"])
    yield Listener("admin", node), str(config["admin_listen"])
    if config.get("proxy") is not None:
        yield Listener("edge", str(config["region"])), str(config["proxy"])
    for name, market in _markets(config).items():
        for what in _LISTENS:
            yield Listener(what, node, name), str(market[f"{what}_listen"])
        replication = cast("Json", market.get("replication", {}))
        for voter in cast("list[Json]", replication.get("voters", [])):
            yield Listener("replication", str(voter["node"]), name), str(voter["address"])


def _markets(config: Mapping[str, object]) -> dict[str, Json]:
    markets = cast("list[Json]", config.get("markets", []))
    return {str(market["name"]): dict(market) for market in markets}


def _listeners(configs: Mapping[str, Mapping[str, object]], links: Mapping[str, object] | None) -> dict[Listener, None]:
    """What needs an address, each once, in order."""
    told = (_addresses_in(config) for config in (*([] if links is None else [links]), *configs.values()))
    return dict.fromkeys(listener for found in told for listener, _ in found)


def _choose(
    wanted: list[Listener], before: Mapping[Listener, str], kept_elsewhere: AbstractSet[str], say: Say
) -> dict[Listener, str]:
    """An address for each; all are held until the last one is found, so that no two get the same."""
    with contextlib.ExitStack() as held:
        chosen: dict[Listener, str] = {}
        for listener in wanted:
            address = before.get(listener)
            if address is None or address.endswith(":0"):
                continue
            if _hold(held, address):
                chosen[listener] = address
            else:
                say(f"{address} is taken by another process; {listener} gets a new port")
        for listener in wanted:
            if listener not in chosen:
                chosen[listener] = _new(held, kept_elsewhere)
        return chosen


def _node(config: Mapping[str, object], node: str, chosen: Mapping[Listener, str], *, linked: bool) -> Json:
    markets: list[Json] = []
    for name, market in _markets(config).items():
        replication = cast("Json", market["replication"])
        voters = [
            voter | {"address": chosen[Listener("replication", str(voter["node"]), name)]}
            for voter in cast("list[Json]", replication["voters"])
        ]
        listens = {f"{what}_listen": chosen[Listener(what, node, name)] for what in _LISTENS}
        own = {"listen": chosen[Listener("replication", node, name)], "voters": voters}
        markets.append(market | listens | {"replication": replication | own})
    edge = {"proxy": chosen[Listener("edge", str(config["region"]))]} if linked else {}
    return dict(config) | {"admin_listen": chosen[Listener("admin", node)], "markets": markets} | edge


def _links(links: Mapping[str, object], configs: Mapping[str, Json], chosen: Mapping[Listener, str]) -> Json:
    """The links' configuration with edges, and with every listener of each region's nodes."""
    regions: list[Json] = []
    for region in cast("list[Json]", links["regions"]):
        name = str(region["name"])
        nodes = {node for node, config in configs.items() if config["region"] == name}
        addresses = [address for listener, address in chosen.items() if listener.of in nodes]
        regions.append(region | {"listen": chosen[Listener("edge", name)], "addresses": addresses})
    return dict(links) | {"admin_listen": chosen[Listener("links")], "regions": regions}


def _new(held: contextlib.ExitStack, kept_elsewhere: AbstractSet[str]) -> str:
    """A port that no outgoing connection is given: those would keep a node that restarts from listening on it."""
    above = max(_first_ephemeral_port(), _FIRST_PORT + 1)
    for _ in range(_TRIES):
        address = f"{_HOST}:{_FIRST_PORT + secrets.randbelow(above - _FIRST_PORT)}"
        if address not in kept_elsewhere and _hold(held, address):
            return address
    raise LocalError(f"ports {_FIRST_PORT} to {above - 1}", "are all taken", "end what listens there: ss -ltnp")


def _first_ephemeral_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return _FIRST_EPHEMERAL_PORT


def _hold(held: contextlib.ExitStack, address: str) -> bool:
    """Listens at host:port until `held` is closed; whether it could."""
    host, _, port = address.rpartition(":")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # As the node does it: what is left of closed connections is no obstacle.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
        listener.listen(1)
    except (OSError, ValueError, OverflowError):
        listener.close()
        return False
    held.enter_context(listener)
    return True

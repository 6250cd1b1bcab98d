"""The addresses of a venue's nodes: those they had before, where they are still free.

Clients find a node where it was. Voters must know one another's addresses before they start, so those of replication
are chosen here, all together; the others are the system's choice at the first start.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json

Say = Callable[[str], object]
Json = dict[str, object]
Place = tuple[str, str]
"""A market and a node."""

_HOST = "127.0.0.1"
_LISTENS = ("orders_listen", "feed_listen", "snapshot_listen")
_FIRST_PORT = 20_000
_FIRST_EPHEMERAL_PORT = 32_768


def with_addresses(configs: Mapping[str, Mapping[str, object]], files: Mapping[str, Path], say: Say) -> dict[str, Json]:
    """The configurations with the addresses that their nodes had, and with addresses of replication.

    Args:
        configs: node configurations by node.
        files: where each node's configuration was written before, by node; a damaged one costs its addresses alone.
        say: told each address that can't be kept.

    Raises:
        LocalError: this machine has no free port.
    """
    former = {name: _former(files[name], say) for name in configs}
    placed = {name: _with_former_listens(config, former[name], say) for name, config in configs.items()}
    return _with_replication(placed, former, say)


def _former(path: Path, say: Say) -> Json:
    try:
        value = dict(read_json(path) or {})
        list(_voter_addresses(value))
    except (LocalError, AttributeError, KeyError, TypeError):
        say(f"{path} was damaged and is written anew; listening on new ports")
        return {}
    return value


def _markets(config: Mapping[str, object]) -> dict[str, Json]:
    markets = cast("list[Json]", config.get("markets", []))
    return {str(market["name"]): dict(market) for market in markets}


def _with_former_listens(config: Mapping[str, object], former: Mapping[str, object], say: Say) -> Json:
    def kept(before: Mapping[str, object], given: Mapping[str, object], keys: tuple[str, ...]) -> Json:
        found: Json = {}
        for key in keys:
            address = before.get(key, given[key])
            if isinstance(address, str) and not _is_free(address):
                say(f"{address} is taken by another process; {key.removesuffix('_listen')} gets a new port")
                address = given[key]
            found[key] = address
        return found

    before = _markets(former)
    markets = [market | kept(before.get(name, {}), market, _LISTENS) for name, market in _markets(config).items()]
    return dict(config) | {"markets": markets} | kept(former, config, ("admin_listen",))


def _with_replication(configs: Mapping[str, Json], former: Mapping[str, Json], say: Say) -> dict[str, Json]:
    """Every voter of a market gets an address, and the addresses of all others."""
    before: dict[Place, str] = {}
    for config in former.values():
        for place, address in _voter_addresses(config):
            before.setdefault(place, address)
    wanted = list(dict.fromkeys(place for config in configs.values() for place, _ in _voter_addresses(config)))
    chosen = dict(zip(wanted, _addresses([before.get(place) for place in wanted], say), strict=True))
    return {name: _told(config, name, chosen) for name, config in configs.items()}


def _told(config: Json, node: str, chosen: Mapping[Place, str]) -> Json:
    markets: list[Json] = []
    for name, market in _markets(config).items():
        replication = cast("Json", market["replication"])
        voters = [
            voter | {"address": chosen[name, str(voter["node"])]} for voter in cast("list[Json]", replication["voters"])
        ]
        markets.append(market | {"replication": replication | {"listen": chosen[name, node], "voters": voters}})
    return config | {"markets": markets}


def _voter_addresses(config: Mapping[str, object]) -> Iterator[tuple[Place, str]]:
    for name, market in _markets(config).items():
        replication = cast("Json", market.get("replication", {}))
        for voter in cast("list[Json]", replication.get("voters", [])):
            yield (name, str(voter["node"])), str(voter["address"])


def _addresses(before: list[str | None], say: Say) -> list[str]:
    """As many different addresses as `before` has entries: each as before if that is free, else a new one.

    All are held until the last one is found.
    """
    with contextlib.ExitStack() as held:
        found: list[str] = []
        for address in before:
            if address is not None and _hold(held, address):
                found.append(address)
                continue
            if address is not None:
                say(f"{address} is taken by another process; replication gets a new port")
            found.append(_new(held))
        return found


def _new(held: contextlib.ExitStack) -> str:
    """A port that no outgoing connection is given: those would keep a node that restarts from listening on it."""
    above = max(_first_ephemeral_port(), _FIRST_PORT + 1)
    for _ in range(1000):
        address = f"{_HOST}:{_FIRST_PORT + secrets.randbelow(above - _FIRST_PORT)}"
        if _hold(held, address):
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
    # Port 0 is the system's choice of the moment, not an address that others can be told.
    return int(port) > 0


def _is_free(address: str) -> bool:
    with contextlib.ExitStack() as held:
        return _hold(held, address) or address.endswith(":0")

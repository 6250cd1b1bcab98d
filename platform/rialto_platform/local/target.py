"""A running market as a client of it sees it: addresses, instruments and credentials, read from the venue's files."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.plan import Plan
from rialto_platform.local.ready import MarketAddresses, Ready


@dataclass(frozen=True)
class TargetInstrument:
    """An instrument as the nodes were configured with it; prices in 1e-4."""

    symbol: str
    tick_size_e4: int
    lot_size: int
    reference_price_e4: int
    collar_bp: int

    @property
    def spec(self) -> str:
        """As the load client takes it: `SYMBOL:TICK_E4:LOT:REFERENCE_E4:COLLAR_BP`."""
        numbers = (self.tick_size_e4, self.lot_size, self.reference_price_e4, self.collar_bp)
        return ":".join([self.symbol, *map(str, numbers)])


@dataclass(frozen=True)
class Target:
    """One market of a running venue."""

    market: str
    number: int
    """Its number in the venue."""
    replicas: Mapping[str, MarketAddresses]
    """Its listeners by node. Any node may lead it, so a client of its orders is told all of them."""
    instruments: Mapping[str, TargetInstrument]
    sessions: tuple[str, ...]
    """Its order sessions, in the order of the venue file."""
    taken: tuple[str, ...]
    """Those of them that the venue's own order flow uses."""
    feed_user: str | None
    load_binary: str
    credentials: Path

    @property
    def orders(self) -> list[str]:
        """The load client's arguments that name every order address."""
        return [word for one in self.replicas.values() for word in ("--orders", one.orders)]

    @property
    def market_data(self) -> list[str]:
        """The load client's arguments that name every feed and snapshot address."""
        ports = (("--feed", one.feed, "--snapshot", one.snapshot) for one in self.replicas.values())
        return [word for words in ports for word in words]

    def through(self, edge: str) -> Target:
        """The same market as seen through a region's edge (host:port): its addresses, dialed by SOCKS5."""

        def dialed(address: str) -> str:
            return f"socks5://{edge}/{address}"

        replicas = {
            node: MarketAddresses(dialed(one.orders), dialed(one.feed), dialed(one.snapshot))
            for node, one in self.replicas.items()
        }
        return replace(self, replicas=replicas)

    def instrument(self, symbol: str) -> TargetInstrument:
        """The instrument of this symbol.

        Raises:
            LocalError: the market has none.
        """
        found = self.instruments.get(symbol)
        if found is None:
            known = ", ".join(self.instruments)
            raise LocalError(f"market {self.market}", f"has no instrument {symbol}", f"name one of: {known}")
        return found

    def free_sessions(self, count: int) -> tuple[str, ...]:
        """The first `count` order sessions that the venue's own order flow leaves.

        Raises:
            LocalError: there are fewer.
        """
        free = tuple(session for session in self.sessions if session not in self.taken)
        if count > len(free):
            left = f" and its own order flow uses {len(self.taken)} of them" if self.taken else ""
            raise LocalError(
                f"market {self.market}",
                f"has no {count} sessions to send from: its venue file declares {len(self.sessions)}{left}",
                f"ask for {len(free)} at most, or add sessions at the end of the file's accounts",
            )
        return free[:count]


def find(paths: VenuePaths, market: str | None) -> Target:
    """The named market of a running venue, or its only one.

    Raises:
        LocalError: the venue is down, or has no such market, or has several and none was named; or none of the market's
            nodes has ever served.
    """
    if not paths.supervisor.exists():
        raise LocalError(f"venue {paths.name}", "is down", "start it: rialto up")
    plan = Plan.read(paths.plan)
    replicas: dict[str, dict[str, MarketAddresses]] = {}
    configs: dict[str, Mapping[str, object]] = {}
    for node in plan.nodes:
        config = read_json(paths.node(node).config) or {}
        ready = Ready.read(paths.node(node).ready)
        for one in cast("list[Mapping[str, object]]", config.get("markets", [])):
            name = str(one["name"])
            configs.setdefault(name, one)
            # A node that is being started again will listen where it did.
            addresses = ready.markets.get(name) if ready is not None else _kept(one)
            if addresses is not None:
                replicas.setdefault(name, {})[node] = addresses
    name = choose(paths, list(configs), market)
    config = configs[name]
    if name not in replicas:
        raise LocalError(f"market {name}", "does not trade yet", "look at it: rialto status")
    feed_users = cast("list[str]", config["feed_users"])
    return Target(
        market=name,
        number=cast("int", config["id"]),
        replicas=replicas[name],
        instruments={
            one.symbol: one for one in map(_instrument, cast("list[dict[str, object]]", config["instruments"]))
        },
        sessions=tuple(str(one["username"]) for one in cast("list[Mapping[str, object]]", config["sessions"])),
        taken=_taken(paths, plan, name),
        feed_user=feed_users[0] if feed_users else None,
        load_binary=plan.load_binary,
        credentials=paths.credentials,
    )


def choose(paths: VenuePaths, names: list[str], wanted: str | None) -> str:
    """The wanted one of a venue's markets, or its only one.

    Raises:
        LocalError: there is no such market, or there are several and none was named.
    """
    if wanted is not None and wanted not in names:
        raise LocalError(f"venue {paths.name}", f"has no market {wanted}", f"name one of: {', '.join(names)}")
    if wanted is None and len(names) != 1:
        raise LocalError(f"venue {paths.name}", f"has several markets ({', '.join(names)})", "name one with --market")
    return wanted or names[0]


def _kept(config: Mapping[str, object]) -> MarketAddresses | None:
    """The listeners that the node's configuration keeps; none before its first start."""
    orders, feed, snapshot = (str(config[f"{port}_listen"]) for port in ("orders", "feed", "snapshot"))
    return None if orders.endswith(":0") else MarketAddresses(orders, feed, snapshot)


def _taken(paths: VenuePaths, plan: Plan, market: str) -> tuple[str, ...]:
    """The sessions of the venue's own flow into a market, while that runs."""
    state = read_json(paths.flow(market).record) or {}
    if state.get("state") != "running":
        return ()
    words = [word for flow in plan.flows if flow.market == market for word in flow.arguments]
    return tuple(value for flag, value in itertools.pairwise(words) if flag == "--session")


def _instrument(value: dict[str, object]) -> TargetInstrument:
    collar = cast("float | None", value["collar_percent"])
    return TargetInstrument(
        symbol=str(value["symbol"]),
        tick_size_e4=cast("int", value["tick_size_e4"]),
        lot_size=cast("int", value["lot_size"]),
        reference_price_e4=cast("int | None", value["reference_price_e4"]) or 0,
        collar_bp=round(100 * (collar or 0)),
    )

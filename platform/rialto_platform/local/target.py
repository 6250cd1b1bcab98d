"""A running market as a client of it sees it: addresses, instruments and credentials, read from the venue's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.plan import Plan
from rialto_platform.local.ready import MarketAddresses, Ready


@dataclass(frozen=True)
class TargetInstrument:
    """An instrument as the node was configured with it; prices in 1e-4."""

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
    """One market that trades now."""

    market: str
    addresses: MarketAddresses
    instruments: Mapping[str, TargetInstrument]
    feed_user: str | None
    load_binary: str
    credentials: Path

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


def find(paths: VenuePaths, market: str | None) -> Target:
    """The named market of a running venue, or its only one.

    Raises:
        LocalError: the venue is down, or has no such market, or has several and none was named.
    """
    if not paths.supervisor.exists():
        raise LocalError(f"venue {paths.name}", "is down", "start it: rialto up")
    plan = Plan.read(paths.plan)
    found: dict[str, tuple[MarketAddresses, Mapping[str, object]]] = {}
    for node in plan.nodes:
        ready = Ready.read(paths.node(node).ready)
        config = read_json(paths.node(node).config)
        if ready is None or config is None:
            raise LocalError(f"node {node}", "does not trade yet", "look at it: rialto status")
        configured = {str(one["name"]): one for one in cast("list[Mapping[str, object]]", config["markets"])}
        found |= {name: (addresses, configured[name]) for name, addresses in ready.markets.items()}
    name = _choose(paths, list(found), market)
    addresses, config = found[name]
    feed_users = cast("list[str]", config["feed_users"])
    return Target(
        market=name,
        addresses=addresses,
        instruments={
            one.symbol: one for one in map(_instrument, cast("list[dict[str, object]]", config["instruments"]))
        },
        feed_user=feed_users[0] if feed_users else None,
        load_binary=plan.load_binary,
        credentials=paths.credentials,
    )


def _choose(paths: VenuePaths, names: list[str], wanted: str | None) -> str:
    if wanted is not None and wanted not in names:
        raise LocalError(f"venue {paths.name}", f"has no market {wanted}", f"name one of: {', '.join(names)}")
    if wanted is None and len(names) != 1:
        raise LocalError(f"venue {paths.name}", f"has several markets ({', '.join(names)})", "name one with --market")
    return wanted or names[0]


def _instrument(value: dict[str, object]) -> TargetInstrument:
    collar = cast("float | None", value["collar_percent"])
    return TargetInstrument(
        symbol=str(value["symbol"]),
        tick_size_e4=cast("int", value["tick_size_e4"]),
        lot_size=cast("int", value["lot_size"]),
        reference_price_e4=cast("int | None", value["reference_price_e4"]) or 0,
        collar_bp=round(100 * (collar or 0)),
    )

"""Whether links, memory, disks and the protocols' fields hold what was declared.

The sizes are planning figures, rounded up from what the engine uses.
"""

from collections.abc import Iterator

from rialto_platform.venue import units
from rialto_platform.venue.findings import Finding
from rialto_platform.venue.model import Market, Venue
from rialto_platform.venue.problems import Path

MAX_INSTRUMENTS = 65_535
"""ITCH 5.0 numbers instruments in two bytes ("Stock Locate"), from 1."""
MAX_MARKETS = 64
"""Each market has a thread of its own on its node."""
MAX_SESSIONS = 1_000
"""Order sessions of one market; each may hold a connection and its buffers."""
BYTES_PER_OPEN_ORDER = 512
"""Memory of one resting order: its place in the book, what its reports repeat, and its identifiers."""
BYTES_PER_ORDER = 512
"""What one order sends over each link and writes to disk: its journal record, its reports and its market data."""
NODE_BASE_BYTES = 256 << 20
"""Memory of a node before the first order rests."""
LINK_SHARE = 0.5
"""Half of a link is kept for catching up after a failure."""


def fields(venue: Venue) -> Iterator[Finding]:
    """Counts that a protocol or a node bounds."""
    if len(venue.markets) > MAX_MARKETS:
        wrong = f"{len(venue.markets)} markets are declared, a node runs at most {MAX_MARKETS}"
        yield Finding(("markets",), wrong, "split the venue")
    for name, market in venue.markets.items():
        count = len(market.instruments)
        if count > MAX_INSTRUMENTS:
            wrong = f"{count:,} instruments are declared, ITCH numbers at most {MAX_INSTRUMENTS:,} in a market"
            yield Finding(("markets", name, "instruments"), wrong, "split them over several markets")
        sessions = sum(len(account.sessions) for account in market.accounts.values())
        if sessions > MAX_SESSIONS:
            wrong = f"{sessions:,} sessions are declared, a market serves at most {MAX_SESSIONS:,}"
            accounts: Path = ("markets", name, "accounts", "*")
            yield Finding(("markets", name, "accounts"), wrong, "split them over several markets", (accounts,))


def memory(venue: Venue) -> Iterator[Finding]:
    """Every account may rest all its orders at once, and every node may host every market."""
    total, rests_on = NODE_BASE_BYTES, list[Path]()
    for name, market in venue.markets.items():
        for account_name, account in market.accounts.items():
            total += account.max_open_orders * BYTES_PER_OPEN_ORDER
            rests_on.append(("markets", name, "accounts", account_name, "max_open_orders"))
    if total > venue.node.memory_bytes:
        orders = (total - NODE_BASE_BYTES) // BYTES_PER_OPEN_ORDER
        wrong = f"{orders:,} open orders, the sum of max_open_orders, may take {units.size_text(total)}"
        right = f"use {-(-total // (1 << 30))} GiB or more, or lower max_open_orders"
        yield Finding(("node", "memory"), wrong, right, tuple(rests_on))


def disk(venue: Venue) -> Iterator[Finding]:
    """A node's disk holds what generated flow writes, and at least an hour of every market at its peak."""
    peaks = sum(market.peak_orders_per_second for market in venue.markets.values())
    hour = peaks * 3600 * BYTES_PER_ORDER
    if hour > venue.node.disk_bytes:
        wrong = f"an hour of {peaks:,} orders a second takes {units.size_text(hour)}"
        rests_on: tuple[Path, ...] = (("markets", "*"),)
        yield Finding(("node", "disk"), wrong, f"use {-(-hour // (1 << 30))} GiB or more", rests_on)
    written = sum(flow.orders_per_second * flow.duration_ns // 10**9 * BYTES_PER_ORDER for flow in venue.flow.values())
    if written > venue.node.disk_bytes:
        wrong = f"the declared flow writes {units.size_text(written)}"
        yield Finding(("node", "disk"), wrong, f"use {-(-written // (1 << 30))} GiB or more", (("flow", "*"),))


def bandwidth(venue: Venue) -> Iterator[Finding]:
    """Each link carries every market at its peak from its home, within the share kept for it."""
    for index, link in enumerate(venue.interconnects):
        sending = {name: market for name, market in venue.markets.items() if market.home in link.between}
        rate = sum(market.peak_orders_per_second for market in sending.values())
        needed = int(rate * BYTES_PER_ORDER * 8 / LINK_SHARE)
        if needed > link.bandwidth_bps:
            joined = " and ".join(sending)
            wrong = (
                f"{rate:,} orders a second of {joined} need {units.bandwidth_text(needed)} (half for catching up); "
                f"it has {units.bandwidth_text(link.bandwidth_bps)}"
            )
            rests_on = tuple[Path, ...](
                path
                for name in sending
                for path in (("markets", name, "peak_orders_per_second"), ("markets", name, "home"))
            )
            right = "declare more bandwidth or a lower peak_orders_per_second"
            yield Finding(
                ("interconnects", index, "bandwidth"), wrong, right, (("interconnects", index, "*"), *rests_on)
            )


def flows(venue: Venue) -> Iterator[Finding]:
    """Generated flow stays within its market's peak and its accounts' open orders."""
    for name, flow in venue.flow.items():
        market = venue.markets.get(name)
        if market is None:
            continue
        peak = market.peak_orders_per_second
        if flow.orders_per_second > peak:
            wrong = f"{flow.orders_per_second:,} is more than the peak of {name}, {peak:,} orders a second"
            rests_on: Path = ("markets", name, "peak_orders_per_second")
            yield Finding(("flow", name, "orders_per_second"), wrong, f"use {peak:,} or less", (rests_on,))
        allowed = _open_orders(market, flow.sessions)
        if 0 < allowed < flow.resting_orders:
            wrong = (
                f"{flow.resting_orders:,} is more than the {allowed:,} open orders that its sessions' accounts may have"
            )
            accounts: tuple[Path, ...] = (("markets", name, "accounts", "*"), ("flow", name, "sessions", "*"))
            yield Finding(("flow", name, "resting_orders"), wrong, f"use {allowed:,} or less", accounts)


def _open_orders(market: Market, sessions: tuple[str, ...]) -> int:
    used = [account for account in market.accounts.values() if set(sessions) & set(account.sessions)]
    return sum(account.max_open_orders for account in used)


CHECKS = (fields, memory, disk, bandwidth, flows)

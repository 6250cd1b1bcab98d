"""Numbers that must fit one another: address ranges, ticks, lots, collars and limits."""

import itertools
from collections.abc import Iterator
from ipaddress import IPv4Network

from rialto_platform.venue import units
from rialto_platform.venue.findings import Finding
from rialto_platform.venue.model import Account, Instrument, Market, Venue
from rialto_platform.venue.problems import Path

ADDRESSES_PER_ZONE = 256
"""Each zone gets a subnet of this size for nodes and pods; the region gets one more for links and gateways."""

LEAST_BANDWIDTH_BPS = 10**3
MOST_BANDWIDTH_BPS = 10**12
LONGEST_ROUND_TRIP_NS = 10 * 10**9
"""The slowest voter that a node's timers can wait for."""

PRIVATE = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
"""The private ranges of RFC 1918."""


def networks(venue: Venue) -> Iterator[Finding]:
    """Ranges are private, large enough for their zones, and apart from one another."""
    for name, region in venue.regions.items():
        path: Path = ("regions", name, "cidr")
        if not any(region.cidr.subnet_of(private) for private in PRIVATE):
            right = "use a range within " + ", ".join(str(private) for private in PRIVATE)
            yield Finding(path, f"{region.cidr} is not a private range", right)
        subnets = 1 << len(region.zones).bit_length()
        needed = subnets * ADDRESSES_PER_ZONE
        if region.cidr.num_addresses < needed:
            prefix = 32 - (needed - 1).bit_length()
            held, zones = region.cidr.num_addresses, len(region.zones)
            wrong = f"{region.cidr} holds {held:,} addresses, {zones} zones need {needed:,}"
            yield Finding(path, wrong, f"use /{prefix} or a shorter prefix", (("regions", name, "zones"),))
    for (one, first), (other, second) in itertools.combinations(venue.regions.items(), 2):
        if first.cidr.overlaps(second.cidr):
            wrong = f"{second.cidr} overlaps {first.cidr} of {one}"
            right = "give each region a range of its own"
            yield Finding(("regions", other, "cidr"), wrong, right, (("regions", one, "cidr"),))


def instruments(venue: Venue) -> Iterator[Finding]:
    """Reference prices lie on the tick; a collar leaves at least a tick on each side and stays within four bytes."""
    for name, market in venue.markets.items():
        for index, instrument in enumerate(market.instruments):
            yield from _instrument(("markets", name, "instruments", index), instrument)


def _instrument(path: Path, instrument: Instrument) -> Iterator[Finding]:
    price, tick = instrument.reference_price_e4, instrument.tick_size_e4
    if price is None:
        return
    tick_path: Path = (*path, "tick_size")
    price_path: Path = (*path, "reference_price")
    if price % tick:
        below = price - price % tick
        near = f"{units.price_text(below)} or " if below else ""
        wrong = f"{units.price_text(price)} is not a multiple of the tick size {units.price_text(tick)}"
        yield Finding(price_path, wrong, f"use {near}{units.price_text(below + tick)}", (tick_path,))
    if instrument.collar_bp is None:
        return
    collar: Path = (*path, "collar")
    width = price * instrument.collar_bp // 10_000
    percent = f"{instrument.collar_bp / 100:g} %"
    if width < tick:
        needed = -(-tick * 10_000 // price)
        wrong = f"{percent} of {units.price_text(price)} is less than one tick, so only one price could trade"
        right = f"use {needed / 100:g} % or more" if needed <= 10_000 else "use a smaller tick_size"
        yield Finding(collar, wrong, right, (tick_path, price_path))
    if price + width > units.MAX_PRICE_E4:
        top = (units.MAX_PRICE_E4 - price) * 10_000 // price
        wrong = f"{percent} above {units.price_text(price)} does not fit the four bytes of a price"
        yield Finding(collar, wrong, f"use {top / 100:g} % or less" if top else "use a lower price", (price_path,))


def limits(venue: Venue) -> Iterator[Finding]:
    """An account can send at least one lot of something, and its own limits agree with each other."""
    for name, market in venue.markets.items():
        for account_name, account in market.accounts.items():
            yield from _limits(name, market, ("markets", name, "accounts", account_name), account)


def _limits(market_name: str, market: Market, path: Path, account: Account) -> Iterator[Finding]:
    everything: Path = ("markets", market_name, "instruments", "*")
    lot = min(instrument.lot_size for instrument in market.instruments)
    if account.max_order_quantity < lot:
        wrong = f"{account.max_order_quantity:,} is less than every lot size of {market_name}, so no order could pass"
        yield Finding((*path, "max_order_quantity"), wrong, f"use {lot:,} or more", (everything,))
    values = [
        instrument.reference_price_e4 * instrument.lot_size
        for instrument in market.instruments
        if instrument.reference_price_e4 is not None
    ]
    if len(values) == len(market.instruments) and account.max_order_value_e4 < min(values):
        limit = units.price_text(account.max_order_value_e4)
        wrong = f"{limit} is less than one lot of every instrument at its reference price, so no order could pass"
        yield Finding((*path, "max_order_value"), wrong, f"use {units.price_text(min(values))} or more", (everything,))


def bandwidths(venue: Venue) -> Iterator[Finding]:
    """Links carry what can be emulated on one machine too."""
    for index, link in enumerate(venue.interconnects):
        if not LEAST_BANDWIDTH_BPS <= link.bandwidth_bps <= MOST_BANDWIDTH_BPS:
            least, most = (units.exact_bandwidth_text(bound) for bound in (LEAST_BANDWIDTH_BPS, MOST_BANDWIDTH_BPS))
            here = units.exact_bandwidth_text(link.bandwidth_bps)
            wrong = f"{here} is not between {least} and {most}"
            yield Finding(
                ("interconnects", index, "bandwidth"), wrong, "use what its circuits carry, such as 10 Gbit/s"
            )


def times(venue: Venue) -> Iterator[Finding]:
    """Durations that cannot be zero are not."""
    for key in ("acknowledgement_p99", "outage"):
        if getattr(venue.objectives, f"{key}_ns") == 0:
            yield Finding(("objectives", key), "it is 0", "use a duration greater than 0, such as 10 ms")
    for index, link in enumerate(venue.interconnects):
        if link.latency_ns == 0:
            yield Finding(
                ("interconnects", index, "latency"), "it is 0", "use the expected one-way latency, such as 1 ms"
            )
        elif link.slowest_round_trip_ns > LONGEST_ROUND_TRIP_NS:
            path: Path = ("interconnects", index, "latency")
            here = units.duration_text(link.slowest_round_trip_ns)
            most = units.duration_text(LONGEST_ROUND_TRIP_NS)
            wrong = f"with its jitter a round trip takes up to {here}, and timers reach to {most}"
            right = f"use {units.duration_text(LONGEST_ROUND_TRIP_NS // 2)} or less for both together"
            yield Finding(path, wrong, right, (("interconnects", index, "jitter"),))
    for name, market in venue.markets.items():
        if market.checkpoint_interval_ns < 10**9 or market.checkpoint_interval_ns % 10**9:
            here = units.duration_text(market.checkpoint_interval_ns)
            yield Finding(("markets", name, "checkpoint_interval"), f"{here} is not whole seconds", "use 1 s or more")
    for name, flow in venue.flow.items():
        if flow.duration_ns < 10**9:
            here = units.duration_text(flow.duration_ns)
            yield Finding(("flow", name, "duration"), f"{here} is less than a second", "use 1 s or more")


CHECKS = (networks, instruments, limits, bandwidths, times)

"""What each node of a venue is told, derived from the venue model alone.

A node's configuration is the JSON object that ``rialto-node --config`` reads. Numbers are positions in the
venue file, from 1, so that the same file always gives the same numbers; a file may grow at the end of its
lists.
"""

import itertools
from dataclasses import dataclass
from typing import TypedDict

from rialto_platform.venue import (
    Account,
    Flow,
    Instrument,
    Market,
    Place,
    Venue,
    round_trip_ns,
    slowest_round_trip_ns,
    voters,
)

ANY_PORT = "127.0.0.1:0"
"""Listen on this machine alone, on a port that the system chooses; the node reports it in its ready file."""
FIRST_INCARNATION = 1
"""The lineage a market begins with."""


class InstrumentConfig(TypedDict):
    """An instrument: prices in 1e-4, the collar in percent of the last trade."""

    symbol: str
    tick_size_e4: int
    lot_size: int
    collar_percent: int | float | None
    reference_price_e4: int | None


class AccountConfig(TypedDict):
    """An account with its limits."""

    name: str
    id: int
    max_order_quantity: int
    max_order_value_e4: int
    max_open_orders: int
    cancel_on_disconnect: bool


class SessionConfig(TypedDict):
    """An order session and the number of its account."""

    username: str
    id: int
    account: int


class VoterConfig(TypedDict):
    """One voter of a market: its node, and its declared round trip from the node that is told of it."""

    id: int
    node: str
    region: str
    address: str
    round_trip_us: int


class ReplicationConfig(TypedDict):
    """Which voter of the market the node is, and who the others are; timers follow from the slowest round trip."""

    id: int
    incarnation: int
    listen: str
    accelerated_failover: bool
    slowest_round_trip_us: int
    voters: list[VoterConfig]


class MarketConfig(TypedDict):
    """A market that the node hosts."""

    name: str
    id: int
    durability: str
    orders_listen: str
    feed_listen: str
    snapshot_listen: str
    checkpoint_interval_s: int
    instruments: list[InstrumentConfig]
    accounts: list[AccountConfig]
    sessions: list[SessionConfig]
    feed_users: list[str]
    replication: ReplicationConfig


class NodeConfig(TypedDict):
    """A node's configuration as far as the venue decides it.

    Whoever places the node adds ``data_dir``, ``ready_file`` and ``credentials_file``, and the addresses of
    replication, which voters must know of one another: here each is :data:`ANY_PORT`.
    """

    venue: str
    node: str
    region: str
    admin_listen: str
    markets: list[MarketConfig]


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """Generated flow for one market: the load client's arguments, less addresses and credentials."""

    market: str
    nodes: tuple[str, ...]
    """The nodes of its voters: any may lead it."""
    arguments: tuple[str, ...]


def node_name(region: str, zone: int = 1) -> str:
    """The name of the node in a region's zone, counted from 1."""
    return f"{region}-{zone}"


def node_configs(venue: Venue) -> dict[str, NodeConfig]:
    """The configuration of every node, by its name: one in each zone of each region that a market's voter is in."""
    used = {place for market in venue.markets.values() for place in voters(venue, market)}
    places = (Place(name, zone) for name, one in venue.regions.items() for zone in range(1, len(one.zones) + 1))
    return {
        node_name(place.region, place.zone): node_config(venue, place.region, place.zone)
        for place in places
        if place in used
    }


def node_config(venue: Venue, region: str, zone: int = 1) -> NodeConfig:
    """The configuration of the node in a zone of ``region``: it hosts the markets that have a voter there.

    Raises ``KeyError`` if the venue has no such region, or the region no such zone.
    """
    if not 1 <= zone <= len(venue.regions[region].zones):
        raise KeyError(f"zone {zone} of {region}")
    here = Place(region, zone)
    numbered = enumerate(venue.markets.items(), start=1)
    return NodeConfig(
        venue=venue.name,
        node=node_name(region, zone),
        region=region,
        admin_listen=ANY_PORT,
        markets=[
            _market(venue, number, name, here) for number, (name, market) in numbered if here in voters(venue, market)
        ],
    )


def usernames(venue: Venue) -> list[str]:
    """Every login that needs a password, sorted, each once."""
    markets = venue.markets.values()
    senders = (login for market in markets for account in market.accounts.values() for login in account.sessions)
    readers = (login for market in markets for login in market.feed_users)
    return sorted(set(itertools.chain(senders, readers)))


def flow_plans(venue: Venue) -> list[FlowPlan]:
    """The load client of each market that has generated flow."""
    return [
        FlowPlan(
            name,
            tuple(node_name(place.region, place.zone) for place in voters(venue, venue.markets[name])),
            _arguments(venue.markets[name], flow),
        )
        for name, flow in venue.flow.items()
    ]


def _market(venue: Venue, number: int, name: str, here: Place) -> MarketConfig:
    market = venue.markets[name]
    accounts = list(enumerate(market.accounts.items(), start=1))
    logins = [(login, account_id) for account_id, (_, account) in accounts for login in account.sessions]
    return MarketConfig(
        name=name,
        id=number,
        durability=market.durability,
        orders_listen=ANY_PORT,
        feed_listen=ANY_PORT,
        snapshot_listen=ANY_PORT,
        checkpoint_interval_s=market.checkpoint_interval_ns // 10**9,
        instruments=[_instrument(instrument) for instrument in market.instruments],
        accounts=[_account(account_id, account_name, account) for account_id, (account_name, account) in accounts],
        sessions=[
            SessionConfig(username=login, id=number, account=account_id)
            for number, (login, account_id) in enumerate(logins, start=1)
        ],
        feed_users=list(market.feed_users),
        replication=_replication(venue, market, here),
    )


def _replication(venue: Venue, market: Market, here: Place) -> ReplicationConfig:
    places = voters(venue, market)
    return ReplicationConfig(
        id=places.index(here) + 1,
        incarnation=FIRST_INCARNATION,
        listen=ANY_PORT,
        accelerated_failover=venue.failover.accelerated,
        slowest_round_trip_us=microseconds(slowest_round_trip_ns(venue, market)),
        voters=[
            VoterConfig(
                id=number,
                node=node_name(place.region, place.zone),
                region=place.region,
                address=ANY_PORT,
                round_trip_us=microseconds(round_trip_ns(venue, here.region, place.region) or 0),
            )
            for number, place in enumerate(places, start=1)
        ],
    )


def microseconds(nanoseconds: int) -> int:
    """Rounded up: a timer may be longer than its round trip, and an emulated link slower than the declared one."""
    return -(-nanoseconds // 1000)


def _instrument(instrument: Instrument) -> InstrumentConfig:
    return InstrumentConfig(
        symbol=instrument.symbol,
        tick_size_e4=instrument.tick_size_e4,
        lot_size=instrument.lot_size,
        collar_percent=_percent(instrument.collar_bp),
        reference_price_e4=instrument.reference_price_e4,
    )


def _percent(basis_points: int | None) -> int | float | None:
    if basis_points is None:
        return None
    whole, part = divmod(basis_points, 100)
    return whole if part == 0 else basis_points / 100


def _account(number: int, name: str, account: Account) -> AccountConfig:
    return AccountConfig(
        name=name,
        id=number,
        max_order_quantity=account.max_order_quantity,
        max_order_value_e4=account.max_order_value_e4,
        max_open_orders=account.max_open_orders,
        cancel_on_disconnect=account.cancel_on_disconnect,
    )


def _arguments(market: Market, flow: Flow) -> tuple[str, ...]:
    """What ``rialto-load flow`` is told of one market.

    Each instrument is ``SYMBOL:TICK_E4:LOT:REFERENCE_E4:COLLAR_BP``; a collar of 0 means there is none. The first is
    traded most.
    """
    known = {instrument.symbol: instrument for instrument in market.instruments}
    arguments = ["--orders-per-second", str(flow.orders_per_second), "--duration-s", str(flow.duration_ns // 10**9)]
    arguments += ["--seed", str(flow.seed), "--resting-orders", str(flow.resting_orders)]
    for login in flow.sessions:
        arguments += ["--session", login]
    for symbol in flow.instruments:
        arguments += ["--instrument", _flow_instrument(known[symbol])]
    return tuple(arguments)


def _flow_instrument(instrument: Instrument) -> str:
    parts = (
        instrument.symbol,
        instrument.tick_size_e4,
        instrument.lot_size,
        instrument.reference_price_e4 or 0,
        instrument.collar_bp or 0,
    )
    return ":".join(str(part) for part in parts)

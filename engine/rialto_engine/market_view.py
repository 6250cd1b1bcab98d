"""A market as its feed shows it, followed for as long as somebody looks: depth, last trades, trading states.

    view = MarketView(feed_addresses, snapshot_addresses, "FEED01", password)
    following = asyncio.create_task(view.run())
    ...
    view.depth("ABC", 10).bids[0].price_e4

Messages are decoded and applied by the native part, many at once, so that a busy feed costs little here. The addresses
are those of all replicas of the market: when one is gone the view goes on at another, by number. It begins again from a
snapshot when it can't go on: on a new trading day, or after messages were missed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rialto_engine import _engine
from rialto_engine.failover import MarketConnection, Patience, SessionChangedError, UnreachableError, addresses_of
from rialto_engine.market_data import from_snapshot
from rialto_engine.orders import Side
from rialto_engine.soup import Connection, LoginRejectedError, SessionEndedError, SessionError

REST_S = 0.025
"""What arrives within this time after a read is taken by one read: a screen shows nothing sooner."""
AGAIN_S = 1.0
"""Between two tries of what failed for a reason other than a lost connection."""
TRADES_KEPT = 1_000
"""Of each instrument."""
PATIENCE = Patience(overall_s=5.0, between_s=0.050)
"""A view waits as long as it must, so it tries less often than a trader; after `overall_s` it asks for a snapshot."""


class Level(NamedTuple):
    """One price of one side."""

    price_e4: int
    """In units of 1e-4."""
    quantity: int
    orders: int
    """How many orders rest there."""


class Depth(NamedTuple):
    """The best levels of both sides, best first."""

    bids: list[Level]
    asks: list[Level]


class Trade(NamedTuple):
    """An execution."""

    time_ns: int
    """Since the epoch, UTC, by the leader's clock. The feed says the time of day; the day is the one nearest to now."""
    price_e4: int
    """In units of 1e-4."""
    quantity: int
    side: Side
    """The aggressor's: of the order that came in."""


class TradingState(StrEnum):
    """ITCH 5.0, "Trading State"."""

    HALTED = "H"
    PAUSED = "P"
    QUOTATION_ONLY = "Q"
    TRADING = "T"


@dataclass(frozen=True)
class _Snapshot:
    book: _engine.FeedBook
    session: str
    number: int
    """Of the feed's first message behind it."""


class MarketView:
    """The books of a market. One task runs `run`; everything else may be asked at any time and waits for nothing."""

    def __init__(
        self,
        feed_addresses: str | Sequence[str],
        snapshot_addresses: str | Sequence[str],
        username: str,
        password: str,
        *,
        patience: Patience = PATIENCE,
        clock_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Nothing is connected before `run`.

        Args:
            feed_addresses: host:port of the feed port of each replica of the market.
            snapshot_addresses: host:port of the snapshot port of each.
            username: a feed user, at most six characters.
            password: its password, at most ten characters.
            patience: how long to wait for what.
            clock_ns: nanoseconds since the epoch, UTC.
            monotonic_ns: the clock of `heard_ns`.

        Raises:
            ValueError: there is no address, or one is not HOST:PORT.
        """
        self._feed_addresses = addresses_of(feed_addresses)
        self._snapshot_addresses = addresses_of(snapshot_addresses)
        self._username = username
        self._password = password
        self._patience = patience
        self._clock_ns = clock_ns
        self._monotonic_ns = monotonic_ns
        self._book = _engine.FeedBook(TRADES_KEPT)
        self._line: MarketConnection | None = None
        self._trouble = "the market's snapshot was not taken yet"
        self.session = ""
        """The name of the trading day's stream; blank before the first snapshot."""
        self.position = 0
        """The number of the last feed message in the books; 0 before the first snapshot."""
        self.heard_ns = 0
        """When the feed was heard last, a message or a heartbeat (each second), by `monotonic_ns`; 0 before that."""

    @property
    def symbols(self) -> list[str]:
        """The market's instruments, in the directory's order; none before the first snapshot."""
        return self._book.symbols

    @property
    def connected_to(self) -> str | None:
        """The feed address it is logged in at."""
        return self._line.address if self._line is not None and self._line.is_connected else None

    @property
    def problem(self) -> str:
        """Why the books may not be the market's present ones, and what is done about it; blank while they are."""
        if self._trouble or self._line is None or self._line.is_connected:
            return self._trouble
        said = "; ".join(f"{address}: {answer}" for address, answer in self._line.answers.items())
        return f"not connected to the feed, looking for a replica that serves it ({said or 'no answer yet'})"

    def depth(self, symbol: str, levels: int) -> Depth:
        """The best `levels` levels of both sides.

        Raises:
            KeyError: the market has no such instrument.
        """
        bids, asks = self._book.depth(symbol, levels)
        return Depth([Level(*level) for level in bids], [Level(*level) for level in asks])

    def trades(self, symbol: str, count: int) -> list[Trade]:
        """The last `count` trades since the view began to follow, newest first; at most TRADES_KEPT.

        Raises:
            KeyError: the market has no such instrument.
        """
        return [
            Trade(time_ns, price_e4, quantity, Side(side))
            for time_ns, price_e4, quantity, side in self._book.trades(symbol, count)
        ]

    def trading_state(self, symbol: str) -> TradingState | None:
        """Whether it trades; `None` until it is told.

        Raises:
            KeyError: the market has no such instrument.
        """
        code = self._book.trading_state(symbol)
        return None if code is None else TradingState(code)

    async def run(self) -> None:
        """Follows the market until cancelled, over lost replicas and trading days; `problem` says what is wrong.

        Raises:
            LoginRejectedError: name or password is wrong.
            ValueError: name or password does not fit its field.
        """
        try:
            snapshot = await self._take_snapshot()
            while True:
                snapshot = await self._follow(snapshot)
        except BaseException as error:
            self._trouble = str(error) or "nobody follows the feed any more"
            raise

    async def _take_snapshot(self) -> _Snapshot:
        """A snapshot, as soon as some replica gives one."""
        while True:
            try:
                return await from_snapshot(
                    self._snapshot_addresses, self._username, self._password, self._read, patience=self._patience
                )
            except UnreachableError as error:
                self._trouble = f"no snapshot: {error}"
            except _engine.FeedError as error:
                self._trouble = f"no snapshot: {error}"
                await asyncio.sleep(AGAIN_S)

    async def _read(self, connection: Connection) -> _Snapshot:
        book = _engine.FeedBook(TRADES_KEPT)
        while (number := book.continues_at) is None:
            await connection.receive_into(book, self._clock_ns)
        return _Snapshot(book, connection.session, number)

    async def _follow(self, snapshot: _Snapshot) -> _Snapshot:
        """Follows the feed behind a snapshot for as long as that is possible; the snapshot to begin again with."""
        line = MarketConnection(
            self._feed_addresses,
            self._username,
            self._password,
            session=snapshot.session,
            number=snapshot.number,
            patience=self._patience,
        )
        self._line = line
        self._book, self.session, self.position = snapshot.book, snapshot.session, snapshot.number - 1
        self._trouble = ""
        try:
            while True:
                try:
                    await self._take_messages(line, snapshot.book)
                except UnreachableError as error:
                    self._trouble = str(error)
                    fresh = await self._take_snapshot()
                    # By number nothing is missed, and trades stay; but not where the stream wanted is not any more.
                    if fresh.session != self.session or fresh.number <= self.position:
                        return fresh
                    self._trouble = ""
                except SessionEndedError:
                    self._trouble = f"the trading day {self.session} is over, waiting for the next"
                    await asyncio.sleep(AGAIN_S)
                except SessionChangedError as error:
                    self._trouble = f"a new trading day, {error.session}: taking its snapshot"
                    return await self._take_snapshot()
                except _engine.FeedError as error:
                    self._trouble = f"taking a snapshot anew: {error}"
                    await asyncio.sleep(AGAIN_S)
                    return await self._take_snapshot()
                except LoginRejectedError:
                    raise
                except SessionError as error:
                    self._trouble = str(error)
                    await asyncio.sleep(AGAIN_S)
        finally:
            self._line = None
            await line.close()

    async def _take_messages(self, line: MarketConnection, book: _engine.FeedBook) -> None:
        """Applies what comes until something is wrong."""
        while True:
            await line.receive_into(book, self._clock_ns)
            self.position = line.next_number - 1
            self.heard_ns = self._monotonic_ns()
            self._trouble = ""
            await line.rest(REST_S)

"""Where observations come from: asyncio pollers over what the platform and the market's feed say.

They are told what to ask (`Sources`) and whom to tell, so the store and the screens run on recorded observations. Each
poll is armed again when the last one ended: a venue that answers slowly is asked less often, never twice at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rialto_platform.local.errors import LocalError
from rialto_platform.local.status import VenueStatus
from rialto_tui.console.actions import Action, Outcome
from rialto_tui.console.store import (
    Book,
    BookSeen,
    Declared,
    DeclaredSeen,
    Heard,
    Level,
    Noted,
    Observation,
    StatusLost,
    StatusSeen,
    Trade,
)

EVERY_S = 1.0
CLOSELY_S = 0.2
"""Between two polls of the status while an action is measured: a node makes its status anew five times a second."""
_AT_LEAST_S = 0.05
_BOOK_S = 0.5
AGAIN_S = 2.0
"""Between two tries of a feed that can't be followed."""
LEVELS = 32
TRADES = 64


class FeedLevel(Protocol):
    """A level of a feed's book."""

    @property
    def price_e4(self) -> int: ...
    @property
    def quantity(self) -> int: ...
    @property
    def orders(self) -> int: ...


class FeedDepth(Protocol):
    """A feed's book of one instrument, best levels first."""

    @property
    def bids(self) -> Sequence[FeedLevel]: ...
    @property
    def asks(self) -> Sequence[FeedLevel]: ...


class FeedTrade(Protocol):
    """An execution of a feed."""

    @property
    def time_ns(self) -> int: ...
    @property
    def price_e4(self) -> int: ...
    @property
    def quantity(self) -> int: ...
    @property
    def side(self) -> str: ...


class FeedView(Protocol):
    """A market's books as its feed tells them (`rialto_engine.market_view.MarketView`)."""

    @property
    def symbols(self) -> Sequence[str]: ...
    @property
    def position(self) -> int: ...
    @property
    def heard_ns(self) -> int: ...
    @property
    def connected_to(self) -> str | None: ...
    @property
    def problem(self) -> str: ...
    def depth(self, symbol: str, levels: int) -> FeedDepth: ...
    def trades(self, symbol: str, count: int) -> Sequence[FeedTrade]: ...
    async def run(self) -> None: ...


@dataclass(frozen=True)
class Sources:
    """What can be asked of one venue, and done to it. Each call may block, and raise LocalError or OSError."""

    venue: str
    status: Callable[[], VenueStatus]
    declared: Callable[[], Declared]
    feed: Callable[[str], FeedView]
    """The feed of a market; it connects once it is run."""
    perform: Callable[[Action], Outcome]
    named: str | None = None
    """The venue as command lines must name it, where this machine has several."""


class Feeds:
    """Asks a venue until it is cancelled, and tells each observation."""

    def __init__(
        self,
        sources: Sources,
        tell: Callable[[Observation], None],
        *,
        mono_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._sources = sources
        self._tell = tell
        self._mono_ns = mono_ns
        self._wall_ns = wall_ns
        self._market = ""
        self._symbol = ""
        self._shown = False
        self._closely = 0
        self._hurry = asyncio.Event()
        self._turned = asyncio.Event()
        self._feed: FeedView | None = None

    @property
    def position(self) -> int | None:
        """The feed's number of the last message; none while there is no connection."""
        feed = self._feed
        return None if feed is None or feed.connected_to is None else feed.position

    @contextlib.contextmanager
    def closely(self) -> Generator[None, None, None]:
        """While this lasts, the status is asked five times a second."""
        self._closely += 1
        self._hurry.set()
        try:
            yield
        finally:
            self._closely -= 1

    def look_at(self, market: str, symbol: str, *, shown: bool) -> None:
        """Turns to a market and an instrument of it; its ladder is only made while somebody sees it."""
        turned = (market, symbol, shown) != (self._market, self._symbol, self._shown)
        self._market, self._symbol, self._shown = market, symbol, shown
        if turned:
            self._turned.set()

    async def run(self) -> None:
        """Asks until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._declaration())
            group.create_task(self._statuses())
            group.create_task(self._books())

    async def _declaration(self) -> None:
        try:
            declared = await asyncio.to_thread(self._sources.declared)
        except (LocalError, OSError) as error:
            text = f"the venue file can't be read, so nothing is known of its objectives: {error}"
            self._tell(Noted(self._mono_ns(), self._wall_ns(), "warn", text))
        else:
            self._tell(DeclaredSeen(self._mono_ns(), self._wall_ns(), declared))

    async def _statuses(self) -> None:
        while True:
            began_ns = self._mono_ns()
            try:
                status = await asyncio.to_thread(self._sources.status)
            except (LocalError, OSError) as error:
                self._tell(StatusLost(self._mono_ns(), self._wall_ns(), str(error)))
            else:
                at_ns = self._mono_ns()
                self._tell(StatusSeen(at_ns, self._wall_ns(), status, at_ns - began_ns))
            await self._until(began_ns)

    async def _until(self, began_ns: int) -> None:
        """Until the next poll is due, counted from the last one's beginning."""
        every_s = CLOSELY_S if self._closely else EVERY_S
        left_s = every_s - (self._mono_ns() - began_ns) / 1e9
        self._hurry.clear()
        # Somebody who begins to look closely does not wait for the second to end.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), max(left_s, _AT_LEAST_S))

    async def _books(self) -> None:
        while True:
            while not self._market:
                await self._turned.wait()
                self._turned.clear()
            market = self._market
            try:
                feed = await asyncio.to_thread(self._sources.feed, market)
            except (LocalError, OSError) as error:
                self._say(market, None, str(error))
                await asyncio.sleep(AGAIN_S)
                continue
            async with _running(feed) as running:
                self._feed = feed
                try:
                    await self._follow(market, feed, running)
                finally:
                    self._feed = None
            if running.done() and not running.cancelled() and (error := running.exception()) is not None:
                self._say(market, None, str(error))
                await asyncio.sleep(AGAIN_S)

    async def _follow(self, market: str, feed: FeedView, running: asyncio.Task[None]) -> None:
        """Tells the book twice a second, until the feed ends or another market is looked at."""
        while not running.done() and self._market == market:
            self._say(market, feed, feed.problem)
            self._turned.clear()
            # A chosen instrument is shown at once.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._turned.wait(), _BOOK_S)

    def _say(self, market: str, feed: FeedView | None, problem: str) -> None:
        at_ns, wall_ns = self._mono_ns(), self._wall_ns()
        if feed is None:
            self._tell(BookSeen(at_ns, wall_ns, Book(market=market, heard=Heard(problem=problem))))
            return
        heard = Heard(feed.heard_ns or None, problem=problem)
        connected_to = feed.connected_to or ""
        if not self._shown or self._symbol not in feed.symbols:
            book = Book(market, position=feed.position, connected_to=connected_to, heard=heard)
        else:
            book = _book(market, self._symbol, feed, connected_to, heard)
        self._tell(BookSeen(at_ns, wall_ns, book))


@contextlib.asynccontextmanager
async def _running(feed: FeedView) -> AsyncGenerator[asyncio.Task[None], None]:
    """The feed, run while this lasts."""
    task = asyncio.create_task(feed.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def _book(market: str, symbol: str, feed: FeedView, connected_to: str, heard: Heard) -> Book:
    depth = feed.depth(symbol, LEVELS)
    return Book(
        market=market,
        symbol=symbol,
        bids=tuple(Level(one.price_e4, one.quantity, one.orders) for one in depth.bids),
        asks=tuple(Level(one.price_e4, one.quantity, one.orders) for one in depth.asks),
        trades=tuple(Trade(one.time_ns, one.price_e4, one.quantity, one.side) for one in feed.trades(symbol, TRADES)),
        position=feed.position,
        connected_to=connected_to,
        heard=heard,
    )

"""The view that follows a market's feed, against three replicas that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from scripted_market import PASSWORD, TIME_NS, USER, ScriptedMarket, packet

from rialto_engine import _engine
from rialto_engine.failover import Patience
from rialto_engine.market_view import Depth, Level, MarketView, Trade, TradingState
from rialto_engine.orders import Side
from rialto_engine.soup import LoginRejectedError

QUICK = Patience(overall_s=20.0, login_s=0.5, between_s=0.001, new_day_s=0.05)
HASTY = Patience(overall_s=0.3, login_s=0.1, between_s=0.001, silence_s=0.5, new_day_s=0.05)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rialto_engine.market_view.REST_S", 0.001)
    monkeypatch.setattr("rialto_engine.market_view.AGAIN_S", 0.01)


def follow(use: Callable[[ScriptedMarket, MarketView], Awaitable[None]], patience: Patience = QUICK) -> None:
    """A view of a scripted market, while `use` works with both."""

    async def both() -> None:
        async with ScriptedMarket().serving() as market:
            view = MarketView(
                market.feeds, market.snapshots, USER, PASSWORD, patience=patience, clock_ns=lambda: TIME_NS
            )
            running = asyncio.create_task(view.run())
            try:
                await use(market, view)
                assert not running.done()
            finally:
                running.cancel()
                await asyncio.wait([running])
            assert running.cancelled()
            assert view.connected_to is None
            assert "nobody follows" in view.problem

    asyncio.run(asyncio.wait_for(both(), 60))


async def until(look: Callable[[], object]) -> None:
    for _ in range(20_000):
        if look():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it did not come true")


async def caught_up(market: ScriptedMarket, view: MarketView) -> None:
    await until(lambda: not view.problem and view.session == market.name and view.position == len(market.streams[0]))


def enter(user_ref: int, side: str, quantity: int, price_e4: int) -> bytes:
    return _engine.enter_order(user_ref, side, quantity, "ABC", price_e4, "day", False, 0, "")


def same(market: ScriptedMarket, view: MarketView) -> None:
    for number, symbol in enumerate(("ABC", "XYZ"), 1):
        for side, levels in zip("BS", view.depth(symbol, 100), strict=True):
            expected = market.market.levels(number, side, 100)
            assert [(level.price_e4, level.quantity) for level in levels] == [(p * 100, q) for p, q in expected]


def test_a_market_is_joined_in_the_middle_and_followed() -> None:
    async def use(market: ScriptedMarket, view: MarketView) -> None:
        assert (view.symbols, view.position, view.heard_ns, view.connected_to) == ([], 0, 0, None)
        assert "not taken yet" in view.problem
        await market.commit(enter(1, "B", 10, 9_500))
        await market.commit(enter(2, "B", 5, 9_500))
        await market.commit(enter(3, "B", 7, 9_400))
        await caught_up(market, view)
        assert view.symbols == ["ABC", "XYZ"]
        assert view.connected_to in market.feeds
        assert view.depth("ABC", 1) == Depth([Level(9_500, 15, 2)], [])
        assert view.trades("ABC", 10) == []
        await market.commit(enter(4, "S", 12, 9_500))
        await market.commit(enter(5, "S", 2, 9_600))
        await caught_up(market, view)
        assert view.depth("ABC", 9) == Depth([Level(9_500, 3, 1), Level(9_400, 7, 1)], [Level(9_600, 2, 1)])
        assert view.trades("ABC", 10) == [Trade(TIME_NS, 9_500, q, Side.SELL) for q in (2, 10)]
        assert view.trades("ABC", 1) == [Trade(TIME_NS, 9_500, 2, Side.SELL)]
        assert view.heard_ns > 0
        assert view.trading_state("XYZ") is TradingState.TRADING
        with pytest.raises(KeyError, match="NONE"):
            view.depth("NONE", 1)

    follow(use)


def test_a_lost_replica_is_said_and_the_feed_goes_on_at_another_by_number() -> None:
    async def use(market: ScriptedMarket, view: MarketView) -> None:
        await caught_up(market, view)
        for nth in range(1, 41):
            await market.commit(enter(nth, "BS"[nth % 2], nth, 9_500))
            if nth % 10 == 5:
                await until(lambda: view.connected_to is not None)
                left = market.feeds.index(str(view.connected_to))
                # The next is far behind what was read, so that the feed can't go on there.
                market.behind = [0, 0, 0]
                market.behind[(left + 1) % 3] = 25
                market.drop("feed", left)
                await until(lambda left=left: view.connected_to not in {None, market.feeds[left]})
            await caught_up(market, view)
            same(market, view)
        assert sum(trade.quantity for trade in view.trades("ABC", 100)) > 0
        assert {replica for kind, replica, _ in market.logins if kind == "feed"} == {0, 1, 2}
        assert sum(kind == "snapshot" for kind, _, _ in market.logins) == 1

    follow(use)


def test_while_nobody_serves_the_feed_it_says_what_each_replica_said() -> None:
    async def use(market: ScriptedMarket, view: MarketView) -> None:
        await caught_up(market, view)
        await market.commit(enter(1, "B", 10, 9_500))
        await market.commit(enter(2, "S", 4, 9_500))
        await caught_up(market, view)
        market.modes = ["close", "close", "close"]
        market.drop()
        await until(lambda: all(address in view.problem for address in market.feeds))
        assert "closed the connection" in view.problem
        assert view.connected_to is None
        assert view.depth("ABC", 1) == Depth([Level(9_500, 6, 1)], [])
        # For longer than its patience: then it looks for a snapshot, too.
        await until(lambda: "no snapshot" in view.problem)
        await market.commit(enter(3, "S", 1, 9_500))
        market.modes = ["serve", "serve", "serve"]
        await caught_up(market, view)
        assert [trade.quantity for trade in view.trades("ABC", 9)] == [1, 4]

    follow(use, HASTY)


def test_a_silent_replica_is_left() -> None:
    async def use(market: ScriptedMarket, view: MarketView) -> None:
        await caught_up(market, view)
        left = market.feeds.index(str(view.connected_to))
        market.modes[left] = "silent"
        market.quiet = True
        await until(lambda: view.connected_to not in {None, market.feeds[left]})

    follow(use, HASTY)


def test_a_new_trading_day_starts_anew() -> None:
    async def use(market: ScriptedMarket, view: MarketView) -> None:
        await market.commit(enter(1, "B", 10, 9_500))
        await market.commit(enter(2, "S", 4, 9_500))
        await market.commit(_engine.enter_order(3, "S", 9, "XYZ", 9_900, "gtc", False, 0, ""))
        await caught_up(market, view)
        await market.close_day()
        await until(lambda: f"trading day {market.name} is over" in view.problem)
        assert view.position == len(market.streams[0])
        first = view.session
        await market.next_day()
        await caught_up(market, view)
        assert view.session != first
        assert view.depth("ABC", 9) == Depth([], [])
        assert view.depth("XYZ", 9) == Depth([], [Level(9_900, 9, 1)])
        assert view.trades("ABC", 9) == []
        await market.commit(enter(1, "S", 1, 9_500))
        await caught_up(market, view)
        same(market, view)

    follow(use)


def test_a_stream_that_is_shorter_than_what_was_read_is_begun_anew() -> None:
    async def use(market: ScriptedMarket, view: MarketView) -> None:
        for nth in range(1, 6):
            await market.commit(enter(nth, "B", 10, 9_500))
        await caught_up(market, view)
        # The venue was cleaned and started again: another market, under the same name.
        other = ScriptedMarket()
        assert other.name == market.name
        market.market, market.streams = other.market, other.streams
        market.drop()
        await caught_up(market, view)
        assert view.depth("ABC", 9) == Depth([], [])

    follow(use, HASTY)


def test_missed_messages_are_said_and_lead_to_a_new_snapshot() -> None:
    async def use(market: ScriptedMarket, view: MarketView) -> None:
        await market.commit(enter(1, "B", 10, 9_500))
        await caught_up(market, view)
        # What the feed shows next is of an order that it never showed.
        before = len(market.streams[0])
        market.modes = ["close", "close", "close"]
        market.drop()
        await market.commit(enter(2, "B", 5, 9_400))
        await market.commit(_engine.cancel_order(2, 0, None))
        market.streams[0][before] = market.streams[0][0]
        market.modes = ["serve", "serve", "serve"]
        await until(lambda: "were missed" in view.problem)
        assert f"message {before + 2} of {market.name}" in view.problem
        await caught_up(market, view)
        same(market, view)

    follow(use)


def test_a_wrong_password_ends_it() -> None:
    async def use() -> None:
        async with ScriptedMarket().serving() as market:
            view = MarketView(market.feeds, market.snapshots, USER, "wrong", patience=QUICK)
            with pytest.raises(LoginRejectedError, match="password"):
                await view.run()
            assert "password" in view.problem

    asyncio.run(asyncio.wait_for(use(), 60))


def test_addresses_are_looked_at_before_anything_is_connected() -> None:
    with pytest.raises(ValueError, match="no address"):
        MarketView([], ["127.0.0.1:9"], USER, PASSWORD)
    with pytest.raises(ValueError, match="HOST:PORT"):
        MarketView(["127.0.0.1:9"], ["nowhere"], USER, PASSWORD)


def test_a_heartbeat_is_heard() -> None:
    accepted = packet(b"A2611210101" + b"1".rjust(20))
    clock = iter(range(1, 1_000_000))

    async def use() -> None:
        async def snapshot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(49)
            writer.write(accepted + packet(b"SG" + b"1".rjust(20)))
            await reader.read()
            writer.close()

        async def feed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(49)
            writer.write(accepted)
            try:
                while not writer.transport.is_closing():
                    writer.write(packet(b"H"))
                    await asyncio.sleep(0.001)
            finally:
                writer.close()

        servers = [await asyncio.start_server(handler, "127.0.0.1", 0) for handler in (feed, snapshot)]
        addresses = [f"127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers]
        view = MarketView(addresses[0], addresses[1], USER, PASSWORD, patience=QUICK, monotonic_ns=lambda: next(clock))
        running = asyncio.create_task(view.run())
        await until(lambda: view.heard_ns > 3)
        assert (view.position, view.problem, view.connected_to) == (0, "", addresses[0])
        running.cancel()
        await asyncio.wait([running])
        for server in servers:
            server.close()
            await server.wait_closed()

    asyncio.run(asyncio.wait_for(use(), 60))

"""Order sessions and feeds over the replicas of a market whose leader moves, stalls and goes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from scripted_market import PASSWORD, TIME_NS, USER, Fate, ScriptedMarket, decoded, new_market, packet

from rialto_engine import _engine
from rialto_engine.failover import Patience, SessionChangedError, UnreachableError
from rialto_engine.market_data import Books, Feed, snapshot
from rialto_engine.orders import FIRST_QUESTION, OrderSession, Report, Side
from rialto_engine.soup import DISPLACED, DisplacedError, LoginRejectedError, SessionError

QUICK = Patience(overall_s=20.0, login_s=0.3, between_s=0.001, silence_s=5.0, new_day_s=0.05)
HASTY = Patience(overall_s=0.3, login_s=0.1, between_s=0.001, silence_s=5.0, new_day_s=10.0)


def run(client: Callable[[ScriptedMarket], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with ScriptedMarket().serving() as market:
            await asyncio.wait_for(client(market), 60)

    asyncio.run(all_of_it())


def is_question(report: Report) -> bool:
    return report["message"] == "Cancel Reject" and int(report["user_ref_num"]) >= FIRST_QUESTION


async def trade(session: OrderSession, dice: random.Random, count: int) -> list[bytes]:
    """Sends requests of every kind; returns them as they stand on the wire."""
    for _ in range(count):
        last = session.next_user_ref - 1
        choice = dice.random()
        if last < 2 or choice < 0.5:
            side = dice.choice([Side.BUY, Side.SELL])
            symbol = dice.choice(["ABC", "ABC", "XYZ", "NONE"])
            await session.enter(symbol, side, quantity=dice.randint(0, 50), price_e4=100 * dice.randint(95, 105))
        elif choice < 0.7:
            old = dice.randint(max(1, last - 10), last)
            await session.replace(old, quantity=dice.randint(1, 60), price_e4=100 * dice.randint(95, 105))
        elif choice < 0.85:
            await session.cancel(dice.randint(max(1, last - 10), last), quantity=dice.choice([0, 0, 5, 10, 20]))
        elif choice < 0.92:
            await session.modify(dice.randint(max(1, last - 10), last), side="S", quantity=dice.randint(0, 30))
        elif choice < 0.96:
            await session.mass_cancel(dice.choice(["", "ABC"]))
        else:
            await session.query_next_user_ref()
        if dice.random() < 0.3:
            await asyncio.sleep(0)
    return [message.payload for message in session.unanswered]


async def read_until_answered(session: OrderSession, reports: list[Report], most: int = 1_000_000) -> None:
    enough = len(reports) + most
    while session.unanswered and len(reports) < enough:
        reports.append(await session.report())


async def read_to_the_end(session: OrderSession) -> None:
    async for _ in session.reports():
        pass


@pytest.mark.parametrize("seed", range(25))
def test_every_message_counts_once_and_every_report_comes_once(seed: int) -> None:
    dice = random.Random(seed)
    fates: list[Fate] = ["lose", "keep", "half"]

    async def client(market: ScriptedMarket) -> None:
        market.fate = lambda _: dice.choice(fates) if dice.random() < 0.04 else "answer"
        reports: list[Report] = []
        sent: list[bytes] = []
        async with await OrderSession.connect(market.orders, USER, PASSWORD, patience=QUICK) as session:
            for _ in range(6):
                before = len(session.unanswered)
                sent += (await trade(session, dice, 25))[before:]
                some = dice.randint(0, 20)
                await read_until_answered(session, reports, some)
            # What answers this stands behind everything else.
            await session.query_next_user_ref()
            sent.append(session.unanswered[-1].payload)
            await read_until_answered(session, reports)
        assert market.moves > 0
        # Nothing but the session's own questions was carried out beside what was sent, once each and in order.
        questions = [
            payload
            for payload in market.committed
            if int(_engine.decode_ouch_inbound(payload).get("user_ref_num", 0)) >= FIRST_QUESTION
        ]
        assert [payload for payload in market.committed if payload not in questions] == sent
        # A market that was asked the same without any failure says the same.
        plain = new_market()
        for payload in sent:
            plain.client(1, payload, TIME_NS)
        expected = decoded([message for stream, _, message in plain.take_messages() if stream == 1])
        assert [{key: report[key] for key in report if key != "number"} for report in reports] == expected
        # Each report has its place in the stream, and only questions are left out.
        numbers = [int(report["number"]) for report in reports]
        assert numbers == sorted(set(numbers))
        stream = decoded(market.streams[1])
        left_out = [report for number, report in enumerate(stream, 1) if number not in set(numbers)]
        assert all(is_question(report) for report in left_out)

    run(client)


def test_a_mass_cancel_that_was_carried_out_is_not_carried_out_again() -> None:
    async def client(market: ScriptedMarket) -> None:
        async with await OrderSession.connect(market.orders, USER, PASSWORD, patience=QUICK) as session:
            fates: list[Fate] = ["answer", "answer", "keep"]
            market.fate = lambda _: fates.pop(0) if fates else "answer"
            await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500)
            await session.mass_cancel()
            await session.enter("ABC", Side.BUY, quantity=20, price_e4=9_500)
            reports: list[Report] = []
            await read_until_answered(session, reports)
            assert [report["message"] for report in reports] == [
                "System Event",
                "Order Accepted",
                "Order Canceled",
                "Mass Cancel Response",
                "Order Accepted",
            ]
            assert market.moves == 1
            assert market.market.levels(1, "B", 5) == [(95, 20)]

    run(client)


def test_the_answer_to_another_clients_question_says_nothing() -> None:
    async def client(market: ScriptedMarket) -> None:
        for nth in range(3):
            await market.commit(_engine.cancel_order(FIRST_QUESTION + nth, 0, None))
        market.quiet = True
        async with await OrderSession.connect(market.orders, USER, PASSWORD, patience=QUICK) as session:
            fates: list[Fate] = ["answer", "keep"]
            market.fate = lambda _: fates.pop(0) if fates else "answer"
            # Both are carried out, and nothing of the stream was read before the leader goes.
            await session.mass_cancel()
            await session.enter("ABC", Side.BUY, quantity=20, price_e4=9_500)
            await market.moved.wait()
            market.quiet, market.pace_s = False, 0.01
            reports: list[Report] = []
            await read_until_answered(session, reports)
            await session.query_next_user_ref()
            await read_until_answered(session, reports)
            assert market.market.levels(1, "B", 5) == [(95, 20)]
            messages = ["System Event", "Mass Cancel Response", "Order Accepted", "Account Query Response"]
            assert [report["message"] for report in reports] == messages

    run(client)


def test_what_is_asked_for_without_a_connection_is_sent_at_the_new_leader() -> None:
    async def client(market: ScriptedMarket) -> None:
        async with await OrderSession.connect(market.orders, USER, PASSWORD, number=0, patience=QUICK) as session:
            market.leader = 2
            market.drop()
            while session.address == market.orders[0]:
                await session.cancel(77)
                await asyncio.sleep(0.001)
                if session.unanswered[0].payload not in market.received:
                    break
            order = await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500)
            reports: list[Report] = []
            await read_until_answered(session, reports)
            assert session.address == market.orders[2]
            assert [report["user_ref_num"] for report in reports if report["message"] == "Order Accepted"] == [order]

    run(client)


def test_a_caller_who_stops_waiting_loses_no_report() -> None:
    dice = random.Random(7)

    async def client(market: ScriptedMarket) -> None:
        market.fate = lambda _: dice.choice(["lose", "keep"]) if dice.random() < 0.1 else "answer"
        numbers: list[int] = []
        async with await OrderSession.connect(market.orders, USER, PASSWORD, number=0, patience=QUICK) as session:
            for _ in range(60):
                await session.enter("ABC", Side.BUY, quantity=1, price_e4=9_500)
            while session.unanswered:
                try:
                    async with asyncio.timeout(dice.choice([0.0, 0.0005, 0.002])):
                        numbers.append(int((await session.report())["user_ref_num"]))
                except TimeoutError:
                    continue
        assert numbers == list(range(1, 61))
        assert market.moves > 0

    run(client)


def test_the_search_goes_on_while_nobody_waits_for_it() -> None:
    async def client(market: ScriptedMarket) -> None:
        patience = Patience(overall_s=20.0, login_s=0.1, between_s=0.001)
        async with await OrderSession.connect(market.orders, USER, PASSWORD, number=0, patience=patience) as session:
            market.leader = 2
            market.modes[1] = "silent"
            await session.enter("ABC", Side.BUY, quantity=1, price_e4=9_500)
            market.drop()
            # Each wait is far shorter than the silent address takes.
            for _ in range(1_000):
                try:
                    async with asyncio.timeout(0.01):
                        assert (await session.report())["message"] == "Order Accepted"
                        break
                except TimeoutError:
                    continue
            assert session.address == market.orders[2]

    run(client)


def test_a_silent_server_is_left_and_its_orders_go_elsewhere() -> None:
    async def client(market: ScriptedMarket) -> None:
        patience = Patience(overall_s=20.0, login_s=0.1, between_s=0.001, silence_s=0.2)
        async with await OrderSession.connect(market.orders, USER, PASSWORD, number=0, patience=patience) as session:
            # Frozen: connections stay, nothing is read or sent, and logins are not answered.
            market.modes[0] = "silent"
            market.leader = 1
            await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500)
            assert (await session.report())["message"] == "Order Accepted"
            assert session.address == market.orders[1]

    run(client)


def test_the_leader_is_found_among_replicas_that_refuse_are_silent_or_close() -> None:
    async def client(market: ScriptedMarket) -> None:
        market.leader = 2
        market.modes[:2] = ["silent", "close"]
        addresses = ["127.0.0.1:9", *market.orders]
        async with await OrderSession.connect(addresses, USER, PASSWORD, patience=QUICK) as session:
            assert session.address == market.orders[2]
            assert session.session == market.name
            assert [(kind, replica) for kind, replica, _ in market.logins] == [("orders", n) for n in range(3)]

    run(client)


def test_a_dead_market_is_an_error_that_names_each_address_and_what_it_said() -> None:
    async def client(market: ScriptedMarket) -> None:
        async with await OrderSession.connect(market.orders, USER, PASSWORD, patience=HASTY) as session:
            await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500)
            market.leader = 99
            market.modes[1:] = ["silent", "close"]
            market.drop()
            with pytest.raises(UnreachableError, match=r"no address of the market took the login of TRADE1") as caught:
                await read_to_the_end(session)
            answers = caught.value.answers
            assert list(answers) == market.orders
            assert "rejected (S)" in answers[market.orders[0]]
            assert "no answer within" in answers[market.orders[1]]
            assert "closed the connection" in answers[market.orders[2]]
            assert all(f"{address}: {answer}" in str(caught.value) for address, answer in answers.items())
            # It is back: the same session goes on, and its order is not lost.
            market.leader = 1
            market.modes = ["serve", "serve", "serve"]
            reports: list[Report] = []
            await read_until_answered(session, reports)
            assert sum(report["message"] == "Order Accepted" for report in reports) == 1

    run(client)


def test_addresses_where_nobody_listens_are_an_error_in_time() -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9: .*127\.0\.0\.1:7: "):
        asyncio.run(OrderSession.connect(["127.0.0.1:9", "127.0.0.1:7"], USER, PASSWORD, patience=HASTY))
    with pytest.raises(ValueError, match="no address"):
        asyncio.run(OrderSession.connect([], USER, PASSWORD))
    with pytest.raises(ValueError, match="HOST:PORT"):
        asyncio.run(OrderSession.connect(["127.0.0.1:9", "nowhere"], USER, PASSWORD))


def test_a_wrong_password_is_said_at_once() -> None:
    async def client(market: ScriptedMarket) -> None:
        with pytest.raises(LoginRejectedError, match="password"):
            await OrderSession.connect(market.orders, USER, "wrong", patience=QUICK)
        assert len(market.logins) == 1

    run(client)


def test_a_new_day_is_an_error_that_names_both_streams() -> None:
    async def client(market: ScriptedMarket) -> None:
        async with await OrderSession.connect(market.orders, USER, PASSWORD, patience=QUICK) as session:
            old = session.session
            market.fate = lambda _: "lose"
            await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500)
            await market.next_day()
            with pytest.raises(SessionChangedError, match=market.name) as caught:
                await read_to_the_end(session)
            assert (caught.value.previous, caught.value.session) == (old, market.name)
            assert [message.user_ref for message in session.unanswered] == [1]
        market.fate = lambda _: "answer"
        async with await OrderSession.connect(market.orders, USER, PASSWORD, patience=QUICK) as session:
            assert (session.session, session.next_number) == (market.name, 1)

    run(client)


def test_two_clients_do_not_fight_over_a_session() -> None:
    async def client(market: ScriptedMarket) -> None:
        async with await OrderSession.connect(market.orders, USER, PASSWORD, number=0, patience=QUICK) as session:
            market.say(DISPLACED.encode())
            with pytest.raises(DisplacedError, match="two clients"):
                await session.report()
            assert len(market.logins) == 1

    run(client)


def test_a_server_that_begins_elsewhere_is_not_taken() -> None:
    begins = iter([3, 5])

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(49)
        number = next(begins, 4)
        writer.write(packet(b"A2611210101" + str(number).rjust(20).encode()) + packet(b"Sfour"))
        await reader.read()
        writer.close()

    async def client() -> None:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        async with server:
            address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with await Feed.connect(address, USER, PASSWORD, number=4, patience=QUICK) as feed:
                assert feed.next_number == 4
                assert next(begins, None) is None

    asyncio.run(client())


def test_user_reference_numbers_of_questions_are_not_for_orders() -> None:
    async def client(market: ScriptedMarket) -> None:
        async with await OrderSession.connect(market.orders, USER, PASSWORD, patience=QUICK) as session:
            session.next_user_ref = FIRST_QUESTION
            with pytest.raises(ValueError, match="below"):
                await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500)
            assert session.unanswered == []

    run(client)


def test_more_than_a_session_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rialto_engine.orders.MOST_UNANSWERED", 3)

    async def client(market: ScriptedMarket) -> None:
        async with await OrderSession.connect(market.orders, USER, PASSWORD, number=0, patience=QUICK) as session:
            for _ in range(3):
                await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500)
            with pytest.raises(SessionError, match="read the reports"):
                await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500)
            assert session.next_user_ref == 4
            await session.report()
            assert await session.enter("ABC", Side.BUY, quantity=10, price_e4=9_500) == 4

    run(client)


def test_a_feed_goes_on_by_number_at_another_replica() -> None:
    async def client(market: ScriptedMarket) -> None:
        async with await Feed.connect(market.feeds, USER, PASSWORD, patience=QUICK) as feed:
            books = Books()
            messages = [await feed.message() for _ in market.streams[0]]
            for nth in range(1, 31):
                await market.commit(_engine.enter_order(nth, "B", nth, "ABC", 9_500, "day", False, 0, ""))
                if nth % 10 == 5:
                    # The next replica is far behind what was read, so that it can't go on there.
                    at = market.feeds.index(feed.address)
                    market.behind = [0, 0, 0]
                    market.behind[(at + 1) % 3] = 25
                    market.drop("feed", at)
                if nth % 10 != 4:
                    messages += [await feed.message() for _ in range(len(market.streams[0]) - len(messages))]
            assert [message["number"] for message in messages] == list(range(1, len(market.streams[0]) + 1))
            for message in messages:
                books.apply(message)
            assert books.levels(1, "B") == [(9_500, sum(range(1, 31)))]
        assert {replica for kind, replica, _ in market.logins if kind == "feed"} == {0, 1, 2}

    run(client)


def test_a_snapshot_is_begun_again_at_another_address() -> None:
    whole = packet(b"A2611210101" + b"1".rjust(20)) + packet(b"SG" + b"42".rjust(20))
    broken = packet(b"A2611210101" + b"1".rjust(20)) + packet(b"SG")[:2]

    async def client() -> None:
        async def serve(answer: bytes) -> asyncio.Server:
            async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readexactly(49)
                writer.write(answer)
                await writer.drain()
                writer.close()

            return await asyncio.start_server(handler, "127.0.0.1", 0)

        servers = [await serve(packet(b"JS")), await serve(broken), await serve(whole)]
        addresses = [f"127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers]
        assert await snapshot(addresses, USER, PASSWORD, patience=HASTY) == ([], 42)
        with pytest.raises(UnreachableError, match=r"rejected \(S\).*closed the connection"):
            await snapshot(addresses[:2], USER, PASSWORD, patience=HASTY)
        for server in servers:
            server.close()
            await server.wait_closed()

    asyncio.run(client())

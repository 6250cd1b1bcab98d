"""The market in process: what a developer or a quant does with it."""

from __future__ import annotations

import pytest

from rialto_engine import _engine
from rialto_engine.market_data import Books

NOW = 1_790_000_000_000_000_000
MAKER, TAKER = 1, 2


def enter(user_ref: int, side: str, quantity: int, price_e4: int, tif: str = "day", symbol: str = "ACME") -> bytes:
    return _engine.enter_order(user_ref, side, quantity, symbol, price_e4, tif, False, 0, "")


@pytest.fixture
def market() -> _engine.Market:
    made = _engine.Market(1, 1000)
    made.define_instrument(1, "ACME", 100, 1, 0, 0, NOW)
    made.define_account(1, 999_999, 10**15, 100, NOW)
    made.define_session(MAKER, "MAKER", 1, NOW)
    made.define_session(TAKER, "TAKER", 1, NOW)
    made.open_day(20261121, NOW)
    made.take_messages()
    return made


def reports(market: _engine.Market, session: int) -> list[dict[str, int | str]]:
    return [_engine.decode_ouch_outbound(payload) for stream, _, payload in market.take_messages() if stream == session]


def test_two_orders_match(market: _engine.Market) -> None:
    market.client(MAKER, enter(1, "S", 300, 1_000_000), NOW)
    market.client(TAKER, enter(1, "B", 100, 1_000_100, "ioc"), NOW + 1)
    messages = market.take_messages()
    by_stream = {
        stream: [_engine.decode_ouch_outbound(payload) for at, _, payload in messages if at == stream]
        for stream in (MAKER, TAKER)
    }
    assert [report["message"] for report in by_stream[MAKER]] == ["Order Accepted", "Order Executed"]
    assert [report["message"] for report in by_stream[TAKER]] == ["Order Accepted", "Order Executed"]
    maker, taker = by_stream[MAKER][1], by_stream[TAKER][1]
    assert maker["match_number"] == taker["match_number"] == market.last_match
    assert maker["price_e4"] == taker["price_e4"] == 1_000_000
    assert (maker["liquidity_flag"], taker["liquidity_flag"]) == ("A", "R")
    assert market.levels(1, "S", 5) == [(10_000, 200)]
    assert market.levels(1, "B", 5) == []


def test_the_feed_alone_rebuilds_the_book(market: _engine.Market) -> None:
    market.client(MAKER, enter(1, "S", 300, 1_000_000), NOW)
    market.client(MAKER, enter(2, "S", 200, 1_000_100), NOW)
    market.client(MAKER, enter(3, "B", 100, 999_900), NOW)
    market.client(TAKER, enter(1, "B", 350, 1_000_100, "ioc"), NOW)
    market.client(MAKER, _engine.cancel_order(3, 40, None), NOW)
    market.client(MAKER, _engine.replace_order(2, 4, 250, 1_000_200, "day", False, "", None), NOW)
    books = Books()
    for stream, _, payload in market.take_messages():
        if stream == 0:
            books.apply(_engine.decode_itch(payload))
    for side in "BS":
        assert books.levels(1, side) == [(price * 100, quantity) for price, quantity in market.levels(1, side, 10)]
    assert books.levels(1, "S") == [(1_000_200, 200)]
    assert books.levels(1, "B") == [(999_900, 40)]
    assert (books.executions, books.volume) == (2, 350)


def test_a_checkpoint_is_the_state(market: _engine.Market) -> None:
    market.client(MAKER, enter(1, "S", 300, 1_000_000), NOW)
    other = _engine.Market.restore(market.checkpoint())
    assert other.state_hash() == market.state_hash()
    for copy in (market, other):
        copy.client(TAKER, enter(1, "B", 100, 1_000_000), NOW + 1)
    assert other.checkpoint() == market.checkpoint()
    other.client(TAKER, enter(2, "B", 100, 999_000), NOW + 1)
    assert other.state_hash() != market.state_hash()


def test_a_damaged_checkpoint_is_refused(market: _engine.Market) -> None:
    state = bytearray(market.checkpoint())
    state[len(state) // 2] ^= 1
    with pytest.raises(ValueError, match=r"\w"):
        _engine.Market.restore(bytes(state[:-1]))


def test_what_can_be_refused_is_refused_with_a_reason(market: _engine.Market) -> None:
    with pytest.raises(ValueError, match="DayIsOpen"):
        market.open_day(20261122, NOW)
    with pytest.raises(ValueError, match="no session 9"):
        market.client(9, enter(1, "B", 1, 1), NOW)
    market.client(MAKER, enter(1, "B", 100, 1_000_050), NOW)
    assert reports(market, MAKER)[0]["message"] == "Rejected"


def test_a_malformed_message_names_its_field(market: _engine.Market) -> None:
    payload = enter(1, "B", 100, 1_000_000)
    with pytest.raises(ValueError, match="Enter Order"):
        market.client(MAKER, payload[:-1], NOW)


def test_an_enter_order_is_47_bytes() -> None:
    assert len(enter(1, "B", 100, 1_000_000)) == 47


@pytest.mark.parametrize(
    "bad",
    [
        lambda: enter(1, "X", 100, 1_000_000),
        lambda: enter(1, "B", 100, 1_000_000, "someday"),
        lambda: enter(1, "B", 100, 1_000_000, symbol="MUCH TOO LONG"),
        lambda: _engine.soup_login("TOOLONGNAME", "x", "", 0),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_here(bad: object) -> None:
    assert callable(bad)
    with pytest.raises(ValueError, match=r"side|time in force|symbol|username"):
        bad()


def test_messages_round_trip_through_their_decoder() -> None:
    decoded = _engine.decode_ouch_inbound(_engine.enter_order(7, "B", 100, "ACME", 1_000_000, "gtc", True, 0, "hello"))
    assert decoded["message"] == "Enter Order"
    assert decoded["user_ref_num"] == 7
    assert decoded["symbol"] == "ACME"
    assert decoded["cl_ord_id"] == "hello"
    assert decoded["PostOnly"] == "P"
    assert decoded["TimeInForceExtension"] == "1"


def test_the_orders_of_a_client_that_is_gone_are_cancelled_where_its_account_wants_it(market: _engine.Market) -> None:
    market.define_account(2, 999_999, 10**15, 100, NOW, cancel_on_disconnect=True)
    market.define_session(3, "GOER", 2, NOW)
    for session in (MAKER, 3):
        market.connected(session, NOW)
        market.client(session, enter(1, "B", 100, 1_000_000), NOW)
    assert market.connected_sessions == [3]
    assert _engine.Market.restore(market.checkpoint()).connected_sessions == [3]
    market.take_messages()
    for session in (MAKER, 3, 3):
        market.disconnected(session, NOW)
    messages = market.take_messages()
    assert [stream for stream, _, _ in messages] == [0, 3]
    report = _engine.decode_ouch_outbound(messages[1][2])
    assert (report["message"], report["reason"], report["quantity"]) == ("Order Canceled", "S", 100)
    assert (market.open_orders, market.connected_sessions) == (1, [])
    with pytest.raises(ValueError, match="UnknownSession"):
        market.disconnected(77, NOW)

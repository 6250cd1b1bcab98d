"""The native part's books against the plain ones in Python, on the same messages of real markets."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rialto_engine import Market, _engine
from rialto_engine.market_data import Books

NOW_NS = 1_795_255_200_123_456_789
"""2026-11-21T10:00:00Z and a bit."""
SYMBOLS = ("ABC", "XYZ")
SESSIONS = (1, 2)


def packet(body: bytes) -> bytes:
    return struct.pack(">H", len(body)) + body


def new_market() -> Market:
    market = Market(1, 10_000)
    for number, symbol in enumerate(SYMBOLS, 1):
        market.define_instrument(number, symbol, 100, 1, 0, 0, NOW_NS)
    market.define_account(1, 999_999, 1 << 62, 10_000, NOW_NS)
    for session in SESSIONS:
        market.define_session(session, f"USER{session}", 1, NOW_NS)
    market.open_day(20261121, NOW_NS)
    return market


def feed_of(market: Market) -> list[bytes]:
    return [payload for stream, _, payload in market.take_messages() if stream == 0]


def plain_depth(books: Books, instrument: int, side: str) -> list[tuple[int, int, int]]:
    """Price, quantity and orders of each level of the plain books, best first."""
    orders = [order for order in books.orders.values() if (order.instrument, order.side) == (instrument, side)]
    return [
        (price_e4, quantity, sum(order.price_e4 == price_e4 for order in orders))
        for price_e4, quantity in books.levels(instrument, side)
    ]


def same(book: _engine.FeedBook, books: Books) -> None:
    assert book.resting == len(books.orders)
    for instrument, symbol in enumerate(SYMBOLS, 1):
        bids, asks = book.depth(symbol, 1_000)
        assert bids == plain_depth(books, instrument, "B")
        assert asks == plain_depth(books, instrument, "S")


@dataclass(frozen=True)
class Step:
    """What a client does, and to which of its orders."""

    kind: str
    session: int
    symbol: str
    side: str
    quantity: int
    ticks: int
    tif: str
    order: int


STEPS = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(["enter", "enter", "enter", "cancel", "replace", "halt", "resume"]),
        session=st.sampled_from(SESSIONS),
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from("BS"),
        quantity=st.integers(1, 50),
        ticks=st.integers(95, 105),
        tif=st.sampled_from(["day", "day", "gtc", "ioc"]),
        order=st.integers(1, 60),
    ),
    max_size=60,
)


def carry_out(market: Market, step: Step, user_ref: int) -> None:
    """Carries out a step; what it can't do is refused by the market."""
    instrument = SYMBOLS.index(step.symbol) + 1
    match step.kind:
        case "enter":
            message = _engine.enter_order(
                user_ref, step.side, step.quantity, step.symbol, step.ticks * 100, step.tif, False, 0, ""
            )
        case "cancel":
            message = _engine.cancel_order(step.order, step.quantity % 10, None)
        case "replace":
            message = _engine.replace_order(
                step.order, user_ref, step.quantity, step.ticks * 100, step.tif, False, "", None
            )
        case "halt":
            market.halt(instrument, NOW_NS)
            return
        case _:
            market.resume(instrument, NOW_NS)
            return
    market.client(step.session, message, NOW_NS)


@settings(deadline=None)
@given(steps=STEPS, joins=st.integers(0, 60), trades_kept=st.integers(0, 20))
def test_books_are_the_plain_ones_from_the_first_message_and_from_the_middle(
    steps: list[Step], joins: int, trades_kept: int
) -> None:
    market, books = new_market(), Books()
    followed, joined = _engine.FeedBook(trades_kept), _engine.FeedBook(trades_kept)
    expected: dict[int, list[tuple[int, int, int, str]]] = {1: [], 2: []}
    opening = feed_of(market)
    number = len(opening)
    for message in opening:
        books.apply(_engine.decode_itch(message))
        followed.apply(message, NOW_NS)
    for at, step in enumerate(steps):
        if at == min(joins, len(steps) - 1):
            for message in market.snapshot():
                joined.apply(message, NOW_NS)
            assert joined.continues_at == number + 1
        carry_out(market, step, at + 1)
        for message in feed_of(market):
            number += 1
            decoded = _engine.decode_itch(message)
            if decoded["message"] == "Order Executed":
                resting = books.orders[int(decoded["order_reference_number"])]
                aggressor = "S" if resting.side == "B" else "B"
                trade = (NOW_NS, resting.price_e4, int(decoded["executed_shares"]), aggressor)
                expected[resting.instrument].insert(0, trade)
            books.apply(decoded)
            followed.apply(message, NOW_NS + 1_000_000)
            if joined.continues_at is not None:
                joined.apply(message, NOW_NS)
        same(followed, books)
        if joined.continues_at is not None:
            same(joined, books)
            assert all(joined.trading_state(symbol) == followed.trading_state(symbol) for symbol in SYMBOLS)
    for instrument, symbol in enumerate(SYMBOLS, 1):
        assert followed.trades(symbol, 1_000) == expected[instrument][:trades_kept]


def test_halts_are_told() -> None:
    market, book = new_market(), _engine.FeedBook(1)

    def state() -> str | None:
        for message in feed_of(market):
            book.apply(message, NOW_NS)
        return book.trading_state("XYZ")

    assert state() == "T"
    market.halt(2, NOW_NS)
    assert state() == "H"
    assert book.trading_state("ABC") == "T"
    market.resume(2, NOW_NS)
    assert state() == "T"


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 2_000), max_size=40))
def test_bytes_may_be_cut_anywhere(cuts: list[int]) -> None:
    market, whole = new_market(), _engine.FeedBook(5)
    for at in range(1, 21):
        market.client(1, _engine.enter_order(at, "BS"[at % 2], at, "ABC", 9_500, "day", False, 0, ""), NOW_NS)
    messages = feed_of(market)
    for message in messages:
        whole.apply(message, NOW_NS)
    stream = packet(b"A2611210101" + b"1".rjust(20)) + packet(b"H")
    stream += b"".join(packet(b"S" + message) + packet(b"H") * (at % 7 == 0) for at, message in enumerate(messages))
    stream += packet(b"Z")
    frames, book = _engine.ServerFrames(), _engine.FeedBook(5)
    applied, kinds = 0, ""
    edges = sorted({0, *cuts, len(stream)})
    for start, end in itertools.pairwise(edges):
        frames.push(stream[start:end])
        while True:
            count, other = frames.apply_to(book, NOW_NS)
            assert count == 0 or other is None
            applied += count
            kinds += "" if other is None else other[0]
            if not count and other is None:
                break
    assert applied == len(messages)
    assert kinds == "AH" + "H" * len(range(0, len(messages), 7)) + "Z"
    assert book.depth("ABC", 100) == whole.depth("ABC", 100)
    assert book.trades("ABC", 100) == whole.trades("ABC", 100)


def test_what_is_wrong_is_told_behind_what_is_right() -> None:
    market, book, frames = new_market(), _engine.FeedBook(5), _engine.ServerFrames()
    messages = feed_of(market)
    market.client(1, _engine.enter_order(1, "B", 10, "ABC", 9_500, "day", False, 0, ""), NOW_NS)
    market.client(1, _engine.cancel_order(1, 0, None), NOW_NS)
    _added, deleted = feed_of(market)
    for message in (*messages, deleted):
        frames.push(packet(b"S" + message))
    assert frames.apply_to(book, NOW_NS) == (len(messages), None)
    for _ in range(2):
        with pytest.raises(_engine.FeedError, match="missed; begin again from a snapshot"):
            frames.apply_to(book, NOW_NS)
    with pytest.raises(_engine.FeedError, match=r"Add Order.*same version"):
        book.apply(b"A", NOW_NS)
    frames = _engine.ServerFrames()
    frames.push(packet(b"S" + messages[0]) + b"HTTP/1.1")
    assert frames.apply_to(book, NOW_NS) == (1, None)
    with pytest.raises(ValueError, match="SoupBinTCP"):
        frames.apply_to(book, NOW_NS)


def test_a_symbol_that_is_not_there_is_an_error_that_names_it() -> None:
    book = _engine.FeedBook(5)
    for ask in (
        lambda: book.depth("NONE", 1),
        lambda: book.trades("NONE", 1),
        lambda: book.trading_state("TOO LONG A NAME"),
    ):
        with pytest.raises(KeyError, match=r"NONE|TOO LONG A NAME"):
            ask()
    with pytest.raises(ValueError, match="no trading day"):
        Market(1, 10).snapshot()


def test_trades_around_midnight_have_their_own_dates() -> None:
    market = new_market()
    book = _engine.FeedBook(5)
    day_ns = 86_400_000_000_000
    midnight_ns = NOW_NS // day_ns * day_ns + day_ns
    stamps = [midnight_ns - 3, midnight_ns + 4]
    for at, stamp_ns in enumerate(stamps):
        for session, side in ((1, "B"), (2, "S")):
            market.client(session, _engine.enter_order(at + 1, side, 5, "ABC", 9_500, "day", False, 0, ""), stamp_ns)
    for message in feed_of(market):
        book.apply(message, midnight_ns + 1)
    assert [trade[0] for trade in book.trades("ABC", 5)] == stamps[::-1]

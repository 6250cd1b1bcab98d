"""An instrument's ladder, its time & sales, and the instruments to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.message import Message

from rialto_tui.console import store, text
from rialto_tui.console.readings import Instrument
from rialto_tui.console.store import Book, Level
from rialto_tui.console.view import View
from rialto_tui.console.widgets.panel import Cell, Column, Panel, Rows

_ORDERS = 4
_ROOMY = 13
"""Columns of a side from which on the number of orders stands beside their quantity."""
_FINE = 24
"""Columns beside the price from which on executions show milliseconds."""


class _OfTheFeed(Panel):
    """A panel of what the market's feed tells, as old as the feed's last message."""

    def freshness(self, view: View) -> tuple[str, bool]:
        """The feed's age, heartbeats included, and where it comes from."""
        book = view.state.book
        source = store.feed_source(view.state)
        if not book.connected_to:
            whence = "not connected"
        else:
            whence = f"from {book.connected_to if source is None else source.node}"
        age = text.age(book.heard.age_ns(view.now_ns))
        return f"{whence}, {age} old", store.feed_stale(view.state, view.now_ns)

    def of(self, view: View) -> Book | None:
        """The book, if it is the chosen instrument's."""
        book = view.state.book
        return book if book.symbol == view.symbol and book.symbol else None

    def waiting(self, view: View) -> Content:
        """What is said before there is a book."""
        return Content.styled(view.state.book.heard.problem or "waiting for the feed", "$quiet")


class Ladder(_OfTheFeed):
    """The book's levels around the spread, asks above bids."""

    TITLE = "ladder"
    HELP = """\
The book of the chosen instrument as the market's feed tells it: asks above, bids below, the best of
each beside the spread. A level shows how many orders rest there, and their quantity as a bar whose
length is its share of the largest level shown.

It stands still and greys when the feed is silent for three seconds."""

    def title(self, view: View) -> str:
        """With the symbol."""
        return f"ladder {view.symbol}" if view.symbol else self.TITLE

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        """As many levels of both sides as there is room for."""
        book = self.of(view)
        if book is None:
            return [self.waiting(view)]
        each = max(1, (height - 2) // 2)
        asks, bids = book.asks[:each], book.bids[:each]
        most = max((level.quantity for level in (*asks, *bids)), default=1)
        price = max((len(text.price(level.price_e4)) for level in (*asks, *bids)), default=5)
        side = max(7, (width - price - 2) // 2)
        lines = [
            Content.assemble(
                ("bid qty".rjust(side), "$quiet"), " ", ("price".rjust(price), "$quiet"), " ", ("ask qty", "$quiet")
            )
        ]
        lines += [Content("")] * (each - len(asks))
        lines += [_ask(level, most, side, price, best=level is asks[0]) for level in reversed(asks)]
        lines.append(_spread(book, 2 * side + price + 2))
        lines += [_bid(level, most, side, price, best=level is bids[0]) for level in bids]
        return lines


def _spread(book: Book, width: int) -> Content:
    if not book.bids or not book.asks:
        return Content.styled("─" * width, "$quiet")
    spread_e4 = book.asks[0].price_e4 - book.bids[0].price_e4
    said = f" spread {text.price(spread_e4)} " if spread_e4 > 0 else " crossed "
    return Content.styled(said.center(width, "─"), "$quiet")


def _bid(level: Level, most: int, side: int, price: int, *, best: bool) -> Content:
    quantity = f"{level.quantity:,}"
    orders = f"{level.orders:>{_ORDERS}}" if side >= _ROOMY else ""
    shown = orders + quantity.rjust(side - len(orders))
    filled = max(1, round(side * level.quantity / most))
    return Content.assemble(
        (shown[: side - filled], ""),
        (shown[side - filled :], "on $bid-bar"),
        " ",
        (text.price(level.price_e4).rjust(price), "bold $bid" if best else "$bid"),
    )


def _ask(level: Level, most: int, side: int, price: int, *, best: bool) -> Content:
    quantity = f"{level.quantity:,}"
    orders = f"{level.orders:>{_ORDERS}}" if side >= _ROOMY else ""
    shown = quantity.ljust(side - len(orders)) + orders
    filled = max(1, round(side * level.quantity / most))
    return Content.assemble(
        " " * (side + 1),
        (text.price(level.price_e4).rjust(price), "bold $ask" if best else "$ask"),
        " ",
        (shown[:filled], "on $ask-bar"),
        (shown[filled:], ""),
    )


class Sales(_OfTheFeed):
    """Time & sales: the newest executions."""

    TITLE = "time & sales"
    HELP = """\
The executions of the chosen instrument as the feed tells them, newest first, with the time the leader
stamped (UTC). ▲ an order that bought came in, ▼ one that sold."""

    def title(self, view: View) -> str:
        """With the symbol."""
        return f"{self.TITLE} {view.symbol}" if view.symbol else self.TITLE

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        """As many executions as there is room for."""
        book = self.of(view)
        if book is None:
            return [self.waiting(view)]
        if not book.trades:
            return [Content.styled("no execution since the console looks on", "$quiet")]
        price = max(len(text.price(trade.price_e4)) for trade in book.trades)
        fine = width >= _FINE + price
        lines = [Content.styled(f"{'time'.ljust(12 if fine else 8)} {'price'.rjust(price)} {'qty'.rjust(7)}", "$quiet")]
        for trade in book.trades[: height - 1]:
            time = text.clock(trade.time_ns)
            if fine:
                time += f".{trade.time_ns // 1_000_000 % 1000:03}"
            bought = trade.side == "B"
            lines.append(
                Content.assemble(
                    (time, "$quiet"),
                    " ",
                    (text.price(trade.price_e4).rjust(price), "$bid" if bought else "$ask"),
                    f" {trade.quantity:>7,} ",
                    ("▲" if bought else "▼", "$bid" if bought else "$ask"),
                )
            )
        return lines


class Instruments(Rows):
    """The market's instruments with their best prices."""

    TITLE = "instruments"
    HELP = """\
The market's instruments, as the leader tells them once a second. The chosen one is shown in ladder and
time & sales: move the cursor, or filter with **/**."""
    COLUMNS = (
        Column("symbol", 8),
        Column("bid", 10, right=True, rank=1),
        Column("ask", 10, right=True, rank=1),
        Column("last", 10, right=True),
        Column("trades", 8, right=True, rank=2),
        Column("volume", 11, right=True, rank=3),
        Column("state", 8, rank=2),
    )

    class Chosen(Message):
        """Another instrument is under the cursor."""

        def __init__(self, symbol: str) -> None:
            super().__init__()
            self.symbol = symbol

    def rows(self, view: View) -> list[tuple[str, Sequence[Cell]]]:
        """The instruments in the order of their numbers."""
        found = () if view.market is None else view.market.instruments
        return [(one.symbol, self._row(one)) for one in found if view.holds(one.symbol, one.state)]

    @staticmethod
    def _row(one: Instrument) -> Sequence[Cell]:
        halted = one.state != "trading"
        plain = "" if one.bid_e4 or one.ask_e4 else "$quiet"
        return (
            (one.symbol, "bold $error" if halted else plain or "bold"),
            (text.price(one.bid_e4), plain or "$bid"),
            (text.price(one.ask_e4), plain or "$ask"),
            (text.price(one.last_e4), plain),
            (text.count(one.trades), plain),
            (text.count(one.volume), plain),
            (one.state, "bold $error" if halted else "$quiet"),
        )

    def choose(self, key: str) -> None:
        """Shows the instrument under the cursor."""
        super().choose(key)
        self.post_message(self.Chosen(key))

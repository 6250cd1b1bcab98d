"""Market data: ITCH 5.0 over SoupBinTCP, GLIMPSE 5.0 for its snapshot, and books built of them.

    async for message in (await Feed.connect(addresses, "FEED01", password)).messages():
        books.apply(message)

`addresses` are the feed (or snapshot) addresses of all replicas of the market; every one serves the same messages
under the same numbers, so a feed goes on at another when one is gone. Every message is a mapping with its name under
`message` and the specification's fields in lower case.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rialto_engine import _engine
from rialto_engine.failover import MarketConnection, NumberedStream, Patience, UnreachableError, addresses_of
from rialto_engine.soup import Connection, LoginRejectedError, SessionError

Message = dict[str, int | str]
T = TypeVar("T")


class Feed(NumberedStream):
    """The market's feed, from any number on."""

    @classmethod
    async def connect(
        cls,
        addresses: str | Sequence[str],
        username: str,
        password: str,
        *,
        session: str = "",
        number: int = 1,
        patience: Patience | None = None,
    ) -> Feed:
        """Logs in at one of the addresses for every message from `number` on (0: only new ones).

        Raises:
            LoginRejectedError: name or password is wrong.
            UnreachableError: no address took the login in time; says what each answered.
            SessionChangedError: the stream asked for is not the current one.
            ValueError: there is no address, one is not HOST:PORT, or a value does not fit its field.
        """
        line = MarketConnection(addresses, username, password, session=session, number=number, patience=patience)
        await line.open()
        return cls(line)

    async def messages(self) -> AsyncIterator[Message]:
        """Every message, once and in order, until the trading day ends, whichever replica serves it.

        Raises:
            SessionEndedError: the trading day is over.
            UnreachableError: no address took the login in time; messages can be asked for again.
            SessionChangedError: another trading day or incarnation has begun.
        """
        while True:
            yield await self.message()

    async def message(self) -> Message:
        """The next message."""
        numbered = await self._line.receive()
        message: Message = _engine.decode_itch(numbered.payload)
        message["number"] = numbered.number
        return message


async def snapshot(
    addresses: str | Sequence[str], username: str, password: str, *, patience: Patience | None = None
) -> tuple[list[Message], int]:
    """The market's books at one moment.

    Args:
        addresses: host:port of the snapshot port of each replica of the market, or of one.
        username: a feed user.
        password: its password.
        patience: how long to wait for what.

    Returns:
        The snapshot's messages, and the number of the feed's first message behind it.

    Raises:
        LoginRejectedError: name or password is wrong.
        UnreachableError: no address gave a whole snapshot in time; says what each answered.
        ValueError: there is no address, one is not HOST:PORT, or a value does not fit its field.
    """
    return await from_snapshot(addresses, username, password, _read_snapshot, patience=patience)


async def from_snapshot(
    addresses: str | Sequence[str],
    username: str,
    password: str,
    read: Callable[[Connection], Awaitable[T]],
    *,
    patience: Patience | None = None,
) -> T:
    """What `read` makes of a whole snapshot: it is given a connection at whose first message one begins.

    Raises:
        LoginRejectedError, UnreachableError, ValueError: see `snapshot`.
    """
    waits = patience or Patience()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + waits.overall_s
    answers: dict[str, str] = {}
    for address in itertools.cycle(addresses_of(addresses)):
        # A snapshot is made for each login, so one that breaks off is not gone on with elsewhere but begun again.
        try:
            async with asyncio.timeout(waits.login_s):
                connection = await Connection.connect(address, username, password, number=1, silence_s=waits.silence_s)
            async with connection:
                return await read(connection)
        except LoginRejectedError as error:
            if error.code == "A":
                raise
            answers[address] = str(error)
        except TimeoutError:
            answers[address] = f"no answer within {waits.login_s:g} s"
        except (SessionError, OSError) as error:
            answers[address] = str(error)
        if loop.time() >= deadline:
            break
        await asyncio.sleep(waits.between_s)
    raise UnreachableError(username, waits.overall_s, answers)


async def _read_snapshot(connection: Connection) -> tuple[list[Message], int]:
    messages: list[Message] = []
    while True:
        message: Message = _engine.decode_glimpse((await connection.receive()).payload)
        if message["message"] == "Snapshot":
            return messages, int(message["sequence_number"])
        messages.append(message)


@dataclass
class RestingOrder:
    """An order as market data shows it."""

    order_ref: int
    instrument: int
    side: str
    price_e4: int
    quantity: int


@dataclass
class Books:
    """The books of every instrument, built from feed or snapshot messages."""

    orders: dict[int, RestingOrder] = field(default_factory=dict[int, RestingOrder])
    """By order reference number; within a level, insertion order is queue order."""
    symbols: dict[int, str] = field(default_factory=dict[int, str])
    """Symbols by stock locate."""
    executions: int = 0
    volume: int = 0

    def apply(self, message: Message) -> None:
        """Applies one message; messages that change no book are passed over.

        Raises:
            KeyError: the message names an order that is not there: something was missed.
        """
        match message["message"]:
            case "Stock Directory":
                self.symbols[int(message["stock_locate"])] = str(message["stock"])
            case "Add Order - No MPID Attribution":
                self._add(message, int(message["order_reference_number"]), str(message["side"]))
            case "Order Executed":
                executed = int(message["executed_shares"])
                self.executions += 1
                self.volume += executed
                self._take(int(message["order_reference_number"]), executed)
            case "Order Cancel":
                self._take(int(message["order_reference_number"]), int(message["canceled_shares"]))
            case "Order Delete":
                del self.orders[int(message["order_reference_number"])]
            case "Order Replace":
                old = self.orders.pop(int(message["original_order_reference_number"]))
                self._add(message, int(message["new_order_reference_number"]), old.side)
            case _:
                pass

    def levels(self, instrument: int, side: str) -> list[tuple[int, int]]:
        """Price in 1e-4 and quantity of each level of one side (`B` or `S`), best first."""
        found: dict[int, int] = {}
        for order in self.orders.values():
            if order.instrument == instrument and order.side == side:
                found[order.price_e4] = found.get(order.price_e4, 0) + order.quantity
        return sorted(found.items(), reverse=side == "B")

    def _add(self, message: Message, order_ref: int, side: str) -> None:
        self.orders[order_ref] = RestingOrder(
            order_ref, int(message["stock_locate"]), side, int(message["price_e4"]), int(message["shares"])
        )

    def _take(self, order_ref: int, quantity: int) -> None:
        order = self.orders[order_ref]
        order.quantity -= quantity
        if order.quantity <= 0:
            del self.orders[order_ref]

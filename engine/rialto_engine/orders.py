"""Order entry: OUCH 5.0 over SoupBinTCP.

    async with await OrderSession.connect(addresses, "TRADE1", password) as session:
        order = await session.enter("ACME", Side.BUY, quantity=100, price_e4=1_000_000)
        async for report in session.reports():
            print(report)

`addresses` are the order addresses of all replicas of the market: only its leader takes logins. When the leader is
gone, or leads no longer, the session logs in at the new one while reports are read, goes on with the next report's
number, and sends again what was lost with the old leader, under the same user reference numbers. So every order counts
once and every report comes once.

Prices are integers in units of 1e-4, quantities are integers. Every report is a mapping with the message's name under
`message` and the specification's fields in lower case (`user_ref_num`, `price_e4`, ...), with the number it has in the
session's stream under `number`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum

from rialto_engine import _engine
from rialto_engine.failover import MarketConnection, NumberedStream, Patience
from rialto_engine.outbox import Kind, Message, Outbox
from rialto_engine.soup import Connection, SessionError, fitting

Report = dict[str, int | str]

MOST_UNANSWERED = 100_000
"""A session holds so many messages without an answer; then reports must be read before more is sent."""
FIRST_QUESTION = 0xF000_0000
"""User reference numbers from here on are not for orders. A session that logged in again cancels the order of such a
number, which nobody has: the answer, Cancel Reject, stands behind everything that was carried out before, so that what
has no answer by then was lost. That answer is not handed out."""
MOST_REWINDS = 8
"""A message without an answer over so many logins, and for longer than `Patience.overall_s`, ends its session."""

MARKET_PRICE_E4 = 0x7FFF_FFFF
"""The price of a market order (OUCH 5.0, "Price")."""


class Side(StrEnum):
    """OUCH 5.0, "Side"."""

    BUY = "B"
    SELL = "S"


class TimeInForce(StrEnum):
    """How long an order may rest."""

    DAY = "day"
    GOOD_TILL_CANCEL = "gtc"
    IMMEDIATE_OR_CANCEL = "ioc"
    FILL_OR_KILL = "fok"


class OrderSession(NumberedStream):
    """One order session: numbers its orders, sends requests, receives numbered reports."""

    def __init__(
        self,
        addresses: str | Sequence[str],
        username: str,
        password: str,
        *,
        session: str = "",
        number: int = 1,
        patience: Patience | None = None,
    ) -> None:
        """See `connect`, which also logs in.

        Raises:
            ValueError: there is no address, or one is not HOST:PORT.
        """
        self._patience = patience or Patience()
        line = MarketConnection(
            addresses,
            username,
            password,
            session=session,
            number=number,
            patience=self._patience,
            on_login=self._logged_in,
        )
        super().__init__(line)
        self._outbox = Outbox()
        self._turn = asyncio.Lock()
        self._sender: asyncio.Task[None] | None = None
        self._question = FIRST_QUESTION + secrets.randbelow(1 << 28)
        self._asking = False
        self._stuck_since = 0.0
        self.next_user_ref = 1
        """The number the next order will have; strictly increasing within a trading day. After a login in the middle
        of a day set it from `reports()` or `query_next_user_ref()`."""

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
    ) -> OrderSession:
        """Logs in at the market's leader, asking for every report from `number` on (0: only new ones).

        Args:
            addresses: host:port of the order port of each replica of the market, or of one.
            username: at most six characters.
            password: at most ten characters.
            session: the stream's name, or blank for the current trading day's.
            number: the first report wanted; 0 for only what is new.
            patience: how long to wait for what.

        Raises:
            LoginRejectedError: name or password is wrong.
            UnreachableError: no address took the login in time; says what each answered.
            SessionChangedError: the stream asked for is not the current one.
            ValueError: there is no address, one is not HOST:PORT, or a value does not fit its field.
        """
        made = cls(addresses, username, password, session=session, number=number, patience=patience)
        await made._line.open()
        return made

    @property
    def unanswered(self) -> list[Message]:
        """What was asked and has no answer among the reports read so far, in order."""
        return self._outbox.messages()

    async def enter(
        self,
        symbol: str,
        side: Side,
        *,
        quantity: int,
        price_e4: int,
        time_in_force: TimeInForce = TimeInForce.DAY,
        post_only: bool = False,
        min_quantity: int = 0,
        cl_ord_id: str = "",
    ) -> int:
        """Sends Enter Order; the answer comes as a report.

        Without a connection it waits, as all requests do, and is sent once `reports()` has found the leader again.

        Returns:
            The order's user reference number.

        Raises:
            ValueError: a value does not fit its field.
            SessionError: MOST_UNANSWERED messages wait for their answers.
        """
        with fitting():
            message = _engine.enter_order(
                self.next_user_ref,
                side.value,
                quantity,
                symbol,
                price_e4,
                time_in_force.value,
                post_only,
                min_quantity,
                cl_ord_id,
            )
        return await self._send_next(Kind.ORDER, message)

    async def replace(
        self,
        user_ref: int,
        *,
        quantity: int,
        price_e4: int,
        time_in_force: TimeInForce = TimeInForce.DAY,
        post_only: bool = False,
        cl_ord_id: str = "",
        order_ref: int | None = None,
    ) -> int:
        """Sends Replace Order for the order `user_ref`.

        Args:
            user_ref: the order to replace; 0 with `order_ref`.
            quantity: the intended total size, executed part included.
            price_e4: the new limit.
            time_in_force: of the new order.
            post_only: never take.
            cl_ord_id: free text, at most 14 characters.
            order_ref: the order reference number of a good-till-cancel order of an earlier trading day.

        Returns:
            The new order's user reference number.
        """
        with fitting():
            message = _engine.replace_order(
                user_ref,
                self.next_user_ref,
                quantity,
                price_e4,
                time_in_force.value,
                post_only,
                cl_ord_id,
                order_ref,
            )
        return await self._send_next(Kind.ORDER, message)

    async def cancel(self, user_ref: int, *, quantity: int = 0, order_ref: int | None = None) -> None:
        """Sends Cancel Order: `quantity` is the intended total size, executed part included; 0 cancels the rest.

        A good-till-cancel order of an earlier trading day is named by `order_ref`, with `user_ref` 0.
        """
        with fitting():
            message = _engine.cancel_order(user_ref, quantity, order_ref)
        await self._send(Message(Kind.SIZE, user_ref, message))

    async def modify(self, user_ref: int, *, side: str, quantity: int, order_ref: int | None = None) -> None:
        """Sends Modify Order: another kind of sell (`S`, `T`, `E`), and a total size that may only shrink."""
        with fitting():
            message = _engine.modify_order(user_ref, side, quantity, order_ref)
        await self._send(Message(Kind.SIZE, user_ref, message))

    async def mass_cancel(self, symbol: str = "") -> int:
        """Sends Mass Cancel for one symbol, or for all; returns the request's number."""
        with fitting():
            message = _engine.mass_cancel(self.next_user_ref, symbol)
        return await self._send_next(Kind.MASS_CANCEL, message)

    async def query_next_user_ref(self) -> None:
        """Sends Account Query; the report `Account Query Response` has the next number that will be accepted."""
        await self._send(Message(Kind.QUERY, 0, _engine.account_query()))

    async def reports(self) -> AsyncIterator[Report]:
        """Every report, once and in order, until the session ends, whichever replica leads the market.

        Raises:
            SessionEndedError: the trading day is over.
            DisplacedError: the same user logged in elsewhere.
            UnreachableError: no address took the login in time; reports can be asked for again.
            SessionChangedError: another trading day or incarnation has begun; `unanswered` is what had no answer.
            SessionError: a message found no answer over many logins; the text names it.
        """
        while True:
            yield await self.report()

    async def report(self) -> Report:
        """The next report; see `reports`. Its `number` is above that of the one before, and next to it but where the
        session asked a question of its own after a login."""
        while True:
            numbered = await self._line.receive()
            report: Report = _engine.decode_ouch_outbound(numbered.payload)
            if report["message"] == "Cancel Reject" and int(report["user_ref_num"]) >= FIRST_QUESTION:
                if report["user_ref_num"] == self._question:
                    self._asking = False
                    self._start_sending()
                continue
            self._outbox.answered(report)
            report["number"] = numbered.number
            return report

    async def close(self) -> None:
        """Logs out. Orders stay where they are, unless their account cancels on disconnect."""
        if self._sender is not None:
            self._sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sender
        await super().close()

    async def _send_next(self, kind: Kind, message: bytes) -> int:
        """Sends a message that carries the next user reference number, which is taken by that; returns it."""
        user_ref = self.next_user_ref
        if user_ref >= FIRST_QUESTION:
            raise ValueError(f"user reference number {user_ref}: orders have numbers below {FIRST_QUESTION}")
        self._check_room()
        self.next_user_ref += 1
        await self._send(Message(kind, user_ref, message))
        return user_ref

    async def _send(self, message: Message) -> None:
        self._check_room()
        self._outbox.add(message)
        await self._send_waiting()

    def _check_room(self) -> None:
        if len(self._outbox) >= MOST_UNANSWERED:
            raise SessionError(f"{MOST_UNANSWERED} messages wait for answers: read the reports before sending more")

    def _logged_in(self, connection: Connection) -> None:
        """After each login: asks how far the market got, if something was sent before and may have been lost."""
        now = asyncio.get_running_loop().time()
        self._asking = self._outbox.rewind()
        if not self._asking:
            return self._start_sending()
        if self._outbox.rewinds == 1:
            self._stuck_since = now
        if self._outbox.rewinds > MOST_REWINDS and now - self._stuck_since > self._patience.overall_s:
            first = self._outbox.messages()[0]
            raise SessionError(
                f"{first.kind.value} {first.user_ref} had no answer over {self._outbox.rewinds} logins: the market"
                " can't make its orders durable, or its nodes refuse this message; look at their logs"
            )
        self._question = FIRST_QUESTION + (self._question + 1) % (1 << 28)
        connection.post(_engine.cancel_order(self._question, 0, None))
        return None

    def _start_sending(self) -> None:
        """Sends what waits, in a task of its own: who reads reports must not wait for a server that writes them."""
        self._sender = asyncio.create_task(self._send_waiting())

    async def _send_waiting(self) -> None:
        """Sends everything that was not sent, in order, as long as there is a connection for it."""
        async with self._turn:
            while not self._asking and self._line.is_connected and (payload := self._outbox.next_unsent()):
                await self._line.send(payload)

"""Order entry: OUCH 5.0 over SoupBinTCP.

    async with await OrderSession.connect(address, "TRADE1", password) as session:
        order = await session.enter("ACME", Side.BUY, quantity=100, price_e4=1_000_000)
        async for report in session.reports():
            print(report)

Prices are integers in units of 1e-4, quantities are integers. Every report is a mapping with the message's name under
`message` and the specification's fields in lower case (`user_ref_num`, `price_e4`, ...), with the number it has in the
session's stream under `number`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import StrEnum

from rialto_engine import _engine
from rialto_engine.soup import Connection, NumberedStream, fitting

Report = dict[str, int | str]

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

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.next_user_ref = 1
        """The number the next order will have; strictly increasing within a trading day. After a login in the middle
        of a day set it from `reports()` or `query_next_user_ref()`."""

    @classmethod
    async def connect(
        cls, address: str, username: str, password: str, *, session: str = "", number: int = 1
    ) -> OrderSession:
        """Logs in at host:port, asking for every report from `number` on (0: only new ones).

        Raises:
            SessionError: see `rialto_engine.soup.Connection.connect`.
        """
        return cls(await Connection.connect(address, username, password, session=session, number=number))

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

        Returns:
            The order's user reference number.

        Raises:
            ValueError: a value does not fit its field.
            SessionError: the connection is gone.
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
        return await self._send_next(message)

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
        return await self._send_next(message)

    async def cancel(self, user_ref: int, *, quantity: int = 0, order_ref: int | None = None) -> None:
        """Sends Cancel Order: `quantity` is the intended total size, executed part included; 0 cancels the rest.

        A good-till-cancel order of an earlier trading day is named by `order_ref`, with `user_ref` 0.
        """
        with fitting():
            message = _engine.cancel_order(user_ref, quantity, order_ref)
        await self._connection.send(message)

    async def modify(self, user_ref: int, *, side: str, quantity: int, order_ref: int | None = None) -> None:
        """Sends Modify Order: another kind of sell (`S`, `T`, `E`), and a total size that may only shrink."""
        with fitting():
            message = _engine.modify_order(user_ref, side, quantity, order_ref)
        await self._connection.send(message)

    async def mass_cancel(self, symbol: str = "") -> int:
        """Sends Mass Cancel for one symbol, or for all; returns the request's number."""
        with fitting():
            message = _engine.mass_cancel(self.next_user_ref, symbol)
        return await self._send_next(message)

    async def query_next_user_ref(self) -> None:
        """Sends Account Query; the report `Account Query Response` has the next number that will be accepted."""
        await self._connection.send(_engine.account_query())

    async def reports(self) -> AsyncIterator[Report]:
        """Every report, in order, until the session ends.

        Raises:
            SessionEndedError: the trading day is over.
            SessionError: the connection is gone.
        """
        while True:
            yield await self.report()

    async def report(self) -> Report:
        """The next report."""
        numbered = await self._connection.receive()
        report: Report = _engine.decode_ouch_outbound(numbered.payload)
        report["number"] = numbered.number
        return report

    async def _send_next(self, message: bytes) -> int:
        """Sends a message that carries the next user reference number, which is taken by that; returns it."""
        user_ref = self.next_user_ref
        self.next_user_ref += 1
        await self._connection.send(message)
        return user_ref

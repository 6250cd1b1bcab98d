"""A market's numbered streams over all its addresses: a login moves to where it is served, and goes on by number.

Order sessions are served by the leader alone, feeds and snapshots by every replica. `MarketConnection` tries the
addresses in turn until one takes the login, and does so again whenever the connection is lost, under the stream's name
and with the next number it wants. So each message is had once and in order, whichever replica sends it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from rialto_engine import _engine
from rialto_engine.address import Address
from rialto_engine.soup import (
    Connection,
    DisplacedError,
    LoginRejectedError,
    Numbered,
    SessionEndedError,
    SessionError,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long a client waits for what; in seconds."""

    overall_s: float = 10.0
    """From losing a market to giving it up: no address took the login, or none kept the connection."""
    login_s: float = 1.0
    """For one address to answer a login."""
    between_s: float = 0.010
    """Between two tries."""
    silence_s: float = 3.0
    """A server that sends nothing for so long, not even its heartbeat of every second, is left for another address."""
    new_day_s: float = 1.0
    """After so long without a login it is asked whether the stream wanted still exists."""


class UnreachableError(SessionError):
    """No address of the market took the login in time. `answers` says what each answered last, by address."""

    def __init__(self, username: str, waited_s: float, answers: dict[str, str]) -> None:
        each = "; ".join(f"{address}: {answer}" for address, answer in answers.items())
        super().__init__(f"no address of the market took the login of {username} within {waited_s:g} s ({each})")
        self.answers = answers


class SessionChangedError(SessionError):
    """Another trading day or incarnation has begun: `previous` can't be read on, `session` has begun at 1."""

    def __init__(self, previous: str, session: str) -> None:
        super().__init__(
            f"the market's streams are called {session} now, and {previous} is gone: connect again with a blank session"
            " and number 1, and look there for what was not answered"
        )
        self.previous = previous
        self.session = session


def addresses_of(addresses: str | Sequence[str]) -> list[str]:
    """One address or several as a list.

    Raises:
        ValueError: there is none, or one is neither HOST:PORT nor socks5://PROXY_HOST:PORT/HOST:PORT.
    """
    every = [addresses] if isinstance(addresses, str) else list(addresses)
    if not every:
        raise ValueError("no address of the market is given: name those of its replicas as HOST:PORT")
    for address in every:
        Address.parse(address)
    return every


class MarketConnection:
    """A login that moves with the market. One task at a time receives."""

    def __init__(
        self,
        addresses: str | Sequence[str],
        username: str,
        password: str,
        *,
        session: str = "",
        number: int = 1,
        patience: Patience | None = None,
        on_login: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        """Nothing is connected yet; `open` or the first `receive` does.

        Args:
            addresses: one or more of host:port, or of socks5://proxy_host:port/host:port.
            username: at most six characters.
            password: at most ten characters.
            session: the stream's name, or blank for the current one.
            number: the first message wanted; 0 for only what is new.
            patience: how long to wait for what.
            on_login: called right after each login, before anything is received; a SessionError of it ends the search.

        Raises:
            ValueError: there is no address, or one is none.
        """
        self._addresses = addresses_of(addresses)
        self._username = username
        self._password = password
        self._patience = patience or Patience()
        self._on_login = on_login
        self._connection: Connection | None = None
        self._search: asyncio.Task[None] | None = None
        self._at = 0
        self._answers: dict[str, str] = {}
        self._lost_at: float | None = None
        self._logged_in_at = 0.0
        self.session = session
        """The stream's name, ten characters; as asked for until the first login."""
        self.next_number = number
        """The number of the next message; as asked for until the first login."""
        self.logins = 0
        """How many logins there were; each but the first one went on where the one before ended."""

    @property
    def address(self) -> str:
        """Where it is logged in, or tries next."""
        return self._addresses[self._at]

    async def open(self) -> None:
        """Logs in, wherever it is possible.

        Raises:
            LoginRejectedError: name or password is wrong.
            UnreachableError: no address took the login within `Patience.overall_s`.
            SessionChangedError: the stream asked for is not the market's current one.
            ValueError: a name, a password or a number does not fit its field.
        """
        await self._connected()

    async def receive(self) -> Numbered:
        """The next message of the stream, whatever becomes of the connections.

        Raises:
            SessionEndedError: the stream is complete.
            DisplacedError: the same user logged in elsewhere.
            LoginRejectedError, UnreachableError, SessionChangedError: see `open`; it may be called again.
        """
        return await self._received(Connection.receive)

    async def receive_into(self, book: _engine.FeedBook, clock_ns: Callable[[], int]) -> int:
        """Applies the messages that are there to a book; see `Connection.receive_into`, whatever becomes of it.

        Raises:
            FeedError: a message is malformed, or messages before it were missed.
            SessionEndedError: the stream is complete.
            DisplacedError: the same user logged in elsewhere.
            LoginRejectedError, UnreachableError, SessionChangedError: see `open`; it may be called again.
        """
        return await self._received(lambda connection: connection.receive_into(book, clock_ns))

    async def rest(self, time_s: float) -> None:
        """Leaves to the kernel what arrives for so many seconds; see `Connection.rest`."""
        if self._connection is not None:
            await self._connection.rest(time_s)

    async def _received(self, receive: Callable[[Connection], Awaitable[T]]) -> T:
        while True:
            connection = await self._connected()
            try:
                received = await receive(connection)
            except (SessionEndedError, DisplacedError):
                raise
            except SessionError as error:
                self._lose(connection, str(error))
                continue
            self._lost_at = None
            self.next_number = connection.next_number
            return received

    @property
    def answers(self) -> dict[str, str]:
        """What each address said since the connection was lost; empty while there is one."""
        return {} if self._connection is not None else dict(self._answers)

    @property
    def is_connected(self) -> bool:
        """Whether there is a login, as far as is known."""
        return self._connection is not None

    async def send(self, payload: bytes) -> None:
        """Sends one client message, if there is a connection; nobody knows whether it arrives before it is answered."""
        connection = self._connection
        if connection is None:
            return
        try:
            await connection.send(payload)
        except SessionError as error:
            self._lose(connection, str(error))

    async def close(self) -> None:
        """Logs out. Orders stay where they are, unless their account cancels on disconnect."""
        if self._search is not None:
            self._search.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._search
            self._search = None
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _connected(self) -> Connection:
        while self._connection is None:
            # A task of its own, so that a caller who stops waiting does not stop the search.
            if self._search is None:
                self._search = asyncio.create_task(self._find())
            search = self._search
            try:
                await asyncio.shield(search)
            finally:
                if search.done() and self._search is search:
                    self._search = None
        return self._connection

    def _lose(self, connection: Connection, why: str) -> None:
        """Leaves a connection that is of no more use, if it is still the present one."""
        if connection is not self._connection:
            return
        self._connection = None
        connection.abort()
        now = asyncio.get_running_loop().time()
        if self._lost_at is None or now - self._logged_in_at > self._patience.silence_s:
            self._lost_at = now
            self._answers.clear()
        self._answers[self.address] = why
        self._at = (self._at + 1) % len(self._addresses)

    async def _find(self) -> None:
        """Logs in at each address in turn until one takes it."""
        patience = self._patience
        loop = asyncio.get_running_loop()
        if self._lost_at is None:
            self._lost_at = loop.time()
            self._answers.clear()
        deadline = self._lost_at + patience.overall_s
        ask_at = loop.time() + patience.new_day_s
        try:
            if loop.time() - self._logged_in_at < patience.between_s:
                await asyncio.sleep(patience.between_s)
            while (left_s := deadline - loop.time()) > 0:
                if await self._try(min(patience.login_s, left_s)):
                    self._logged_in_at = loop.time()
                    return
                if self.session and loop.time() > ask_at:
                    await self._ask_for_the_day(min(patience.login_s, left_s))
                self._at = (self._at + 1) % len(self._addresses)
                await asyncio.sleep(min(patience.between_s, max(0.0, deadline - loop.time())))
        except SessionError:
            self._lost_at = None
            raise
        self._lost_at = None
        raise UnreachableError(self._username, patience.overall_s, dict(self._answers))

    async def _try(self, time_s: float) -> bool:
        """Logs in at the present address; `False` if it can't be, with the reason in `_answers`."""
        address = self.address
        try:
            async with asyncio.timeout(time_s):
                connection = await self._login(self.session, self.next_number)
        except LoginRejectedError as error:
            if error.code == "A":
                raise
            self._answers[address] = str(error)
            return False
        except TimeoutError:
            self._answers[address] = f"no answer within {time_s:.3g} s"
            return False
        except (SessionError, OSError) as error:
            self._answers[address] = str(error)
            return False
        # A server that begins elsewhere would repeat messages or leave some out.
        if self.next_number not in {0, connection.next_number} or self.session not in {"", connection.session}:
            self._answers[address] = (
                f"it begins at {connection.next_number} of {connection.session}, not at {self.next_number} of"
                f" {self.session or 'the current session'}"
            )
            connection.abort()
            return False
        try:
            self._on_login(connection)
        except SessionError:
            connection.abort()
            raise
        self.session, self.next_number = connection.session, connection.next_number
        self.logins += 1
        self._connection = connection
        return True

    async def _ask_for_the_day(self, time_s: float) -> None:
        """Raises SessionChangedError if the present address serves a stream of another name."""
        try:
            async with asyncio.timeout(time_s):
                connection = await self._login("", 0)
        except (SessionError, OSError):  # TimeoutError is one
            return
        connection.abort()
        if connection.session != self.session:
            raise SessionChangedError(self.session, connection.session)

    async def _login(self, session: str, number: int) -> Connection:
        return await Connection.connect(
            self.address,
            self._username,
            self._password,
            session=session,
            number=number,
            silence_s=self._patience.silence_s,
        )


class NumberedStream:
    """What a logged-in reader of any numbered stream has: its place, and an end. An asynchronous context manager."""

    def __init__(self, line: MarketConnection) -> None:
        self._line = line

    @property
    def address(self) -> str:
        """The address it is logged in at, or tries next."""
        return self._line.address

    @property
    def session(self) -> str:
        """The name of the trading day's stream."""
        return self._line.session

    @property
    def next_number(self) -> int:
        """The number of the next message: connect with it, and with `session`, to go on in another process."""
        return self._line.next_number

    async def close(self) -> None:
        """Logs out. Orders stay where they are, unless their account cancels on disconnect."""
        await self._line.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

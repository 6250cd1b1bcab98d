"""SoupBinTCP 3.00, the client's side, over asyncio: one connection.

A session's server messages are numbered from 1. A client that lost its connection logs in with the next number it wants
and gets everything from there on, so nothing is lost and nothing comes twice. `rialto_engine.failover` does that, over
all addresses of a market.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rialto_engine import _engine
from rialto_engine.address import Address

HEARTBEAT_S = 1.0
"""The client sends a heartbeat when it has sent nothing for this long (SoupBinTCP 3.00, "Client Heartbeat")."""
SILENCE_S = 15.0
"""A server that sent nothing for this long is gone."""
MOST_BYTES = 1 << 20
"""Of so many bytes at most the messages are applied to a book at once, so that the loop is not held up for long."""
CLOSE_S = 3.0
"""A server that has not read the logout within this time is left."""
DISPLACED = "the same user logged in on another connection"
"""How a node says in a debug packet that a newer login took the session over (`CloseReason::Displaced` of the crate
rialto-session, whose tests hold the text)."""


class SessionError(Exception):
    """The session could not be had, or is over: what happened, and what to do next."""


class LoginRejectedError(SessionError):
    """The server refused the login; `code` is `A` (not authorised) or `S` (session not available)."""

    def __init__(self, code: str) -> None:
        why = {
            "A": "the user name or password is wrong; look at the credentials file",
            "S": "this replica does not lead the market, or there is no such session, or it does not reach the wanted"
            " number",
        }
        super().__init__(f"login rejected ({code}): {why.get(code, 'unknown reason')}")
        self.code = code


class SessionEndedError(SessionError):
    """The trading day's stream is complete; log in again for the next day's."""


class DisplacedError(SessionError):
    """The same user logged in elsewhere: only one client at a time can have an order session."""


@contextlib.contextmanager
def fitting() -> Generator[None, None, None]:
    """Within it a number too large for its field, or negative, is a ValueError, as other values that don't fit are."""
    try:
        yield
    except OverflowError as error:
        raise ValueError(f"a number does not fit its field: {error}") from error


@dataclass(frozen=True)
class Numbered:
    """One message of the numbered stream."""

    number: int
    payload: bytes


class Connection:
    """One logged-in connection. Make it with `connect`; use it as an asynchronous context manager."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._silence_s = silence_s
        self._note = ""
        self._frames = _engine.ServerFrames()
        self._heartbeats: asyncio.Task[None] | None = None
        self._sent = False
        self.session = ""
        """The name of the stream, ten characters."""
        self.next_number = 0
        """The number that the next message will have."""

    @classmethod
    async def connect(
        cls,
        address: str,
        username: str,
        password: str,
        *,
        session: str = "",
        number: int = 0,
        silence_s: float = SILENCE_S,
    ) -> Connection:
        """Connects to an address and logs in.

        Args:
            address: host:port, or socks5://proxy_host:port/host:port.
            username: at most six characters.
            password: at most ten characters.
            session: the stream's name, or blank for the current one.
            number: the first message wanted; 0 for only what is new.
            silence_s: a server that sent nothing for so many seconds is gone; it sends a heartbeat every second.

        Raises:
            LoginRejectedError: the server said no.
            SessionError: it closed the connection, or spoke something else.
            OSError: there is no connection.
            ValueError: the address is none, or a name, a password or a number does not fit its field.
        """
        with fitting():
            login = _engine.soup_login(username, password, session, number)
        reader, writer = await Address.parse(address).connect()
        connection = cls(reader, writer, silence_s)
        try:
            writer.write(login)
            await writer.drain()
            kind, payload, name, next_number = await connection._packet()
            while kind in {"H", "+"}:
                kind, payload, name, next_number = await connection._packet()
            if kind == "J":
                raise LoginRejectedError(payload.decode("ascii", "replace").strip())
            if kind != "A":
                raise SessionError(
                    f"the server answered the login with packet {kind!r}; is this an order or feed port?"
                )
            connection.session, connection.next_number = name, next_number
        except BaseException:
            writer.close()
            raise
        connection._heartbeats = asyncio.create_task(connection._beat())
        return connection

    async def receive(self) -> Numbered:
        """The next message of the stream.

        Raises:
            SessionEndedError: the stream is complete.
            SessionError: the connection is gone; log in again with `next_number`.
        """
        while True:
            kind, payload, _, _ = await self._packet()
            if kind == "S":
                number = self.next_number
                self.next_number += 1
                return Numbered(number, payload)
            self._pass_over(kind)

    async def receive_into(self, book: _engine.FeedBook, clock_ns: Callable[[], int]) -> int:
        """Applies every message that is there to a book, after waiting for one or for a heartbeat.

        A message that can't be applied raises an error when those before it have been; `next_number` is its number.

        Args:
            book: of this stream, up to `next_number`.
            clock_ns: nanoseconds since the epoch, UTC; it gives trades their dates.

        Returns:
            How many were applied; 0 after a heartbeat.

        Raises:
            FeedError: a message is malformed, or messages before it were missed.
            SessionEndedError: the stream is complete.
            SessionError: the connection is gone; log in again with `next_number`.
        """
        while True:
            try:
                applied, packet = self._frames.apply_to(book, clock_ns())
            except _engine.FeedError as error:
                raise _engine.FeedError(f"message {self.next_number} of {self.session}: {error}") from error
            except ValueError as error:
                raise self._not_soup(error) from error
            if packet is not None:
                self._keep_note(packet)
                self._pass_over(packet[0])
                return 0
            self.next_number += applied
            if applied:
                return applied
            await self._read(MOST_BYTES)

    async def rest(self, time_s: float) -> None:
        """Leaves to the kernel what arrives for so many seconds: many small packets then cost one read."""
        transport = self._writer.transport
        if isinstance(transport, asyncio.ReadTransport):
            transport.pause_reading()
            try:
                await asyncio.sleep(time_s)
            finally:
                transport.resume_reading()

    async def send(self, payload: bytes) -> None:
        """Sends one client message.

        Raises:
            SessionError: the connection is gone; log in again with `next_number`.
        """
        self.post(payload)
        try:
            await self._writer.drain()
        except OSError as error:
            raise SessionError(f"the connection is gone ({error}); log in again") from error

    def post(self, payload: bytes) -> None:
        """Gives one client message to the socket and waits for nothing; a lost connection shows in `receive`."""
        self._sent = True
        self._writer.write(_engine.soup_unsequenced(payload))

    def abort(self) -> None:
        """Leaves the connection at once, without a word."""
        if self._heartbeats is not None:
            self._heartbeats.cancel()
        self._writer.transport.abort()

    async def close(self) -> None:
        """Logs out and closes the connection; it waits CLOSE_S seconds at most for a server that reads no more."""
        if self._heartbeats is not None:
            self._heartbeats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heartbeats
        try:
            async with asyncio.timeout(CLOSE_S):
                self._writer.write(_engine.soup_logout())
                await self._writer.drain()
                self._writer.close()
                await self._writer.wait_closed()
        except OSError:  # TimeoutError is one
            pass
        finally:
            self._writer.transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _packet(self) -> tuple[str, bytes, str, int]:
        while (frame := self._frame()) is None:
            await self._read(1 << 16)
        self._keep_note(frame)
        return frame

    async def _read(self, most_bytes: int) -> None:
        """Waits for bytes of the server, and takes them."""
        try:
            async with asyncio.timeout(self._silence_s):
                received = await self._reader.read(most_bytes)
        except TimeoutError as error:
            raise SessionError(f"the server was silent for {self._silence_s:g} s; log in again") from error
        except OSError as error:
            raise SessionError(f"the connection is gone ({error}); log in again") from error
        if not received:
            if self._note == DISPLACED:
                raise DisplacedError(f"{DISPLACED}: end one of the two clients")
            said = f": {self._note}" if self._note else "; log in again"
            raise SessionError(f"the server closed the connection{said}")
        self._frames.push(received)

    def _frame(self) -> tuple[str, bytes, str, int] | None:
        try:
            return self._frames.pop()
        except ValueError as error:
            raise self._not_soup(error) from error

    @staticmethod
    def _not_soup(error: ValueError) -> SessionError:
        return SessionError(f"the server does not speak SoupBinTCP ({error}); is the address right?")

    def _keep_note(self, frame: tuple[str, bytes, str, int]) -> None:
        if frame[0] == "+":
            self._note = frame[1].decode("ascii", "replace")

    def _pass_over(self, kind: str) -> None:
        """Heartbeats and notes say nothing about the stream; any other packet that is no message ends it."""
        if kind == "Z":
            raise SessionEndedError(f"session {self.session} is complete")
        if kind not in {"H", "+"}:
            raise SessionError(f"the server sent packet {kind!r} within a session; log in again")

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if not self._sent:
                self._writer.write(_engine.soup_heartbeat())
                with contextlib.suppress(OSError):
                    await self._writer.drain()
            self._sent = False

"""SoupBinTCP 3.00, the client's side, over asyncio.

A session's server messages are numbered from 1. A client that lost its connection logs in with the next number it wants
and gets everything from there on, so nothing is lost and nothing comes twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rialto_engine import _engine

HEARTBEAT_S = 1.0
"""The client sends a heartbeat when it has sent nothing for this long (SoupBinTCP 3.00, "Client Heartbeat")."""
SILENCE_S = 15.0
"""A server that sent nothing for this long is gone."""
CLOSE_S = 3.0
"""A server that has not read the logout within this time is left."""


class SessionError(Exception):
    """The session could not be had, or is over: what happened, and what to do next."""


class LoginRejectedError(SessionError):
    """The server refused the login; `code` is `A` (not authorised) or `S` (session not available)."""

    def __init__(self, code: str) -> None:
        why = {
            "A": "the user name or password is wrong; look at the credentials file",
            "S": "no such session, or the wanted number lies beyond its end; log in with a blank session",
        }
        super().__init__(f"login rejected ({code}): {why.get(code, 'unknown reason')}")
        self.code = code


class SessionEndedError(SessionError):
    """The trading day's stream is complete; log in again for the next day's."""


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

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = _engine.ServerFrames()
        self._heartbeats: asyncio.Task[None] | None = None
        self._sent = False
        self.session = ""
        """The name of the stream, ten characters."""
        self.next_number = 0
        """The number that the next message will have."""

    @classmethod
    async def connect(
        cls, address: str, username: str, password: str, *, session: str = "", number: int = 0
    ) -> Connection:
        """Connects to host:port and logs in.

        Args:
            address: host:port.
            username: at most six characters.
            password: at most ten characters.
            session: the stream's name, or blank for the current one.
            number: the first message wanted; 0 for only what is new.

        Raises:
            LoginRejectedError: the server said no.
            SessionError: it closed the connection, or spoke something else.
            OSError: there is no connection.
            ValueError: the address is not HOST:PORT, or a name, a password or a number does not fit its field.
        """
        with fitting():
            login = _engine.soup_login(username, password, session, number)
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"address {address!r} is not HOST:PORT")
        reader, writer = await asyncio.open_connection(host, int(port))
        connection = cls(reader, writer)
        try:
            writer.write(login)
            await writer.drain()
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
            if kind == "Z":
                raise SessionEndedError(f"session {self.session} is complete")
            if kind not in {"H", "+"}:
                raise SessionError(f"the server sent packet {kind!r} within a session; log in again")

    async def send(self, payload: bytes) -> None:
        """Sends one client message.

        Raises:
            SessionError: the connection is gone; log in again with `next_number`.
        """
        self._sent = True
        self._writer.write(_engine.soup_unsequenced(payload))
        try:
            await self._writer.drain()
        except OSError as error:
            raise SessionError(f"the connection is gone ({error}); log in again") from error

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
            try:
                received = await asyncio.wait_for(self._reader.read(1 << 16), SILENCE_S)
            except TimeoutError as error:
                raise SessionError(f"the server was silent for {SILENCE_S:.0f} s; log in again") from error
            except OSError as error:
                raise SessionError(f"the connection is gone ({error}); log in again") from error
            if not received:
                raise SessionError("the server closed the connection; log in again")
            self._frames.push(received)
        return frame

    def _frame(self) -> tuple[str, bytes, str, int] | None:
        try:
            return self._frames.pop()
        except ValueError as error:
            raise SessionError(f"the server does not speak SoupBinTCP ({error}); is the address right?") from error

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if not self._sent:
                self._writer.write(_engine.soup_heartbeat())
                with contextlib.suppress(OSError):
                    await self._writer.drain()
            self._sent = False


class NumberedStream:
    """What a logged-in reader of any numbered stream has: its place, and an end. An asynchronous context manager."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def session(self) -> str:
        """The name of the trading day's stream."""
        return self._connection.session

    @property
    def next_number(self) -> int:
        """The number of the next message: log in with it to go on after a lost connection."""
        return self._connection.next_number

    async def close(self) -> None:
        """Logs out. Orders stay where they are."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

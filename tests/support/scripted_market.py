"""A market of three replicas in one process, as clients see it: orders at the one that leads, market data at all.

The market behind them is the engine's own, so its answers are real. What fails, and when, is the test's script.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncGenerator, Callable
from typing import Literal

from rialto_engine import Market, _engine

DATE = 20261121
TIME_NS = 1_795_255_200_000_000_000
USER = "TRADE1"
PASSWORD = "secret"
LOGIN_BYTES = 49

Fate = Literal["answer", "lose", "keep", "half"]
"""What becomes of one message: it is answered; or the leader goes, before it is committed, after that, or in the
middle of its answer's bytes."""
Mode = Literal["serve", "silent", "close"]
"""What an address does with a login: its work, nothing at all, or it closes the connection."""


def packet(body: bytes) -> bytes:
    """One SoupBinTCP packet."""
    return struct.pack(">H", len(body)) + body


def new_market(instruments: tuple[str, ...] = ("ABC", "XYZ")) -> Market:
    """A market with an open day and one session."""
    market = Market(1, 10_000)
    for number, symbol in enumerate(instruments, 1):
        market.define_instrument(number, symbol, 100, 1, 0, 0, TIME_NS)
    market.define_account(1, 999_999, 1 << 62, 10_000, TIME_NS)
    market.define_session(1, USER, 1, TIME_NS)
    market.open_day(DATE, TIME_NS)
    return market


class ScriptedMarket:
    """Three order, three feed and three snapshot ports around one market."""

    def __init__(self) -> None:
        self.market = new_market()
        self.name = str(self.market.session_name)
        self.leader = 0
        self.modes: list[Mode] = ["serve", "serve", "serve"]
        self.behind = [0, 0, 0]
        """How many feed messages each replica lacks."""
        self.fate: Callable[[bytes], Fate] = lambda _: "answer"
        self.streams: dict[int, list[bytes]] = {0: [], 1: []}
        self.received: list[bytes] = []
        """Every client message that a leader took, lost ones too."""
        self.committed: list[bytes] = []
        self.logins: list[tuple[str, int, int]] = []
        """Kind of port, replica and wanted number of each login."""
        self.moves = 0
        self.moved = asyncio.Event()
        self.quiet = False
        """Whether no message of any stream is sent to who has logged in."""
        self.pace_s = 0.0
        """Seconds between two messages of a stream, so that each is read by itself."""
        self.orders: list[str] = []
        self.feeds: list[str] = []
        self.snapshots: list[str] = []
        self.ended = False
        """Whether the trading day is over, so that every feed ends behind its last message."""
        self._writers: dict[asyncio.StreamWriter, tuple[str, int]] = {}
        self._more = asyncio.Condition()
        self._half = 0
        """The number of the report in whose bytes the leader goes; 0 for none."""
        self._take()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncGenerator[ScriptedMarket]:
        """While it serves: its addresses are in `orders`, `feeds` and `snapshots`."""
        async with contextlib.AsyncExitStack() as stack:
            for kind, addresses in (("orders", self.orders), ("feed", self.feeds), ("snapshot", self.snapshots)):
                for replica in range(3):
                    server = await asyncio.start_server(self._handler(kind, replica), "127.0.0.1", 0)
                    addresses.append(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
                    await stack.enter_async_context(server)
            yield self
            self.drop()
            await asyncio.sleep(0)

    def move(self) -> None:
        """The leader goes, and the next replica leads."""
        self.moves += 1
        self.moved.set()
        old, self.leader = self.leader, (self.leader + 1) % 3
        self.drop("orders", old)

    def drop(self, kind: str | None = None, replica: int | None = None) -> None:
        """Resets connections, of one kind of port or replica or of all."""
        for writer, (its_kind, its_replica) in list(self._writers.items()):
            if kind in {None, its_kind} and replica in {None, its_replica}:
                writer.transport.abort()

    def say(self, note: bytes) -> None:
        """Ends the order connections with a debug packet."""
        for writer, (kind, _) in list(self._writers.items()):
            if kind == "orders":
                writer.write(packet(b"+" + note))
                writer.close()

    async def commit(self, payload: bytes) -> None:
        """Carries out a message of the session, whoever sent it, and shows what it did."""
        self._apply(payload)
        await self._tell()

    async def close_day(self) -> None:
        """Closes the day: every feed ends."""
        self.market.close_day(TIME_NS)
        self._take()
        self.ended = True
        await self._tell()

    async def next_day(self) -> None:
        """Closes the day, unless it is closed, and opens the next, whose streams have another name."""
        if not self.ended:
            self.market.close_day(TIME_NS)
        self.market.take_messages()
        self.market.open_day(DATE + 1, TIME_NS)
        self.name = str(self.market.session_name)
        self.ended = False
        self.streams = {0: [], 1: []}
        self._take()
        self.drop()
        await self._tell()

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()

    def _apply(self, payload: bytes) -> None:
        self.committed.append(payload)
        self.market.client(1, payload, TIME_NS)
        self._take()

    def _take(self) -> None:
        for stream, _, message in self.market.take_messages():
            self.streams[stream].append(message)

    def _handler(
        self, kind: str, replica: int
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], asyncio.Future[None]]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers[writer] = (kind, replica)
            sender: asyncio.Task[None] | None = None
            try:
                login = await reader.readexactly(LOGIN_BYTES)
                number = int(login[29:49])
                self.logins.append((kind, replica, number))
                if self.modes[replica] == "silent":
                    await reader.read()
                    return
                if self.modes[replica] == "close":
                    return
                stream = self.streams[1 if kind == "orders" else 0]
                known = len(stream) - (self.behind[replica] if kind == "feed" else 0)
                if kind == "orders" and replica != self.leader:
                    code = b"S"
                elif login[9:19].strip() != PASSWORD.encode():
                    code = b"A"
                elif login[19:29].strip() not in {b"", self.name.encode()} or number > known + 1:
                    code = b"S"
                else:
                    code = b""
                if code:
                    writer.write(packet(b"J" + code))
                    return
                first = number or known + 1
                if kind == "snapshot":
                    first = 1
                writer.write(packet(b"A" + self.name.encode() + str(first).rjust(20).encode()))
                if kind == "snapshot":
                    writer.write(b"".join(packet(b"S" + message) for message in self.market.snapshot()))
                    await reader.read()
                    return
                sender = asyncio.create_task(self._send(kind, replica, writer, first))
                await self._read(replica, reader, writer)
            except (asyncio.IncompleteReadError, OSError):
                pass
            finally:
                if sender is not None:
                    sender.cancel()
                del self._writers[writer]
                writer.close()

        return lambda reader, writer: asyncio.ensure_future(handle(reader, writer))

    async def _send(self, kind: str, replica: int, writer: asyncio.StreamWriter, number: int) -> None:
        while not writer.transport.is_closing():
            stream = self.streams[1 if kind == "orders" else 0]
            known = len(stream) - (self.behind[replica] if kind == "feed" else 0)
            while number <= known and not self.quiet:
                whole = packet(b"S" + stream[number - 1])
                if kind == "orders" and number == self._half:
                    self._half = 0
                    writer.write(whole[: len(whole) // 2])
                    await asyncio.sleep(0.001)
                    self.move()
                    return
                writer.write(whole)
                number += 1
                if self.pace_s:
                    await asyncio.sleep(self.pace_s)
            if kind == "feed" and self.ended and number > known:
                writer.write(packet(b"Z"))
                writer.close()
                return
            async with self._more:
                await self._more.wait()

    async def _read(self, replica: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            if body[:1] == b"O":
                return
            if body[:1] != b"U" or writer.transport.is_closing() or replica != self.leader:
                continue
            self.received.append(body[1:])
            fate = self.fate(body[1:])
            if fate != "lose":
                before = len(self.streams[1])
                self._apply(body[1:])
                if fate == "half":
                    self._half = before + 1
                if fate != "keep":
                    await self._tell()
            if fate == "half":
                # The sender breaks off there; what else the client says is lost.
                while await reader.read(1 << 16):
                    pass
            if fate in {"lose", "keep"}:
                self.move()
                return


def decoded(stream: list[bytes]) -> list[dict[str, int | str]]:
    """The reports of an order session's stream."""
    return [_engine.decode_ouch_outbound(message) for message in stream]

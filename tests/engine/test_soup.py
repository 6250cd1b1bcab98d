"""The asyncio connection against a server of a few lines."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

import pytest

from rialto_engine.orders import OrderSession, Side
from rialto_engine.soup import Connection, LoginRejectedError, SessionEndedError, SessionError

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ACCEPTED = b"A" + b"2611210101" + b"7".rjust(20)


def packet(body: bytes) -> bytes:
    return struct.pack(">H", len(body)) + body


async def with_server(handler: Handler, client: Callable[[str], Awaitable[None]]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await client(f"127.0.0.1:{port}")


def test_numbers_go_on_from_where_the_login_was_accepted() -> None:
    logins: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logins.append(await reader.readexactly(49))
        stream = packet(ACCEPTED) + packet(b"H") + packet(b"Sone") + packet(b"+note") + packet(b"Stwo") + packet(b"Z")
        for byte in stream:
            writer.write(bytes([byte]))
            await writer.drain()

    async def client(address: str) -> None:
        async with await Connection.connect(address, "TRADE1", "secret", number=7) as connection:
            assert connection.session == "2611210101"
            received = [await connection.receive(), await connection.receive()]
            assert [(message.number, message.payload) for message in received] == [(7, b"one"), (8, b"two")]
            assert connection.next_number == 9
            with pytest.raises(SessionEndedError):
                await connection.receive()

    asyncio.run(with_server(handler, client))
    assert logins[0] == packet(b"L" + b"TRADE1" + b"secret    " + b" " * 10 + b"7".rjust(20))


def test_a_refused_login_says_why() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(49)
        writer.write(packet(b"JA"))
        await writer.drain()

    async def client(address: str) -> None:
        with pytest.raises(LoginRejectedError, match="password") as caught:
            await Connection.connect(address, "TRADE1", "secret")
        assert caught.value.code == "A"

    asyncio.run(with_server(handler, client))


def test_a_lost_connection_is_an_error_not_an_end() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(49)
        writer.write(packet(ACCEPTED) + packet(b"Sone")[:4])
        await writer.drain()

    async def client(address: str) -> None:
        async with await Connection.connect(address, "TRADE1", "secret") as connection:
            with pytest.raises(SessionError, match="closed"):
                await connection.receive()

    asyncio.run(with_server(handler, client))


def test_bytes_that_are_not_the_protocol_are_an_error() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(49)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async def client(address: str) -> None:
        with pytest.raises(SessionError, match="SoupBinTCP"):
            await Connection.connect(address, "TRADE1", "secret")

    asyncio.run(with_server(handler, client))


def test_a_client_message_is_framed() -> None:
    received: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(49)
        writer.write(packet(ACCEPTED))
        received.append(await reader.readexactly(8))
        writer.write(packet(b"Z"))
        await writer.drain()

    async def client(address: str) -> None:
        async with await Connection.connect(address, "TRADE1", "secret") as connection:
            await connection.send(b"hello")
            with pytest.raises(SessionEndedError):
                await connection.receive()

    asyncio.run(with_server(handler, client))
    assert received == [packet(b"Uhello")]


def test_a_server_that_reads_no_more_does_not_hold_up_the_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rialto_engine.soup.CLOSE_S", 0.2)
    gone = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(49)
        writer.write(packet(ACCEPTED))
        await gone.wait()

    async def client(address: str) -> None:
        connection = await Connection.connect(address, "TRADE1", "secret")

        async def send() -> None:
            while True:
                await connection.send(b"x" * 30_000)

        sender = asyncio.create_task(send())
        await asyncio.wait([sender], timeout=0.5)
        assert not sender.done()
        await asyncio.wait_for(connection.close(), 30)
        gone.set()
        with pytest.raises(SessionError):
            await sender

    asyncio.run(with_server(handler, client))


@pytest.mark.parametrize(
    ("address", "number", "wrong"),
    [
        ("localhost", 1, "HOST:PORT"),
        ("localhost:", 1, "HOST:PORT"),
        ("127.0.0.1:1", -1, "fit"),
        ("a:1", 1 << 70, "fit"),
    ],
)
def test_what_does_not_fit_a_login_is_a_value_error(address: str, number: int, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        asyncio.run(Connection.connect(address, "TRADE1", "secret", number=number))


def test_an_order_that_does_not_fit_takes_no_number() -> None:
    received: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(49)
        writer.write(packet(ACCEPTED[:-1] + b"1"))
        received.append(await reader.readexactly(2 + 1 + 47 + 2))

    async def client(address: str) -> None:
        async with await OrderSession.connect(address, "TRADE1", "secret") as session:
            for symbol, quantity, price_e4 in (("AAPL", 1 << 32, 1), ("AAPL", 1, -1), ("TOOLONGNAME", 1, 1)):
                with pytest.raises(ValueError, match=r"fit|symbol"):
                    await session.enter(symbol, Side.BUY, quantity=quantity, price_e4=price_e4)
            assert await session.enter("AAPL", Side.BUY, quantity=1, price_e4=1) == 1
            with pytest.raises(ValueError, match="fit"):
                await session.replace(1, quantity=-1, price_e4=1)
            with pytest.raises(ValueError, match="fit"):
                await session.cancel(1, quantity=1 << 40)
            assert session.next_user_ref == 2

    asyncio.run(with_server(handler, client))
    assert received[0][2:8] == b"UO" + struct.pack(">I", 1)


def test_what_arrives_while_a_connection_rests_is_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    went_on, sent = asyncio.Event(), asyncio.Event()
    reads: list[bytes] = []
    feed_data = asyncio.StreamReader.feed_data

    def counted(reader: asyncio.StreamReader, data: bytes) -> None:
        if went_on.is_set():
            reads.append(bytes(data))
        feed_data(reader, data)

    monkeypatch.setattr(asyncio.StreamReader, "feed_data", counted)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(49)
        writer.write(packet(ACCEPTED))
        await went_on.wait()
        for payload in (b"Sone", b"Stwo", b"Sthree"):
            writer.write(packet(payload))
            await writer.drain()
            await asyncio.sleep(0.001)
        sent.set()
        await reader.read()

    async def client(address: str) -> None:
        async with await Connection.connect(address, "TRADE1", "secret") as connection:
            resting = asyncio.create_task(connection.rest(3_600))
            await asyncio.sleep(0)
            went_on.set()
            await sent.wait()
            assert reads == []
            resting.cancel()
            await asyncio.wait([resting])
            received = [(await connection.receive()).payload for _ in range(3)]
            assert received == [b"one", b"two", b"three"]
            assert reads == [packet(b"Sone") + packet(b"Stwo") + packet(b"Sthree")]

    asyncio.run(with_server(handler, client))

"""The asyncio connection against a server of a few lines."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

import pytest

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

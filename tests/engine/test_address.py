"""Addresses, and the way through a SOCKS5 proxy of a few lines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from rialto_engine.address import Address, ProxyError, TargetRefusedError
from rialto_engine.failover import UnreachableError
from rialto_engine.market_data import Feed, Patience, snapshot
from rialto_engine.soup import Connection

ACCEPTED = b"\x00\x1fA" + b"2611210101" + b"7".rjust(20)
REQUEST = bytes([5, 1, 0, 1, 127, 0, 0, 1])


def reply(number: int) -> bytes:
    return bytes([5, number, 0, 1, 0, 0, 0, 0, 0, 0])


class Proxy:
    """Greets, reads one request, answers it with `said`, and then is the target that accepts a login."""

    def __init__(self, said: bytes, greeting: bytes = b"\x05\x00") -> None:
        self.said = said
        self.greeting = greeting
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(3) == b"\x05\x01\x00"
            writer.write(self.greeting)
            self.requests.append(await reader.readexactly(10))
            # What follows the reply is the target's, to the byte.
            for byte in self.said + ACCEPTED:
                writer.write(bytes([byte]))
                await writer.drain()
            await reader.read()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    def run(self, client: Callable[[str], Awaitable[None]]) -> None:
        async def main() -> None:
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            async with server:
                port = server.sockets[0].getsockname()[1]
                async with asyncio.timeout(20):
                    await client(f"socks5://127.0.0.1:{port}/127.0.0.1:7777")

        asyncio.run(main())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost:80", Address("localhost", 80)),
        ("[::1]:80", Address("::1", 80)),
        ("socks5://127.0.0.1:9/localhost:80", Address("localhost", 80, ("127.0.0.1", 9))),
        ("socks5://[::1]:9/[::2]:80", Address("::2", 80, ("::1", 9))),
    ],
)
def test_an_address_may_name_a_proxy(text: str, address: Address) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "host", ":80", "host:", "host:99999", "socks5://a:1", "socks5://a/b:1", "socks5://a:1/", "http://a:1/b:2"],
)
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        Address.parse(text)


def test_a_login_goes_through_the_proxy() -> None:
    proxy = Proxy(reply(0))

    async def client(address: str) -> None:
        async with await Connection.connect(address, "TRADE1", "secret", number=7) as connection:
            assert connection.next_number == 7

    proxy.run(client)
    assert proxy.requests == [REQUEST + (7777).to_bytes(2, "big")]


def test_a_reply_with_a_longer_address_is_read_to_its_end() -> None:
    for bound in (bytes([4]) + bytes(18), bytes([3, 4]) + b"name" + bytes(2)):

        async def client(address: str) -> None:
            (await Connection.connect(address, "TRADE1", "secret")).abort()

        Proxy(bytes([5, 0, 0]) + bound).run(client)


def test_a_feed_goes_through_the_proxy() -> None:
    async def client(address: str) -> None:
        async with await Feed.connect(address, "FEED01", "secret", number=7) as feed:
            assert feed.next_number == 7
            assert feed.address == address

    Proxy(reply(0)).run(client)


def test_what_the_proxy_says_is_told() -> None:
    async def refused(address: str) -> None:
        with pytest.raises(TargetRefusedError, match="the target refuses connections"):
            await Address.parse(address).connect()

    async def elsewhere(address: str) -> None:
        with pytest.raises(ProxyError, match="no link leads to the target") as caught:
            await Address.parse(address).connect()
        assert not isinstance(caught.value, ConnectionRefusedError)

    async def in_a_snapshot(address: str) -> None:
        patience = Patience(overall_s=0.2)
        with pytest.raises(UnreachableError, match="the target refuses connections"):
            await snapshot([address], "FEED01", "secret", patience=patience)

    Proxy(reply(5)).run(refused)
    Proxy(reply(3)).run(elsewhere)
    Proxy(reply(5)).run(in_a_snapshot)


@pytest.mark.parametrize(
    ("greeting", "said"), [(b"\x05\xff", b""), (b"HTTP/1.1 400", b""), (b"\x05\x00", b"HTTP/1.1 400"), (b"\x05", b"")]
)
def test_what_is_no_proxy_is_told(greeting: bytes, said: bytes) -> None:
    async def client(address: str) -> None:
        async with asyncio.timeout(5):
            with pytest.raises(ProxyError, match=r"no SOCKS5 proxy|not SOCKS5's|closed the connection"):
                await Address.parse(address).connect()

    proxy = Proxy(said, greeting)
    if greeting == b"\x05":
        # It stops half-way.
        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(3)
            writer.write(greeting)
            writer.close()

        proxy.serve = half
    proxy.run(client)


def test_a_proxy_that_is_not_there_is_an_error() -> None:
    async def client() -> None:
        server = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        with pytest.raises(OSError, match=str(port)):
            await Address.parse(f"socks5://127.0.0.1:{port}/127.0.0.1:7777").connect()

    asyncio.run(client())

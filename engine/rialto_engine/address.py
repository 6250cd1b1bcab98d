"""Addresses as people write them, with or without a SOCKS5 proxy (RFC 1928) that leads there.

`HOST:PORT`, or `socks5://PROXY_HOST:PORT/HOST:PORT`: a local venue's regions are reached from each other through their
edges, which are such proxies, so that what a client sends crosses the links between them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

SCHEME = "socks5://"
VERSION = 5
NO_AUTHENTICATION = 0
CONNECT = 1
IPV4, NAME, IPV6 = 1, 3, 4
REFUSED = 5
"""The reply that says that nobody listens at the target."""

REPLIES = {
    1: "it failed",
    2: "it does not know the target",
    3: "no link leads to the target",
    4: "the target can't be reached",
    REFUSED: "the target refuses connections",
    7: "it knows no CONNECT",
    8: "it does not know that kind of address",
}
"""What the replies of RFC 1928, section 6, mean."""


class ProxyError(OSError):
    """The proxy did not connect the target: which proxy, and what it said."""

    def __init__(self, proxy: str, why: str) -> None:
        super().__init__(f"proxy {proxy}: {why}")


class TargetRefusedError(ProxyError, ConnectionRefusedError):
    """The proxy says that nobody listens at the target."""


@dataclass(frozen=True)
class Address:
    """A host and a port, and the proxy that leads there, if one has to."""

    host: str
    port: int
    proxy: tuple[str, int] | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads `HOST:PORT` or `socks5://PROXY_HOST:PORT/HOST:PORT`.

        Raises:
            ValueError: it is neither.
        """
        proxy, target = None, text
        if text.startswith(SCHEME):
            named, slash, target = text.removeprefix(SCHEME).partition("/")
            if not slash:
                raise _wrong(text)
            proxy = _host_and_port(named, text)
        host, port = _host_and_port(target, text)
        return cls(host, port, proxy)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connects, through the proxy if there is one.

        Raises:
            TargetRefusedError: the proxy says that the target refuses connections.
            ProxyError: the proxy said something else, or is none.
            OSError: there is no connection.
        """
        if self.proxy is None:
            return await asyncio.open_connection(self.host, self.port)
        host, port = self.proxy
        reader, writer = await asyncio.open_connection(host, port)
        try:
            await self._ask(reader, writer)
        except BaseException:
            writer.close()
            raise
        return reader, writer

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The client's side of the handshake; reads no byte of what the target sends."""
        proxy = "{}:{}".format(*self.proxy or ("", 0))
        try:
            writer.write(bytes([VERSION, 1, NO_AUTHENTICATION]))
            if await reader.readexactly(2) != bytes([VERSION, NO_AUTHENTICATION]):
                raise ProxyError(proxy, "what answers there is no SOCKS5 proxy that goes without authentication")
            writer.write(await self._request())
            version, reply, _, kind, first = await reader.readexactly(5)
            lengths = {IPV4: 5, IPV6: 17, NAME: first + 2}
            if version != VERSION or kind not in lengths:
                raise ProxyError(proxy, "its reply is not SOCKS5's")
            await reader.readexactly(lengths[kind])
        except asyncio.IncompleteReadError as error:
            raise ProxyError(proxy, "it closed the connection before it answered") from error
        if reply:
            refused = TargetRefusedError if reply == REFUSED else ProxyError
            raise refused(proxy, REPLIES.get(reply, f"it answered with reply {reply}"))

    async def _request(self) -> bytes:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        target = ipaddress.ip_address(found[0][4][0])
        kind = IPV4 if target.version == 4 else IPV6
        return bytes([VERSION, CONNECT, 0, kind]) + target.packed + self.port.to_bytes(2, "big")


def _host_and_port(part: str, text: str) -> tuple[str, int]:
    host, _, port = part.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or int(port) > 65_535:
        raise _wrong(text)
    return host.removeprefix("[").removesuffix("]"), int(port)


def _wrong(text: str) -> ValueError:
    return ValueError(f"address {text!r} is neither HOST:PORT nor {SCHEME}PROXY_HOST:PORT/HOST:PORT")

"""Ready files: what a node says of itself once every market of it trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json


@dataclass(frozen=True)
class MarketAddresses:
    """The listeners of one market on a node, each as host:port."""

    orders: str
    feed: str
    snapshot: str


@dataclass(frozen=True)
class Ready:
    """A node that trades: its process and its listeners."""

    pid: int
    admin: str
    markets: Mapping[str, MarketAddresses]

    @staticmethod
    def read(path: Path) -> Ready | None:
        """What the ready file says, or None where there is none.

        Raises:
            LocalError: the file holds something else.
        """
        value = read_json(path)
        return None if value is None else Ready.of(value, path)

    @staticmethod
    def of(value: Mapping[str, object], path: Path) -> Ready:
        """What a ready file, read from `path`, says.

        Raises:
            LocalError: it is something else.
        """
        try:
            markets = cast("Mapping[str, Mapping[str, object]]", value["markets"])
            return Ready(
                pid=int(cast("int", value["pid"])),
                admin=str(value["admin"]),
                markets={
                    name: MarketAddresses(str(listen["orders"]), str(listen["feed"]), str(listen["snapshot"]))
                    for name, listen in markets.items()
                },
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LocalError(
                str(path), f"is not a ready file ({error!r})", "run `rialto down`, then `rialto up`"
            ) from error

"""Types of the native part: prices `_e4` in units of 1e-4, others in ticks; times in nanoseconds since the epoch."""

from collections.abc import Callable
from os import PathLike
from typing import Literal

# --- SoupBinTCP 3.00 -------------------------------------------------------------------------------------------------

def soup_login(username: str, password: str, session: str, number: int) -> bytes: ...
def soup_unsequenced(payload: bytes) -> bytes: ...
def soup_heartbeat() -> bytes: ...
def soup_logout() -> bytes: ...

class ServerFrames:
    """The frames of a server's bytes, as they arrive."""

    def __new__(cls) -> ServerFrames: ...
    def push(self, received: bytes) -> None: ...
    def pop(self) -> tuple[str, bytes, str, int] | None:
        """The next packet's kind, payload, session and number, or None until more bytes arrive.

        Session and number are those of Login Accepted (`A`).

        Raises:
            ValueError: the bytes are not SoupBinTCP.
        """

    def apply_to(self, book: FeedBook, now_ns: int) -> tuple[int, tuple[str, bytes, str, int] | None]:
        """Applies every message up to the next packet of another kind to a book.

        Returns:
            How many; or 0 and the packet that `pop` gives. What is wrong shows once nothing before it is left to tell.

        Raises:
            ValueError: the bytes are not SoupBinTCP.
            FeedError: see `FeedBook.apply`.
        """

# --- Books made of market data ---------------------------------------------------------------------------------------

class FeedError(Exception):
    """A message is malformed, or messages before it were missed: begin again from a snapshot."""

class FeedBook:
    """All books and last trades of a market, made of the messages of its snapshot and feed.

    Raises:
        KeyError: (each method that takes a symbol) the market's directory does not have it.
    """

    def __new__(cls, trades_kept: int) -> FeedBook:
        """An empty one, which keeps so many of the last trades of each instrument."""

    def apply(self, payload: bytes, now_ns: int) -> None:
        """Takes an ITCH or GLIMPSE message; `now_ns`, since the epoch UTC, gives trades their dates.

        Raises:
            FeedError: it is malformed, or names an order that is not there or is there already. Nothing is changed.
        """

    @property
    def continues_at(self) -> int | None:
        """The feed's number behind the snapshot that was taken; None until one has ended."""

    @property
    def symbols(self) -> list[str]: ...
    @property
    def resting(self) -> int:
        """How many orders rest in all books."""

    def depth(self, symbol: str, levels: int) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """The best bids and asks: price in 1e-4, quantity, and how many orders."""

    def trades(self, symbol: str, count: int) -> list[tuple[int, int, int, str]]:
        """The last trades, newest first: time in ns since the epoch, price in 1e-4, quantity, the aggressor's side."""

    def trading_state(self, symbol: str) -> str | None:
        """ITCH's code of the trading state; None until it is told."""

# --- OUCH 5.0, ITCH 5.0, GLIMPSE 5.0 ---------------------------------------------------------------------------------

def decode_ouch_inbound(payload: bytes) -> dict[str, int | str]:
    """A client's message as a mapping: its name under `message`, then its fields and appendages.

    Raises:
        ValueError: what is wrong with the bytes, and where.
    """

def decode_ouch_outbound(payload: bytes) -> dict[str, int | str]:
    """A report as a mapping; see `decode_ouch_inbound`."""

def decode_itch(payload: bytes) -> dict[str, int | str]:
    """A feed message as a mapping; see `decode_ouch_inbound`."""

def decode_glimpse(payload: bytes) -> dict[str, int | str]:
    """A snapshot message as a mapping; see `decode_ouch_inbound`."""

def enter_order(
    user_ref: int,
    side: str,
    quantity: int,
    symbol: str,
    price_e4: int,
    time_in_force_name: str,
    post_only_wanted: bool,
    min_quantity: int,
    cl_ord_id: str,
) -> bytes: ...
def replace_order(
    orig_user_ref: int,
    user_ref: int,
    quantity: int,
    price_e4: int,
    time_in_force_name: str,
    post_only_wanted: bool,
    cl_ord_id: str,
    order_ref: int | None,
) -> bytes: ...
def cancel_order(user_ref: int, quantity: int, order_ref: int | None) -> bytes: ...
def modify_order(user_ref: int, side: str, quantity: int, order_ref: int | None) -> bytes: ...
def mass_cancel(user_ref: int, symbol: str) -> bytes: ...
def account_query() -> bytes: ...

# --- The market in process -------------------------------------------------------------------------------------------

class Market:
    """A market with its order sessions: what a node runs, without its sockets, threads and disks.

    Every change takes the time it happens at. Refused actions raise ValueError; what a client asks is never refused
    here, since the answer stands in the session's stream.
    """

    def __new__(cls, incarnation: int, max_orders: int) -> Market: ...
    def define_instrument(
        self,
        number: int,
        symbol: str,
        tick_size_e4: int,
        lot_size: int,
        collar_bp: int,
        reference_price: int,
        time_ns: int,
    ) -> None: ...
    def define_account(
        self,
        number: int,
        max_order_quantity: int,
        max_order_value_e4: int,
        max_open_orders: int,
        time_ns: int,
        cancel_on_disconnect: bool = False,
    ) -> None: ...
    def define_session(self, number: int, username: str, account: int, time_ns: int) -> None: ...
    def open_day(self, date: int, time_ns: int) -> None: ...
    def close_day(self, time_ns: int) -> None: ...
    def halt(self, instrument: int | None, time_ns: int) -> None: ...
    def resume(self, instrument: int | None, time_ns: int) -> None: ...
    def connected(self, session: int, time_ns: int) -> None:
        """A session's client has logged in: without effect unless its account cancels on disconnect."""

    def disconnected(self, session: int, time_ns: int) -> None:
        """A session's client is gone: cancels what rests of it if its account wants that and a day is open."""

    @property
    def connected_sessions(self) -> list[int]:
        """The sessions marked as connected, ascending."""

    def client(self, session: int, payload: bytes, time_ns: int) -> None:
        """A client's OUCH message.

        Raises:
            ValueError: there is no such session, or the message is malformed: it would cost a client its session.
        """

    def apply_batch(self, payload: bytes) -> int:
        """One entry of a journal; returns how many commands it held.

        Raises:
            ValueError: it is not a batch of commands.
        """

    def take_messages(self) -> list[tuple[int, int, bytes]]:
        """The messages made since the last call, as (stream, number, payload).

        Stream 0 is the feed (ITCH), a session's stream has its number (OUCH).
        """

    def snapshot(self) -> list[bytes]:
        """The market's books as GLIMPSE messages, the last of which says where the feed goes on.

        Raises:
            ValueError: no trading day has opened.
        """

    def levels(self, instrument: int, side: str, count: int) -> list[tuple[int, int]]:
        """Price in ticks and quantity of the first `count` levels of side `B` or `S`, best first."""

    @property
    def open_orders(self) -> int: ...
    @property
    def last_match(self) -> int: ...
    @property
    def session_name(self) -> str | None:
        """The name of the open trading day's streams."""

    def checkpoint(self) -> bytes:
        """The canonical bytes of the state: equal states have equal bytes."""

    def state_hash(self) -> str:
        """BLAKE3 of the canonical bytes, 64 hex digits."""

    @staticmethod
    def restore(state: bytes, positions: bytes | None = None) -> Market:
        """A market from its canonical bytes, and its streams from theirs.

        Raises:
            ValueError: the bytes are damaged.
        """

# --- Journal ---------------------------------------------------------------------------------------------------------

class Journal:
    """A node's journal, or a copy: read, never written.

    Without `durable` it is one that no node writes, and all of it is checked when it is opened. With `durable`, a
    durable position in bytes that the node told, it is read up to there, also while the node writes it.

    Raises:
        ValueError: there is no such directory.
        RuntimeError: it is damaged, of another format version, or a node writes it and no position was given.
    """

    def __new__(cls, directory: str | PathLike[str], durable: int | None = None) -> Journal: ...
    def logs(self) -> list[tuple[int, int | None, int]]:
        """Log number, first index and next index of each log."""

    def notes(self) -> list[tuple[int, bytes]]:
        """Log number and note of each log that has one."""

    def read(
        self, log: int, from_index: int, max_bytes: int
    ) -> list[tuple[int, int, int, Literal["blank", "batch", "membership"], bytes]]:
        """Index, term, node, kind and payload of a log's entries from an index on, until `max_bytes` are reached.

        The payload of a batch is what `Market.apply_batch` takes; a blank entry has none. What was truncated does not
        show.

        Raises:
            RuntimeError: the index was purged, or an entry is not one of a replicated market.
        """

# --- Replay ----------------------------------------------------------------------------------------------------------

def replay_workload(
    path: str | PathLike[str], progress: Callable[[int, int], object] | None = None
) -> dict[str, int | str | float]:
    """Replays a workload file into a market of this process, in file order.

    Returns:
        commands, fills, volume, trade_hash and book_hash (16 hex digits each), seconds (of the timed commands).

    Raises:
        OSError: the file can't be read.
        ValueError: it is no workload file, or names an order that is not live.
    """

def replay_lobster(
    messages: str | PathLike[str],
    seed_book: str | PathLike[str],
    reference: str | PathLike[str],
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, int | float | list[int]]:
    """Replays a recorded day in LOBSTER's format into a market of this process.

    Returns:
        rows, rows_equal (at each depth), states and states_found (distinct best-price states, and how many of them were
        found in order in the reference), executions, at_head (at the head of the queue), seconds.

    Raises:
        OSError: a file can't be read.
        ValueError: a file is not in the format.
        RuntimeError: the market refused what the recording's venue accepted.
    """

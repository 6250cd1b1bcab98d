"""What an order session sent and has no answer to yet, in order. No I/O.

A market carries out a session's messages in the order sent, and answers each with one last report (an Enter or Replace
that repeats a number used up before is answered by nothing: its answer stands further up in the stream). So a report
that answers a message also says that everything before it is done with.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a message asks, as far as its answer goes."""

    ORDER = "Enter or Replace Order"
    SIZE = "Cancel or Modify Order"
    MASS_CANCEL = "Mass Cancel"
    QUERY = "Account Query"


OWN_NUMBER = frozenset({Kind.ORDER, Kind.MASS_CANCEL})
"""Messages with a number of their own, used once a day: a report of it can answer no other message."""


@dataclass
class Message:
    """One message that was sent, or is to be sent."""

    kind: Kind
    user_ref: int
    """The number that its answer repeats: its own, or for a cancel or modify the order's."""
    payload: bytes


class Outbox:
    """Messages in order; those in front may have been sent."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._numbers: set[int] = set()
        self._sent = 0
        self.rewinds = 0
        """How often the first message was to be sent again."""

    def __len__(self) -> int:
        return len(self._messages)

    def messages(self) -> list[Message]:
        """All of them, first sent first."""
        return list(self._messages)

    def add(self, message: Message) -> None:
        """Puts a message behind all others."""
        self._messages.append(message)
        if message.kind in OWN_NUMBER:
            self._numbers.add(message.user_ref)

    def next_unsent(self) -> bytes | None:
        """The payload of the first message that was not sent, which counts as sent from now on."""
        if self._sent == len(self._messages):
            return None
        self._sent += 1
        return self._messages[self._sent - 1].payload

    def rewind(self) -> bool:
        """Counts all messages as not sent; `True` if some had been: they may or may not have arrived."""
        any_sent = self._sent > 0
        self._sent = 0
        self.rewinds += any_sent
        return any_sent

    def answered(self, report: Mapping[str, int | str]) -> None:
        """Takes out what a report answers, and everything before it."""
        count = self._place(report) + 1
        for _ in range(count):
            message = self._messages.popleft()
            if message.kind in OWN_NUMBER:
                self._numbers.discard(message.user_ref)
        self._sent = max(0, self._sent - count)
        if count:
            self.rewinds = 0

    def _place(self, report: Mapping[str, int | str]) -> int:
        """The place of the message that a report answers; -1 for none."""
        user_ref = int(report.get("user_ref_num", 0))
        match report["message"]:
            case "Order Accepted" | "Order Replaced" | "Rejected":
                return self._numbered(Kind.ORDER, user_ref)
            case "Mass Cancel Response":
                return self._numbered(Kind.MASS_CANCEL, user_ref)
            case "Order Canceled" if report.get("reason") != "U":
                return -1
            case "Order Canceled" | "Order Modified" | "Cancel Reject":
                at = self._first_but_orders()
                if at < 0 or self._messages[at].kind is not Kind.SIZE:
                    return -1
                asked = self._messages[at].user_ref
                # An order of an earlier day has the number 0 in reports, whatever else it is called by.
                return at if user_ref == asked or 0 in (user_ref, asked) else -1
            case "Account Query Response":
                at = self._first_but_orders()
                return at if at >= 0 and self._messages[at].kind is Kind.QUERY else -1
            case _:
                return -1

    def _numbered(self, kind: Kind, user_ref: int) -> int:
        if user_ref not in self._numbers:
            return -1
        for at, message in enumerate(self._messages):
            if message.user_ref == user_ref and message.kind is kind:
                return at
        return -1

    def _first_but_orders(self) -> int:
        """Of other messages only the first can be answered next; orders before it may have no answer to come."""
        for at, message in enumerate(self._messages):
            if message.kind is not Kind.ORDER:
                return at
        return -1

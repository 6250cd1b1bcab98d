"""What one emulated cloud holds: resources by id, each with its inputs and outputs, safe under threads.

An engine creates, reads and deletes from many threads at once, and a test changes or loses a resource behind its back.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rialto_platform.clouds import stand_ins
from rialto_platform.clouds.stand_ins import Asked
from rialto_platform.clouds.wire import Value


class AccountError(Exception):
    """What this cloud can't do; says which resource and why."""


@dataclass(frozen=True, slots=True)
class Held:
    """A resource that is there."""

    urn: str
    """Of the program that made it."""
    type: str
    name: str
    id: str
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]


class Account:
    """The resources of one emulated cloud."""

    def __init__(self) -> None:
        """Holds nothing yet."""
        self._lock = threading.Lock()
        # By type and id, since an id of one type may be another's too.
        self._held: dict[tuple[str, str], Held] = {}
        self._calls: Counter[str] = Counter()
        self._refusals: dict[str, str] = {}

    def held(self) -> tuple[Held, ...]:
        """All that is there, by type and name."""
        with self._lock:
            return tuple(sorted(self._held.values(), key=lambda one: (one.type, one.name)))

    def calls(self) -> Mapping[str, int]:
        """How often each of create, read, update and delete was done."""
        with self._lock:
            return dict(self._calls)

    def create(self, asked: Asked) -> Held:
        """Makes a resource.

        Raises:
            AccountError: it is there already, or a test had it refused.
        """
        made = self._made(asked)
        with self._lock:
            refusal = self._refusals.pop(asked.type, None)
            if refusal is not None:
                raise AccountError(f"{asked.type} {asked.name}: {refusal}")
            if (made.type, made.id) in self._held:
                raise AccountError(f"{asked.type} {made.id} is there already")
            self._held[made.type, made.id] = made
            self._calls["create"] += 1
        return made

    def read(self, kind: str, identity: str) -> Held | None:
        """What is there under an id, if anything."""
        with self._lock:
            self._calls["read"] += 1
            return self._held.get((kind, identity))

    def update(self, asked: Asked, identity: str) -> Held:
        """Gives a resource other inputs.

        Raises:
            AccountError: it is not there.
        """
        made = self._made(asked)
        with self._lock:
            before = self._held.get((asked.type, identity))
            if before is None:
                raise AccountError(f"{asked.type} {identity} is not there, so it can't be updated")
            after = replace(before, inputs=made.inputs, outputs=made.outputs)
            self._held[asked.type, identity] = after
            self._calls["update"] += 1
        return after

    def delete(self, kind: str, identity: str) -> None:
        """Deletes a resource; one that is gone already is no failure, as with the clouds' own providers."""
        with self._lock:
            self._held.pop((kind, identity), None)
            self._calls["delete"] += 1

    def drift(self, urn: str, **inputs: Value) -> None:
        """Someone changes a resource by hand: these properties have other values.

        Raises:
            LookupError: nothing was made for the URN.
        """
        with self._lock:
            before = self._of(urn)
            after = replace(before, inputs={**before.inputs, **inputs}, outputs={**before.outputs, **inputs})
            self._held[before.type, before.id] = after

    def lose(self, urn: str) -> None:
        """Someone deletes a resource by hand.

        Raises:
            LookupError: nothing was made for the URN.
        """
        with self._lock:
            gone = self._of(urn)
            del self._held[gone.type, gone.id]

    def refuse(self, kind: str, reason: str) -> None:
        """The next resource of a type that is to be made fails, once."""
        with self._lock:
            self._refusals[kind] = reason

    def _of(self, urn: str) -> Held:
        for one in self._held.values():
            if one.urn == urn:
                return one
        raise LookupError(f"nothing is held for {urn}")

    def _made(self, asked: Asked) -> Held:
        identity, outputs = stand_ins.made(asked)
        chosen = outputs.pop("id", None)
        identity = chosen if isinstance(chosen, str) else identity
        return Held(asked.urn, asked.type, asked.name, identity, dict(asked.inputs), outputs)

"""When garbage is collected: not while a key waits for its picture.

Every picture of a large terminal leaves thousands of objects in cycles, and what the console has loaded is a hundred
thousand more that stay for good. Python's own collector walks them when it pleases: each round of all took 0.15 s or
more, and each small one 10 to 25 ms of nearly every picture.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, field

IDLE_NS = 500_000_000
"""A key's pictures are drawn so long after it."""
LONGEST_NS = 10_000_000_000
"""Somebody who keeps on pressing keys gets a round nevertheless."""
_NEVER = 500_000
"""New objects that start a round by themselves: a bound, should nothing else."""
_YOUNG = 1
_ALL_EVERY = 60
"""Rounds of the young generations for one of all."""


@dataclass
class Garbage:
    """Decides when to collect; whoever draws tells it of keys and of moments that suit."""

    key_ns: int = 0
    collected_ns: int = 0
    rounds: int = field(default=0)

    def settle(self, now_ns: int) -> None:
        """Everything that stays has been loaded: it is left out of every round from now on."""
        gc.freeze()
        gc.set_threshold(_NEVER, 10, 10)
        self.collected_ns = now_ns

    def key(self, now_ns: int) -> None:
        """A key was pressed."""
        self.key_ns = now_ns

    def due(self, now_ns: int) -> bool:
        """Whether this moment suits."""
        return now_ns - self.key_ns >= IDLE_NS or now_ns - self.collected_ns >= LONGEST_NS

    def collect(self, now_ns: int) -> None:
        """Collects if this moment suits."""
        if self.due(now_ns):
            self.collected_ns = now_ns
            self.rounds += 1
            gc.collect(2 if self.rounds % _ALL_EVERY == 0 else _YOUNG)

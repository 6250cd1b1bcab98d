"""When a process that ended is started again: a pure rule."""

from __future__ import annotations

from dataclasses import dataclass

DISK_REFUSED = (70, 71)
"""Exit statuses of a node whose disk took no more, as engine/crates/node/README.md has them."""
STEADY_S = 5.0
FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
GIVE_UP_AFTER = 6


@dataclass(frozen=True)
class Restarts:
    """How often in a row a process ended soon after its start.

    A process that ran for STEADY_S seconds is taken as well again, and started again at once: the markets it votes on
    have one voter less until it is back. One that ended sooner GIVE_UP_AFTER times in a row is left alone: starting it
    for ever would hide what is wrong. One whose disk took no more is tried on: space comes back, and its vote with it.
    """

    quick_ends: int = 0
    disk_refused: bool = False

    def after_end(self, ran_s: float, code: int | None = None) -> Restarts:
        """The state after the process ended with exit status `code`, having run for `ran_s` seconds."""
        return Restarts(1 if ran_s >= STEADY_S else self.quick_ends + 1, code in DISK_REFUSED)

    @property
    def failing(self) -> bool:
        """Whether it ended so often that somebody has to look at it."""
        return self.quick_ends >= GIVE_UP_AFTER

    @property
    def given_up(self) -> bool:
        """Whether the process is not started again."""
        return self.failing and not self.disk_refused

    @property
    def delay_s(self) -> float:
        """Seconds to wait before the next start: first none, then doubling, at last LONGEST_DELAY_S."""
        if self.failing:
            return LONGEST_DELAY_S
        return 0.0 if self.quick_ends <= 1 else min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (self.quick_ends - 2))

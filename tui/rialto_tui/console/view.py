"""What a widget is shown: a state at a moment, and where the operator looks."""

from __future__ import annotations

from dataclasses import dataclass

from rialto_tui.console.readings import Market
from rialto_tui.console.store import State


@dataclass(frozen=True)
class View:
    """One picture, for every widget of a screen."""

    state: State
    now_ns: int
    """On the monotonic clock, for ages."""
    wall_ns: int
    """The same moment since the epoch."""
    market: Market | None = None
    """The market that is looked at."""
    symbol: str = ""
    words: tuple[str, ...] = ()
    """A row is shown if it holds all of these, in small letters."""

    def holds(self, *texts: str) -> bool:
        """Whether a row passes the filter."""
        if not self.words:
            return True
        row = " ".join(texts).lower()
        return all(word in row for word in self.words)

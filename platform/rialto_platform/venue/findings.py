"""What a check finds, and how checks run: on a model that may hold stand-ins for values that were refused."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from rialto_platform.venue.model import Venue
from rialto_platform.venue.problems import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong that spans values. ``rests_on`` names the other values that make it so."""

    path: Path
    wrong: str
    right: str
    rests_on: tuple[Path, ...] = ()


Check: TypeAlias = Callable[[Venue], Iterator[Finding]]


def run(checks: Iterable[Check], venue: Venue, replaced: set[Path]) -> list[Finding]:
    """Every finding that rests on no replaced value, in the order of the checks, each path and text once."""
    found = {
        finding: None
        for check in checks
        for finding in check(venue)
        if not any(_covers(replaced, path) for path in (finding.path, *finding.rests_on))
    }
    return list(found)


def _covers(replaced: set[Path], path: Path) -> bool:
    """Whether ``path`` or anything around it was replaced; with a last part of ``"*"``, also anything in it."""
    if path[-1:] == ("*",):
        inside = path[:-1]
        if any(other[: len(inside)] == inside for other in replaced):
            return True
        path = inside
    return any(path[:length] in replaced for length in range(len(path) + 1))

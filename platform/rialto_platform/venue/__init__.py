"""The venue file: read it with :func:`load`, which reports everything that is wrong with it at once."""

import pathlib

from rialto_platform.venue import arithmetic, capacity, circuits, durability, findings, references, shape, source
from rialto_platform.venue.model import (
    Access,
    Account,
    Carrier,
    Circuit,
    Failover,
    Flow,
    Instrument,
    Interconnect,
    Market,
    Node,
    Objectives,
    Region,
    Router,
    Venue,
    Vpn,
)
from rialto_platform.venue.problems import Path, Problem, VenueError, path_text
from rialto_platform.venue.voters import Place, learners, round_trip_ns, route, slowest_round_trip_ns, voters

__all__ = [
    "Access",
    "Account",
    "Carrier",
    "Circuit",
    "Failover",
    "Flow",
    "Instrument",
    "Interconnect",
    "Market",
    "Node",
    "Objectives",
    "Place",
    "Problem",
    "Region",
    "Router",
    "Venue",
    "VenueError",
    "Vpn",
    "learners",
    "load",
    "parse",
    "read_bytes",
    "round_trip_ns",
    "route",
    "slowest_round_trip_ns",
    "voters",
]

_CHECKS = (*references.CHECKS, *arithmetic.CHECKS, *circuits.CHECKS, *durability.CHECKS, *capacity.CHECKS)


def load(path: str | pathlib.Path) -> Venue:
    """The venue that the file at ``path`` declares.

    Raises :class:`VenueError`, and nothing else, if the file cannot be read or anything in it is wrong.
    """
    return parse(read_bytes(path), str(path))


def read_bytes(path: str | pathlib.Path) -> bytes:
    """The bytes of the venue file at ``path``, for :func:`parse`; no more of a file that is larger than any venue's.

    Raises :class:`VenueError` if it cannot be read.
    """
    name = str(path)
    try:
        with pathlib.Path(path).open("rb") as file:
            return file.read(source.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problem = Problem(
            "(file)", None, f"{name} cannot be read: {reason}", "name a venue file, e.g. stacks/venues/laptop.yaml"
        )
        raise VenueError(name, [problem]) from error


def parse(data: bytes, name: str = "(text)") -> Venue:
    """The venue that a file's bytes declare; ``name`` stands for the file in messages.

    Raises :class:`VenueError`, and nothing else, if anything is wrong.
    """
    read = source.read(data)
    found: list[tuple[Path, int | None, str, str]] = [
        (flaw.path, flaw.line, flaw.wrong, flaw.right) for flaw in read.flaws
    ]
    venue = None
    if isinstance(read.value, dict):
        venue, more = _check(read.value, {flaw.path for flaw in read.flaws})
        found += [(path, read.line(path), wrong, right) for path, wrong, right in more]
    elif not found:
        wrong = f"expected a mapping of keys, found {shape.described(read.value)}"
        found.append(((), read.line(()), wrong, 'start with "venue: NAME"; stacks/venues/laptop.yaml is an example'))
    if found or venue is None:
        raise VenueError(name, [Problem(path_text(path), line, wrong, right) for path, line, wrong, right in found])
    return venue


def _check(value: dict[str, source.Raw], flawed: set[Path]) -> tuple[Venue | None, list[tuple[Path, str, str]]]:
    """The model, and what is wrong beyond what the reader refused already at ``flawed``."""
    shaped = shape.shape(value)
    found = [(refused.path, refused.wrong, refused.right) for refused in shaped.refused if refused.path not in flawed]
    if shaped.venue is not None:
        more = findings.run(_CHECKS, shaped.venue, shaped.replaced | flawed)
        found += [(finding.path, finding.wrong, finding.right) for finding in more]
    return shaped.venue, found

"""A venue file that changed under a venue: what differs, whether it can be applied, and how.

Nothing of it is applied to a running venue: its processes are told what stands in the venue's own files, which
`rialto up` writes before it starts them, and only then.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rialto_platform.local import numbers, one_machine
from rialto_platform.local.errors import LocalError
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.plan import Plan

if TYPE_CHECKING:
    from rialto_platform.venue import Venue
    from rialto_platform.venue.difference import Change


@dataclass(frozen=True)
class Changed:
    """How a venue file differs from what the venue was started with."""

    file: str
    changes: tuple[Change, ...]
    problem: str = ""
    """Why the file can't be used, or why its changes can't be applied to what the venue has."""
    next_step: str = ""

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return asdict(self)


def file_of(paths: VenuePaths) -> Path:
    """The venue file that the venue was started from.

    Raises:
        LocalError: the venue's plan is damaged.
    """
    return Path(Plan.read(paths.plan).file)


def changed(paths: VenuePaths, file: Path) -> Changed | None:
    """How `file` differs from what the venue was started with; nothing where every value is the same.

    Raises:
        LocalError: the file that the venue was started with can't be read.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        return Changed(
            str(file), (), f"it can't be read: {error.strerror or error}", "put it back, or name another one"
        )
    try:
        started = paths.venue_file.read_bytes()
    except OSError as error:
        raise LocalError(
            str(paths.venue_file), f"can't be read: {error.strerror or error}", "rialto down, then rialto up"
        ) from error
    if data == started:
        return None
    # Only now, so that a status of a venue whose file is as it was stays quick.
    from rialto_platform.venue import VenueError, parse

    try:
        new = parse(data, str(file))
    except VenueError as error:
        problems = f"{len(error.problems)} problem{'s' if len(error.problems) != 1 else ''}"
        return Changed(str(file), (), f"it is not valid now ({problems})", f"see them: rialto validate {file}")
    try:
        old = parse(started, str(paths.venue_file))
    except VenueError as error:
        raise LocalError(
            str(paths.venue_file), "is of another version and can't be compared", "rialto down, then rialto up"
        ) from error
    return compared(paths, file, old, new)


def compared(paths: VenuePaths, file: Path, old: Venue, new: Venue) -> Changed | None:
    """How the model of `file` differs from the one the venue was started with; nothing where it does not.

    Raises:
        LocalError: the numbers that the venue keeps are damaged.
    """
    from rialto_platform.venue.difference import difference

    changes = tuple(difference(old, new))
    if not changes:
        return None
    if new.name != old.name:
        wrong = f"it declares another venue, {new.name}"
        return Changed(str(file), changes, wrong, f"start that one beside this one: rialto up {file}")
    try:
        numbers.check(paths.numbers, one_machine.configurations(new))
    except LocalError as error:
        return Changed(str(file), changes, f"it {error.wrong}", error.next_step)
    if not paths.is_up():
        return Changed(str(file), changes, "", f"apply it: rialto up {file}")
    which = f"rialto down --venue {paths.name}, then rialto up {file}"
    return Changed(str(file), changes, "", f"nothing of it is applied while the venue runs; to apply it: {which}")

"""A whole venue's stacks, recorded once for all the tests of a process that look at them together."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from rialto_platform.clouds import inventory
from rialto_platform.clouds.recording import Recording
from rialto_platform.venue import Venue, load


@functools.cache
def whole(file: Path) -> tuple[Venue, Mapping[str, Recording]]:
    """The venue, and its recordings by project and stack: some twenty seconds of processor time the first time."""
    venue = load(file)
    return venue, inventory.recordings(venue, file)

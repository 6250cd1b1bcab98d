"""What tests of every cloud share."""

from __future__ import annotations

import pathlib

import pytest

from rialto_platform import venue as venue_files
from rialto_platform.venue import Venue


@pytest.fixture(scope="session")
def whole(venues: pathlib.Path) -> Venue:
    """The venue of three clouds."""
    return venue_files.load(venues / "three-clouds.yaml")

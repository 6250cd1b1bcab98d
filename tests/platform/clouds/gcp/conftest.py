"""The region of three-clouds.yaml on Google Cloud, recorded once for all tests of it."""

from __future__ import annotations

import pathlib

import pytest
from clouds_recording import recorded_region, reduced

from rialto_platform.clouds.gcp.region import GcpGround
from rialto_platform.clouds.recorder import Recording
from rialto_platform.venue import Venue


@pytest.fixture(scope="session")
def asia(whole: Venue) -> Recording:
    """Its region on Google Cloud."""
    return recorded_region(whole, "asia", GcpGround)


@pytest.fixture(scope="session")
def alone(venues: pathlib.Path) -> Recording:
    """The same region in a venue of its own, that has no domain, no operators, and a smaller machine."""
    venue = reduced(venues, "asia")
    small = venue.regions["asia"].model_copy(update={"machine": "c3-standard-22-lssd"})
    venue = venue.model_copy(update={"regions": {"asia": small}, "domain": None, "access": None})
    return recorded_region(venue, "asia", GcpGround)

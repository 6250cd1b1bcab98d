"""The region of three-clouds.yaml on Azure, recorded once for all tests of it."""

from __future__ import annotations

import pathlib

import pytest
from clouds_recording import recorded_region, reduced

from rialto_platform.clouds.azure.region import AzureGround
from rialto_platform.clouds.recorder import Recording
from rialto_platform.venue import Venue


@pytest.fixture(scope="session")
def europe(whole: Venue) -> Recording:
    """Its region on Azure."""
    return recorded_region(whole, "europe", AzureGround)


@pytest.fixture(scope="session")
def alone(venues: pathlib.Path) -> Recording:
    """The same region in a venue of its own, that has no domain, no operators, two zones, and a smaller machine."""
    venue = reduced(venues, "europe")
    small = venue.regions["europe"].model_copy(update={"machine": "Standard_L8as_v3", "zones": ("1", "3")})
    venue = venue.model_copy(update={"regions": {"europe": small}, "domain": None, "access": None})
    return recorded_region(venue, "europe", AzureGround)

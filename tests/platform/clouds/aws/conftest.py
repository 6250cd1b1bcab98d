"""The region on AWS of the venue of three clouds, recorded once."""

from __future__ import annotations

import pathlib

import pytest
from clouds_aws import CONFIG
from clouds_recording import recorded_region, reduced

from rialto_platform.clouds.aws.region import AwsGround
from rialto_platform.clouds.recorder import Recording
from rialto_platform.venue import Venue


@pytest.fixture(scope="package")
def venue(venues: pathlib.Path) -> Venue:
    """All three clouds."""
    return reduced(venues, "us", "asia", "europe")


@pytest.fixture(scope="package")
def ground(venue: Venue) -> Recording:
    """Its region `us`."""
    return recorded_region(venue, "us", AwsGround, config=CONFIG)

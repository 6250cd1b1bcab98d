"""Cloud DNS knows places by Google Cloud's names alone."""

from __future__ import annotations

import pathlib

import pytest

from rialto_platform import venue as venue_files
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.gcp.nearest import nearest


def test_each_region_of_three_clouds_has_a_place(venues: pathlib.Path) -> None:
    """Virginia, Taiwan and the Netherlands."""
    regions = venue_files.load(venues / "three-clouds.yaml").regions
    assert {name: nearest(name, region) for name, region in regions.items()} == {
        "us": "us-east4",
        "asia": "asia-east1",
        "europe": "europe-west4",
    }


def test_an_unknown_place_is_an_error_that_says_what_to_do(venues: pathlib.Path) -> None:
    """It names the path in the venue file and the table to add to."""
    us = venue_files.load(venues / "three-clouds.yaml").regions["us"].model_copy(update={"location": "moon-east-1"})
    with pytest.raises(CloudError) as error:
        nearest("us", us)
    assert "regions.us.location" in str(error.value)
    assert "moon-east-1 (aws)" in str(error.value)
    assert "nearest.py" in str(error.value)

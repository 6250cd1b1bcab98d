"""The Azure region that stands for another cloud's place."""

from __future__ import annotations

import pytest

from rialto_platform.clouds import locations
from rialto_platform.clouds.azure import nearest as module
from rialto_platform.clouds.azure.nearest import nearest
from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import Venue


def test_each_place_of_the_example_has_one(whole: Venue) -> None:
    """Itself, where it is Azure's."""
    near = {name: nearest(name, region) for name, region in whole.regions.items()}
    assert near == {"us": "eastus", "asia": "eastasia", "europe": "westeurope"}


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_every_place_that_a_venue_may_name_has_one(cloud: str, whole: Venue) -> None:
    """The table of places knows them."""
    region = whole.regions["us" if cloud == "aws" else "asia"]
    for location in locations.LOCATIONS[region.cloud]:
        # Latency is measured from regions without zones too.
        assert nearest("there", region.model_copy(update={"location": location})).isalnum()


def test_an_unknown_place_is_refused(whole: Venue) -> None:
    """With its path and what to do."""
    with pytest.raises(CloudError) as refused:
        nearest("us", whole.regions["us"].model_copy(update={"location": "us-moon-1"}))
    assert refused.value.where == "regions.us.location"
    assert module.__name__.rpartition(".")[2] in refused.value.next_step

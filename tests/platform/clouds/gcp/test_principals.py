"""Which of a venue's operators Google Cloud knows."""

from __future__ import annotations

import pytest

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.gcp.principals import members


def test_an_address_is_a_groups_and_others_are_as_they_are() -> None:
    """Ids of Azure and ARNs of AWS are for their own clouds."""
    given = [
        "operators@example.com",
        "00000000-0000-0000-0000-000000000001",
        "arn:aws:iam::123456789012:role/operators",
        "principalSet://iam.googleapis.com/locations/global/workforcePools/venue/group/operators",
    ]
    assert members(given) == ("group:operators@example.com", given[3])


def test_nobody_at_all_is_an_error() -> None:
    """A region that nobody could operate is not built."""
    with pytest.raises(CloudError, match="group"):
        members(["00000000-0000-0000-0000-000000000001"])

"""Names by one convention: unique where a cloud shares them, never longer than it takes."""

from __future__ import annotations

import string

import hypothesis
from hypothesis import strategies

from rialto_platform.clouds.names import MANAGED_BY, Names

_NAME = strategies.from_regex(r"[a-z][a-z0-9-]{0,15}", fullmatch=True)


def test_a_name_says_venue_region_and_role() -> None:
    """In this order; without a role it is the prefix of the rest."""
    names = Names("laptop", "us")
    assert names.of("vpc") == "laptop-us-vpc"
    assert names.of() == "laptop-us"
    assert names.tags("vpc") == {"venue": "laptop", "region": "us", "role": "vpc", "managed-by": MANAGED_BY}


@hypothesis.given(venue=_NAME, region=_NAME, role=_NAME, most=strategies.integers(24, 63))
def test_shared_names_fit_and_keep_their_digest(venue: str, region: str, role: str, most: int) -> None:
    """However long the parts are: two owners, and two roles, never meet."""
    names = Names(venue, region)
    one, other = (names.shared(role, owner, most) for owner in ("1", "2"))
    assert len(one) <= most
    assert one != other
    assert names.shared(role + "x", "1", most) != one
    plain = names.plain(role, "1")
    assert len(plain) <= 24
    assert set(plain) <= set(string.ascii_lowercase + string.digits)

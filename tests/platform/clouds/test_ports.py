"""The ports of engine nodes: apart from one another, one a market."""

from __future__ import annotations

import itertools

import pytest

from rialto_platform.clouds import ports
from rialto_platform.clouds.errors import CloudError

ALL = (ports.REPLICATION, ports.ORDER_SESSIONS, ports.MARKET_DATA, ports.ADMIN)


def test_ranges_are_apart() -> None:
    """A rule for one opens none of another."""
    for one, other in itertools.combinations(ALL, 2):
        assert one.last < other.first or other.last < one.first


def test_a_market_has_the_port_of_its_place_in_the_venue_file() -> None:
    """From the first on, as long as there are any."""
    assert ports.ORDER_SESSIONS.of_market(1) == 7100
    assert ports.MARKET_DATA.of_market(ports.MOST_MARKETS) == 7231
    with pytest.raises(CloudError, match="33 markets; a node has 32 ports for order sessions"):
        ports.ORDER_SESSIONS.of_market(33)


def test_ranges_are_written_as_clouds_write_them() -> None:
    """A single port alone."""
    assert str(ports.REPLICATION) == "7000"
    assert str(ports.ORDER_SESSIONS) == "7100-7131"
    assert (7131 in ports.ORDER_SESSIONS, 7132 in ports.ORDER_SESSIONS) == (True, False)
    assert ports.ORDER_SESSIONS.count == 32

"""A region's range falls into parts that lie within it and apart from one another."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network

import hypothesis
import pytest
from hypothesis import strategies

from rialto_platform.clouds.addresses import LONGEST_PREFIX, MOST_ZONES, AddressError, addresses


@hypothesis.given(
    prefix=strategies.integers(8, LONGEST_PREFIX), zones=strategies.integers(1, MOST_ZONES), block=strategies.data()
)
def test_parts_lie_within_the_range_and_apart(prefix: int, zones: int, block: strategies.DataObject) -> None:
    """For every range and number of zones; what spans zones holds what each zone has."""
    number = block.draw(strategies.integers(0, 2 ** (prefix - 8) - 1))
    whole = IPv4Network((10 << 24 | number << (32 - prefix), prefix))
    parts = addresses(whole, zones)
    spans = [parts.all_nodes, parts.pods, parts.services, parts.all_entry, parts.all_endpoints]
    others = [parts.gateways, parts.access, parts.control_plane]
    for one in (*spans, *others):
        assert one.subnet_of(whole)
    for one, other in itertools.combinations((*spans, *others), 2):
        assert not one.overlaps(other), (one, other)
    for each, span in ((parts.nodes, spans[0]), (parts.entry, spans[3]), (parts.endpoints, spans[4])):
        assert len(each) == zones
        assert all(one.subnet_of(span) and one.prefixlen <= 28 for one in each)
        assert not any(one.overlaps(other) for one, other in itertools.combinations(each, 2))
    assert parts.control_plane.prefixlen == 28


def test_what_each_zone_has_does_not_move_when_a_zone_is_added() -> None:
    """A subnet's range is for ever: another one is another subnet."""
    three, four = (addresses(IPv4Network("10.16.0.0/16"), zones) for zones in (3, 4))
    assert four.nodes[:3] == three.nodes
    assert four.entry[:3] == three.entry
    assert four.endpoints[:3] == three.endpoints
    assert str(three.nodes[1]) == "10.16.16.0/20"


@pytest.mark.parametrize(("cidr", "zones", "said"), [("10.0.0.0/21", 3, "too small"), ("10.0.0.0/16", 9, "9 zones")])
def test_what_cannot_be_divided_is_refused(cidr: str, zones: int, said: str) -> None:
    """With what would do."""
    with pytest.raises(AddressError, match=said):
        addresses(IPv4Network(cidr), zones)

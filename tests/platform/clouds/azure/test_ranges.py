"""Azure's own picture of a region's range."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from rialto_platform.clouds.azure.ranges import LONGEST_PREFIX, Ranges, ranges
from rialto_platform.clouds.errors import CloudError


@pytest.fixture(params=[12, 16, LONGEST_PREFIX])
def cidr(request: pytest.FixtureRequest) -> IPv4Network:
    """Ranges of several sizes, the smallest among them."""
    return next(IPv4Network("10.0.0.0/8").subnets(new_prefix=int(request.param)))


def subnets(divided: Ranges) -> tuple[IPv4Network, ...]:
    """Of the region's network."""
    return (*divided.cluster, divided.api_server, divided.endpoints, divided.link, divided.gateways)


def test_subnets_lie_in_the_networks_space_and_do_not_overlap(cidr: IPv4Network) -> None:
    """Whatever the size, and with as many zones as there are blocks."""
    divided = ranges("here", cidr, 8)
    for subnet in subnets(divided):
        assert any(subnet.subnet_of(part) for part in divided.space)
    parts = [*subnets(divided), divided.services, divided.access.network, divided.access.clients]
    assert not [(one, other) for one in parts for other in parts if one is not other and one.overlaps(other)]
    assert all(part.subnet_of(cidr) for part in parts)


def test_services_and_operators_are_outside_of_the_networks_space(cidr: IPv4Network) -> None:
    """Azure refuses a cluster or a VPN otherwise."""
    divided = ranges("here", cidr, 3)
    outside = (divided.services, divided.access.network, divided.access.clients)
    assert not [(part, one) for part in divided.space for one in outside if part.overlaps(one)]


def test_every_subnet_is_as_large_as_azure_wants(cidr: IPv4Network) -> None:
    """Also in the smallest range."""
    divided = ranges("here", cidr, 3)
    assert divided.gateways.prefixlen <= 27
    assert divided.access.gateway.prefixlen <= 27
    assert divided.api_server.prefixlen <= 28
    assert divided.access.resolver.prefixlen <= 28
    assert divided.access.api in divided.access.endpoint
    assert divided.access.dns in divided.access.resolver
    assert divided.cluster_dns in divided.services


def test_a_range_too_small_for_the_gateways_is_refused() -> None:
    """With its path, and what would do."""
    with pytest.raises(CloudError) as refused:
        ranges("regions.europe.cidr", IPv4Network("10.0.0.0/18"), 3)
    assert refused.value.where == "regions.europe.cidr"
    assert "/17" in refused.value.next_step

"""What the firewall of a region on Google Cloud lets through."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from rialto_platform.clouds.addresses import addresses
from rialto_platform.clouds.gcp.rules import Rule, rules

OWN = addresses(IPv4Network("10.32.0.0/16"), 3)
PEER = addresses(IPv4Network("10.16.0.0/16"), 3)
ENDPOINT = IPv4Address("10.32.224.1")


@pytest.fixture(scope="module")
def made() -> dict[str, Rule]:
    """The rules of a region with one peer, by role."""
    return {rule.role: rule for rule in rules(OWN, [PEER], ENDPOINT)}


def test_the_base_denies_everything_in_both_directions(made: dict[str, Rule]) -> None:
    """Every other rule is looked at before it, and it before what Google Cloud implies."""
    base = [rule for rule in made.values() if rule.denies]
    assert {(rule.direction, rule.ranges, rule.tcp, rule.pools) for rule in base} == {
        ("INGRESS", ("0.0.0.0/0",), (), ()),
        ("EGRESS", ("0.0.0.0/0",), (), ()),
    }
    others = [rule.priority for rule in made.values() if not rule.denies]
    assert max(others) < min(rule.priority for rule in base) < 65_535


def test_a_peer_replicates_and_nothing_else(made: dict[str, Rule]) -> None:
    """Its nodes and pods reach one port of engine nodes, and are reached at one."""
    for role, direction in (("peers-in", "INGRESS"), ("peers-out", "EGRESS")):
        assert made[role].direction == direction
        assert made[role].ranges == ("10.16.0.0/17", "10.16.128.0/18")
        assert made[role].tcp == ("7000",)
        assert made[role].pools == ("engine",)


def test_a_region_without_peers_opens_nothing_for_any() -> None:
    """There is no rule with an empty list of ranges, which would mean everybody."""
    alone = rules(OWN, [], ENDPOINT)
    assert not [rule for rule in alone if rule.role.startswith("peers")]
    assert all(rule.ranges for rule in alone)


def test_engine_nodes_have_no_way_to_the_internet(made: dict[str, Rule]) -> None:
    """The system pool has HTTPS; what every node reaches is in the region's own range."""
    everywhere = [rule for rule in made.values() if "0.0.0.0/0" in rule.ranges and not rule.denies]
    assert [(rule.role, rule.direction, rule.tcp, rule.pools) for rule in everywhere] == [
        ("internet-out", "EGRESS", ("443",), ("system",))
    ]
    for rule in made.values():
        if rule.direction == "EGRESS" and rule.pools == () and not rule.denies:
            assert all(IPv4Network(text).subnet_of(OWN.whole) for text in rule.ranges)


def test_google_apis_are_reached_at_their_private_endpoint(made: dict[str, Rule]) -> None:
    """One address, one port."""
    assert (made["google-apis-out"].ranges, made["google-apis-out"].tcp) == (("10.32.224.1/32",), ("443",))


def test_admin_and_market_data_stay_inside(made: dict[str, Rule]) -> None:
    """No rule opens them to another region or to the internet."""
    opened = {rule.role for rule in made.values() if rule.direction == "INGRESS" and "7300" in rule.tcp}
    assert opened == {"engine-in"}
    assert made["engine-in"].ranges == (str(OWN.all_nodes), str(OWN.pods))
    assert made["engine-in"].tcp == ("7000", "7200-7231", "7300")

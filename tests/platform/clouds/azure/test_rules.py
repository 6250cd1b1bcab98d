"""What the security groups let through, decided without an SDK."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from rialto_platform.clouds import ports
from rialto_platform.clouds.azure import rules
from rialto_platform.clouds.azure.ranges import ranges

HERE = ranges("here", IPv4Network("10.48.0.0/16"), 3)
PEERS = (IPv4Network("10.16.0.0/16"), IPv4Network("10.32.0.0/16"))
GROUPS = {
    "nodes": rules.nodes(HERE, PEERS, 3),
    "pods": rules.pods(HERE, PEERS),
    "api server": rules.api_server(HERE),
    "endpoints": rules.endpoints(HERE),
    "access endpoint": rules.access_endpoint(HERE),
    "access resolver": rules.access_resolver(HERE),
}


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_ends_what_comes_in_with_a_refusal(group: str) -> None:
    """Azure lets in everything between networks that know a way to each other."""
    inbound = [rule for rule in GROUPS[group] if rule.direction == "Inbound"]
    assert inbound[-1] == rules.DENY_IN
    assert rules.DENY_IN not in inbound[:-1]


@pytest.mark.parametrize("group", ["nodes", "pods", "endpoints", "access endpoint"])
def test_what_goes_out_is_refused_too(group: str) -> None:
    """But for what is named."""
    outbound = [rule for rule in GROUPS[group] if rule.direction == "Outbound"]
    assert outbound[-1] == rules.DENY_OUT


def test_the_internet_reaches_order_sessions_and_nothing_else() -> None:
    """At the entry's addresses, on one port a market."""
    open_rules = [
        (group, rule)
        for group, opened in GROUPS.items()
        for rule in opened
        if rule.access == "Allow" and rule.direction == "Inbound" and {rules.INTERNET, rules.ANY} & set(rule.sources)
    ]
    [(group, rule)] = open_rules
    assert group == "nodes"
    assert (rule.ports, rule.protocol, rule.destinations) == (("7100-7102",), "Tcp", ())


@pytest.mark.parametrize("group", ["nodes", "pods"])
def test_other_regions_reach_replication_alone(group: str) -> None:
    """And are reached by it alone."""
    inward = [rule for rule in GROUPS[group] if set(map(str, PEERS)) & set(rule.sources)]
    outward = [rule for rule in GROUPS[group] if set(map(str, PEERS)) & set(rule.destinations)]
    assert [(rule.direction, rule.ports) for rule in inward] == [("Inbound", ("7000",))]
    assert [(rule.direction, rule.ports) for rule in outward] == [("Outbound", ("7000",))]
    assert set(inward[0].sources) == set(outward[0].destinations) == set(map(str, PEERS))


def test_a_region_without_others_has_no_rule_for_them() -> None:
    """A rule without sources would be refused, or mean everybody."""
    assert all(rule.sources for rule in rules.nodes(HERE, (), 1))
    assert not [rule for rule in rules.nodes(HERE, (), 1) if "replicat" in rule.why]


def test_operators_reach_the_api_and_names_alone() -> None:
    """Not a node, not a pod."""
    clients = str(HERE.access.clients)
    allowed = {(group, rule.ports) for group, opened in GROUPS.items() for rule in opened if clients in rule.sources}
    assert allowed == {("access endpoint", ("443",)), ("access resolver", ("53",))}
    assert not [
        rule for opened in (GROUPS["nodes"], GROUPS["pods"]) for rule in opened if str(HERE.link) in rule.sources
    ]


def test_nodes_leave_for_https_and_time_alone() -> None:
    """Through the NAT gateway."""
    out = {
        (rule.protocol, rule.ports)
        for rule in GROUPS["nodes"]
        if rule.direction == "Outbound" and rules.INTERNET in rule.destinations
    }
    assert out == {("Tcp", ("443",)), ("Udp", ("123",))}


@pytest.mark.parametrize("markets", [0, ports.MOST_MARKETS + 1])
def test_as_many_ports_as_markets(markets: int) -> None:
    """No more than are set aside."""
    with pytest.raises(ValueError, match="markets"):
        rules.order_ports(markets)
    assert str(rules.order_ports(1)) == "7100"

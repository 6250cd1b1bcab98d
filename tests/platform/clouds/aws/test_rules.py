"""What security groups let through on AWS, decided without an SDK."""

from __future__ import annotations

from ipaddress import IPv4Network

from rialto_platform.clouds import ports
from rialto_platform.clouds.aws.rules import EVERYWHERE, GROUPS, S3, Group, Rule, rules

PEERS = {"asia": IPv4Network("10.32.0.0/16"), "europe": IPv4Network("10.48.0.0/16")}
RULES = rules(PEERS, operated=True)


def into(group: Group) -> set[tuple[str, int, int]]:
    """Who gets into a group, and by which ports."""
    return {
        ("s3" if isinstance(rule.peer, S3) else str(rule.peer), rule.ports.first, rule.ports.last)
        for rule in RULES
        if rule.group == group and rule.direction == "in"
    }


def test_the_internet_reaches_the_order_sessions_of_the_entry_and_nothing_else() -> None:
    """One rule, with its reason."""
    (opened,) = (rule for rule in RULES if rule.direction == "in" and rule.peer == EVERYWHERE)
    assert (opened.group, opened.ports, opened.protocol) == ("entry", ports.ORDER_SESSIONS, "tcp")
    assert "internet" in opened.why


def test_engine_nodes_are_reached_by_what_needs_them() -> None:
    """Replication, sessions, market data, health, kubelets: each from where it comes."""
    assert into("engine") == {
        ("control", 10250, 10250),
        ("engine", 7000, 7000),
        ("entry", 7100, 7131),
        ("entry", 7300, 7300),
        ("operators", 7300, 7300),
        ("system", 7100, 7131),
        ("system", 7200, 7231),
        ("system", 7300, 7300),
        ("system", 10250, 10250),
        ("10.32.0.0/16", 7000, 7000),
        ("10.48.0.0/16", 7000, 7000),
    }


def test_engine_nodes_have_no_way_to_the_internet() -> None:
    """Only to their peers, the cluster, AWS' private endpoints and S3."""
    out = {rule.peer for rule in RULES if rule.group == "engine" and rule.direction == "out"}
    assert out == {"engine", "system", "control", "endpoints", S3(), *PEERS.values()}
    assert EVERYWHERE not in out


def test_operators_reach_the_clusters_api_and_the_admin_api() -> None:
    """And nobody gets into their group; without a VPN it is not there."""
    out = {(rule.peer, rule.ports.first) for rule in RULES if rule.group == "operators"}
    assert out == {("control", 443), ("engine", 7300)}
    without = rules(PEERS, operated=False)
    assert not [rule for rule in without if "operators" in (rule.group, rule.peer)]


def test_each_way_between_groups_has_both_its_ends() -> None:
    """Out of the one and into the other; half a way is none."""
    between = {
        (rule.group, rule.peer, rule.ports, rule.protocol, rule.direction)
        for rule in RULES
        if isinstance(rule.peer, str)
    }
    for group, peer, span, protocol, direction in between:
        other = "in" if direction == "out" else "out"
        assert (peer, group, span, protocol, other) in between, (group, peer, span)


def test_rules_have_names_of_their_own_and_reasons() -> None:
    """A name is a resource's, so two can't share one."""
    assert len({rule.role for rule in RULES}) == len(RULES)
    assert all(rule.why and len(rule.why) <= 255 for rule in RULES)
    assert {rule.group for rule in RULES} == set(GROUPS)


def test_a_venue_of_one_region_opens_nothing_to_others() -> None:
    """No peers, no ranges."""
    alone: tuple[Rule, ...] = rules({}, operated=False)
    assert [rule.peer for rule in alone if isinstance(rule.peer, IPv4Network) and rule.direction == "in"] == [
        EVERYWHERE
    ]

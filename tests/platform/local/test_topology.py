"""Who leads, as it is read from what nodes say of themselves."""

from __future__ import annotations

from rialto_platform.local.status import NodeStatus
from rialto_platform.local.topology import Epoch, markets, region_of

IDS = {"us-1": 1, "asia-1": 2, "europe-1": 3}


def said(
    node: str, role: str, term: int = 3, by: int = 1, applied: int = 100, lag: dict[str, int] | None = None
) -> NodeStatus:
    """What a node that runs says of one market."""
    voters = [
        {"id": number, "node": name, "region": name[:-2], "lag": (lag or {}).get(name, 0), "heard_ms": 7_000}
        for name, number in IDS.items()
    ]
    replication = {
        "id": IDS[node],
        "epoch": {"term": term, "node": by},
        "voters": voters,
        "applied": applied,
        "heard_from_leader_ms": 12.5,
    }
    return NodeStatus(node, "running", "", {"markets": {"main": {"role": role, "replication": replication}}}, "a:1", 1)


def test_leader_followers_and_one_that_does_not_answer() -> None:
    nodes = [
        said("us-1", "leader", lag={"asia-1": 5, "europe-1": 40}),
        said("asia-1", "follower", applied=95),
        NodeStatus("europe-1", "frozen", "stopped", None),
    ]
    [market] = markets(nodes)
    assert market.leader is not None
    assert (market.leader.node, market.leader.region, market.epoch) == ("us-1", "us", Epoch(3, 1))
    assert str(market.epoch) == "3.1"
    seen = [(one.node, one.state, one.role, one.applied, one.lag, one.age_ms) for one in market.replicas]
    assert seen == [
        ("us-1", "running", "leader", 100, 0, 0.0),
        ("asia-1", "running", "follower", 95, 5, 12.5),
        ("europe-1", "frozen", "-", None, 40, 7_000.0),
    ]
    told = market.as_json()
    assert told["leader"] == {"id": 1, "node": "us-1", "region": "us"}
    assert told["epoch"] == {"term": 3, "node": 1}


def test_of_two_that_take_themselves_for_leaders_the_later_epoch_counts() -> None:
    [market] = markets([said("us-1", "leader", 3, 1), said("asia-1", "leader", 4, 2), said("europe-1", "follower")])
    assert market.leader is not None
    assert market.leader.node == "asia-1"
    assert [one.role for one in market.replicas] == ["deposed", "leader", "follower"]
    # A term may have had two leaders.
    [market] = markets([said("us-1", "leader", 4, 1), said("asia-1", "leader", 4, 2)])
    assert market.leader is not None
    assert market.leader.node == "asia-1"


def test_without_a_leader_the_furthest_replica_speaks_for_the_market() -> None:
    [market] = markets([said("us-1", "candidate", applied=90), said("asia-1", "follower", applied=99)])
    assert market.leader is None
    assert market.epoch is None
    assert [(one.node, one.role, one.lag) for one in market.replicas] == [
        ("us-1", "candidate", None),
        ("asia-1", "follower", None),
        ("europe-1", "-", None),
    ]
    assert market.as_json()["leader"] is None


def test_a_leader_that_not_all_follow_yet_is_not_agreed_on() -> None:
    others = [said("asia-1", "follower"), NodeStatus("europe-1", "frozen", "stopped", None)]
    [market] = markets([said("us-1", "leader"), *others])
    assert market.agreed
    for late in (
        said("europe-1", "candidate", 4, 3),
        said("europe-1", "learner", 0, 0),
        said("europe-1", "follower", 2),
    ):
        [market] = markets([said("us-1", "leader"), said("asia-1", "follower"), late])
        assert market.leader is not None
        assert not market.agreed
    [market] = markets([said("us-1", "candidate"), said("asia-1", "follower")])
    assert not market.agreed


def test_answers_that_lack_things_are_no_crash() -> None:
    odd = NodeStatus("us-1", "running", "", {"markets": {"main": {}, "other": "x", "third": {"role": "leader"}}})
    assert [market.name for market in markets([odd])] == ["main", "third"]
    assert markets([NodeStatus("us-1", "starting", "", None)]) == ()


def test_a_node_is_named_by_its_region_and_zone() -> None:
    assert region_of("us-east-2") == "us-east"

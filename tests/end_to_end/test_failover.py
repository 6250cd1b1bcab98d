"""Three regions, one log: nodes die, freeze and hand over while orders flow, and nothing acknowledged is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from live_venue import NODES, LiveVenue, assert_whole, eventually


@pytest.fixture
def venue(shared: LiveVenue) -> LiveVenue:
    """The module's venue, whole again."""
    eventually(shared.healthy)
    return shared


def resting(venue: LiveVenue) -> int:
    """Orders that rest in the market, as its leader counts them; none while it has no leader."""
    status: dict[str, Any] = venue.status()
    leaders = [market["leader"]["node"] for market in status["markets"] if market["leader"] is not None]
    facts = [node["status"] for node in status["nodes"] if node["name"] in leaders and node["status"] is not None]
    return int(facts[0]["markets"]["main"]["orders_resting"]) if facts else 0


def through(venue: LiveVenue, trouble: Callable[[], object], seconds: int = 3) -> dict[str, Any]:
    """What a verified flow of four sessions finds, with `trouble` in its middle."""
    before = resting(venue)
    options = ["--sessions", "4", "--seconds", str(seconds), "--rate", "500", "--verify", "--json"]
    with venue.start("flow", *options) as flow:
        eventually(lambda: resting(venue) > before or flow.poll() is not None)
        trouble()
        out, err = flow.communicate(timeout=120)
    assert flow.returncode == 0, out + err
    return json.loads(out)


def test_three_nodes_and_one_leader(venue: LiveVenue) -> None:
    market = venue.market()
    assert [replica["node"] for replica in market["replicas"]] == list(NODES)
    assert sorted(replica["role"] for replica in market["replicas"]) == ["follower", "follower", "leader"]


def test_a_killed_leader_costs_nothing_and_rejoins(venue: LiveVenue) -> None:
    before = venue.market()
    leader = before["leader"]["node"]

    def kill() -> None:
        acted = json.loads(venue.rialto("node", "kill", leader, "--json").stdout)
        assert acted["roles"] == {"main": "leader"}

    assert_whole(through(venue, kill))
    after = venue.market()
    assert (after["epoch"]["term"], after["epoch"]["node"]) > (before["epoch"]["term"], before["epoch"]["node"])
    eventually(venue.healthy)


def test_a_killed_follower_costs_nothing(venue: LiveVenue) -> None:
    before = venue.market()
    follower = next(replica["node"] for replica in before["replicas"] if replica["role"] == "follower")
    assert_whole(through(venue, lambda: venue.rialto("node", "kill", follower)))
    assert venue.market()["leader"] == before["leader"]


def test_a_frozen_leader_is_replaced_and_follows_once_it_is_woken(venue: LiveVenue) -> None:
    leader = venue.leader()

    def freeze_and_wake() -> None:
        venue.rialto("node", "freeze", leader)
        eventually(lambda: venue.leader() != leader)
        frozen = next(node for node in venue.status()["nodes"] if node["name"] == leader)  # type: ignore[attr-defined]
        assert frozen["state"] == "frozen"
        venue.rialto("node", "resume", leader)

    assert_whole(through(venue, freeze_and_wake, seconds=4))
    eventually(venue.healthy)
    assert next(one for one in venue.market()["replicas"] if one["node"] == leader)["role"] == "follower"


def test_leadership_moves_under_flow(venue: LiveVenue) -> None:
    to = next(replica["region"] for replica in venue.market()["replicas"] if replica["role"] == "follower")
    moved: list[dict[str, Any]] = []

    def move() -> None:
        moved.append(json.loads(venue.rialto("switchover", "--to", to, "--json").stdout))

    assert_whole(through(venue, move))
    assert moved[0]["after"]["leader"]["region"] == to
    refused = venue.rialto("switchover", "--to", to, check=False)
    assert refused.returncode == 1
    assert "already" in refused.stderr


def test_all_three_killed_at_once_lose_nothing(venue: LiveVenue) -> None:
    def kill_all() -> None:
        for node in NODES:
            venue.rialto("node", "kill", node)

    assert_whole(through(venue, kill_all, seconds=6))


def test_more_sessions_than_the_file_declares_are_refused(venue: LiveVenue) -> None:
    refused = venue.rialto("flow", "--sessions", "99", "--seconds", "1", "--verify", check=False)
    assert refused.returncode == 1
    assert "declares 23" in refused.stderr


def test_down_on_a_frozen_node_leaves_nothing(venue: LiveVenue) -> None:
    venue.rialto("node", "freeze", "asia")
    venue.rialto("down")
    assert venue.status()["state"] == "down"
    assert [path for path in venue.root.rglob("*.json") if path.name in {"process.json", "ready.json"}] == []

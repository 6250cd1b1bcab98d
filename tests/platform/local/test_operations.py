"""Kill, freeze, resume and switchover on stand-in nodes: what is done, what is said, what is refused and why."""

from __future__ import annotations

import itertools
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import fake_venue
import pytest
from fake_venue import FakeVenue, wait_for

from rialto_platform.local import node_control, proof, status, switchover, target
from rialto_platform.local.errors import LocalError


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeVenue]:
    """Three nodes that serve."""
    folder = tmp_path_factory.mktemp("venue")
    made = fake_venue.make(folder, folder / "venue")
    made.started()
    yield made
    made.end()


@pytest.fixture
def venue(running: FakeVenue) -> FakeVenue:
    """The same, with us-1 as leader and every replica at position 100."""
    running.tell(leader="us-1", term=3, position=100, lag={}, hash={}, refuse=None)
    running.serves()
    return running


def refusal(text: str) -> pytest.RaisesExc[LocalError]:
    """An error that says this."""
    return pytest.raises(LocalError, match=text)


def test_a_killed_leader_is_told_as_such_and_comes_back(venue: FakeVenue) -> None:
    before = venue.identity("us-1")
    acted = node_control.act(venue.paths, "us", "kill")
    assert (acted.node, acted.region, acted.pid) == ("us-1", "us", before.pid)
    assert (acted.before, acted.roles, acted.supervised) == ("running", {"main": "leader"}, True)
    assert not before.alive()
    wait_for(lambda: True if venue.identity("us-1") != before else None)
    assert json.loads(json.dumps(acted.as_json()))["action"] == "kill"


def test_a_frozen_node_is_shown_and_woken(venue: FakeVenue) -> None:
    acted = node_control.act(venue.paths, "asia-1", "freeze")
    assert acted.roles == {"main": "follower"}
    seen = {node.name: node for node in status.observe(venue.paths).nodes}
    assert seen["asia-1"].state == "frozen"
    assert "rialto node resume" in seen["asia-1"].problem
    assert status.observe(venue.paths).state == "degraded"
    with refusal("asia-1: is frozen"):
        switchover.switchover(venue.paths, "main", "asia")
    woken = node_control.act(venue.paths, "asia", "resume")
    assert woken.before == "frozen"
    assert not venue.identity("asia-1").frozen()
    assert node_control.act(venue.paths, "asia", "resume").before == "running"


def test_a_frozen_node_can_be_killed(venue: FakeVenue) -> None:
    node_control.act(venue.paths, "europe", "freeze")
    before = venue.identity("europe-1")
    assert node_control.act(venue.paths, "europe", "kill").before == "frozen"
    assert not before.alive()


def test_only_the_recorded_process_is_signalled(venue: FakeVenue) -> None:
    identity = venue.identity("europe-1")
    record = venue.paths.node("europe-1").process
    kept = record.read_text()
    # The number of a live process, with another's start time: it is another process, and must not be touched.
    record.write_text(json.dumps(json.loads(kept) | {"start_time_ticks": 1}))
    try:
        with refusal("does not run"):
            node_control.act(venue.paths, "europe", "kill")
        assert identity.alive()
    finally:
        record.write_text(kept)


@pytest.mark.parametrize(("place", "text"), [("mars", "name a region: us, asia, europe"), ("us-2", "has no node")])
def test_an_unknown_region_is_refused(venue: FakeVenue, place: str, text: str) -> None:
    with refusal(text):
        node_control.act(venue.paths, place, "kill")


def test_leadership_moves_where_it_is_asked_to(venue: FakeVenue) -> None:
    moved = switchover.switchover(venue.paths, None, "europe")
    assert moved.before.leader is not None
    assert moved.after.leader is not None
    assert (moved.before.leader.node, moved.after.leader.node) == ("us-1", "europe-1")
    assert moved.took_ms == 4.25
    assert moved.seen_ms >= 0
    assert str(moved.after.epoch) == "4.3"
    again = switchover.switchover(venue.paths, "main", None)
    assert again.after.leader is not None
    assert again.after.leader.node == "us-1"


def test_what_cannot_move_says_why(venue: FakeVenue) -> None:
    with refusal("led by us-1 already"):
        switchover.switchover(venue.paths, "main", "us")
    with refusal("has no node in mars"):
        switchover.switchover(venue.paths, "main", "mars")
    with refusal("has no market other"):
        switchover.switchover(venue.paths, "other", "us")
    venue.tell(refuse="asia-1 lags by 5,000 positions")
    with refusal("asia-1 lags by 5,000 positions"):
        switchover.switchover(venue.paths, "main", "asia")
    venue.tell(leader=None, refuse=None)
    with refusal("no leader that could hand over"):
        switchover.switchover(venue.paths, "main", "asia")


def test_clients_are_told_every_address_even_of_a_node_that_is_away(venue: FakeVenue) -> None:
    found = target.find(venue.paths, None)
    addresses = [f"127.0.0.1:50{port}0" for port in (1, 2, 3)]
    assert found.orders == [word for address in addresses for word in ("--orders", address)]
    ready = venue.paths.node("us-1").ready
    hidden = ready.rename(ready.with_suffix(".hidden"))
    try:
        assert target.find(venue.paths, None).orders == found.orders
    finally:
        hidden.rename(ready)


def test_more_sessions_than_declared_are_refused_with_the_reason(venue: FakeVenue) -> None:
    found = target.find(venue.paths, "main")
    assert found.free_sessions(3) == ("A", "B", "C")
    record = venue.paths.flow("main").record
    with refusal("declares 3; ask for 3 at most"):
        found.free_sessions(4)
    record.parent.mkdir(exist_ok=True)
    record.write_text(json.dumps({"state": "running", "market": "main"}))
    try:
        plan = json.loads(venue.paths.plan.read_text())
        flow = {"market": "main", "nodes": ["us-1"], "arguments": ["--session", "A"]}
        venue.paths.plan.write_text(json.dumps(plan | {"flows": [flow]}))
        found = target.find(venue.paths, "main")
        assert found.free_sessions(2) == ("B", "C")
        with refusal("its own order flow uses 1 of them; ask for 2 at most"):
            found.free_sessions(3)
        venue.paths.plan.write_text(json.dumps(plan))
    finally:
        record.unlink()


def test_a_flow_is_verified_at_a_position_that_all_replicas_have(venue: FakeVenue, tmp_path: Path) -> None:
    found = proof.verify(venue.paths, target.find(venue.paths, "main"), tmp_path / "ledger")
    assert found["ok"] is True
    assert found["lagging"] == []
    call = venue.calls()[-1]
    assert call[:3] == ["verify", "--ledger", str(tmp_path / "ledger")]
    told = [value for flag, value in itertools.pairwise(call) if flag == "--state-hash"]
    assert told == [f"{node}=100:same" for node in venue.nodes]
    replicas = [value for flag, value in itertools.pairwise(call) if flag == "--replica"]
    assert replicas == [f"{node}={venue.paths.node(node).data},1,100" for node in venue.nodes]


def test_states_that_differ_are_no_proof(venue: FakeVenue, tmp_path: Path) -> None:
    venue.tell(hash={"asia-1": "another"})
    found = proof.verify(venue.paths, target.find(venue.paths, "main"), tmp_path / "ledger")
    assert (found["ok"], found["state_hashes_equal"]) == (False, False)


def test_a_replica_that_lags_or_is_away_is_named(venue: FakeVenue, tmp_path: Path) -> None:
    venue.tell(lag={"asia-1": 7})
    assert venue.identity("europe-1").signal(signal.SIGSTOP)
    try:
        found = proof.verify(venue.paths, target.find(venue.paths, "main"), tmp_path / "ledger", timeout_s=0.5)
    finally:
        venue.identity("europe-1").signal(signal.SIGCONT)
    assert found["ok"] is False
    assert found["lagging"] == ["asia-1 is at 93 of 100", "europe-1 is frozen"]
    asked = [value for flag, value in itertools.pairwise(venue.calls()[-1]) if flag == "--replica"]
    assert asked == [f"us-1={venue.paths.node('us-1').data},1,100"]


def test_without_a_leader_nothing_is_verified(venue: FakeVenue, tmp_path: Path) -> None:
    venue.tell(leader=None)
    with refusal("has no leader after 0 s"):
        proof.verify(venue.paths, target.find(venue.paths, "main"), tmp_path / "ledger", timeout_s=0.2)


def test_a_region_with_several_nodes_is_asked_which(tmp_path: Path) -> None:
    made = fake_venue.make(tmp_path, tmp_path / "venue", ("us-1", "us-2", "us-3"))
    made.started()
    try:
        with refusal(r"several nodes \(us-1, us-2, us-3\)"):
            node_control.act(made.paths, "us", "freeze")
        assert node_control.act(made.paths, "us-2", "kill").node == "us-2"
    finally:
        made.end()

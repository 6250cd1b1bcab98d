"""Up and down with stand-in nodes: what is waited for, what is reported, what is refused, what is left."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import fake_venue
import pytest
from fake_venue import FakeVenue

from rialto_platform.local import addresses, changes, lifecycle, process, status, venues
from rialto_platform.local.errors import LocalError
from rialto_platform.local.paths import VenuePaths, choose_venue

# The supervisor is a daemon: it outlives whoever started it, and nobody waits for it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def file(venues: Path, tmp_path: Path) -> Path:
    """The laptop's venue file."""
    path = tmp_path / "venue.yaml"
    path.write_text((venues / "laptop.yaml").read_text())
    return path


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVenue]:
    """Where `up` finds stand-ins for the engine's programs; us-1 leads once there is a node of that name."""
    fake_venue.binaries(tmp_path)
    made = FakeVenue(tmp_path, VenuePaths(tmp_path / "state" / "venues" / "laptop"))
    made.tell()
    monkeypatch.setenv("RIALTO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RIALTO_FAKE_SHARED", str(made.shared))

    def stand_in(name: str) -> str:
        return str(tmp_path / name.removeprefix("rialto-"))

    monkeypatch.setattr(lifecycle, "binary", stand_in)
    yield made
    if made.paths.root.exists():
        lifecycle.down(made.paths)


def alive(venue: FakeVenue) -> list[process.ProcessIdentity]:
    """The nodes that run, by their command lines."""
    tails = [("--config", str(venue.paths.node(node).config)) for node in venue.nodes]
    return [identity for tail in tails for identity in process.running(tail)]


def test_up_brings_three_nodes_and_down_leaves_none(venue: FakeVenue, file: Path) -> None:
    started = lifecycle.up(file, with_flow=False)
    assert (started.already_up, started.failed) == (False, ())
    observed = status.observe(venue.paths)
    assert observed.state == "up"
    assert [node.name for node in observed.nodes] == list(venue.nodes)
    voters = [
        json.loads(venue.paths.node(node).config.read_text())["markets"][0]["replication"]["voters"]
        for node in venue.nodes
    ]
    listens = [{voter["node"]: voter["address"] for voter in told} for told in voters]
    assert listens[0] == listens[1] == listens[2]
    assert (observed.links.state, len(observed.links.views)) == ("running", 3)
    assert lifecycle.up(file, with_flow=False).already_up
    assert lifecycle.down(venue.paths)
    assert alive(venue) == []
    assert process.running(("--config", str(venue.paths.links.config))) == []


def test_links_that_do_not_start_are_told_and_nothing_is_left(
    venue: FakeVenue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIALTO_FAKE_BROKEN", "links")
    with pytest.raises(LocalError, match="the links: do not start") as caught:
        lifecycle.up(file, with_flow=False)
    assert "the links' configuration is wrong" in str(caught.value)
    assert alive(venue) == []
    assert not venue.paths.links.process.exists()


def test_a_venue_without_interconnects_runs_without_links(
    venue: FakeVenue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.up(file, with_flow=False)
    lifecycle.down(venue.paths)
    assert venue.paths.links.config.exists()

    def none(_: object) -> None:
        """The links of a venue without interconnects."""

    monkeypatch.setattr("rialto_platform.links_config.links_config", none)
    lifecycle.up(file, with_flow=False)
    observed = status.observe(venue.paths)
    assert (observed.state, observed.links.state) == ("up", "none")
    # What a venue with links left behind is no venue with links.
    assert not venue.paths.links.config.exists()


def test_a_node_that_does_not_start_is_told_while_the_others_serve(
    venue: FakeVenue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIALTO_FAKE_BROKEN", "asia-1")
    [told] = lifecycle.up(file, with_flow=False).failed
    assert told.startswith("node asia-1 does not start")
    assert "the configuration is wrong" in told
    observed = status.observe(venue.paths)
    assert observed.state == "degraded"
    assert {node.name: node.state for node in observed.nodes} == {
        "us-1": "running",
        "asia-1": "failed",
        "europe-1": "running",
    }
    assert next(node for node in observed.nodes if node.name == "asia-1").log[-1] == "the configuration is wrong"


def test_without_a_majority_nothing_is_up_and_nothing_is_left(
    venue: FakeVenue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIALTO_FAKE_BROKEN", "asia-1 europe-1")
    with pytest.raises(LocalError, match="nodes asia-1 and europe-1 of market main: do not start") as caught:
        lifecycle.up(file, with_flow=False)
    assert "the configuration is wrong" in str(caught.value)
    assert alive(venue) == []


def test_a_market_that_finds_no_leader_is_not_up(venue: FakeVenue, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venue.tell(leader=None)
    monkeypatch.setattr(lifecycle, "READY_TIMEOUT_S", 10.0)
    with pytest.raises(LocalError, match="market main: has no leader within 10 s"):
        lifecycle.up(file, with_flow=False)
    assert alive(venue) == []


def test_a_frozen_node_holds_up_neither_up_nor_down(venue: FakeVenue, file: Path) -> None:
    lifecycle.up(file, with_flow=False)
    frozen = venue.identity("europe-1")
    assert frozen.signal(signal.SIGSTOP)
    assert lifecycle.up(file, with_flow=False).already_up
    assert lifecycle.down(venue.paths)
    assert not frozen.alive()
    assert "asked to end" in venue.paths.node("europe-1").log.read_text()


def test_frozen_leftovers_of_a_dead_supervisor_are_ended_too(venue: FakeVenue, file: Path) -> None:
    lifecycle.up(file, with_flow=False)
    before = [venue.identity(node) for node in venue.nodes]
    [carried] = process.running(("--config", str(venue.paths.links.config)))
    supervisor = process.recorded(venue.paths.supervisor)
    assert supervisor is not None
    assert supervisor.signal(signal.SIGKILL)
    assert supervisor.wait_gone(10)
    assert before[1].signal(signal.SIGSTOP)
    said: list[str] = []
    lifecycle.up(file, with_flow=False, say=said.append)
    ended = [*sorted(venue.nodes), "the links"]
    assert [line.split(",")[0] for line in said[:4]] == [f"ended {name}" for name in ended]
    assert not any(identity.alive() for identity in [carried, *before])
    assert len(alive(venue)) == 3


def test_a_file_changed_under_a_running_venue_is_told(venue: FakeVenue, file: Path) -> None:
    lifecycle.up(file, with_flow=False)
    before = {name: venue.paths.node(name).config.read_bytes() for name in venue.nodes}
    assert lifecycle.up(file, with_flow=False).changed is None
    file.write_text(file.read_text() + "\n# a comment changes nothing\n")
    assert lifecycle.up(file, with_flow=False).changed is None
    file.write_text(
        file.read_text().replace(
            "[us, asia], bandwidth: 1 Gbit/s, latency: 1 ms", "[us, asia], bandwidth: 1 Gbit/s, latency: 30 ms"
        )
    )
    told = lifecycle.up(file, with_flow=False).changed
    assert told is not None
    assert [str(change) for change in told.changes] == ["interconnects[0].latency: 1 ms -> 30 ms"]
    assert f"rialto down --venue laptop, then rialto up {file}" in told.next_step
    # Nothing of it is applied, not by a node that is started again either.
    assert {name: venue.paths.node(name).config.read_bytes() for name in venue.nodes} == before
    assert "30 ms" not in venue.paths.venue_file.read_text()
    lifecycle.down(venue.paths)
    assert not lifecycle.up(file, with_flow=False).already_up
    assert "30 ms" in venue.paths.venue_file.read_text()


def test_a_change_that_the_journals_forbid_is_told_as_such(venue: FakeVenue, file: Path) -> None:
    lifecycle.up(file, with_flow=False)
    file.write_text(file.read_text().replace("[TRADE1, TRADE2]", "[TRADE2, TRADE1]"))
    told = lifecycle.up(file, with_flow=False).changed
    assert told is not None
    assert "contradicts the journals" in told.problem
    assert "rialto clean" in told.next_step
    file.write_text("venue: laptop\n")
    told = changes.changed(venue.paths, file)
    assert told is not None
    assert (told.changes, told.problem) == ((), "it is not valid now (4 problems)")
    file.unlink()
    told = changes.changed(venue.paths, file)
    assert told is not None
    assert "No such file" in told.problem


def test_two_venues_stand_side_by_side_and_keep_their_ports(venue: FakeVenue, file: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.yaml"
    second.write_text(file.read_text().replace("venue: laptop", "venue: second"))
    lifecycle.up(file, with_flow=False)
    ports = addresses.kept(venue.paths.node(name).config for name in venue.nodes)
    other = lifecycle.up(second, with_flow=False).paths
    try:
        assert not ports & addresses.kept(other.node(name).config for name in venue.nodes)
        found = {one.name: (one.state, set(one.nodes.values()), one.leaders, one.file) for one in venues.survey()}
        assert found == {
            "laptop": ("up", {"running"}, {"main": "us-1"}, str(file)),
            "second": ("up", {"running"}, {"main": "us-1"}, str(second)),
        }
        with pytest.raises(LocalError, match=r"laptop is up, second is up.*--venue.*rialto venue list"):
            choose_venue(None)
        lifecycle.down(venue.paths)
        assert choose_venue(None) == other
        [first, _] = venues.survey()
        assert (first.state, set(first.nodes.values()), first.leaders) == ("down", {"down"}, {})
        lifecycle.up(file, with_flow=False)
        assert addresses.kept(venue.paths.node(name).config for name in venue.nodes) == ports
    finally:
        lifecycle.down(other)


def test_sessions_in_another_order_are_refused_before_anything_starts(venue: FakeVenue, file: Path) -> None:
    lifecycle.up(file, with_flow=False)
    lifecycle.down(venue.paths)
    file.write_text(file.read_text().replace("[TRADE1, TRADE2]", "[TRADE2, TRADE1]"))
    with pytest.raises(LocalError, match="TRADE2 was number 19 and is now 18"):
        lifecycle.up(file, with_flow=False)
    assert alive(venue) == []


def test_another_home_is_refused_before_anything_starts(venue: FakeVenue, file: Path) -> None:
    lifecycle.up(file, with_flow=False)
    lifecycle.down(venue.paths)
    file.write_text(file.read_text().replace("home: us", "home: asia"))
    with pytest.raises(LocalError, match="replica of main: asia-1 was number 2 and is now 1"):
        lifecycle.up(file, with_flow=False)
    assert alive(venue) == []

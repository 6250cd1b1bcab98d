"""The supervisor with stand-in processes: restarts, giving up, addresses kept, an end that leaves nothing behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import fake_venue
import pytest
from fake_venue import FakeVenue, wait_for

from rialto_platform.local import files, links, process, status
from rialto_platform.local.ready import Ready


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[FakeVenue]:
    """One node, not started."""
    made = fake_venue.make(tmp_path, tmp_path / "venue", ("us-1",))
    yield made
    made.end()


@pytest.fixture
def three(tmp_path: Path) -> Iterator[FakeVenue]:
    """Three nodes, not started."""
    made = fake_venue.make(tmp_path, tmp_path / "venue")
    yield made
    made.end()


def failed(venue: FakeVenue, node: str) -> bool | None:
    """True once the supervisor has given the node up."""
    state = files.read_json(venue.paths.node(node).process)
    return True if state is not None and state.get("state") == "failed" else None


def test_a_killed_node_is_started_again_while_the_others_go_on(three: FakeVenue) -> None:
    three.started()
    others = [three.identity(node) for node in ("us-1", "europe-1")]
    first = three.identity("asia-1")
    assert first.signal(signal.SIGKILL)

    def another() -> process.ProcessIdentity | None:
        now = process.recorded(three.paths.node("asia-1").process)
        return now if now != first else None

    second = wait_for(another)
    assert second.alive()
    assert not first.alive()
    assert [three.identity(node) for node in ("us-1", "europe-1")] == others


def test_nodes_start_side_by_side(three: FakeVenue) -> None:
    # None of them is ready before all of them run, however long each takes.
    for node in three.nodes:
        three.configure(node, slow=1.0)
    three.start()
    seen = [three.identity(node) for node in three.nodes]
    assert all(identity.alive() for identity in seen)
    assert not any(three.paths.node(node).ready.exists() for node in three.nodes)


def test_nodes_start_once_the_links_carry_and_end_before_them(three: FakeVenue) -> None:
    config = three.paths.links.config
    files.write_json(config, dict(files.read_json(config) or {}) | {"slow": 1.0})
    for node in three.nodes:
        three.configure(node, lingers=0.3)
    supervisor = three.start(linked=True)
    wait_for(lambda: process.recorded(three.paths.links.process))
    assert not any(three.paths.node(node).process.exists() for node in three.nodes)
    for node in three.nodes:
        wait_for(lambda node=node: True if three.paths.node(node).ready.exists() else None)
    assert process.end(supervisor, 30) == "ended"
    moments = [float(log.read_text().split()[-1]) for log in (three.paths.node(node).log for node in three.nodes)]
    assert float(three.paths.links.log.read_text().split()[-1]) >= max(moments)


def test_links_that_were_killed_are_started_again_under_the_nodes(three: FakeVenue) -> None:
    three.started(linked=True)
    nodes = [three.identity(node) for node in three.nodes]
    first = wait_for(lambda: process.recorded(three.paths.links.process))
    links.cut(three.paths, "us", "asia")
    assert first.signal(signal.SIGKILL)

    def another() -> process.ProcessIdentity | None:
        now = process.recorded(three.paths.links.process)
        return now if now != first and three.paths.links.ready.exists() else None

    assert wait_for(another).alive()
    assert [three.identity(node) for node in three.nodes] == nodes
    assert not any(view.cut for view in links.read(three.paths))


def test_each_markets_flow_has_its_own_record_and_log(venue: FakeVenue) -> None:
    """One that cannot start costs the other nothing."""
    venue.start("60", markets=("main", "other"))
    records = {market: venue.paths.flow(market).record for market in ("main", "other")}
    wait_for(lambda: True if all(record.exists() for record in records.values()) else None)
    states = {market: (files.read_json(record) or {})["state"] for market, record in records.items()}
    assert states == {"main": "running", "other": "failed"}
    observed = status.observe(venue.paths)
    assert (observed.flow, observed.flows) == ("failed", states)
    assert venue.paths.flow("main").log.exists()


def test_a_node_that_cannot_start_is_reported_while_the_others_serve(three: FakeVenue) -> None:
    three.configure("asia-1", broken=True)
    supervisor = three.start()
    wait_for(lambda: failed(three, "asia-1"))
    assert supervisor.alive()
    assert process.recorded(three.paths.node("asia-1").process) is None
    assert "the configuration is wrong" in three.paths.node("asia-1").log.read_text()
    assert all(three.identity(node).alive() for node in ("us-1", "europe-1"))


def test_a_node_whose_disk_is_full_is_reported_and_tried_on(three: FakeVenue) -> None:
    three.configure("asia-1", exit=71)
    three.start()
    wait_for(lambda: failed(three, "asia-1"))
    record = files.read_json(three.paths.node("asia-1").process) or {}
    assert record["tried_again"] is True
    assert "free space" in status.node_status(three.paths, "asia-1").problem
    # The disk has room again.
    three.configure("asia-1", exit=0)
    wait_for(lambda: True if three.paths.node("asia-1").ready.exists() else None)
    assert three.identity("asia-1").alive()


def test_an_order_flow_is_told_every_address_and_ends_by_itself(three: FakeVenue) -> None:
    three.start("0.1")

    def ended() -> bool | None:
        state = files.read_json(three.paths.flow("main").record)
        return True if state is not None and state.get("state") == "ended" else None

    wait_for(ended)
    orders = "--orders 127.0.0.1:5010 --orders 127.0.0.1:5020 --orders 127.0.0.1:5030"
    assert f"flow {orders} --session A --seconds 0.1" in three.paths.flow("main").log.read_text()
    assert three.identity("us-1").alive()


def test_the_end_leaves_no_process_and_no_record(three: FakeVenue) -> None:
    supervisor = three.start("60", linked=True)
    links = wait_for(lambda: process.recorded(three.paths.links.process))
    nodes = [three.identity(node) for node in three.nodes]
    flow = wait_for(lambda: process.recorded(three.paths.flow("main").record))
    assert process.end(supervisor, 30) == "ended"
    assert not any(one.alive() for one in [links, *nodes, flow])
    root = three.paths.root
    left = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    own = [f"nodes/{node}/{name}" for node in three.nodes for name in ("config.json", "node.log")]
    assert left == sorted([*own, "flows/main.log", "links.log", "links/config.json", "plan.json"])


def test_a_frozen_node_does_not_hold_up_the_end(three: FakeVenue) -> None:
    supervisor = three.start()
    wait_for(lambda: Ready.read(three.paths.node("asia-1").ready))
    frozen = three.identity("asia-1")
    assert frozen.signal(signal.SIGSTOP)
    assert process.end(supervisor, 30) == "ended"
    assert not frozen.alive()
    # It was asked, and not killed once the supervisor's patience was used up.
    assert "asked to end" in three.paths.node("asia-1").log.read_text()


def test_a_disk_that_takes_no_record_is_no_reason_to_let_go_of_a_node(venue: FakeVenue) -> None:
    node = venue.paths.node("us-1")
    # A folder in its place: a rename onto it fails, as a write does on a full disk.
    node.process.mkdir(parents=True)
    supervisor = venue.start()

    def running() -> list[process.ProcessIdentity] | None:
        return process.running(["--config", str(node.config)]) or None

    first = wait_for(running)[0]
    wait_for(lambda: Ready.read(node.ready))
    assert first.signal(signal.SIGKILL)
    wait_for(lambda: None if first.alive() else True)
    second = wait_for(running)[0]
    assert supervisor.alive()
    node.process.rmdir()
    assert process.end(supervisor, 30) == "ended"
    assert not second.alive()


def test_a_node_that_the_system_does_not_start_is_reported(venue: FakeVenue) -> None:
    (venue.folder / "node").chmod(0o644)
    supervisor = venue.start()
    wait_for(lambda: failed(venue, "us-1"))
    state = files.read_json(venue.paths.node("us-1").process) or {}
    assert "Permission denied" in str(state["last_exit"])
    assert supervisor.alive()


def test_an_order_flow_into_an_unknown_market_is_reported(venue: FakeVenue) -> None:
    venue.configure("us-1", market="other")
    venue.start("60")

    def reason() -> str | None:
        state = files.read_json(venue.paths.flow("main").record)
        return str(state.get("last_exit")) if state is not None and state.get("state") == "failed" else None

    assert "main" in wait_for(reason)


def test_a_supervisor_that_cannot_be_recorded_does_not_begin(venue: FakeVenue) -> None:
    venue.paths.supervisor.mkdir(parents=True)
    supervisor = venue.start()
    wait_for(lambda: None if supervisor.alive() else True)
    assert process.running(["--config", str(venue.paths.node("us-1").config)]) == []

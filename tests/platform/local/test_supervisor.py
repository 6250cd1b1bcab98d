"""The supervisor with stand-in processes: restarts, giving up, addresses kept, an end that leaves nothing behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from rialto_platform.local import files, process
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.plan import FlowPlan, Plan
from rialto_platform.local.ready import Ready

T = TypeVar("T")

NODE = """#!{python}
import json, os, sys, time
config = json.load(open(sys.argv[2]))
if config.get("broken"):
    sys.exit("the configuration is wrong")
listen = config["admin_listen"]
ready = {{"pid": os.getpid(), "admin": "127.0.0.1:4001" if listen.endswith(":0") else listen,
         "markets": {{config.get("market", "main"): {{
             "orders": "127.0.0.1:4002", "feed": "127.0.0.1:4003", "snapshot": "127.0.0.1:4004"}}}}}}
with open(config["ready_file"] + ".tmp", "w") as file:
    json.dump(ready, file)
os.rename(config["ready_file"] + ".tmp", config["ready_file"])
time.sleep(60)
"""
LOAD = """#!{python}
import sys, time
print(" ".join(sys.argv[1:]), flush=True)
time.sleep(float(sys.argv[-1]))
"""


@pytest.fixture
def venue(tmp_path: Path) -> VenuePaths:
    for name, text in (("node", NODE), ("load", LOAD)):
        (tmp_path / name).write_text(text.format(python=sys.executable))
        (tmp_path / name).chmod(0o755)
    paths = VenuePaths(tmp_path / "venue")
    node = paths.node("us-1")
    files.write_json(
        node.config,
        {"admin_listen": "127.0.0.1:0", "ready_file": str(node.ready), "markets": [{"name": "main", "id": 1}]},
    )
    return paths


@pytest.fixture
def start(venue: VenuePaths, tmp_path: Path) -> Iterator[Callable[[str], process.ProcessIdentity]]:
    children: list[subprocess.Popen[bytes]] = []

    def run(flow_seconds: str) -> process.ProcessIdentity:
        flow = FlowPlan("main", "us-1", ("--seconds", flow_seconds))
        Plan("venue", str(tmp_path / "node"), str(tmp_path / "load"), ("us-1",), (flow,)).write(venue.plan)
        child = subprocess.Popen([sys.executable, "-m", "rialto_platform.local.supervisor", str(venue.root)])
        children.append(child)
        identity = process.ProcessIdentity.of(child.pid)
        assert identity is not None
        return identity

    yield run
    for child in children:
        child.terminate()
        child.wait(30)


def wait_for(look: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + 30
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.02)
    return found


def test_addresses_are_kept_for_the_next_start(
    venue: VenuePaths, start: Callable[[str], process.ProcessIdentity]
) -> None:
    start("60")
    wait_for(lambda: Ready.read(venue.node("us-1").ready))

    def config() -> dict[str, object] | None:
        value = json.loads(venue.node("us-1").config.read_text())
        return value if value["admin_listen"] != "127.0.0.1:0" else None

    kept = wait_for(config)
    assert kept["admin_listen"] == "127.0.0.1:4001"
    assert kept["markets"] == [
        {
            "name": "main",
            "id": 1,
            "orders_listen": "127.0.0.1:4002",
            "feed_listen": "127.0.0.1:4003",
            "snapshot_listen": "127.0.0.1:4004",
        }
    ]


def test_a_killed_node_is_started_again(venue: VenuePaths, start: Callable[[str], process.ProcessIdentity]) -> None:
    start("60")
    record = venue.node("us-1").process
    first = wait_for(lambda: process.recorded(record))
    wait_for(lambda: Ready.read(venue.node("us-1").ready))
    assert first.signal(signal.SIGKILL)

    def another() -> process.ProcessIdentity | None:
        now = process.recorded(record)
        return now if now != first else None

    second = wait_for(another)
    assert second.alive()
    assert not first.alive()


def test_a_node_that_cannot_start_is_reported(
    venue: VenuePaths, start: Callable[[str], process.ProcessIdentity]
) -> None:
    config = dict(files.read_json(venue.node("us-1").config) or {})
    files.write_json(venue.node("us-1").config, config | {"broken": True})
    supervisor = start("60")

    def failed() -> bool | None:
        state = files.read_json(venue.node("us-1").process)
        return True if state is not None and state.get("state") == "failed" else None

    wait_for(failed)
    assert supervisor.alive()
    assert process.recorded(venue.node("us-1").process) is None
    assert "the configuration is wrong" in venue.node("us-1").log.read_text()


def test_an_order_flow_ends_by_itself(venue: VenuePaths, start: Callable[[str], process.ProcessIdentity]) -> None:
    start("0.1")

    def ended() -> bool | None:
        state = files.read_json(venue.flow)
        return True if state is not None and state.get("state") == "ended" else None

    wait_for(ended)
    assert "flow --orders 127.0.0.1:4002 --seconds 0.1" in venue.flow_log.read_text()
    node = process.recorded(venue.node("us-1").process)
    assert node is not None
    assert node.alive()


def test_the_end_leaves_no_process_and_no_record(
    venue: VenuePaths, start: Callable[[str], process.ProcessIdentity]
) -> None:
    supervisor = start("60")
    node = wait_for(lambda: process.recorded(venue.node("us-1").process))
    flow = wait_for(lambda: process.recorded(venue.flow))
    assert process.end(supervisor, 30) == "ended"
    assert not node.alive()
    assert not flow.alive()
    left = sorted(str(path.relative_to(venue.root)) for path in venue.root.rglob("*") if path.is_file())
    assert left == ["flow.log", "nodes/us-1/config.json", "nodes/us-1/node.log", "plan.json"]


def test_a_disk_that_takes_no_record_is_no_reason_to_let_go_of_a_node(
    venue: VenuePaths, start: Callable[[str], process.ProcessIdentity]
) -> None:
    node = venue.node("us-1")
    # A folder in its place: a rename onto it fails, as a write does on a full disk.
    node.process.mkdir()
    supervisor = start("60")

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


def test_a_node_that_the_system_does_not_start_is_reported(
    venue: VenuePaths, start: Callable[[str], process.ProcessIdentity], tmp_path: Path
) -> None:
    (tmp_path / "node").chmod(0o644)
    supervisor = start("60")

    def failed() -> str | None:
        state = files.read_json(venue.node("us-1").process)
        return str(state.get("last_exit")) if state is not None and state.get("state") == "failed" else None

    assert "Permission denied" in wait_for(failed)
    assert supervisor.alive()


def test_an_order_flow_into_an_unknown_market_is_reported(
    venue: VenuePaths, start: Callable[[str], process.ProcessIdentity]
) -> None:
    node = venue.node("us-1")
    files.write_json(node.config, dict(files.read_json(node.config) or {}) | {"market": "other"})
    start("60")

    def failed() -> str | None:
        state = files.read_json(venue.flow)
        return str(state.get("last_exit")) if state is not None and state.get("state") == "failed" else None

    assert "main" in wait_for(failed)


def test_a_supervisor_that_cannot_be_recorded_does_not_begin(
    venue: VenuePaths, start: Callable[[str], process.ProcessIdentity]
) -> None:
    venue.supervisor.mkdir()
    supervisor = start("60")
    wait_for(lambda: None if supervisor.alive() else True)
    assert process.running(["--config", str(venue.node("us-1").config)]) == []

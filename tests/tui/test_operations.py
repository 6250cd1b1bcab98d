"""node, switchover, flow --verify, logs and the view's key, on stand-in nodes."""

from __future__ import annotations

import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Never

import fake_venue
import pytest
from fake_venue import FakeVenue, wait_for

from rialto_platform.local import proof
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import write_text
from rialto_platform.local.node_control import Acted
from rialto_tui import cli, node_commands


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeVenue]:
    """Three nodes that serve, as the only venue of a machine."""
    folder = tmp_path_factory.mktemp("machine")
    made = fake_venue.make(folder, folder / "venues" / "venue")
    write_text(made.paths.root / "venue.yaml", "")
    made.started()
    wait_for(lambda: True if made.paths.supervisor.exists() else None)
    yield made
    made.end()


@pytest.fixture
def venue(running: FakeVenue, monkeypatch: pytest.MonkeyPatch) -> FakeVenue:
    """The same, with us-1 as leader."""
    monkeypatch.setenv("RIALTO_STATE_DIR", str(running.folder))
    running.tell(leader="us-1", term=3, position=100, lag={}, hash={}, refuse=None)
    (running.folder / "verify.json").write_text(json.dumps(fake_venue.VERIFIED))
    running.serves()
    return running


@pytest.mark.usefixtures("venue")
def test_a_node_is_frozen_and_woken(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["node", "freeze", "asia"]) == 0
    told = capsys.readouterr().out
    assert "asia-1" in told
    assert "follower of main" in told
    assert "rialto node resume asia-1" in told
    assert cli.main(["status"]) == 1
    assert "frozen" in capsys.readouterr().out
    assert cli.main(["node", "resume", "asia", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["before"] == "frozen"
    assert cli.main(["node", "resume", "asia"]) == 0
    assert "was not frozen" in capsys.readouterr().out


def test_a_killed_node_without_a_supervisor_is_said_to_stay_down() -> None:
    acted = Acted("kill", "us-1", "us", 7, "running", {"main": "leader"}, supervised=False)
    assert "rialto down, then rialto up" in node_commands.told(acted)
    assert "starts it again" in node_commands.told(replace(acted, supervised=True))


@pytest.mark.usefixtures("venue")
def test_a_killed_leader_is_said_to_have_led(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["node", "kill", "us", "--json"]) == 0
    acted = json.loads(capsys.readouterr().out)
    assert (acted["action"], acted["node"], acted["roles"]) == ("kill", "us-1", {"main": "leader"})
    assert cli.main(["node", "kill", "mars"]) == 1
    assert "name a region: us, asia, europe" in capsys.readouterr().err


@pytest.mark.usefixtures("venue")
def test_a_switchover_shows_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["switchover", "--to", "asia"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "before:"
    assert "leader us-1   epoch 3.1" in lines[1]
    assert "leader asia-1   epoch 4.2" in lines[lines.index("after:") + 1]
    assert lines[-1].startswith("market main: led by asia-1 instead of us-1, handed over in 4.2 ms")
    assert cli.main(["switchover", "--json"]) == 0
    moved = json.loads(capsys.readouterr().out)
    assert moved["before"]["leader"]["node"] == "asia-1"
    assert moved["took_ms"] == 4.25
    assert cli.main(["switchover", "--to", moved["after"]["leader"]["region"]]) == 1
    assert "already" in capsys.readouterr().err


def test_status_as_json_tells_leaders_and_replicas(venue: FakeVenue, capsys: pytest.CaptureFixture[str]) -> None:
    venue.tell(lag={"asia-1": 4})
    assert cli.main(["status", "--json"]) == 0
    [market] = json.loads(capsys.readouterr().out)["markets"]
    assert market["leader"] == {"id": 1, "node": "us-1", "region": "us"}
    assert [(one["node"], one["role"], one["lag"]) for one in market["replicas"]] == [
        ("us-1", "leader", 0),
        ("asia-1", "follower", 4),
        ("europe-1", "follower", 0),
    ]
    venue.tell(leader=None)
    assert cli.main(["status", "--json"]) == 1


def test_a_verified_flow(venue: FakeVenue, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flow", "--sessions", "3", "--seconds", "1", "--verify", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["ok"], figures["lost"], figures["sessions"], figures["longest_gap_ms"]) == (True, 0, 3, 12.5)
    sent, verified = venue.calls()[-2:]
    assert sent.count("--orders") == 3
    assert [sent[at + 1] for at, word in enumerate(sent) if word == "--username"] == ["A", "B", "C"]
    ledger = sent[sent.index("--verify-file") + 1]
    assert verified[:3] == ["verify", "--ledger", ledger]
    assert not Path(ledger).exists()


def test_a_flow_that_does_not_hold_ends_with_1_and_keeps_its_ledger(
    venue: FakeVenue, capsys: pytest.CaptureFixture[str]
) -> None:
    (venue.folder / "verify.json").write_text(json.dumps(fake_venue.VERIFIED | {"lost": 1, "ok": False}))
    assert cli.main(["flow", "--seconds", "1", "--verify"]) == 1
    printed = capsys.readouterr()
    assert "does not hold" in printed.err
    [ledger] = venue.paths.root.glob("flow-*.ledger")
    assert str(ledger) in printed.err
    ledger.unlink()
    assert cli.main(["flow", "--sessions", "4", "--seconds", "1", "--verify"]) == 1
    assert "ask for 3 at most" in capsys.readouterr().err


def test_a_flow_that_nobody_can_verify_keeps_its_ledger(
    venue: FakeVenue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> Never:
        raise LocalError("market main", "has no replica that answers", "see: rialto status")

    monkeypatch.setattr(proof, "verify", nobody)
    assert cli.main(["flow", "--seconds", "1", "--verify"]) == 1
    [ledger] = venue.paths.root.glob("flow-*.ledger")
    printed = capsys.readouterr().err
    assert str(ledger) in printed
    assert "no replica that answers" in printed
    ledger.unlink()


def test_a_killed_load_client_is_told_by_its_signal(
    venue: FakeVenue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIALTO_FAKE_KILLED", "1")
    assert cli.main(["flow", "--seconds", "1", "--verify"]) == 1
    assert "was ended by SIGKILL" in capsys.readouterr().err
    assert not list(venue.paths.root.glob("flow-*.ledger"))


@pytest.mark.usefixtures("venue")
def test_the_logs_of_a_region(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["logs", "asia"]) == 0
    shown = capsys.readouterr().out
    assert "==> asia-1" in shown
    assert "us-1" not in shown
    assert cli.main(["logs", "mars"]) == 1
    assert "name one of: asia, europe, us" in capsys.readouterr().err


def test_the_console_moves_the_leader_and_measures_it(venue: FakeVenue) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = os.environ | {"RIALTO_STATE_DIR": str(venue.folder), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "rialto_tui.cli", "console"]
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    shown = b""

    def wait(*words: bytes) -> None:
        nonlocal shown
        while not all(word in shown for word in words):
            shown += os.read(ours, 4096)
        shown = b""

    wait(b"us-1", b"leader", b"follower")
    os.write(ours, b"m")
    wait(b"rialto switchover --market main")
    os.write(ours, b"us-1\r")
    wait(b"handed over in 4.2 ms", b"asia-1 leads")
    assert venue.leader == "asia-1"
    os.write(ours, b"\r")
    wait(b"regions and voters")
    os.write(ours, b"q")
    wait(b"\x1b[?1049l")
    assert child.wait(60) == 0
    os.close(ours)
    os.close(theirs)

"""Process identity: only the recorded process is ever signalled."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rialto_platform.local import process
from rialto_platform.local.errors import LocalError


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child
    child.kill()
    child.wait()


def test_identity_survives_a_record(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    identity = process.ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    process.record(tmp_path / "p.json", identity, state="running")
    assert process.recorded(tmp_path / "p.json") == identity
    assert identity.alive()


def test_another_process_of_the_same_id_is_not_signalled(sleeper: subprocess.Popen[bytes]) -> None:
    identity = process.ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    for other in (
        replace(identity, start_time_ticks=identity.start_time_ticks + 1),
        replace(identity, boot_id="other"),
    ):
        assert not other.alive()
        assert not other.signal(signal.SIGKILL)
        assert process.end(other, 1) == "gone"
    assert sleeper.poll() is None


def test_end_asks_first(sleeper: subprocess.Popen[bytes]) -> None:
    identity = process.ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    assert process.end(identity, 10) == "ended"
    assert sleeper.wait() == -signal.SIGTERM


def test_end_insists_when_a_process_does_not_listen() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        identity = process.ProcessIdentity.of(child.pid)
        assert identity is not None
        assert process.end(identity, 0.1) == "killed"
        assert child.wait() == -signal.SIGKILL


def test_a_frozen_process_is_woken_to_hear_that_it_ends(sleeper: subprocess.Popen[bytes]) -> None:
    identity = process.ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    assert not identity.frozen()
    assert identity.signal(signal.SIGSTOP)
    while not identity.frozen():
        assert identity.alive()
    assert not replace(identity, start_time_ticks=identity.start_time_ticks + 1).frozen()
    assert process.end(identity, 10) == "ended"
    assert sleeper.wait() == -signal.SIGTERM
    assert not identity.frozen()


def test_a_zombie_is_no_process() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    child.stdout.close()
    identity = process.ProcessIdentity.of(child.pid)
    assert identity is None or identity.wait_gone(5)
    child.wait()


@pytest.mark.parametrize("content", ['{"pid": "x"}', '{"pid": 1, "start_time_ticks": 3}', "[]", "{"])
def test_a_damaged_record_is_an_error_that_says_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(LocalError) as caught:
        process.recorded(tmp_path / "p.json")
    assert "rialto" in caught.value.next_step


def test_no_record_is_no_process(tmp_path: Path) -> None:
    assert process.recorded(tmp_path / "none.json") is None


def test_a_process_is_found_by_the_end_of_its_command_line(sleeper: subprocess.Popen[bytes]) -> None:
    identity = process.ProcessIdentity.of(sleeper.pid)
    assert identity in process.running(["-c", "import time; time.sleep(60)"])
    assert identity not in process.running(["import time; time.sleep(60)", "more"])
    assert identity not in process.running(["time.sleep(60)"])

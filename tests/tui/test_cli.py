"""The `rialto` command: what it imports, what it prints, how it ends."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from rialto_platform.local.files import write_text
from rialto_tui import cli

HEAVY = ("pydantic", "yaml", "rich", "textual", "asyncio", "rialto_engine", "pulumi", "kubernetes")


@pytest.fixture(autouse=True)
def no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIALTO_STATE_DIR", str(tmp_path))


def test_status_imports_nothing_heavy(tmp_path: Path) -> None:
    write_text(tmp_path / "venues" / "one" / "venue.yaml", "")
    code = (
        "import sys; from rialto_tui import cli; cli.main(['status']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


def test_status_of_a_venue_that_is_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(tmp_path / "venues" / "one" / "venue.yaml", "")
    assert cli.main(["status"]) == 1
    assert "Nothing runs" in capsys.readouterr().out
    assert cli.main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["state"] == "down"


def test_without_a_venue_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 1
    assert "rialto up" in capsys.readouterr().err
    assert cli.main(["down"]) == 0
    assert "nothing runs" in capsys.readouterr().out


def test_of_several_venues_one_must_be_named_unless_all_are_down_anyway(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        write_text(tmp_path / "venues" / name / "venue.yaml", "")
    assert cli.main(["status"]) == 1
    assert "several venues (one is down, two is down)" in capsys.readouterr().err
    assert cli.main(["clean", "--yes"]) == 1
    assert "--venue" in capsys.readouterr().err
    assert cli.main(["down"]) == 0
    assert capsys.readouterr().out.splitlines() == ["Venue one was down.", "Venue two was down."]
    assert cli.main(["down", "--venue", "two"]) == 0
    assert capsys.readouterr().out == "Venue two was down.\n"


def test_validate(venues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("laptop", "three-clouds"):
        assert cli.main(["validate", str(venues / f"{name}.yaml")]) == 0
        assert f"venue {name} is valid" in capsys.readouterr().out
    wrong = tmp_path / "wrong.yaml"
    text = (venues / "laptop.yaml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("home: us", "home: moon").replace("lot_size: 10,", "lot_size: 0,"), encoding="utf-8")
    assert cli.main(["validate", str(wrong)]) == 1
    printed = capsys.readouterr().err
    assert "markets.main.home" in printed
    assert "markets.main.instruments[2].lot_size" in printed
    assert cli.main(["validate", "--json", str(wrong)]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [problem["path"] for problem in problems] == ["markets.main.home", "markets.main.instruments[2].lot_size"]


def test_validate_says_what_one_machine_does_not_run(venues: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", str(venues / "three-clouds.yaml")]) == 0
    assert (
        "markets.pacific: durability zone: 1 of 3 zones here; its learners in us and europe are not run"
        in capsys.readouterr().out
    )
    assert cli.main(["validate", "--json", str(venues / "laptop.yaml")]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == []


def test_clean_asks_and_without_a_terminal_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    venue = tmp_path / "venues" / "one"
    write_text(venue / "venue.yaml", "")
    assert cli.main(["clean"]) == 1
    assert "--yes" in capsys.readouterr().err
    assert venue.exists()
    assert cli.main(["clean", "--yes"]) == 0
    assert not venue.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["nonsense"],
        ["flow", "--rate", "0"],
        ["flow", "--sessions", "2", "--username", "TRADE2"],
        ["replay", "x"],
        ["logs", "--lines", "-1"],
        ["node", "kill"],
        ["node", "tickle", "us"],
        ["switchover", "us"],
    ],
)
def test_a_wrong_command_line_ends_with_2(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(wrong)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "command",
    ["up", "down", "clean", "status", "console", "logs", "validate", "flow", "replay", "node", "switchover"],
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert "usage: rialto" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    log = tmp_path / "venues" / "one" / "supervisor.log"
    write_text(tmp_path / "venues" / "one" / "venue.yaml", "")
    write_text(log, "a line of a log\n" * 100_000)
    command = [sys.executable, "-m", "rialto_tui.cli", "logs", "--lines", "100000"]
    for bytes_read in (0, 10):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(bytes_read)
        child.stdout.close()
        assert child.wait(60) == 0
        assert child.stderr.read() == b""
        child.stderr.close()


def test_what_the_system_refuses_is_a_message(capsys: pytest.CaptureFixture[str], tmp_path: Path, venues: Path) -> None:
    write_text(tmp_path / "venues", "a file where a folder belongs")
    assert cli.main(["up", str(venues / "laptop.yaml")]) == 1
    told = capsys.readouterr().err
    assert str(tmp_path / "venues") in told
    assert "next:" in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_console_that_is_ended_gives_the_terminal_back(tmp_path: Path, number: signal.Signals) -> None:
    write_text(tmp_path / "venues" / "one" / "venue.yaml", "")
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(theirs)
    child = subprocess.Popen(
        [sys.executable, "-m", "rialto_tui.cli", "console"], stdin=theirs, stdout=theirs, stderr=theirs
    )
    shown = b""
    while b"nothing runs" not in shown:
        shown += os.read(ours, 4096)
    child.send_signal(number)
    # To its end: what it writes last may come in several pieces.
    while child.poll() is None or select.select([ours], [], [], 0.1)[0]:
        if select.select([ours], [], [], 0.1)[0]:
            shown += os.read(ours, 4096)
    assert child.returncode == 128 + number
    assert b"\x1b[?1049l" in shown
    assert b"\x1b[?25h" in shown
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def test_a_console_without_a_terminal_says_what_to_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(tmp_path / "venues" / "one" / "venue.yaml", "")
    assert cli.main(["console"]) == 1
    assert "without one: rialto status" in capsys.readouterr().err


def test_a_flow_that_is_ended_ends_its_load_client(tmp_path: Path) -> None:
    load = tmp_path / "load"
    mark = tmp_path / "ended"
    code = f"import signal, sys; signal.sigwait([signal.SIGTERM]); open({str(mark)!r}, 'w').close()"
    prepare = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
    load.write_text(
        f"{prepare}\nprint('{{\"second\": 1}}', flush=True)\nopen({str(load)!r} + '.runs', 'w').close()\n{code}\n"
    )
    run = (
        "import sys; from rialto_tui import flow_commands as f; "
        f"f._run([sys.executable, {str(load)!r}], 'flow', lambda line, tell: True)"
    )
    child = subprocess.Popen([sys.executable, "-c", run], stderr=subprocess.DEVNULL)
    while not Path(f"{load}.runs").exists():
        assert child.poll() is None
    child.send_signal(signal.SIGTERM)
    child.wait(60)
    assert mark.exists()

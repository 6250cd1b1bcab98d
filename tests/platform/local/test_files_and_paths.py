"""Files written whole, and where a venue keeps them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from rialto_platform.local import files, paths
from rialto_platform.local.errors import LocalError
from rialto_platform.local.restarts import GIVE_UP_AFTER, LONGEST_DELAY_S, STEADY_S, Restarts


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, {"old": 1})

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        files.write_json(path, {"new": 1})
    assert files.read_json(path) == {"old": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_state_directory_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIALTO_STATE_DIR", "/own")
    monkeypatch.setenv("XDG_STATE_HOME", "/xdg")
    assert paths.state_dir() == Path("/own")
    monkeypatch.delenv("RIALTO_STATE_DIR")
    assert paths.state_dir() == Path("/xdg/rialto")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert paths.state_dir() == Path("/home/somebody/.local/state/rialto")


def test_choosing_a_venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIALTO_STATE_DIR", str(tmp_path))
    with pytest.raises(LocalError, match="no venue yet"):
        paths.choose_venue(None)
    files.write_text(tmp_path / "venues" / "one" / "venue.yaml", "")
    assert paths.choose_venue(None).name == "one"
    with pytest.raises(LocalError, match="never been started"):
        paths.choose_venue("two")
    files.write_text(tmp_path / "venues" / "two" / "venue.yaml", "")
    with pytest.raises(LocalError, match="several"):
        paths.choose_venue(None)
    assert paths.choose_venue("two").name == "two"


@pytest.mark.parametrize("name", ["", "../up", "a/b", "Upper", "-dash", "a" * 64])
def test_a_name_never_leaves_the_state_directory(name: str) -> None:
    with pytest.raises(LocalError):
        paths.venue_paths(name)


def test_restarts_back_off_and_give_up() -> None:
    state = Restarts()
    delays: list[float] = []
    while not state.given_up:
        state = state.after_end(0.1)
        delays.append(state.delay_s)
    assert len(delays) == GIVE_UP_AFTER
    assert delays[0] == 0
    assert delays[1] > 0
    assert delays == sorted(delays)
    assert max(delays) <= LONGEST_DELAY_S


def test_a_process_whose_disk_took_no_more_is_never_given_up() -> None:
    state = Restarts()
    for _ in range(5_000):
        state = state.after_end(0.1, 71)
        assert not state.given_up
    assert state.failing
    assert state.delay_s == LONGEST_DELAY_S
    assert state.after_end(0.1, 3).given_up


def test_a_process_that_ran_steadily_is_well_again() -> None:
    state = Restarts()
    for _ in range(100):
        state = state.after_end(0.1).after_end(STEADY_S)
    assert not state.given_up
    assert state.delay_s == 0


def test_the_end_of_a_file_of_any_size(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for text, count, expected in (
        ("", 3, []),
        ("one", 3, ["one"]),
        ("one\ntwo\nthree\n", 2, ["two", "three"]),
        ("one\ntwo\nthree", 2, ["two", "three"]),
        ("".join(f"line {at} {'x' * 100}\n" for at in range(20_000)), 1, [f"line 19999 {'x' * 100}"]),
    ):
        log.write_text(text)
        assert files.last_lines(log, count) == expected
    many = [f"line {at}" for at in range(200_000)]
    log.write_text("\n".join(many))
    assert files.last_lines(log, 150_000, 8 << 20) == many[-150_000:]
    log.write_text("x" * 3_000_000)
    assert files.last_lines(log, 5) == ["x" * (1 << 20)]


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("RIALTO_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(LocalError, match="RIALTO_STATE_DIR"):
        paths.state_dir()


def test_what_the_system_refuses_is_said_with_what_to_do() -> None:
    full = LocalError.of(OSError(errno.ENOSPC, "No space left on device", "/state/plan.json"))
    assert (full.where, full.next_step) == ("/state/plan.json", "free space there, then try again")
    assert "RIALTO_STATE_DIR" in LocalError.of(OSError(errno.EROFS, "Read-only file system", "/state")).next_step
    assert "the system" in str(LocalError.of(OSError("odd")))

"""Credentials: made once, kept, readable by their user only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rialto_platform.local import credentials
from rialto_platform.local.errors import LocalError


def test_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    first = credentials.ensure(path, ["FLOW01", "TRADE1"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(len(password) == 10 for password in first.values())
    assert len(set(first.values())) == 2
    assert credentials.ensure(path, ["FLOW01", "TRADE1"]) == first
    more = credentials.ensure(path, ["FLOW01", "NEW"])
    assert more["FLOW01"] == first["FLOW01"]
    assert credentials.load(path)["TRADE1"] == first["TRADE1"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    credentials.ensure(path, ["FLOW01"])
    path.chmod(0o640)
    with pytest.raises(LocalError, match="chmod 600"):
        credentials.load(path)


@pytest.mark.parametrize("content", ["{}", '{"passwords": []}', '{"passwords": {"A": 1}}', "nonsense"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(LocalError):
        credentials.load(path)

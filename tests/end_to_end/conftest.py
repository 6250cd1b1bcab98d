"""A venue of its own for a test: the laptop's file under another name, its state in a temporary directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_venue import LiveVenue, laptop


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[LiveVenue]:
    """A venue that is not started yet; ended after the test."""
    live = laptop("proving", tmp_path)
    yield live
    live.rialto("down", "--venue", "proving", check=False)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveVenue]:
    """One venue for all tests of a module, started, without order flow of its own; ended after the last one."""
    live = laptop("proving", tmp_path_factory.mktemp("shared"))
    live.rialto("up", str(live.file), "--no-flow")
    yield live
    live.rialto("down", "--venue", "proving", check=False)

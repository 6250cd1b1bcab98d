"""A venue of its own for a test: the laptop's file under another name, its state in a temporary directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_venue import ROOT, LiveVenue


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[LiveVenue]:
    """A venue that is not started yet; ended after the test."""
    text = (ROOT / "stacks" / "venues" / "laptop.yaml").read_text()
    file = tmp_path / "venue.yaml"
    file.write_text(text.replace("venue: laptop", "venue: proving", 1))
    live = LiveVenue("proving", tmp_path / "state", file)
    yield live
    live.rialto("down", "--venue", "proving", check=False)

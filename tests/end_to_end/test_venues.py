"""Two venues of one machine side by side, one of them declared for three clouds; a file changed under one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_venue import ROOT, LiveVenue, eventually


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[LiveVenue, LiveVenue]]:
    """The laptop's venue and the three clouds' in one state directory, not started; ended after the test."""
    made: list[LiveVenue] = []
    for name in ("laptop", "three-clouds"):
        file = tmp_path / f"{name}.yaml"
        file.write_text((ROOT / "stacks" / "venues" / f"{name}.yaml").read_text().replace(": 2000\n", ": 100\n"))
        made.append(LiveVenue(name, tmp_path / "state", file))
    yield made[0], made[1]
    for live in made:
        live.rialto("down", "--venue", live.name, check=False)


def listed(venue: LiveVenue) -> dict[str, dict[str, Any]]:
    """What `rialto venue list` prints, by name."""
    return {one["name"]: one for one in json.loads(venue.rialto("venue", "list", "--json").stdout)}


def status(venue: LiveVenue) -> dict[str, Any]:
    return json.loads(venue.rialto("status", "--venue", venue.name, "--json", check=False).stdout)


def test_two_venues_side_by_side(both: tuple[LiveVenue, LiveVenue]) -> None:
    laptop, three = both
    assert listed(laptop) == {}
    laptop.rialto("up", str(laptop.file), "--no-flow")
    started = three.rialto("up", str(three.file))
    assert "markets.americas: durability zone: 1 of 3 zones here" in started.stdout

    seen = status(three)
    assert [market["leader"]["node"] for market in seen["markets"]] == ["us-1", "asia-1", "europe-1"]
    assert len(seen["reduced"]) == 3
    # Each market's order flow is told of by itself.
    eventually(lambda: set(status(three)["flows"].values()) == {"running"})
    assert set(status(three)["flows"]) == {"americas", "pacific", "continent"}

    def trades() -> list[int]:
        nodes = [node["status"]["markets"] for node in status(three)["nodes"]]
        return [market["counters"]["executions"] for markets in nodes for market in markets.values()]

    eventually(lambda: len(trades()) == 3 and min(trades()) > 0)

    ambiguous = laptop.rialto("status", check=False)
    assert ambiguous.returncode == 1
    assert "laptop is up, three-clouds is up" in ambiguous.stderr
    assert "--venue" in ambiguous.stderr

    found = listed(laptop)
    assert {name: one["state"] for name, one in found.items()} == {"laptop": "up", "three-clouds": "up"}
    assert found["laptop"]["file"] == str(laptop.file)
    assert found["laptop"]["directory"] == str(laptop.root)
    assert found["three-clouds"]["leaders"] == {"americas": "us-1", "pacific": "asia-1", "continent": "europe-1"}

    three.rialto("down", "--venue", "three-clouds")
    assert listed(laptop)["three-clouds"]["state"] == "down"
    # The one that runs is meant now.
    assert json.loads(laptop.rialto("status", "--json").stdout)["venue"] == "laptop"


def test_a_file_changed_under_a_running_venue_is_shown_and_applied_by_the_next_up(venue: LiveVenue) -> None:
    venue.rialto("up", str(venue.file), "--no-flow")
    assert venue.rialto("venue", "diff").returncode == 0
    link = "[us, asia], bandwidth: 1 Gbit/s, latency: 1 ms"
    venue.file.write_text(venue.file.read_text().replace(link, link.replace("1 ms", "20 ms")))
    shown = "interconnects[0].latency: 1 ms -> 20 ms"

    told = venue.rialto("status", check=False).stdout
    assert shown in told
    assert f"rialto down --venue proving, then rialto up {venue.file}" in told
    again = venue.rialto("up", str(venue.file), "--no-flow", check=False)
    assert again.returncode == 1
    assert shown in again.stdout
    diff = venue.rialto("venue", "diff", "--json", check=False)
    assert diff.returncode == 1
    assert json.loads(diff.stdout)["changes"] == [{"path": "interconnects[0].latency", "old": "1 ms", "new": "20 ms"}]

    def latency() -> int:
        return json.loads(venue.rialto("link", "list", "--json").stdout)[0]["directions"][0]["latency_us"]

    assert latency() == 1000
    venue.rialto("down")
    venue.rialto("up", str(venue.file), "--no-flow")
    assert latency() == 20_000
    assert venue.rialto("venue", "diff").returncode == 0

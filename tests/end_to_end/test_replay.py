"""Recorded order flow through the gateway of a running venue, against answers that are not ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from live_venue import LiveVenue, eventually
from recordings import build_generator, generate, recording, small_day


def replay(venue: LiveVenue, *arguments: str | Path) -> dict[str, Any]:
    """What `rialto replay --json` ends with."""
    figures: dict[str, Any] = json.loads(venue.rialto("replay", *map(str, arguments), "--json").stdout)
    return figures


@pytest.fixture
def venue(shared: LiveVenue) -> LiveVenue:
    """The module's venue, whole again."""
    eventually(shared.healthy)
    return shared


def test_a_workload_gives_the_generators_fills_and_books(venue: LiveVenue, tmp_path: Path) -> None:
    file = tmp_path / "workload.bin"
    answer = generate(build_generator(tmp_path), file, 1, 100_000, 20263, 2_000)
    # The second time too: a replay leaves the instrument as it found it.
    for _ in range(2):
        figures = replay(venue, file, "--format", "workload")
        assert figures["fills"] == answer["trades"]
        assert figures["volume"] == answer["volume"]
        assert figures["trade_hash"] == answer["trade_hash"]
        assert figures["book_hash"] == answer["book_hash"]


def test_the_first_events_of_a_recorded_day(venue: LiveVenue) -> None:
    book = recording("orderbook_10_first1000.csv")
    messages = recording("message_10_first1000.csv")
    figures = replay(venue, messages, "--format", "lobster", "--seed-book", book, "--reference", book)
    assert figures["rows"] == 999
    assert figures["rows_equal"][:5] == [999] * 5
    assert figures["at_head"] == figures["executions"] == 98


def test_the_first_hour_of_a_recorded_day_with_and_without_a_killed_leader(venue: LiveVenue) -> None:
    day = ["--seed-book", recording("orderbook_10_first1000.csv"), "--reference", recording("orderbook_1_fullday.csv")]
    command = [recording("message_50_firsthour.csv"), "--format", "lobster", *day]
    figures = replay(venue, *command)
    assert figures["executions"] == 4067
    assert figures["at_head"] >= 0.993 * figures["executions"]
    assert figures["states_found"] >= 0.999 * figures["states"]

    leader, before = venue.leader(), applied(venue)
    with venue.start("replay", *map(str, command), "--json") as running:
        eventually(lambda: applied(venue) > before + 200)
        killed = json.loads(venue.rialto("node", "kill", leader, "--json").stdout)
        assert running.poll() is None
        out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    again = json.loads(out)
    assert killed["roles"] == {"main": "leader"}
    assert again["reconnects"] >= 1
    measured = ("seconds", "reconnects", "commands")
    assert {key: again[key] for key in again if key not in measured} == {
        key: figures[key] for key in figures if key not in measured
    }


def applied(venue: LiveVenue) -> int:
    """The furthest position that a replica of the market has applied."""
    return max(replica["applied"] or 0 for replica in venue.market()["replicas"])


def test_a_small_day_at_its_own_pace_and_in_process(venue: LiveVenue, tmp_path: Path) -> None:
    messages, book = small_day(tmp_path)
    day = (messages, "--format", "lobster", "--seed-book", book, "--reference", book)
    here = replay(venue, *day, "--in-process")
    paced = replay(venue, *day, "--speed", "1")
    for figures in (here, paced):
        assert figures["rows_equal"] == [3]
        assert (figures["executions"], figures["at_head"]) == (1, 1)
    # From the first event to the last the recording takes 0.2 s.
    assert paced["seconds"] >= 0.2


def test_generated_flow_is_answered(venue: LiveVenue) -> None:
    printed = venue.rialto("flow", "--rate", "500", "--seconds", "2", "--username", "FLOW01", "--json").stdout
    figures = json.loads(printed)
    assert figures["orders"] > 100
    assert figures["accepted"] + sum(figures["rejected"].values()) >= figures["orders"]
    assert figures["unanswered"] == 0


def test_what_cannot_be_replayed_says_why(venue: LiveVenue, tmp_path: Path) -> None:
    messages, book = small_day(tmp_path)
    unknown = venue.rialto("replay", str(messages), "--format", "workload", "--instrument", "NONE", check=False)
    assert unknown.returncode == 1
    assert "NONE" in unknown.stderr
    assert "AAPL" in unknown.stderr
    wrong = venue.rialto("replay", str(messages), "--format", "workload", check=False)
    assert wrong.returncode == 1
    assert "XWLOAD01" in wrong.stderr
    bookless = venue.rialto("replay", str(messages), "--format", "lobster", "--seed-book", str(book), check=False)
    assert "--reference" in bookless.stderr
    venue.rialto("down")
    down = venue.rialto("replay", str(messages), "--format", "workload", check=False)
    assert down.returncode == 1
    assert "rialto up" in down.stderr

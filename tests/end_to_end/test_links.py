"""The links between three regions are cut, slowed and lost while verified orders flow: nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from live_venue import NODES, LiveVenue, assert_whole, eventually


@pytest.fixture
def venue(shared: LiveVenue) -> Iterator[LiveVenue]:
    """The module's venue, whole again; every link is healed afterwards."""
    eventually(shared.healthy)
    yield shared
    for view in links(shared):
        shared.rialto("link", "heal", *view["between"])


def links(venue: LiveVenue) -> list[dict[str, Any]]:
    """What `rialto link list` prints."""
    return json.loads(venue.rialto("link", "list", "--json").stdout)


def regions(venue: LiveVenue) -> tuple[str, str, str]:
    """The region that leads, and the two others."""
    leading = venue.market()["leader"]["region"]
    one, other = (replica["region"] for replica in venue.market()["replicas"] if replica["region"] != leading)
    return leading, one, other


def through(venue: LiveVenue, trouble: Callable[[], object], *more: str, seconds: int = 4) -> dict[str, Any]:
    """What a verified flow of four sessions finds, with `trouble` in its middle."""
    before = venue.market()["replicas"][0]["applied"]
    options = ["--sessions", "4", "--seconds", str(seconds), "--rate", "300", "--verify", "--json", *more]
    with venue.start("flow", *options) as flow:
        eventually(lambda: venue.market()["replicas"][0]["applied"] != before or flow.poll() is not None)
        trouble()
        out, err = flow.communicate(timeout=200)
    assert flow.returncode == 0, out + err
    return json.loads(out)


def test_the_nodes_reach_one_another_across_the_links(venue: LiveVenue) -> None:
    assert [view["between"] for view in links(venue)] == [["us", "asia"], ["us", "europe"], ["asia", "europe"]]
    leading, one, other = regions(venue)
    for view in links(venue):
        if leading in view["between"]:
            assert all(way["passed_bytes"] > 0 for way in view["directions"])
    assert {view["directions"][0]["latency_us"] for view in links(venue)} == {1000}
    assert venue.status()["link_process"] == {"state": "running", "problem": "", "starts": 1, "log": []}
    assert {one, other} < {"us", "asia", "europe"}


def test_a_follower_that_is_cut_off_costs_nothing_and_catches_up(venue: LiveVenue) -> None:
    """Its link to the leader, both ways; the third region keeps the majority."""
    leading, one, _ = regions(venue)

    def cut_and_heal() -> None:
        venue.rialto("link", "cut", leading, one)
        assert venue.status()["state"] == "degraded"
        venue.rialto("link", "heal", leading, one)

    assert_whole(through(venue, cut_and_heal))
    eventually(venue.healthy)


def test_a_leader_cut_off_from_both_is_replaced_and_follows_once_it_is_healed(venue: LiveVenue) -> None:
    leading, *others = regions(venue)

    def cut_off() -> None:
        for other in others:
            venue.rialto("link", "cut", leading, other)
        eventually(lambda: venue.market()["leader"] is not None and venue.market()["leader"]["region"] != leading)
        for other in others:
            venue.rialto("link", "heal", leading, other)

    assert_whole(through(venue, cut_off, seconds=8))
    eventually(venue.healthy)
    roles = {replica["region"]: replica["role"] for replica in venue.market()["replicas"]}
    assert roles[leading] == "follower"


def test_a_link_cut_one_way_heals_by_itself_when_its_lease_ends(venue: LiveVenue) -> None:
    leading, one, _ = regions(venue)

    def cut() -> None:
        told = json.loads(venue.rialto("link", "cut", leading, one, "--one-way", "--for", "2 s", "--json").stdout)
        ways = {way["from"]: way for way in told["directions"]}
        assert (ways[leading]["cut"], ways[one]["cut"]) == (True, False)
        assert ways[leading]["heals_at_ns"] > ways[leading]["cut_since_ns"]
        eventually(lambda: not any(way["cut"] for view in links(venue) for way in view["directions"]))

    assert_whole(through(venue, cut, seconds=6))
    eventually(venue.healthy)


def test_a_slow_and_lossy_link_costs_nothing(venue: LiveVenue) -> None:
    leading, one, _ = regions(venue)
    assert_whole(
        through(venue, lambda: venue.rialto("link", "set", leading, one, "--latency", "40 ms", "--loss", "1 %"))
    )
    view = next(view for view in links(venue) if set(view["between"]) == {leading, one})
    assert {(way["latency_us"], way["loss_ppm"], way["as_declared"]) for way in view["directions"]} == {
        (40_000, 10_000, False)
    }


def test_clients_of_a_far_region_cross_the_links(venue: LiveVenue) -> None:
    leading, one, _ = regions(venue)
    venue.rialto("link", "set", leading, one, "--latency", "20 ms")
    near = json.loads(venue.rialto("flow", "--from", leading, "--seconds", "2", "--rate", "50", "--json").stdout)
    far = json.loads(venue.rialto("flow", "--from", one, "--seconds", "2", "--rate", "50", "--json").stdout)
    assert near["accepted"] > 0
    assert far["accepted"] > 0
    # A round trip of the link that the session crosses cannot be undercut; a floor, not a timing.
    assert far["latency_ns"]["p50"] >= 40_000_000
    assert_whole(through(venue, lambda: None, "--from", one))


def test_killed_links_come_back_on_the_same_ports_and_nothing_is_lost(venue: LiveVenue) -> None:
    ready = venue.root / "links" / "ready.json"
    before = json.loads(ready.read_text())

    def kill() -> None:
        os.kill(before["pid"], signal.SIGKILL)
        eventually(lambda: ready.exists() and json.loads(ready.read_text())["pid"] != before["pid"])

    assert_whole(through(venue, kill, seconds=6))
    after = json.loads(ready.read_text())
    assert (after["regions"], after["admin"]) == (before["regions"], before["admin"])
    eventually(venue.healthy)
    assert len(venue.status()["nodes"]) == len(NODES)  # type: ignore[arg-type]

"""The links of a running venue, on a stand-in for their process: read, changed, cut, healed, away."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import fake_venue
import pytest
from fake_venue import FakeVenue, wait_for

from rialto_platform.local import files, links, process, status, target
from rialto_platform.local.errors import LocalError


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeVenue]:
    """Three nodes that serve, and links between them."""
    folder = tmp_path_factory.mktemp("venue")
    made = fake_venue.make(folder, folder / "venue")
    made.started(linked=True)
    yield made
    made.end()


@pytest.fixture
def venue(running: FakeVenue) -> FakeVenue:
    """The same, with every link as declared."""
    wait_for(lambda: True if running.paths.links.ready.exists() else None)
    for one, other in (("us", "asia"), ("us", "europe"), ("asia", "europe")):
        links.heal(running.paths, one, other)
    running.serves()
    return running


def test_every_link_is_read_in_the_order_of_the_file(venue: FakeVenue) -> None:
    views = links.read(venue.paths)
    assert [view.between for view in views] == [("us", "asia"), ("us", "europe"), ("asia", "europe")]
    there, back = views[0].directions
    assert (there.from_region, there.to_region, back.from_region, back.to_region) == ("us", "asia", "asia", "us")
    assert there.settings == there.declared == links.LinkSettings(1000, 0, 10**9, 0)
    assert views[0].as_declared
    assert not views[0].cut
    told = json.loads(json.dumps(views[0].as_json()))
    assert told["between"] == ["us", "asia"]
    assert (told["directions"][0]["from"], told["directions"][0]["to"]) == ("us", "asia")


def test_what_is_set_changes_and_the_rest_stays(venue: FakeVenue) -> None:
    view = links.set_link(venue.paths, "asia", "us", latency_us=80_000, loss_ppm=1000)
    assert view.between == ("us", "asia")
    for way in view.directions:
        assert way.settings == links.LinkSettings(80_000, 0, 10**9, 1000)
        assert not way.as_declared
    assert links.read(venue.paths)[1].as_declared


def test_one_way_is_from_the_first_region_to_the_second(venue: FakeVenue) -> None:
    there, back = links.cut(venue.paths, "asia", "us", one_way=True, for_ms=60_000).directions
    assert (there.cut, back.cut) == (False, True)
    assert back.cut_since_ns is not None
    assert back.heals_at_ns is not None
    assert back.heals_at_ns > back.cut_since_ns
    assert links.heal(venue.paths, "us", "asia").as_declared


def test_a_cut_link_makes_the_venue_degraded(venue: FakeVenue) -> None:
    assert status.observe(venue.paths).state == "up"
    links.cut(venue.paths, "us", "europe")
    seen = status.observe(venue.paths)
    assert seen.state == "degraded"
    told = seen.as_json()
    assert told["link_process"] == {"state": "running", "problem": "", "starts": 1, "log": []}
    assert [way["cut"] for way in told["links"][1]["directions"]] == [True, True]  # type: ignore[index]


@pytest.mark.parametrize(("one", "other"), [("us", "mars"), ("us", "us")])
def test_an_unknown_link_is_refused_with_those_there_are(venue: FakeVenue, one: str, other: str) -> None:
    with pytest.raises(
        LocalError, match=f"no link between {one} and {other}; name one of: us asia, us europe, asia eu"
    ):
        links.cut(venue.paths, one, other)


def test_what_the_process_refuses_is_told_in_its_words(venue: FakeVenue) -> None:
    with pytest.raises(LocalError, match="loss_ppm: a loss of more than half; use less"):
        links.set_link(venue.paths, "us", "asia", loss_ppm=900_000)


def test_clients_of_a_region_dial_through_its_edge(venue: FakeVenue) -> None:
    edge = links.edge(venue.paths, "asia")
    assert edge == "127.0.0.1:6002"
    far = target.find(venue.paths, None).through(edge)
    assert far.orders[:2] == ["--orders", "socks5://127.0.0.1:6002/127.0.0.1:5010"]
    assert far.market_data[:4] == [
        *("--feed", "socks5://127.0.0.1:6002/127.0.0.1:5011"),
        *("--snapshot", "socks5://127.0.0.1:6002/127.0.0.1:5012"),
    ]
    with pytest.raises(LocalError, match="no region mars; name one of: us, asia, europe"):
        links.edge(venue.paths, "mars")


def test_a_process_that_is_away_is_said(venue: FakeVenue) -> None:
    identity = process.recorded(venue.paths.links.process)
    assert identity is not None
    assert identity.signal(signal.SIGSTOP)
    try:
        seen = status.observe(venue.paths)
        assert (seen.state, seen.links.state) == ("degraded", "frozen")
    finally:
        assert identity.signal(signal.SIGCONT)
    hidden = venue.paths.links.ready.rename(venue.paths.links.root / "hidden.json")
    try:
        with pytest.raises(LocalError, match="away"):
            links.read(venue.paths)
        seen = status.observe(venue.paths)
        assert (seen.state, seen.links.state, seen.links.views) == ("degraded", "starting", ())
    finally:
        hidden.rename(venue.paths.links.ready)


def test_links_that_do_not_start_are_reported_with_their_log(tmp_path: Path) -> None:
    made = fake_venue.make(tmp_path, tmp_path / "venue")
    files.write_json(made.paths.links.config, dict(files.read_json(made.paths.links.config) or {}) | {"broken": True})
    try:
        made.start(linked=True)
        failed = wait_for(lambda: seen if (seen := status.links_status(made.paths)).state == "failed" else None)
        assert "the links' configuration is wrong" in failed.log
        assert "rialto logs links" in failed.problem
        assert not any(made.paths.node(node).process.exists() for node in made.nodes)
    finally:
        made.end()


def test_a_venue_without_interconnects_has_no_links(tmp_path: Path) -> None:
    made = fake_venue.make(tmp_path, tmp_path / "venue")
    made.paths.links.config.unlink()
    assert links.read(made.paths) == ()
    with pytest.raises(LocalError, match="has no links"):
        links.edge(made.paths, "us")

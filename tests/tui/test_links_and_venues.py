"""link, venue list, venue diff, logs links and flow --from, on stand-in processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fake_venue
import pytest
from fake_venue import FakeVenue, wait_for

from rialto_platform.local import files, links
from rialto_platform.local.changes import Changed
from rialto_platform.local.links import Direction, LinkSettings, LinkView
from rialto_platform.local.paths import choose_venue
from rialto_platform.local.plan import Plan
from rialto_platform.local.status import LinksStatus
from rialto_platform.venue.difference import Change
from rialto_tui import change_view, cli, link_view

SECOND = 10**9
DECLARED = LinkSettings(1000, 0, 10**9, 0)
WAY = Direction("us", "asia", 1000, 0, 10**9, 0, False, None, None, True, DECLARED, 2, 0, 10, 0)
BACK = replace(WAY, from_region="asia", to_region="us")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, venues: Path) -> Iterator[FakeVenue]:
    """Three nodes and their links, as the only venue of a machine, started from the laptop's file."""
    folder = tmp_path_factory.mktemp("machine")
    made = fake_venue.make(folder, folder / "venues" / "laptop")
    files.write_text(made.paths.venue_file, (venues / "laptop.yaml").read_text())
    made.started(linked=True)
    wait_for(lambda: True if made.paths.supervisor.exists() else None)
    yield made
    made.end()


@pytest.fixture
def venue(running: FakeVenue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeVenue:
    """The same, with every link as declared, and a venue file of the test's own."""
    monkeypatch.setenv("RIALTO_STATE_DIR", str(running.folder))
    file = tmp_path / "laptop.yaml"
    file.write_bytes(running.paths.venue_file.read_bytes())
    replace(Plan.read(running.paths.plan), file=str(file)).write(running.paths.plan)
    for one, other in (("us", "asia"), ("us", "europe"), ("asia", "europe")):
        links.heal(running.paths, one, other)
    running.serves()
    return running


def file_of(venue: FakeVenue) -> Path:
    """The venue file that it was started from."""
    return Path(Plan.read(venue.paths.plan).file)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    code = cli.main(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.usefixtures("venue")
def test_links_are_listed_each_way_in_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "link", "list")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 7
    assert lines[1].split() == ["us", "asia", "1", "ms", "0", "ms", "1", "Gbit", "0", "%", "0", "B", "up"]
    assert max(map(len, lines)) <= 80
    code, out, _ = run(capsys, "link", "list", "--json")
    assert [view["between"] for view in json.loads(out)] == [["us", "asia"], ["us", "europe"], ["asia", "europe"]]


@pytest.mark.usefixtures("venue")
def test_a_link_is_cut_one_way_for_a_time_and_healed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "link", "cut", "asia", "us", "--one-way", "--for", "60 s", "--json")
    assert code == 0
    ways = {way["from"]: way for way in json.loads(out)["directions"]}
    assert (ways["asia"]["cut"], ways["us"]["cut"]) == (True, False)
    assert ways["asia"]["heals_at_ns"] - ways["asia"]["cut_since_ns"] > 50 * SECOND
    code, out, _ = run(capsys, "status")
    assert code == 1
    assert "link    asia to us   cut, heals in" in out
    code, out, _ = run(capsys, "link", "heal", "us", "asia")
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()[1:]] == ["up", "up"]
    assert run(capsys, "status")[0] == 0


@pytest.mark.usefixtures("venue")
def test_a_link_takes_amounts_as_a_venue_file_writes_them(capsys: pytest.CaptureFixture[str]) -> None:
    amounts = ("--latency", "80 ms", "--jitter", "0.5 ms", "--bandwidth", "2.5 Mbit/s", "--loss", "0.1 %")
    code, out, _ = run(capsys, "link", "set", "us", "europe", *amounts, "--json")
    assert code == 0
    keys = ("latency_us", "jitter_us", "bandwidth_bps", "loss_ppm")
    for way in json.loads(out)["directions"]:
        assert [way[key] for key in keys] == [80_000, 500, 2_500_000, 1000]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("set", "us", "asia"), "changes nothing\n  next: give --latency"),
        (("set", "us", "asia", "--latency", "soon"), '--latency can\'t be used: "soon" is not a number with a unit'),
        (("set", "us", "asia", "--latency", "1 ns"), "--latency is 1 ns, finer than 1 us"),
        (("set", "us", "asia", "--loss", "60 %"), "60 % is more than 50 %"),
        (("cut", "us", "asia", "--for", "0 s"), "--for is 0 s, no time at all"),
        (("cut", "us", "mars"), "has no link between us and mars\n  next: name one of: us asia, us europe"),
    ],
)
@pytest.mark.usefixtures("venue")
def test_what_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    code, _, err = run(capsys, "link", *arguments)
    assert code == 1
    assert told in err
    assert all(view.as_declared for view in links.read(choose_venue(None)))


@pytest.mark.parametrize(
    "wrong",
    [["link"], ["link", "cut", "us"], ["link", "heal", "us", "asia", "--one-way"], ["venue"], ["venue", "drop"]],
)
def test_a_wrong_command_line_ends_with_2(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(wrong)
    assert ended.value.code == 2


@pytest.mark.parametrize("words", [["link"], ["link", "set"], ["link", "cut"], ["venue"], ["venue", "diff"]])
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])
    assert ended.value.code == 0
    assert "usage: rialto" in capsys.readouterr().out


def test_a_flow_from_a_region_goes_through_its_edge(venue: FakeVenue, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "flow", "--username", "A", "--seconds", "1", "--from", "asia", "--json")[0] == 0
    sent = venue.calls()[-1]
    orders = [sent[at + 1] for at, word in enumerate(sent) if word == "--orders"]
    assert orders == [f"socks5://127.0.0.1:6002/127.0.0.1:50{number}0" for number in (1, 2, 3)]
    code, _, err = run(capsys, "flow", "--username", "A", "--from", "mars")
    assert code == 1
    assert "name one of: us, asia, europe" in err


def test_the_logs_of_the_links_and_of_every_flow(venue: FakeVenue, capsys: pytest.CaptureFixture[str]) -> None:
    for market in ("main", "other"):
        files.write_text(venue.paths.flow(market).log, f"flow of {market}\n")
    code, out, _ = run(capsys, "logs", "links")
    assert code == 0
    assert "the links carry" in out
    _, out, _ = run(capsys, "logs", "flow")
    assert "flow of main" in out
    assert "flow of other" in out
    assert "flow of other" not in run(capsys, "logs", "flow-main")[1]


def test_venues_are_listed_those_that_are_down_too(venue: FakeVenue, capsys: pytest.CaptureFixture[str]) -> None:
    other = venue.folder / "venues" / "other"
    files.write_text(other / "venue.yaml", "")
    Plan("other", "", "", ("us-1",), (), file="/somewhere/other.yaml").write(other / "plan.json")
    broken = venue.folder / "venues" / "third"
    files.write_text(broken / "venue.yaml", "")
    try:
        code, out, _ = run(capsys, "venue", "list")
        assert code == 0
        first, second, third = out.strip().split("\n\n")
        assert " ".join(first.split()).startswith("laptop up 3 of 3 nodes run led: main by us-1")
        assert f"  file   {file_of(venue)}" in first
        assert f"  state  {venue.paths.root}" in first
        assert "other" in second
        assert "down   0 of 1 nodes run" in second
        assert "/somewhere/other.yaml" in second
        assert "unknown" in third
        assert "plan.json" in third
        names = [one["name"] for one in json.loads(run(capsys, "venue", "list", "--json")[1])]
        assert names == ["laptop", "other", "third"]
        # The only one that runs is meant where none is named.
        assert json.loads(run(capsys, "status", "--json")[1])["venue"] == "laptop"
    finally:
        for folder in (other, broken):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()


def test_a_changed_file_is_shown_value_by_value(venue: FakeVenue, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(venue)
    assert run(capsys, "venue", "diff")[0] == 0
    assert "file" in json.loads(run(capsys, "status", "--json")[1])
    assert json.loads(run(capsys, "status", "--json")[1])["file"] is None
    file.write_text(file.read_text().replace("seed: 20261121", "seed: 7"))
    code, out, _ = run(capsys, "venue", "diff")
    assert code == 1
    assert "  flow.main.seed: 20261121 -> 7" in out
    assert f"rialto down --venue laptop, then rialto up {file}" in out
    code, out, _ = run(capsys, "status")
    assert code == 0
    assert "  flow.main.seed: 20261121 -> 7" in out
    told = json.loads(run(capsys, "venue", "diff", "--json")[1])
    assert told["changes"] == [{"path": "flow.main.seed", "old": "20261121", "new": "7"}]
    file.write_text(file.read_text().replace("home: us", "home: moon"))
    _, out, _ = run(capsys, "status")
    assert f"next: see them: rialto validate {file}" in out
    file.unlink()
    assert "it can't be read" in run(capsys, "status")[1]


def test_many_changes_are_not_all_printed() -> None:
    changes = tuple(Change(f"a[{number}]", "1", "2") for number in range(30))
    lines = change_view.lines(Changed("x.yaml", changes, "", "do it"))
    assert len(lines) == 23
    assert lines[0].startswith("x.yaml differs in 30 values")
    assert "and 10 more" in lines[-2]


def test_links_as_declared_are_one_line_and_others_say_what_differs() -> None:
    declared = LinksStatus("running", "", (LinkView(("us", "asia"), (WAY, BACK)),))
    assert link_view.summary(declared, 0) == ["links   us-asia 1 ms"]
    slow = replace(WAY, latency_us=80_000, loss_ppm=1000, as_declared=False)
    shown = link_view.summary(LinksStatus("running", "", (LinkView(("us", "asia"), (slow, BACK)),)), 0)
    assert shown == ["link    us to asia   80 ms   loss 0.1 %   changed"]
    cut = replace(WAY, cut=True, cut_since_ns=SECOND, as_declared=False)
    shown = link_view.summary(LinksStatus("running", "", (LinkView(("us", "asia"), (cut, BACK)),)), 3 * SECOND)
    assert shown == ["link    us to asia   cut for 2 s"]
    leased = replace(cut, heals_at_ns=9 * SECOND)
    shown = link_view.summary(LinksStatus("running", "", (LinkView(("us", "asia"), (leased, BACK)),)), 3 * SECOND)
    assert shown == ["link    us to asia   cut, heals in 6 s"]


def test_links_that_are_away_say_so() -> None:
    assert link_view.summary(LinksStatus(), 0) == []
    [line] = link_view.summary(LinksStatus("starting"), 0)
    assert "until they carry, no region reaches another" in line
    lines = link_view.summary(LinksStatus("failed", "it does not start", log=("address in use",)), 0)
    assert lines[-1] == "    address in use"

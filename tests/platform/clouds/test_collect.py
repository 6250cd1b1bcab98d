"""Outputs are collected whole or not at all, each stack from its own cloud's backend."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rialto_platform.clouds import backends, collect
from rialto_platform.clouds.backends import Backends, Stack
from rialto_platform.clouds.commands import Ran
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.outputs import Outputs
from rialto_platform.venue import Venue, load

URLS = {
    "aws": "s3://state-us?region=us-east-1",
    "gcp": "gs://state-asia",
    "azure": "azblob://state?storage_account=stateeurope",
}


@dataclass
class Cli:
    """Stands for the Pulumi CLI: answers by stack, and remembers how it was asked."""

    answer: Callable[[str], Ran]
    asked: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Project, stack and backend."""

    def __call__(self, arguments: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Ran:
        assert arguments[:4] == ["pulumi", "stack", "output", "--json"]
        stack = arguments[arguments.index("--stack") + 1]
        self.asked.append((folder.name, stack, variables["PULUMI_BACKEND_URL"]))
        return self.answer(f"{folder.name}/{stack}")


@pytest.fixture(scope="module")
def venue(venues: Path) -> Venue:
    return load(venues / "three-clouds.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The projects' folders."""
    for project in backends.PROJECTS:
        (tmp_path / project).mkdir()
    return tmp_path


def answers(of: str) -> Ran:
    """Every stack answers with its own name."""
    return Ran(0, json.dumps({"stack": of, "psk": "[secret]"}), "")


def collected(venue: Venue, folder: Path, cli: Cli, *wanted: str, now_ns: int = 5) -> Outputs:
    """What is collected of these stacks."""
    where = Backends(venue=venue.name, backends={"aws": URLS["aws"], "gcp": URLS["gcp"], "azure": URLS["azure"]})
    stacks = backends.chosen(venue, wanted)
    return collect.collect(venue, stacks, where, run=cli, folder=folder, path=folder / "out.json", now_ns=now_ns)


def test_each_stack_is_read_from_the_bucket_of_its_own_cloud(venue: Venue, folder: Path) -> None:
    cli = Cli(answers)
    written = collected(venue, folder, cli)
    assert cli.asked == [
        ("region", "us", URLS["aws"]),
        ("region", "asia", URLS["gcp"]),
        ("region", "europe", URLS["azure"]),
        ("interconnect", "us", URLS["aws"]),
        ("interconnect", "asia", URLS["gcp"]),
        ("interconnect", "europe", URLS["azure"]),
        ("interconnect", "us-asia", URLS["aws"]),
        ("interconnect", "us-europe", URLS["aws"]),
        ("interconnect", "asia-europe", URLS["gcp"]),
    ]
    assert Outputs.load(folder / "out.json").stacks == written.stacks
    assert written.stack("interconnect/us-asia") == {"stack": "interconnect/us-asia"}


def test_a_secret_never_reaches_the_file(venue: Venue, folder: Path) -> None:
    collected(venue, folder, Cli(answers))
    assert "psk" not in (folder / "out.json").read_text()
    assert "secret" not in (folder / "out.json").read_text()


def test_what_is_not_asked_for_keeps_what_was_read_before(venue: Venue, folder: Path) -> None:
    collected(venue, folder, Cli(answers), "region", now_ns=5)
    later = collected(venue, folder, Cli(lambda of: Ran(0, json.dumps({"later": of}), "")), "region/asia", now_ns=9)
    assert later.stack("region/us") == {"stack": "region/us"}
    assert later.stack("region/asia") == {"later": "region/asia"}
    assert later.collected_ns == 9
    assert later.stacks_collected_ns == {"region/us": 5, "region/asia": 9, "region/europe": 5}


def test_a_missing_stack_changes_nothing_and_says_how_to_bring_it_up(venue: Venue, folder: Path) -> None:
    collected(venue, folder, Cli(answers), "region")
    before = (folder / "out.json").read_bytes()
    missing = Ran(255, "", "error: no stack named 'europe' found")
    with pytest.raises(CloudError) as raised:
        collected(venue, folder, Cli(lambda of: missing if of == "region/europe" else answers(of)), now_ns=9)
    assert f"region/europe does not exist in {URLS['azure']}" in raised.value.wrong
    assert "`pulumi up --stack europe` in stacks/region" in raised.value.wrong
    assert (folder / "out.json").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["interconnect", "out.json", "region"]


def test_every_stack_that_fails_is_told_at_once(venue: Venue, folder: Path) -> None:
    down = Ran(255, "", "error: could not list bucket:\n  dial tcp: timeout\n")
    with pytest.raises(CloudError) as raised:
        collected(venue, folder, Cli(lambda of: down if of.endswith("asia") else answers(of)))
    assert raised.value.wrong.count("could not list bucket: dial tcp: timeout") == 3
    assert "rialto doctor gcp" in raised.value.wrong
    assert "rialto doctor aws" in raised.value.wrong, "the state of us-asia lives in the cloud of us"
    assert not (folder / "out.json").exists()


def test_without_the_cli_it_says_what_to_install(venue: Venue, folder: Path) -> None:
    def absent(arguments: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Ran:
        raise FileNotFoundError(2, "No such file or directory", "pulumi")

    where = Backends(venue=venue.name, backends={"aws": URLS["aws"], "gcp": URLS["gcp"], "azure": URLS["azure"]})
    with pytest.raises(CloudError) as raised:
        collect.collect(
            venue,
            [Stack("region", "us", "aws")],
            where,
            run=absent,
            folder=folder,
            path=folder / "out.json",
            now_ns=1,
        )
    assert "without the Pulumi CLI (No such file or directory)" in raised.value.wrong
    assert "rialto doctor clouds" in raised.value.wrong


@pytest.mark.parametrize(
    ("output", "told"), [("{}", "exports nothing"), ("[]", "JSON object"), ("Updating...", "not told as JSON")]
)
def test_an_answer_that_is_none_is_refused(venue: Venue, folder: Path, output: str, told: str) -> None:
    with pytest.raises(CloudError, match=told):
        collected(venue, folder, Cli(lambda _: Ran(0, output, "")), "region/us")
    assert not (folder / "out.json").exists()


def test_the_file_of_another_venue_is_not_written_over(venue: Venue, folder: Path) -> None:
    collected(venue, folder, Cli(answers), "region")
    path = folder / "out.json"
    path.write_text(path.read_text().replace("three-clouds", "four-clouds"))
    with pytest.raises(CloudError, match="is of venue four-clouds"):
        collected(venue, folder, Cli(answers), "region")


def test_an_unknown_stack_is_refused_with_those_there_are(venue: Venue) -> None:
    with pytest.raises(CloudError) as raised:
        backends.chosen(venue, ["region/mars"])
    assert "region/us, region/asia" in raised.value.next_step
    assert "interconnect/asia-europe" in raised.value.next_step


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("venue: three-clouds\nbackends: {aws: 's3://a', gcp: 'gs://b'}\n", "names no backend of azure"),
        (
            "venue: three-clouds\nbackends: {aws: 'gs://b', gcp: 'gs://b', azure: 'azblob://c'}\n",
            "another cloud's failure would block it",
        ),
        ("venue: other\nbackends: {}\n", "is of venue other"),
        ("venue: three-clouds\nbackends: {moon: 'x://y'}\n", "backends.moon"),
        ("venue: [", "can't be read"),
        (None, "is not there"),
    ],
)
def test_a_wrong_file_of_backends_is_refused(venue: Venue, tmp_path: Path, text: str | None, told: str) -> None:
    path = tmp_path / "three-clouds.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CloudError, match=told):
        Backends.load(path, venue)


def test_the_example_of_backends_is_one(venue: Venue, checkout: Path) -> None:
    read = Backends.load(checkout / "stacks" / "backends" / "three-clouds.yaml", venue)
    assert {cloud: url.partition("://")[0] for cloud, url in read.backends.items()} == backends.SCHEMES

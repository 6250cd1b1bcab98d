"""What the programs refuse, before anything is asked of a cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest
from clouds_recording import recorded

from rialto_platform.clouds import backends, programs
from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import load


def refused(program: Callable[[], None], project: str, stack: str, **config: str) -> str:
    """What a program says when it ends without building anything."""
    given = {f"{project}:{key}": value for key, value in config.items()}
    with pytest.raises(pulumi.RunError) as raised:
        recorded(program, project=project, stack=stack, config=given)
    return str(raised.value)


@pytest.fixture
def file(venues: Path) -> str:
    return str(venues / "three-clouds.yaml")


@pytest.fixture
def outputs(tmp_path: Path) -> str:
    """A file without any stack."""
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps({"version": 1, "venue": "three-clouds", "collected_ns": 1, "stacks": {}}))
    return str(path)


def test_a_stack_that_is_no_region_is_refused_with_those_there_are(file: str) -> None:
    told = refused(programs.region, "region", "mars", venue=file, owner="1")
    assert "the stack mars is no region of venue three-clouds; name it after one of: us, asia, europe" in told


def test_a_venue_file_that_is_wrong_is_told_whole(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("venue: x\n", encoding="utf-8")
    assert "wrong.yaml" in refused(programs.region, "region", "us", venue=str(wrong), owner="1")


def test_the_outputs_of_another_venue_are_refused(file: str, outputs: str) -> None:
    path = Path(outputs)
    path.write_text(path.read_text().replace("three-clouds", "four-clouds"))
    told = refused(programs.region, "region", "us", venue=file, owner="1", outputs=outputs)
    assert "is of venue four-clouds, not three-clouds" in told


def test_an_attachment_before_its_region_says_what_to_bring_up(file: str, outputs: str) -> None:
    told = refused(programs.interconnect, "interconnect", "us", venue=file, outputs=outputs)
    assert "has no outputs of region/us" in told
    assert "`pulumi up --stack us` in stacks/region" in told


def test_a_pair_before_its_attachments_says_what_to_bring_up(file: str, outputs: str) -> None:
    told = refused(programs.interconnect, "interconnect", "us-asia", venue=file, outputs=outputs)
    assert "interconnect/us" in told
    assert "`pulumi up --stack us` in stacks/interconnect" in told


def test_a_stack_that_is_neither_a_region_nor_a_pair_is_refused(file: str, outputs: str) -> None:
    told = refused(programs.interconnect, "interconnect", "asia-us", venue=file, outputs=outputs)
    assert "name it after one of: us, asia, europe, us-asia, us-europe, asia-europe" in told


def test_a_region_with_the_name_of_a_pair_is_refused(venues: Path) -> None:
    venue = load(venues / "three-clouds.yaml")
    named = venue.model_copy(update={"regions": {**venue.regions, "us-asia": venue.regions["us"]}})
    with pytest.raises(CloudError, match="has the name of the stack that joins us and asia"):
        backends.stacks(named)

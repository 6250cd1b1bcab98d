"""The plan of the three clouds: every stack's program run without a cloud, and what is said of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from clouds_files import cut
from clouds_whole import whole

from rialto_platform.clouds import backends, guardrails, inventory, plan, plan_text
from rialto_platform.clouds.guardrails import Rules
from rialto_platform.clouds.outputs import REGION_VERSION
from rialto_platform.clouds.plan import Plan, StackPlan
from rialto_platform.clouds.recording import Recording
from rialto_platform.venue import Venue

STACKS = (
    "region/us",
    "region/asia",
    "region/europe",
    "interconnect/us",
    "interconnect/asia",
    "interconnect/europe",
    "interconnect/us-asia",
    "interconnect/us-europe",
    "interconnect/asia-europe",
)


@pytest.fixture(scope="module")
def venue(venues: Path) -> Venue:
    return whole(venues / "three-clouds.yaml")[0]


@pytest.fixture(scope="module")
def made(venues: Path) -> dict[str, Recording]:
    return dict(whole(venues / "three-clouds.yaml")[1])


@pytest.fixture(scope="module")
def planned(venue: Venue, made: dict[str, Recording]) -> Plan:
    return inventory.planned(venue, made)


def of(planned: Plan, name: str) -> StackPlan:
    """One stack of the plan."""
    return next(stack for stack in planned.stacks if str(stack.stack) == name)


def test_every_stack_is_there_in_the_order_in_which_it_is_brought_up(planned: Plan) -> None:
    assert tuple(str(stack.stack) for stack in planned.stacks) == STACKS
    for index, stack in enumerate(planned.stacks):
        assert set(stack.needs) <= set(STACKS[:index])


def test_a_stack_touches_its_own_cloud_alone_and_a_pair_its_two(planned: Plan) -> None:
    touched = {str(stack.stack): set(stack.clouds) for stack in planned.stacks}
    for project in backends.PROJECTS:
        assert touched[f"{project}/us"] == {"aws"}
        assert touched[f"{project}/asia"] == {"gcp"}
        assert touched[f"{project}/europe"] == {"azure"}
    assert touched["interconnect/us-asia"] == {"aws", "gcp"}
    assert touched["interconnect/us-europe"] == {"aws", "azure"}
    assert touched["interconnect/asia-europe"] == {"gcp", "azure"}


def test_every_region_has_every_part_and_the_parts_wait_for_each_other(planned: Plan) -> None:
    wanted = {"Network", "Keys", "Cluster", "Backups", "Registry", "Entry", "Access", "Sinks", "Identities"}
    for name in ("us", "asia", "europe"):
        parts = {part.kind: part for part in of(planned, f"region/{name}").parts}
        assert wanted <= set(parts)
        assert "Network" in parts["Cluster"].waits_for
        assert "Keys" in parts["Cluster"].waits_for
        assert "Keys" in parts["Backups"].waits_for
        assert "Cluster" not in parts["Network"].waits_for


def test_the_counts_of_the_parts_are_those_of_the_stack(planned: Plan) -> None:
    for stack in planned.stacks:
        assert sum(sum(part.kinds.values()) for part in stack.parts) == sum(stack.kinds.values())
        assert sum(stack.kinds.values()) > 0


def test_every_edge_of_the_json_leads_to_a_resource_of_its_stack(planned: Plan) -> None:
    told = json.loads(json.dumps(planned.as_json()))
    for stack in told["stacks"]:
        urns = {resource["urn"] for resource in stack["resources"]}
        for resource in stack["resources"]:
            assert set(resource["waits_for"]) <= urns
            assert all(set(sources) <= urns for sources in resource["by"].values())
        assert any(resource["waits_for"] for resource in stack["resources"])


def test_no_resource_is_left_to_a_default_provider(made: dict[str, Recording]) -> None:
    for name, recording in made.items():
        without = [one.name for one in recording.resources if one.custom and not one.is_provider and not one.provider]
        assert without == [], name


def test_a_region_exports_what_the_others_read(made: dict[str, Recording], venue: Venue) -> None:
    for name, region in venue.regions.items():
        exported = made[f"region/{name}"].outputs
        assert exported["version"] == REGION_VERSION
        assert (exported["venue"], exported["region"], exported["cloud"]) == ("three-clouds", name, region.cloud)
        assert exported["owner"] == inventory.OWNERS[region.cloud]


def test_every_entry_lists_the_addresses_of_the_other_regions(made: dict[str, Recording]) -> None:
    order = ("us", "asia", "europe")
    for name in order:
        told = json.dumps([one.inputs for one in made[f"region/{name}"].resources])
        for other in order:
            if other == name:
                continue
            if order.index(other) < order.index(name):
                # Recorded before, so the entry lists what that region's stack gave.
                entry = made[f"region/{other}"].outputs["entry"]
                assert isinstance(entry, dict)
                listed = entry["addresses"]
            else:
                listed = [f"192.0.2.{16 * order.index(other) + 1}"]
            assert isinstance(listed, list)
            assert listed
            assert all(f'"{address}"' in told for address in listed), (name, other)


def test_no_stack_exports_a_secret_into_the_outputs_file(made: dict[str, Recording]) -> None:
    for recording in made.values():
        exported = inventory.exported(recording)
        for path in recording.secret_outputs:
            assert path.partition(".")[0].partition("[")[0] not in exported


def test_the_guardrails_find_nothing_wrong_with_what_the_programs_build(planned: Plan) -> None:
    assert [str(one) for one in planned.violations] == []


def test_the_guardrails_would_find_it_if_the_venue_moved(made: dict[str, Recording], venue: Venue) -> None:
    moved = {**venue.regions, "us": venue.regions["us"].model_copy(update={"location": "eu-west-1"})}
    rules = Rules.of(venue.model_copy(update={"regions": moved}))
    stack = backends.stacks(venue)[0]
    found = guardrails.check(plan.guarded(stack, made["region/us"]), rules)
    assert {one.policy for one in found} == {"allowed-locations"}


def test_what_a_person_must_do_is_told_with_what_to_fill_in(planned: Plan) -> None:
    told = json.dumps([order.as_json() for order in planned.orders])
    for fact in ("us.venue.example.com", "region:accessCertificate", "stacks/backends/three-clouds.yaml", "48 vCPUs"):
        assert fact in told
    assert any("LOA-CFA" in step.what for step in planned.circuits)
    assert {"us", "asia", "europe"} <= {step.region for step in planned.circuits}


def test_the_plan_is_read_in_a_terminal(planned: Plan, venue: Venue) -> None:
    lines = plan_text.lines(planned, venue)
    assert max(map(len, lines)) <= 120
    text = "\n".join(lines)
    for head in ("region/us   aws us-east-1", "Single-homed", "To be done by a person", "Circuits, step by step"):
        assert head in text
    assert "Guardrails: nothing is wrong." in text


def test_a_violation_is_told_in_the_plan(planned: Plan, made: dict[str, Recording], venue: Venue) -> None:
    resource = plan.guarded(planned.stacks[0].stack, made["region/us"])[0]
    wrong = guardrails.Violation("no-open-ingress", resource, "it is open; close it")
    told = Plan(planned.venue, planned.stacks, (), (), (), (wrong,))
    assert "no-open-ingress: region/us" in "\n".join(plan_text.lines(told, venue))
    assert told.as_json()["violations"] == [wrong.as_json()]


@pytest.mark.parametrize(
    ("regions", "stacks"),
    [
        (("us",), ["region/us"]),
        (
            ("us", "asia"),
            ["region/us", "region/asia", "interconnect/us", "interconnect/asia", "interconnect/us-asia"],
        ),
    ],
)
def test_a_venue_of_one_or_two_clouds_is_built_by_the_same_programs(
    regions: tuple[str, ...], stacks: list[str], venues: Path, tmp_path: Path
) -> None:
    venue, made = whole(cut(venues, tmp_path, *regions))
    found = inventory.planned(venue, made)
    assert [str(stack.stack) for stack in found.stacks] == stacks
    assert all(stack.kinds for stack in found.stacks)
    assert [str(one) for one in found.violations] == []
    assert bool(found.circuits) == (len(regions) > 1)


def test_the_command_needs_a_venue_file_that_is_right(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("venue: x\n", encoding="utf-8")
    command = [sys.executable, "-m", "rialto_platform.clouds.inventory", str(wrong)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "wrong.yaml" in done.stderr
    assert done.stdout == ""

"""The programs of stacks/ through the real Pulumi engine, in the emulated clouds: a region's whole life, on each cloud.

Each region of the example lives once; every test looks at a part of that life. What an emulated cloud can't show is
what only a real one knows: whether a change forces a replacement, quotas, permissions, how long things take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import clouds_engine
import clouds_files
import pytest
import yaml
from clouds_account import Held
from clouds_emulator import Emulator
from clouds_engine import Done, Stack
from clouds_recording import OWNERS, recorded
from pydantic import JsonValue

from rialto_platform.clouds import programs
from rialto_platform.clouds.outputs import FILE_VERSION, Outputs
from rialto_platform.clouds.recording import Recording

pytestmark = [
    pytest.mark.timeout(900),
    clouds_engine.NEEDED,
]

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Case:
    """A region of the example, and what happens to it."""

    region: str
    cloud: str
    package: str
    machine: str
    """The engine pool's next machine: the small change."""
    changed: frozenset[tuple[str, str]]
    """What that changes: type and property, down to the smallest part."""
    drifts: tuple[str, str]
    """Type and property of what someone turns off by hand."""
    lost: str
    """Type of what someone deletes by hand."""
    quota: str
    """Type of what the cloud refuses once, in the middle of the first `up`."""


CASES = (
    Case(
        region="us",
        cloud="aws",
        package="aws",
        machine="m6idn.8xlarge",
        changed=frozenset({("aws:eks/nodeGroup:NodeGroup", "instanceTypes[0]")}),
        drifts=("aws:ec2/vpc:Vpc", "enableDnsHostnames"),
        lost="aws:ec2/flowLog:FlowLog",
        quota="aws:ec2/natGateway:NatGateway",
    ),
    Case(
        region="asia",
        cloud="gcp",
        package="gcp",
        machine="c3-standard-88-lssd",
        changed=frozenset(
            {
                ("gcp:container/nodePool:NodePool", "nodeConfig.machineType"),
                ("gcp:container/nodePool:NodePool", "nodeConfig.localNvmeSsdBlockConfig.localSsdCount"),
            }
        ),
        drifts=("gcp:compute/subnetwork:Subnetwork", "privateIpGoogleAccess"),
        lost="gcp:compute/firewall:Firewall",
        quota="gcp:compute/routerNat:RouterNat",
    ),
    Case(
        region="europe",
        cloud="azure",
        package="azure-native",
        machine="Standard_L32s_v3",
        changed=frozenset(
            {
                ("azure-native:containerservice:AgentPool", "vmSize"),
                ("azure-native:compute:ProximityPlacementGroup", "intent.vmSizes[0]"),
            }
        ),
        drifts=("azure-native:storage:StorageAccount", "enableHttpsTrafficOnly"),
        lost="azure-native:monitor:DiagnosticSetting",
        quota="azure-native:network:NatGateway",
    ),
)


@dataclass(frozen=True)
class Life:
    """What each step of a region's life did."""

    case: Case
    emulator: Emulator
    recording: Recording
    """The same program, recorded on Pulumi's mocks."""
    preview: Done
    before: tuple[Held, ...]
    """What the cloud held after the preview."""
    refused: Done
    """The first `up`, which the cloud refuses one resource of."""
    up: Done
    state: tuple[Mapping[str, object], ...]
    outputs: Mapping[str, object]
    held: tuple[Held, ...]
    second: Done
    planned: Done
    """The preview of the small change."""
    changed: Done
    after: Done
    """An `up` after the change."""
    drifted: tuple[str, str]
    """The URNs of what someone changed and deleted by hand."""
    refresh: Done
    repaired: Done
    protected: Done
    """A `destroy` while resources are protected."""
    guarded: tuple[Held, ...]
    """What the cloud held after it."""
    destroyed: Done
    kept: tuple[Held, ...]


def lived(case: Case, checkout: Path, folder: Path, emulator: Emulator) -> Life:
    """Brings a region up, changes it, has it drift, repairs it and takes it down."""
    account = emulator.account(case.package)
    config = {"owner": OWNERS[case.cloud], "outputs": "../outputs/none.json", "accessCertificate": CERTIFICATE}
    stack = Stack("region", case.region, checkout=checkout, folder=folder, attached=emulator.attached, config=config)
    preview = succeeded(stack.preview())
    before = emulator.held()
    account.refuse(case.quota, "the quota is used up")
    refused = stack.up()
    up = succeeded(stack.up())
    state = tuple(stack.resources())
    held = emulator.held()
    outputs = stack.outputs()
    second = succeeded(stack.up())
    enlarge(folder / "stacks" / "venues" / "three-clouds.yaml", case)
    planned = succeeded(stack.preview())
    changed = succeeded(stack.up())
    after = succeeded(stack.up())
    drifted, lost = first(held, case.drifts[0]), first(held, case.lost)
    account.drift(drifted, **{case.drifts[1]: False})
    account.lose(lost)
    refresh = succeeded(stack.refresh())
    repaired = succeeded(stack.up())
    protected = stack.destroy()
    guarded = emulator.held()
    stack.unprotect()
    return Life(
        case=case,
        emulator=emulator,
        recording=recorded(
            programs.region,
            project="region",
            stack=case.region,
            config={
                "region:venue": str(checkout / "stacks" / "venues" / "three-clouds.yaml"),
                **{f"region:{key}": value for key, value in config.items()},
            },
        ),
        preview=preview,
        before=before,
        refused=refused,
        up=up,
        state=state,
        outputs=outputs,
        held=held,
        second=second,
        planned=planned,
        changed=changed,
        after=after,
        drifted=(drifted, lost),
        refresh=refresh,
        repaired=repaired,
        protected=protected,
        guarded=guarded,
        destroyed=succeeded(stack.destroy()),
        kept=emulator.held(),
    )


def first(held: Sequence[Held], kind: str) -> str:
    """The URN of the first resource of a type."""
    found = [one.urn for one in held if one.type == kind]
    assert found, f"no {kind} among {sorted({one.type for one in held})}"
    return found[0]


def succeeded(done: Done) -> Done:
    """The command, if it went well."""
    assert done.ok, done.text
    return done


def enlarge(venue: Path, case: Case) -> None:
    """The small change: the region's engines get a larger machine."""
    read = cast("dict[str, dict[str, dict[str, object]]]", yaml.safe_load(venue.read_text(encoding="utf-8")))
    read["regions"][case.region]["machine"] = case.machine
    # In the file's order: a market's ports go by its place among the markets.
    venue.write_text(yaml.safe_dump(read, sort_keys=False), encoding="utf-8")


def urn_of(resource: Mapping[str, object]) -> str:
    return str(resource["urn"])


def text_of(resource: Mapping[str, object], key: str) -> str:
    return str(resource.get(key) or "")


def texts_of(value: object) -> frozenset[str]:
    return frozenset(cast("list[str]", value)) if isinstance(value, list) else frozenset()


PARAMS = [
    pytest.param(
        case, id=case.region, marks=[] if case.cloud == "aws" else [pytest.mark.long(run="run: make deployment")]
    )
    for case in CASES
]
"""One region is lived whenever there is an engine, the others where they are asked for."""


@pytest.fixture(scope="module", params=PARAMS)
def life(request: pytest.FixtureRequest, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The life of a region of the example."""
    case = cast("Case", request.param)
    with Emulator() as emulator:
        return lived(case, checkout, tmp_path_factory.mktemp(case.region), emulator)


def test_a_preview_plans_every_resource_and_makes_none(life: Life) -> None:
    assert {step.op for step in life.preview.steps} == {"create"}
    wanted = {one.urn for one in life.recording.resources}
    assert {step.urn for step in life.preview.steps} == {*wanted, life.recording.stack}
    assert life.before == ()


def test_an_up_that_the_cloud_refuses_half_way_says_why_and_the_next_one_goes_on(life: Life) -> None:
    assert not life.refused.ok
    assert any("the quota is used up" in message for message in life.refused.messages)
    made = {step.urn for step in life.up.steps if step.op == "create"}
    assert made
    assert len(made) < len(life.preview.steps)


def test_an_up_makes_all_that_was_recorded_and_nothing_else(life: Life) -> None:
    wanted = {one.urn for one in life.recording.resources if one.custom and not one.is_provider}
    assert {one.urn for one in life.held} == wanted
    assert {one.type.partition(":")[0] for one in life.held} == {life.case.package}


def test_the_engines_state_has_the_edges_of_the_recording(life: Life) -> None:
    """So that what the other tests say of a recording is true of a deployment."""
    state = {urn_of(one): one for one in life.state}
    for wanted in life.recording.resources:
        found = state[wanted.urn]
        assert text_of(found, "parent") == wanted.parent, wanted.urn
        assert text_of(found, "provider").rpartition("::")[0] == wanted.provider, wanted.urn
        assert (found.get("protect") is True) == wanted.protect, wanted.urn
        assert (found.get("retainOnDelete") is True) == wanted.retain_on_delete, wanted.urn
        assert texts_of(found.get("dependencies")) >= wanted.dependencies, wanted.urn
        edges = cast("Mapping[str, object]", found.get("propertyDependencies") or {})
        assert {key: texts_of(urns) for key, urns in edges.items() if urns} == {
            key: urns for key, urns in wanted.property_dependencies.items() if urns
        }, wanted.urn


def test_no_default_provider_is_ever_configured(life: Life) -> None:
    configured = {urn for provider in life.emulator.providers.values() for urn in provider.configured}
    explicit = {one.urn for one in life.recording.resources if one.is_provider}
    assert configured == explicit


def test_what_a_region_exports_is_read_by_the_outputs_file(life: Life) -> None:
    given = cast("dict[str, JsonValue]", life.outputs)
    name = life.case.region
    outputs = Outputs(version=FILE_VERSION, venue="three-clouds", collected_ns=1, stacks={f"region/{name}": given})
    assert outputs.region(name).cloud == life.case.cloud


def test_a_second_up_changes_nothing(life: Life) -> None:
    assert life.second.steps == ()
    assert set(life.second.counts) == {"same"}


def test_a_larger_machine_changes_that_and_nothing_else(life: Life) -> None:
    planned = {(step.type, path) for step in life.planned.steps for path in step.paths}
    assert planned == life.case.changed
    assert {step.op for step in life.planned.steps} == {"update"}
    assert {(step.urn, step.paths) for step in life.changed.steps} == {
        (step.urn, step.paths) for step in life.planned.steps
    }
    assert life.after.steps == ()


def test_who_changes_is_told_that_a_replacement_is_not_known_here(life: Life) -> None:
    told = [message for message in life.planned.messages if "forces a replacement" in message]
    assert len(told) >= len(life.planned.steps)


def test_a_refresh_sees_what_someone_changed_and_deleted_by_hand(life: Life) -> None:
    changed, lost = life.drifted
    assert life.refresh.counts["update"] == 1
    assert life.refresh.counts["delete"] == 1
    assert set(life.refresh.counts) == {"same", "update", "delete"}
    assert {step.urn for step in life.repaired.steps} == {changed, lost}


def test_an_up_after_a_refresh_puts_back_what_drifted(life: Life) -> None:
    changed, lost = life.drifted
    assert {step.urn: step.op for step in life.repaired.steps} == {changed: "update", lost: "create"}


def test_what_holds_data_is_not_destroyed_while_it_is_protected(life: Life) -> None:
    assert not life.protected.ok
    assert "because it is protected" in life.protected.text
    protected = {urn_of(one) for one in life.state if one.get("protect") is True}
    assert protected & {one.urn for one in life.held} <= {one.urn for one in life.guarded}
    # The engine deletes what is not protected all the same, unless that holds up a protected one.
    assert len(life.guarded) < len(life.held)


def test_a_destroy_leaves_what_is_retained_and_nothing_else(life: Life) -> None:
    retained = {urn_of(one) for one in life.state if one.get("retainOnDelete") is True}
    assert {one.urn for one in life.kept} == retained
    assert retained


@pytest.mark.parametrize("case", PARAMS)
def test_a_venue_of_one_region_comes_up_by_one_provider(case: Case, checkout: Path, tmp_path: Path) -> None:
    venue = clouds_files.cut(checkout / "stacks" / "venues", tmp_path, case.region)
    config = {"venue": str(venue), "owner": OWNERS[case.cloud], "outputs": "../outputs/none.json"}
    with Emulator((case.package,)) as emulator:
        folder = tmp_path / "deployed"
        folder.mkdir()
        stack = Stack(
            "region", case.region, checkout=checkout, folder=folder, attached=emulator.attached, config=config
        )
        assert set(succeeded(stack.up()).counts) == {"create"}
        assert emulator.held()

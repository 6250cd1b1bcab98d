"""The example's nine stacks through the real engine, in the order in which a person brings them up, in emulated clouds.

A folder for each cloud's state; what a stack needs of another goes by `rialto outputs collect` alone.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import clouds_engine
import pytest
from clouds_emulator import Emulator
from clouds_engine import Done
from clouds_engine import Stack as Deployed
from clouds_recording import OWNERS

from rialto_platform.clouds import backends, collect
from rialto_platform.clouds.backends import Backends, Stack
from rialto_platform.clouds.commands import Ran
from rialto_platform.clouds.interconnects import secrets
from rialto_platform.venue import Venue, load, ways

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.long(run="run: make deployment"),
    clouds_engine.NEEDED,
]

PACKAGES = {"aws": "aws", "gcp": "gcp", "azure": "azure-native"}
SECRET = "0123456789abcdef01234567"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"

ENTRIES: Mapping[str, frozenset[str]] = {
    "aws": frozenset({"aws:route53/record:Record", "aws:route53/healthCheck:HealthCheck"}),
    "gcp": frozenset({"gcp:dns/recordSet:RecordSet"}),
    "azure": frozenset({"azure-native:trafficmanager:Endpoint", "azure-native:trafficmanager:Profile"}),
}
"""What names another region's addresses, on each cloud."""


@dataclass(frozen=True)
class Brought:
    """One stack that was brought up."""

    stack: Stack
    up: Done
    touched: frozenset[str]
    """The packages whose clouds hold more than before."""


@dataclass(frozen=True)
class Whole:
    """The venue, brought up."""

    venue: Venue
    stacks: Mapping[str, Brought]
    again: Mapping[str, Done]
    """A second `up` of each region, once the others' addresses were collected."""
    settled: Mapping[str, Done]
    """A preview of every stack after that."""


class Ground:
    """A folder in which the venue's stacks are brought up."""

    def __init__(self, checkout: Path, folder: Path, emulator: Emulator) -> None:
        self.checkout = checkout
        self.folder = folder
        self.emulator = emulator
        self.venue = load(checkout / "stacks" / "venues" / "three-clouds.yaml")
        self.outputs = clouds_engine.copied(checkout, folder) / "outputs" / "three-clouds.json"
        self.outputs.parent.mkdir()
        self.deployed: dict[str, Deployed] = {}

    def bring_up(self, stack: Stack) -> Brought:
        """Makes a stack, gives it what a person gives it, and brings it up."""
        deployed = Deployed(
            stack.project,
            stack.name,
            checkout=self.checkout,
            folder=self.folder,
            attached=self.emulator.attached,
            config=self._config(stack),
            backend=f"state-{stack.cloud}",
        )
        for secret in self._secrets(stack):
            deployed.secret(secret.key, SECRET)
        self.deployed[str(stack)] = deployed
        before = self._held()
        done = deployed.up()
        assert done.ok, done.text
        touched = frozenset(package for package, held in self._held().items() if held > before[package])
        self.collect([stack])
        return Brought(stack, done, touched)

    def collect(self, stacks: Sequence[Stack]) -> None:
        """`rialto outputs collect`."""
        urls = {cloud: (self.folder / f"state-{cloud}").as_uri() for cloud in PACKAGES}
        collect.collect(
            self.venue,
            stacks,
            Backends.model_validate({"venue": self.venue.name, "backends": urls}),
            run=self._run,
            folder=self.folder / "stacks",
            path=self.outputs,
            now_ns=1,
        )

    def _run(self, arguments: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Ran:
        known = next(iter(self.deployed.values())).variables
        done = subprocess.run(
            list(arguments),
            cwd=folder,
            env={**os.environ, **known, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def _config(self, stack: Stack) -> Mapping[str, str]:
        if stack.project == "region":
            return {"owner": OWNERS[stack.cloud], "accessCertificate": CERTIFICATE}
        if stack.name not in self.venue.regions:
            return {}
        return {"delivered": json.dumps(list(ways.circuits(self.venue, stack.name))), "customer": "Example Venue"}

    def _secrets(self, stack: Stack) -> tuple[secrets.Secret, ...]:
        if stack.project == "region":
            return ()
        if stack.name in self.venue.regions:
            return secrets.of_region(self.venue, stack.name)
        one, other = next(link.between for link in self.venue.interconnects if backends.pair(link) == stack.name)
        return secrets.of_pair(self.venue, one, other)

    def _held(self) -> dict[str, int]:
        return {package: len(self.emulator.account(package).held()) for package in self.emulator.providers}


@pytest.fixture(scope="module")
def whole(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Regions, attachments and pairs; then the regions once more, now that each knows of the others."""
    with Emulator() as emulator:
        ground = Ground(checkout, tmp_path_factory.mktemp("whole"), emulator)
        every = backends.stacks(ground.venue)
        stacks = {str(stack): ground.bring_up(stack) for stack in every}
        again = {str(stack): ground.deployed[str(stack)].up() for stack in every if stack.project == "region"}
        ground.collect(every)
        settled = {name: deployed.preview() for name, deployed in ground.deployed.items()}
        yield Whole(ground.venue, stacks, again, settled)


def test_all_nine_stacks_come_up_one_after_the_other(whole: Whole) -> None:
    assert len(whole.stacks) == 9
    for name, brought in whole.stacks.items():
        assert set(brought.up.counts) == {"create"}, name


def test_a_stack_touches_the_clouds_of_its_own_ends_alone(whole: Whole) -> None:
    clouds = {name: region.cloud for name, region in whole.venue.regions.items()}
    for brought in whole.stacks.values():
        ends = [name for name in clouds if name in brought.stack.name.split("-")]
        assert brought.touched == {PACKAGES[clouds[name]] for name in ends}, str(brought.stack)


def test_a_second_up_of_a_region_adds_the_entries_of_the_others_and_nothing_else(whole: Whole) -> None:
    *earlier, last = whole.again
    # The last one knew of all the others when it was made.
    assert {name for name, done in whole.again.items() if done.steps} == set(earlier), last
    for name, done in whole.again.items():
        assert done.ok, done.text
        touched = {step.type for step in done.steps}
        assert touched <= ENTRIES[whole.stacks[name].stack.cloud], (name, touched)


def test_then_no_stack_has_anything_left_to_change(whole: Whole) -> None:
    assert {name: done.changed() for name, done in whole.settled.items() if done.steps} == {}

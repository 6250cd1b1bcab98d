"""The projects of stacks/: one file for each stack of the example venue, secrets by its own cloud's key service."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import yaml

from rialto_platform.clouds import backends
from rialto_platform.clouds.backends import Stack
from rialto_platform.venue import load

PROVIDERS = {"aws": "awskms://", "gcp": "gcpkms://", "azure": "azurekeyvault://"}
MOST_LINES = 6
"""Of a program: what it builds is in the platform, and tested there."""


def read(path: Path) -> dict[str, object]:
    return cast("dict[str, object]", yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def stacks(venues: Path) -> tuple[Stack, ...]:
    return backends.stacks(load(venues / "three-clouds.yaml"))


def test_every_stack_of_the_example_has_a_file_and_no_file_is_without_a_stack(
    stacks: tuple[Stack, ...], checkout: Path
) -> None:
    for project in backends.PROJECTS:
        wanted = {f"Pulumi.{stack.name}.yaml" for stack in stacks if stack.project == project}
        there = {path.name for path in (checkout / "stacks" / project).glob("Pulumi.*.yaml")}
        assert there == wanted


def test_a_stacks_secrets_are_encrypted_by_the_cloud_that_keeps_its_state(
    stacks: tuple[Stack, ...], checkout: Path
) -> None:
    for stack in stacks:
        file = read(checkout / "stacks" / stack.project / f"Pulumi.{stack.name}.yaml")
        assert str(file["secretsprovider"]).startswith(PROVIDERS[stack.cloud]), stack


def test_a_stack_sets_only_what_its_project_declares_and_all_that_has_no_default(
    stacks: tuple[Stack, ...], checkout: Path
) -> None:
    # What is set for some stacks alone: `pulumi config` takes it without a declaration.
    further = {"region": {"accessCertificate"}, "interconnect": {"customer", "delivered"}}
    for stack in stacks:
        folder = checkout / "stacks" / stack.project
        declared = cast("dict[str, dict[str, str]]", read(folder / "Pulumi.yaml")["config"])
        config = cast("dict[str, object]", read(folder / f"Pulumi.{stack.name}.yaml")["config"])
        given = {key.removeprefix(f"{stack.project}:") for key in config}
        assert given <= set(declared) | further[stack.project]
        assert {key for key, value in declared.items() if "default" not in value} <= given


def test_paths_in_the_configuration_lead_to_what_is_there(stacks: tuple[Stack, ...], checkout: Path) -> None:
    for stack in stacks:
        folder = checkout / "stacks" / stack.project
        config = cast("dict[str, str]", read(folder / f"Pulumi.{stack.name}.yaml")["config"])
        assert (folder / config[f"{stack.project}:venue"]).is_file()
        assert (folder / config[f"{stack.project}:outputs"]).parent.is_dir()


@pytest.mark.parametrize("project", [*backends.PROJECTS, "guardrails"])
def test_every_project_runs_in_the_projects_own_environment(project: str, checkout: Path) -> None:
    name = "PulumiPolicy.yaml" if project == "guardrails" else "Pulumi.yaml"
    file = read(checkout / "stacks" / project / name)
    assert file["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "../../.venv"}}


@pytest.mark.parametrize("project", backends.PROJECTS)
def test_a_program_is_a_few_lines(project: str, checkout: Path) -> None:
    text = (checkout / "stacks" / project / "__main__.py").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line]) <= MOST_LINES


def test_the_policy_pack_is_made_in_one_place(checkout: Path) -> None:
    """Making it serves the engine for ever: nothing else may import the library."""
    for room in ("platform", "tui", "stacks"):
        for path in (checkout / room).rglob("*.py"):
            if path.parent.name != "guardrails" or path.parent.parent.name != "stacks":
                assert "import pulumi_policy" not in path.read_text(encoding="utf-8")
                assert "from pulumi_policy" not in path.read_text(encoding="utf-8")

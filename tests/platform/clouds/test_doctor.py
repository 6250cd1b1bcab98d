"""The doctor's checks, on machines made of plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rialto_platform.clouds import doctor
from rialto_platform.clouds.commands import Ran
from rialto_platform.clouds.doctor import Environment, Finding, Platform
from rialto_platform.venue import Venue, load

HOME = Path("/home/someone")
VERSIONS = {
    "cargo": "cargo 1.91.0 (ea2d97820 2025-10-10)",
    "make": "GNU Make 4.3",
    "git": "git version 2.39.5",
    "pulumi": "v3.272.0",
    "aws": "aws-cli/2.31.0 Python/3.13.7",
    "gcloud": "Google Cloud SDK 540.0.0",
    "az": '{"azure-cli": "2.77.0"}',
    "cc": "",
}
SDKS = {
    "pulumi": "3.272.0",
    "pulumi-aws": "7.51.1",
    "pulumi-gcp": "10.2.0",
    "pulumi-azure-native": "3.29.0",
    "pulumi-policy": "1.21.0",
}


@dataclass
class Machine:
    """A machine that has everything, less what a test takes away."""

    programs: dict[str, str] = field(default_factory=lambda: dict(VERSIONS))
    distributions: dict[str, str] = field(default_factory=lambda: dict(SDKS))
    variables: dict[str, str] = field(default_factory=dict[str, str])
    files: set[Path] = field(
        default_factory=lambda: {
            HOME / ".aws" / "credentials",
            HOME / ".config" / "gcloud" / "application_default_credentials.json",
            HOME / ".azure" / "azureProfile.json",
        }
    )
    python: tuple[int, int, int] = (3, 11, 9)
    status: int = 0

    def examined(self, venue: Venue | None = None, backends: Path | None = None) -> Mapping[str, Finding]:
        """What is found, by what was looked for."""

        def run(command: tuple[str, ...]) -> Ran:
            return Ran(self.status, self.programs[command[0]], "")

        environment = Environment(
            variables=self.variables,
            home=HOME,
            python=self.python,
            on_path=self.programs.__contains__,
            run=run,
            exists=self.files.__contains__,
            installed=self.distributions.get,
        )
        return {one.what: one for one in doctor.examine(environment, venue, backends)}

    def lacking(self, *asked: Platform) -> list[str]:
        """What the platforms lack."""
        return [one.what for one in doctor.lacking(list(self.examined().values()), asked)]


def test_a_machine_that_has_everything_lacks_nothing() -> None:
    assert Machine().lacking("local", "aws", "gcp", "azure") == []
    assert all(one.state == "ok" and one.next_step == "" for one in Machine().examined().values())


@pytest.mark.parametrize(
    ("program", "what", "platforms"),
    [
        ("cargo", "cargo 1.90 or newer", {"local"}),
        ("cc", "a C linker", {"local"}),
        ("make", "make", {"local", "aws", "gcp", "azure"}),
        ("git", "git", {"local", "aws", "gcp", "azure"}),
        ("pulumi", "Pulumi CLI 3.272 or newer", {"aws", "gcp", "azure"}),
    ],
)
def test_a_missing_program_fails_the_platforms_that_need_it_alone(
    program: str, what: str, platforms: set[Platform]
) -> None:
    machine = Machine()
    del machine.programs[program]
    for platform in doctor.PLATFORMS:
        assert machine.lacking(platform) == ([what] if platform in platforms else [])
    assert machine.examined()[what].next_step.startswith("install ")


@pytest.mark.parametrize("program", ["aws", "gcloud", "az"])
def test_a_clouds_own_cli_is_of_use_and_not_needed(program: str) -> None:
    machine = Machine()
    del machine.programs[program]
    found = machine.examined()[f"{program} CLI"]
    assert (found.state, found.needed_by) == ("absent", ())
    assert "stacks/README.md" in found.next_step
    assert machine.lacking("aws", "gcp", "azure") == []


@pytest.mark.parametrize(
    ("program", "told", "what"),
    [
        ("pulumi", "v3.271.9", "Pulumi CLI 3.272 or newer"),
        ("pulumi", "v2.300.0", "Pulumi CLI 3.272 or newer"),
        ("cargo", "cargo 1.89.0", "cargo 1.90 or newer"),
    ],
)
def test_an_old_program_is_told_with_its_version(program: str, told: str, what: str) -> None:
    machine = Machine()
    machine.programs[program] = told
    found = machine.examined()[what]
    assert (found.state, found.found) == ("old", told.split()[-1].removeprefix("v"))
    assert found.next_step


def test_a_newer_pulumi_is_good_enough() -> None:
    machine = Machine()
    machine.programs["pulumi"] = "v4.0.0"
    assert machine.lacking("aws") == []


def test_a_program_that_tells_no_version_is_none() -> None:
    machine = Machine(status=1)
    assert machine.examined()["git"].found == "`git --version` does not tell a version"


def test_an_old_python_fails_every_platform() -> None:
    machine = Machine(python=(3, 10, 4))
    assert machine.lacking("local") == ["Python 3.11 or newer"]


@pytest.mark.parametrize(
    ("name", "platform"), [("pulumi-aws", "aws"), ("pulumi-gcp", "gcp"), ("pulumi-azure-native", "azure")]
)
def test_a_missing_sdk_fails_its_cloud_alone(name: str, platform: Platform) -> None:
    machine = Machine()
    del machine.distributions[name]
    assert machine.lacking(platform) == [f"{name} (Python)"]
    assert [other for other in doctor.PLATFORMS if machine.lacking(other)] == [platform]
    assert machine.examined()[f"{name} (Python)"].next_step == "make clouds"


def test_without_the_policy_library_the_guardrails_are_not_asked_and_it_says_so() -> None:
    machine = Machine()
    del machine.distributions["pulumi-policy"]
    assert "--policy-pack" in machine.examined()["pulumi-policy"].next_step
    assert machine.lacking("aws", "gcp", "azure") == []


CREDENTIALS: tuple[tuple[Platform, dict[str, str], str], ...] = (
    ("aws", {"AWS_ACCESS_KEY_ID": "hush", "AWS_SECRET_ACCESS_KEY": "hush"}, "AWS_ACCESS_KEY_ID"),
    ("aws", {"AWS_WEB_IDENTITY_TOKEN_FILE": "hush", "AWS_ROLE_ARN": "hush"}, "AWS_ROLE_ARN"),
    ("aws", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "hush"}, "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ("gcp", {"GOOGLE_CREDENTIALS": "hush"}, "GOOGLE_CREDENTIALS"),
    ("gcp", {"GOOGLE_OAUTH_ACCESS_TOKEN": "hush"}, "GOOGLE_OAUTH_ACCESS_TOKEN"),
    (
        "azure",
        {"ARM_CLIENT_ID": "hush", "ARM_TENANT_ID": "hush", "ARM_CLIENT_SECRET": "hush"},
        "ARM_CLIENT_SECRET",
    ),
    ("azure", {"ARM_USE_MSI": "true"}, "ARM_USE_MSI"),
)
NAMES = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure"}


@pytest.mark.parametrize(("platform", "variables", "told"), CREDENTIALS)
def test_credentials_in_variables_are_found_and_never_printed(
    platform: Platform, variables: dict[str, str], told: str
) -> None:
    machine = Machine(variables=variables, files=set())
    found = machine.examined()[f"credentials of {NAMES[platform]}"]
    assert (found.state, told in found.found) == ("ok", True)
    assert not any("hush" in str(one) for one in machine.examined().values())


@pytest.mark.parametrize(("platform", "variables", "told"), CREDENTIALS)
def test_half_of_them_is_none(platform: Platform, variables: dict[str, str], told: str) -> None:
    del told
    half = dict(list(variables.items())[:-1])
    machine = Machine(variables=half, files=set())
    assert f"credentials of {NAMES[platform]}" in machine.lacking(platform)


def test_credentials_in_files_are_found_where_variables_point() -> None:
    machine = Machine(
        variables={
            "AWS_SHARED_CREDENTIALS_FILE": "/x/credentials",
            "CLOUDSDK_CONFIG": "/y",
            "AZURE_CONFIG_DIR": "/z",
        },
        files={Path("/x/credentials"), Path("/y/application_default_credentials.json"), Path("/z/azureProfile.json")},
    )
    assert machine.lacking("aws", "gcp", "azure") == []
    assert len(Machine(files=set()).lacking("aws", "gcp", "azure")) == 3


def test_a_profile_of_aws_is_found_in_its_configuration() -> None:
    machine = Machine(variables={"AWS_PROFILE": "venue"}, files={HOME / ".aws" / "config"})
    assert machine.lacking("aws") == []
    machine.variables.clear()
    assert machine.lacking("aws") == ["credentials of AWS"]


def test_a_named_file_of_google_that_is_not_there_is_told_and_nothing_else_is_taken() -> None:
    machine = Machine(variables={"GOOGLE_APPLICATION_CREDENTIALS": "/gone.json"})
    assert "names a file that is not there" in machine.examined()["credentials of Google Cloud"].next_step


def test_the_backends_of_a_venue_are_told_by_cloud(venues: Path, checkout: Path) -> None:
    venue = load(venues / "three-clouds.yaml")
    found = Machine().examined(venue, checkout / "stacks" / "backends" / "three-clouds.yaml")
    assert found["state backend of AWS"].found.startswith("s3://")
    assert found["state backend of Azure"].needed_by == ("azure",)
    found = Machine().examined(venue, checkout / "stacks" / "backends" / "none.yaml")
    assert found["state backends of three-clouds"].needed_by == ("aws", "gcp", "azure")
    assert "stacks/README.md" in found["state backends of three-clouds"].next_step


def test_a_backend_in_the_environment_that_is_none_of_the_venues_is_told(venues: Path, checkout: Path) -> None:
    venue = load(venues / "three-clouds.yaml")
    path = checkout / "stacks" / "backends" / "three-clouds.yaml"
    machine = Machine(variables={"PULUMI_BACKEND_URL": "file://~"})
    assert "unset it" in machine.examined(venue, path)["PULUMI_BACKEND_URL"].next_step
    machine.variables["PULUMI_BACKEND_URL"] = "gs://three-clouds-state-asia"
    assert "PULUMI_BACKEND_URL" not in machine.examined(venue, path)

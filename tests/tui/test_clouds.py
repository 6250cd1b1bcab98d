"""clouds plan, outputs collect and doctor, on stand-ins for the tools that they call."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from clouds_files import cut

from rialto_tui import cli, clouds_commands

SDKS = ("pulumi", "pulumi_aws", "pulumi_azure_native", "pulumi_gcp", "google.protobuf", "grpc")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of the test's own, and a home without credentials."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "ARM_", "AZURE_", "CLOUDSDK_", "PULUMI_")):
            monkeypatch.delenv(name)
    return folder


def tool(folder: Path, name: str, script: str) -> None:
    """A program on the PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    code = cli.main(arguments)
    printed = capfd.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def stacks(tmp_path: Path, venues: Path, checkout: Path) -> Path:
    """A folder of stacks."""
    folder = tmp_path / "stacks"
    for name in ("region", "interconnect", "backends"):
        (folder / name).mkdir(parents=True)
    example = checkout / "stacks" / "backends" / "three-clouds.yaml"
    (folder / "backends" / "three-clouds.yaml").write_bytes(example.read_bytes())
    (folder / "three-clouds.yaml").write_bytes((venues / "three-clouds.yaml").read_bytes())
    return folder


def named(stacks: Path) -> tuple[str, ...]:
    """The options that name the folder and its venue."""
    return ("--stacks", str(stacks), "--venue-file", str(stacks / "three-clouds.yaml"))


def test_nothing_of_a_cloud_is_imported_here() -> None:
    code = (
        "import sys; from rialto_tui import cli, clouds_commands\n"
        "from rialto_platform.clouds import backends, collect, doctor, outputs, commands, orders, plan, plan_text\n"
        "from rialto_platform.clouds import single_homed; from rialto_platform.clouds.guardrails import pack\n"
        f"print([name for name in {SDKS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_outputs_are_collected_by_the_cli_on_the_path(
    tools: Path, stacks: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tool(tools, "pulumi", 'printf \'{"stack": "%s", "backend": "%s"}\' "$6" "$PULUMI_BACKEND_URL"')
    code, out, err = run(capfd, "outputs", "collect", "region", *named(stacks))
    assert (code, err) == (0, "")
    assert "outputs of region/us, region/asia, region/europe" in out
    assert "not read now: interconnect/us" in out
    told = json.loads((stacks / "outputs" / "three-clouds.json").read_text())
    assert told["stacks"]["region/asia"] == {"stack": "asia", "backend": "gs://three-clouds-state-asia"}
    assert set(told["stacks_collected_ns"]) == {"region/us", "region/asia", "region/europe"}


def test_without_the_cli_nothing_is_collected(tools: Path, stacks: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert not list(tools.iterdir())
    code, _, err = run(capfd, "outputs", "collect", *named(stacks))
    assert code == 1
    assert err.count("without the Pulumi CLI") == 9
    assert "rialto doctor clouds" in err
    assert "next: mend these" in err
    assert not (stacks / "outputs").exists()


def test_a_stack_that_is_not_there_is_told_with_how_to_bring_it_up(
    tools: Path, stacks: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tool(tools, "pulumi", "echo \"error: no stack named 'us' found\" >&2; exit 255")
    code, _, err = run(capfd, "outputs", "collect", "region/us", *named(stacks))
    assert code == 1
    assert "region/us does not exist in s3://three-clouds-state-us?region=us-east-1" in err
    assert "`pulumi up --stack us` in stacks/region" in err


def test_an_unknown_stack_and_a_wrong_venue_are_refused(
    tools: Path, stacks: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert tools.exists()
    code, _, err = run(capfd, "outputs", "collect", "region/mars", *named(stacks))
    assert code == 1
    assert "is no stack of venue three-clouds" in err
    (stacks / "three-clouds.yaml").write_text("venue: x\n", encoding="utf-8")
    for command in (("outputs", "collect", *named(stacks)), ("doctor", "clouds", *named(stacks))):
        assert run(capfd, *command)[0] == 1
    assert run(capfd, "clouds", "plan", str(stacks / "three-clouds.yaml"))[0] == 1


def test_the_doctor_fails_for_what_is_asked_alone(tools: Path, stacks: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, version in (
        ("cargo", "cargo 1.91.0"),
        ("make", "GNU Make 4.3"),
        ("git", "git version 2.39.5"),
        ("cc", ""),
    ):
        tool(tools, name, f"echo '{version}'")
    code, out, _ = run(capfd, "doctor", *named(stacks))
    assert code == 0, out
    assert "local: everything that is needed is here." in out
    code, out, _ = run(capfd, "doctor", "gcp", *named(stacks))
    assert code == 1
    assert "needed  Pulumi CLI" in out
    assert "gcloud auth application-default login" in out
    assert "-       credentials of AWS" in out, "another cloud's is no failure of this one"
    assert "gs://three-clouds-state-asia (not tried)" in out


def test_the_doctors_findings_as_json_hold_no_credential(
    tools: Path, stacks: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tools.exists()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "hush")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    code, out, _ = run(capfd, "doctor", "aws", "--json", *named(stacks))
    told = json.loads(out)
    assert code == 1
    assert (told["platform"], told["ready"]) == ("aws", False)
    found = {one["what"]: one for one in told["findings"]}
    assert found["credentials of AWS"]["state"] == "ok"
    assert "hush" not in out


@pytest.mark.parametrize("words", [["clouds"], ["outputs"], ["doctor", "moon"], ["clouds", "build"]])
def test_a_wrong_command_line_ends_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize("words", [["clouds", "plan"], ["outputs", "collect"], ["doctor"]])
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])
    assert ended.value.code == 0
    assert "usage: rialto" in capsys.readouterr().out


def test_without_the_sdks_the_plan_says_make_clouds(
    venues: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clouds_commands, "_SDKS", ("pulumi_that_is_not_there",))
    code, _, err = run(capfd, "clouds", "plan", str(venues / "three-clouds.yaml"))
    assert code == 1
    assert "pulumi_that_is_not_there not installed" in err
    assert "next: make clouds" in err


def test_the_plan_of_a_venue_of_one_region(venues: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = cut(venues, tmp_path, "asia")
    code, out, err = run(capfd, "clouds", "plan", str(file), "--json")
    assert code == 0, err
    told = json.loads(out)
    assert [stack["stack"] for stack in told["stacks"]] == ["region/asia"]
    assert told["stacks"][0]["clouds"] == ["gcp"]
    assert told["circuits"] == []
    assert [one["of"] for one in told["single_homed"]] == ["cloud"]

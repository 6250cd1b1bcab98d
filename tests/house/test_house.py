"""What holds for every file of the checkout, and for what it installs."""

import json
import os
import pathlib
import re
import subprocess
import tomllib
from typing import Any

import pytest

REGISTRIES = re.compile(r"\b(crates" + r"\.io|pypi" + r"\.org|python" + r"hosted\.org|npmjs" + r"\.(com|org))\b")
"""Host names of package registries: whoever installs this chooses where packages come from."""
LOCKED_BY_CARGO = "engine/Cargo.lock"
"""Cargo writes the registry's name into its lock file itself."""

UNFINISHED = re.compile(
    r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b|unimplemented" + r"!|todo" + r"!\(|NotImplemented" + r"Error"
)
CLOUD_SDKS = ("pulumi", "kubernetes", "grafana-client")


@pytest.fixture(scope="module")
def tracked(checkout: pathlib.Path) -> dict[str, str]:
    """Every text file that belongs to the project, by its path."""
    if not (checkout / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-C", str(checkout), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    files: dict[str, str] = {}
    for name in names:
        try:
            files[name] = (checkout / name).read_text()
        except (OSError, UnicodeDecodeError):
            continue
    return files


def test_no_file_names_a_package_registry(tracked: dict[str, str]) -> None:
    """Requirements pin versions and hashes, never a place."""
    assert [name for name, text in tracked.items() if name != LOCKED_BY_CARGO and REGISTRIES.search(text)] == []


def test_nothing_is_left_unfinished(tracked: dict[str, str]) -> None:
    """No marker of work to come in any file."""
    assert [name for name, text in tracked.items() if UNFINISHED.search(text)] == []


def test_no_python_is_chosen_or_run_by_uv(tracked: dict[str, str]) -> None:
    """The environment is made by the machine's own Python, and nothing but the requirements pins versions."""
    assert not {"uv.lock", "rust-toolchain.toml", ".python-version"} & set(tracked)
    build = tracked["Makefile"] + tracked[".ci/run"]
    assert not re.search(r"uv (run|sync)", build)
    assert "UV_PYTHON_DOWNLOADS=never" in build


def test_rooms_and_tests_hold_no_package_by_accident(tracked: dict[str, str]) -> None:
    """`platform` must never be importable by that name; tests are collected without packages."""
    inits = {name for name in tracked if name.endswith("__init__.py")}
    assert not {name for name in inits if name.startswith("tests/")}
    assert not {f"{room}/__init__.py" for room in ("platform", "tui", "engine", "runbooks", "dashboards")} & inits


def test_every_requirement_is_pinned_with_hashes(tracked: dict[str, str]) -> None:
    """So that the same checkout installs the same bytes."""
    files = [text for name, text in tracked.items() if re.fullmatch(r"requirements/\w+\.txt", name)]
    assert len(files) == 5
    for text in files:
        lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
        pins = [line for line in lines if not line.startswith(" ")]
        assert pins
        assert all(re.fullmatch(r"[a-z0-9-]+==\S+( ; .+)? \\", line) for line in pins)
        assert all(
            re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines if line.startswith(" ")
        )


def test_one_machine_needs_no_cloud_sdk(tracked: dict[str, str]) -> None:
    """They are an extra, installed by `make clouds` alone."""
    for name in ("runtime", "build", "dev"):
        text = tracked[f"requirements/{name}.txt"]
        assert not [sdk for sdk in CLOUD_SDKS if re.search(rf"^{sdk}", text, re.MULTILINE)]
    assert all(sdk in tracked["requirements/clouds.txt"] for sdk in CLOUD_SDKS)


def test_the_three_distributions_have_one_version(checkout: pathlib.Path) -> None:
    """They are built from one checkout and only work together."""
    projects = ("pyproject.toml", "engine/pyproject.toml", "engine/crates/node/pyproject.toml")
    versions = {tomllib.loads((checkout / name).read_text())["project"]["version"] for name in projects}
    workspace: dict[str, Any] = tomllib.loads((checkout / "engine" / "Cargo.toml").read_text())
    assert versions == {workspace["workspace"]["package"]["version"]}


def test_a_current_checkout_has_nothing_to_do(checkout: pathlib.Path) -> None:
    """The second `make setup` runs nothing, so that a second `make up` is quick."""
    if "MAKELEVEL" not in os.environ:
        pytest.skip("only `make test` sets up right before the tests")
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    command = ["make", "--question", "--silent", "setup"]
    done = subprocess.run(command, cwd=checkout, env=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_target_that_people_type_is_in_the_help(checkout: pathlib.Path) -> None:
    """`make` alone prints them."""
    done = subprocess.run(["make", "help"], cwd=checkout, capture_output=True, text=True, check=True)
    named = set(re.findall(r"^  make (\S+)", done.stdout, re.MULTILINE))
    assert {"up", "down", "status", "test", "check", "fmt", "bench", "clean", "distclean"} <= named


def test_ci_checks_then_tests(tracked: dict[str, str]) -> None:
    """In this order, ending at the first failure; the tests' closing line is the last one printed."""
    lines = tracked[".ci/run"].splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-2:] == ["make check", "make test"]


def test_the_schema_is_valid_json(tracked: dict[str, str]) -> None:
    """An editor reads it as it is."""
    assert json.loads(tracked["stacks/venues/venue.schema.json"])["type"] == "object"

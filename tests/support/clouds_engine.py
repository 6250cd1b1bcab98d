"""The real Pulumi CLI on a copy of stacks/, as a person types it: state in a folder, secrets by a passphrase.

What an update did is read from the engine's own events. Source: Pulumi's `sdk/go/common/apitype/events.go`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import yaml

TOOLS = ("pulumi", "pulumi-language-python")
"""What must be on the PATH: the CLI, and its host of Python programs, which comes with it."""
_TIMEOUT_S = 240.0
_SAME = "same"


_MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
NEEDED = pytest.mark.skipif(
    bool(_MISSING),
    reason=f"not on the PATH: {', '.join(_MISSING)}; `rialto doctor clouds` says where to get them",
)
"""Of every test that runs the engine."""


@dataclass(frozen=True)
class Step:
    """What the engine did, or would do, to one resource."""

    op: str
    """create, update, delete, refresh, replace, …"""
    urn: str
    type: str
    name: str
    protect: bool
    diffs: tuple[str, ...]
    """The inputs that changed."""
    paths: tuple[str, ...]
    """The properties that changed, down to the smallest part."""


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    ok: bool
    text: str
    """All that it printed."""
    steps: tuple[Step, ...]
    """All that are not `same`."""
    counts: Mapping[str, int]
    """Resources by what was done to them, as the summary has it."""
    messages: tuple[str, ...]
    """What programs and providers said."""
    violations: tuple[tuple[str, str], ...]
    """Of the policy pack: the policy's name and its message."""

    def changed(self) -> list[tuple[str, str, str]]:
        """What was done to what, of the resources that a cloud holds."""
        return [(step.op, step.type, step.name) for step in self.steps if not step.type.startswith("rialto:")]


class Stack:
    """One stack of a project of stacks/, with its own backend."""

    def __init__(
        self,
        project: str,
        name: str,
        *,
        checkout: Path,
        folder: Path,
        attached: str,
        config: Mapping[str, str],
        backend: str = "state",
    ) -> None:
        """Copies stacks/ into the folder and makes the stack.

        Its configuration is that of the checkout's file, with these keys besides or instead; its secrets are encrypted
        by a passphrase, since a cloud's key service is not there. ``backend`` names the folder of its state.
        """
        self.project = project
        self.name = name
        self.folder = folder
        self.backend = folder / backend
        self._environment = _environment(folder, self.backend, attached)
        self._runs = 0
        self.program = copied(checkout, folder) / project
        self.backend.mkdir(exist_ok=True)
        self._configure(config)
        self.run("stack", "init", name, "--secrets-provider", "passphrase")

    def preview(self, *options: str) -> Done:
        """`pulumi preview`."""
        return self._update("preview", *options)

    def up(self, *options: str) -> Done:
        """`pulumi up`, without asking."""
        return self._update("up", "--yes", "--skip-preview", *options)

    def refresh(self) -> Done:
        """`pulumi refresh`, without asking."""
        return self._update("refresh", "--yes", "--skip-preview")

    def destroy(self, *options: str) -> Done:
        """`pulumi destroy`, without asking."""
        return self._update("destroy", "--yes", "--skip-preview", *options)

    def unprotect(self) -> None:
        """`pulumi state unprotect --all`, without asking."""
        self.run("state", "unprotect", "--all", "--yes")

    def secret(self, key: str, value: str) -> None:
        """`pulumi config set --secret`."""
        self.run("config", "set", "--stack", self.name, "--secret", key, value)

    @property
    def variables(self) -> Mapping[str, str]:
        """What a command beside the CLI needs in its environment to reach the same state."""
        return {name: value for name, value in self._environment.items() if name.startswith("PULUMI_")}

    def outputs(self) -> Mapping[str, object]:
        """`pulumi stack output`."""
        return _object(json.loads(self.run("stack", "output", "--json", "--show-secrets")))

    def resources(self) -> list[Mapping[str, object]]:
        """What the state has, by `pulumi stack export`."""
        exported = _object(json.loads(self.run("stack", "export")))
        return [_object(one) for one in _list(_object(exported["deployment"]).get("resources"))]

    def run(self, *arguments: str) -> str:
        """Any other command on the stack.

        Raises:
            AssertionError: it fails; with all that it printed.
        """
        done = self._pulumi(*arguments)
        assert done.returncode == 0, f"pulumi {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _configure(self, config: Mapping[str, str]) -> None:
        file = self.program / f"Pulumi.{self.name}.yaml"
        given: dict[str, object] = {}
        if file.exists():
            given |= _object(_object(yaml.safe_load(file.read_text(encoding="utf-8"))).get("config"))
        given |= {f"{self.project}:{key}": value for key, value in config.items()}
        file.write_text(yaml.safe_dump({"config": given}), encoding="utf-8")

    def _update(self, *arguments: str) -> Done:
        self._runs += 1
        log = self.folder / f"{self.project}-{self.name}-{self._runs}.jsonl"
        done = self._pulumi(*arguments, "--stack", self.name, "--event-log", str(log))
        events = [_object(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []
        return Done(
            ok=done.returncode == 0,
            text=done.stdout + done.stderr,
            steps=tuple(_steps(events)),
            counts=_counts(events),
            messages=tuple(
                _text(one, "message") for one in _each(events, "diagnosticEvent") if one.get("severity") != "debug"
            ),
            violations=tuple((_text(one, "policyName"), _text(one, "message")) for one in _each(events, "policyEvent")),
        )

    def _pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.program,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )


def copied(checkout: Path, folder: Path) -> Path:
    """A copy of stacks/ in a folder, made at the first call, so that nothing is written into the checkout."""
    stacks = folder / "stacks"
    if not stacks.exists():
        shutil.copytree(checkout / "stacks", stacks, ignore=shutil.ignore_patterns("outputs", "__pycache__"))
        # Where Pulumi.yaml looks for it.
        (folder / ".venv").symlink_to(sys.prefix)
    return stacks


def _environment(folder: Path, backend: Path, attached: str) -> dict[str, str]:
    """The session's own, less whatever would lead to a real backend or to credentials."""
    foreign = ("PULUMI_", "AWS_", "AZURE_", "ARM_", "GOOGLE_", "GCP_", "CLOUDSDK_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {
        **kept,
        "PULUMI_BACKEND_URL": backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase of the tests",
        "PULUMI_DEBUG_COMMANDS": "true",  # So that the CLI takes --event-log.
        "PULUMI_DEBUG_PROVIDERS": attached,
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The SDKs warn of their own deprecations when they are imported.
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
    }


def _steps(events: list[Mapping[str, object]]) -> Iterator[Step]:
    for event in _each(events, "resourcePreEvent"):
        told = _object(event["metadata"])
        if told["op"] == _SAME:
            continue
        state = _object(told.get("new") or told.get("old"))
        yield Step(
            op=_text(told, "op"),
            urn=_text(told, "urn"),
            type=_text(told, "type"),
            name=_text(told, "urn").rpartition("::")[2],
            protect=state.get("protect") is True,
            diffs=tuple(sorted(str(key) for key in _list(told.get("diffs")))),
            paths=tuple(sorted(_object(told.get("detailedDiff")))),
        )


def _counts(events: list[Mapping[str, object]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for summary in _each(events, "summaryEvent"):
        found = {op: int(str(number)) for op, number in _object(summary["resourceChanges"]).items()}
    return found


def _each(events: list[Mapping[str, object]], kind: str) -> Iterator[Mapping[str, object]]:
    return (_object(event[kind]) for event in events if event.get(kind) is not None)


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _text(of: Mapping[str, object], key: str) -> str:
    return str(of.get(key, "")).strip()

"""A live venue for tests that cross rooms: commands are run as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class LiveVenue:
    """A venue that `up` started, and how to run commands on it."""

    name: str
    state: Path
    file: Path

    def rialto(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs the `rialto` command of this environment as a user would, with no terminal."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "rialto"), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.state),
                "RIALTO_STATE_DIR": str(self.state),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"rialto {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    @property
    def root(self) -> Path:
        return self.state / "venues" / self.name

    def status(self) -> dict[str, object]:
        """What `rialto status --json` prints."""
        return cast("dict[str, object]", json.loads(self.rialto("status", "--json", check=False).stdout))

    def ready(self) -> dict[str, object]:
        """The node's ready file."""
        return cast("dict[str, object]", json.loads((self.root / "nodes" / "us-1" / "ready.json").read_text()))

    def addresses(self) -> dict[str, str]:
        """The market's listeners."""
        markets = cast("dict[str, dict[str, str]]", self.ready()["markets"])
        return markets["main"]

    def password(self, username: str) -> str:
        """A password of the credentials file."""
        value = json.loads((self.root / "credentials.json").read_text())
        return cast("str", value["passwords"][username])


def eventually(look: Callable[[], object], timeout_s: float = 60) -> None:
    """Waits until `look` is true: a status may be a moment old, and processes take their time.

    Raises:
        AssertionError: it was not true within `timeout_s` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while not look():
        assert time.monotonic() < deadline, f"not true within {timeout_s} s"
        time.sleep(0.1)

"""Other programs, as a value that tests replace: the Pulumi command line and the clouds' own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

_LONGEST_S = 300


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    status: int
    output: str
    """Standard output."""
    said: str
    """Standard error."""


Run: TypeAlias = Callable[[Sequence[str], Path, Mapping[str, str]], Ran]
"""Runs a command in a folder with these variables besides the environment's own.

Raises OSError if there is no such program, or it can't be started; a command that never ends has status 124.
"""


def run(arguments: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Ran:
    """Runs a command to its end, at most five minutes, with nothing to read."""
    try:
        done = subprocess.run(
            list(arguments),
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran(124, "", f"it did not end within {_LONGEST_S} s")
    return Ran(done.returncode, done.stdout, done.stderr)

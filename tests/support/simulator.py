"""The built `rialto-sim`, for tests and for the soak."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

SECONDS = 20
"""Virtual ones of a run."""
LIMIT = 120.0
"""Seconds after which a run that has not ended hangs: a run takes about one."""


@dataclass(frozen=True)
class Simulator:
    """The built `rialto-sim`: one seed a process."""

    program: Path

    def run(self, seed: int, *options: str, seconds: int = SECONDS) -> dict[str, Any]:
        """Runs a seed; a run that ends otherwise than it should is a violation too."""
        command = [str(self.program), "--seed", str(seed), "--virtual-seconds", str(seconds), *options, "--json"]
        replay = " ".join(["cd engine && cargo run --release -p rialto-sim --", *command[1:-1], "--verbose"])
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return {"seed": seed, "faults": {}, "violations": [{"rule": "hangs", "detail": replay}], "replay": replay}
        if done.returncode not in (0, 1):
            detail = f"ended with {done.returncode}: {done.stderr[-2000:]}"
            return {"seed": seed, "faults": {}, "violations": [{"rule": "died", "detail": detail}], "replay": replay}
        return cast("dict[str, Any]", json.loads(done.stdout))

"""Simulates seeds nobody has tried, for as long as it is given: `make soak SECONDS=3600`.

Every seed is a process of its own with a time limit; every second one is accelerated. A seed that breaks something is
printed with the command that replays it. The sums come from `rialto-sim table`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from simulator import SECONDS, Simulator  # noqa: E402 (its folder was named just now)

PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "engine" / "target")) / "release" / "rialto-sim"


def main() -> int:
    """Runs until the time is over; exit status 1 if a seed broke something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long (default: %(default)s)")
    parser.add_argument("--virtual-seconds", type=int, default=SECONDS, help="of each seed (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes at once (default: %(default)s)")
    parser.add_argument(
        "--from", dest="first", type=int, help="the first seed (default: by the clock, so others each time)"
    )
    options = parser.parse_args()
    first = time.time_ns() // 1_000_000 if options.first is None else options.first
    seeds = itertools.count(first)
    until = time.monotonic() + options.seconds
    lock = threading.Lock()
    broken: list[str] = []

    def work(folder: Path) -> None:
        while time.monotonic() < until:
            with lock:
                seed = next(seeds)
            why = simulate(seed, options.virtual_seconds, folder)
            if why:
                broken.append(why)
                print(why, flush=True)

    with tempfile.TemporaryDirectory(prefix="rialto-soak-") as name:
        with ThreadPoolExecutor(options.workers) as pool:
            for done in [pool.submit(work, Path(name)) for _ in range(options.workers)]:
                done.result()
        subprocess.run([str(PROGRAM), "table", name], check=True)
    print(f"seeds {first} to {next(seeds) - 1}: {len(broken)} broke something")
    return 1 if broken else 0


def simulate(seed: int, virtual_seconds: int, folder: Path) -> str:
    """Runs a seed and leaves its result in the folder; what it broke, in words, or nothing."""
    accelerated = ["--accelerated"] if seed % 2 else []
    result = Simulator(PROGRAM).run(seed, *accelerated, seconds=virtual_seconds)
    violations = result["violations"]
    if "trace" in result:
        # Only a run that ended has figures that can be added up.
        (folder / f"{seed}.json").write_text(json.dumps(result) + "\n", encoding="utf-8")
    if not violations:
        return ""
    return f"seed {seed}: {violations[0]['rule']}: {violations[0]['detail']}\n    {result['replay']}"


if __name__ == "__main__":
    sys.exit(main())

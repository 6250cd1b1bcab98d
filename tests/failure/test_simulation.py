"""Whole clusters on a virtual clock: seeds that must pass, mistakes that must be found."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from simulator import Simulator

SEEDS = range(1, 201)
ACCELERATED_SEEDS = range(1001, 1061)
LEAST = 100
WORKERS = 2

FAULTS = frozenset(
    {
        "call_lost",
        "stream_broken",
        "delayed",
        "reordered",
        "one_way_cut",
        "both_way_cut",
        "clock_forward",
        "clock_back",
        "process_killed",
        "leader_killed",
        "all_killed",
        "unsynced_lost",
        "torn_write",
        "slow_sync",
        "failed_sync",
        "disk_full",
        "frozen",
        "transferred",
        "checkpointed",
        "shipped",
        "restarted",
        "client_gone",
        "resent",
    }
)
SUSPICIONS = frozenset({"suspicion_forged", "suspicion_one_sided", "suspicion_delayed"})
MISTAKES = {
    "ack-before-sync": 40,
    "vote-not-persisted": 40,
    "number-not-checked": 40,
    "timer-below-round-trip": 10,
    "stream-not-in-checkpoint": 20,
}
"""Mistakes, with how many seeds may pass before one finds it."""


@dataclass
class Sum:
    """Results of many seeds, added up."""

    faults: dict[str, int] = field(default_factory=dict[str, int])
    failures: list[str] = field(default_factory=list[str])
    answered: int = 0
    reads: int = 0

    def add(self, result: dict[str, Any]) -> None:
        """Adds one run."""
        for name, count in result["faults"].items():
            self.faults[name] = self.faults.get(name, 0) + count
        self.answered += result.get("answered", 0)
        self.reads += result.get("reads", 0)
        if result["violations"]:
            first = result["violations"][0]
            self.failures.append(f"seed {result['seed']}: {first['rule']}: {first['detail']}\n    {result['replay']}")


@pytest.fixture(scope="module")
def simulator(checkout: Path) -> Simulator:
    """Builds the simulator, as `cargo test` has most likely done already."""
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "--locked", "-p", "rialto-sim"], cwd=checkout / "engine", check=True
    )
    target = Path(os.environ.get("CARGO_TARGET_DIR", checkout / "engine" / "target"))
    return Simulator(target / "release" / "rialto-sim")


def run_all(simulator: Simulator, seeds: range, *options: str) -> Sum:
    def run(seed: int) -> dict[str, Any]:
        return simulator.run(seed, *options)

    total = Sum()
    with ThreadPoolExecutor(WORKERS) as pool:
        for result in pool.map(run, seeds):
            total.add(result)
    return total


@pytest.mark.timeout(900)
def test_seeds_of_every_fault_break_nothing(simulator: Simulator) -> None:
    total = run_all(simulator, SEEDS)
    assert not total.failures, "\n".join(total.failures)
    rare = {name: total.faults.get(name, 0) for name in FAULTS if total.faults.get(name, 0) < LEAST}
    assert not rare, f"faults that took effect fewer than {LEAST} times: {rare}"
    assert total.answered > 100 * len(SEEDS)
    assert total.reads > 10 * len(SEEDS)


@pytest.mark.timeout(600)
def test_seeds_with_suspicions_break_nothing(simulator: Simulator) -> None:
    total = run_all(simulator, ACCELERATED_SEEDS, "--accelerated")
    assert not total.failures, "\n".join(total.failures)
    rare = {name: total.faults.get(name, 0) for name in SUSPICIONS if total.faults.get(name, 0) < LEAST}
    assert not rare, f"suspicions that took effect fewer than {LEAST} times: {rare}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(simulator: Simulator, mistake: str) -> None:
    for seed in range(1, MISTAKES[mistake] + 1):
        result = simulator.run(seed, "--mutation", mistake)
        if result["violations"]:
            assert "--mutation" in result["replay"]
            return
    pytest.fail(f"{mistake}: {MISTAKES[mistake]} seeds, none finds it")


@pytest.mark.timeout(600)
def test_numbers_save_the_market_from_what_is_proposed_twice(simulator: Simulator) -> None:
    # The same repeats as in the mistake `number-not-checked`, which is found: with the check nothing is broken.
    for seed in range(1, 6):
        assert simulator.run(seed, "--mutation", "proposed-twice")["violations"] == []


def test_a_seed_gives_the_same_run_every_time(simulator: Simulator) -> None:
    first, again, other = (simulator.run(seed, seconds=8) for seed in (11, 11, 12))
    assert (first["trace"], first["events"]) == (again["trace"], again["events"])
    assert first["events"] > 1000
    assert first["trace"] != other["trace"]


def test_results_are_added_up(simulator: Simulator, tmp_path: Path) -> None:
    for seed in (1, 2):
        result = simulator.run(seed, seconds=6)
        (tmp_path / f"{seed}.json").write_text(json.dumps(result) + "\n", encoding="utf-8")
    command = [str(simulator.program), "table", str(tmp_path), "--json"]
    table = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert table["runs"] == 2
    assert table["virtual_s"] > 12

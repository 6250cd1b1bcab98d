"""Recorded days and the workload generator: test input that is not part of the project; tests skip without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_SHARED = Path(__file__).parents[3] / "shared"
_DATA = Path(os.environ.get("RIALTO_DATA", _SHARED / "data")) / "lobster"
_BENCH = Path(os.environ.get("RIALTO_BENCH", _SHARED / "bench"))


def recording(name: str) -> Path:
    """A file of AAPL's day, or the test is skipped."""
    path = _DATA / f"AAPL_2012-06-21_{name}"
    if not path.is_file():
        pytest.skip(f"no recorded day at {_DATA}: set RIALTO_DATA to the folder that has lobster/")
    return path


def build_generator(folder: Path) -> Path:
    """The workload generator, built in `folder`, or the test is skipped."""
    if not (_BENCH / "gen.cpp").is_file():
        pytest.skip(f"no workload generator at {_BENCH}: set RIALTO_BENCH to the folder that has gen.cpp")
    if shutil.which("g++") is None:
        pytest.skip("no g++ to build the workload generator with")
    built = folder / "gen"
    subprocess.run(["g++", "-O2", "-std=c++20", str(_BENCH / "gen.cpp"), "-o", str(built)], check=True, timeout=120)
    return built


def generate(generator: Path, file: Path, symbols: int, commands: int, seed: int, live: int) -> dict[str, Any]:
    """Writes a workload to `file`; what an engine must answer."""
    arguments = [str(generator), str(file), str(symbols), str(commands), str(seed), str(live)]
    answer: dict[str, Any] = json.loads(subprocess.run(arguments, check=True, capture_output=True, timeout=120).stdout)
    return answer


def small_day(folder: Path) -> tuple[Path, Path]:
    """A day of three events by hand: a bid joins, an older ask is executed at the head, the bid is deleted."""
    messages, book = folder / "AAPL_messages.csv", folder / "AAPL_book.csv"
    messages.write_text(
        "34200.1,1,11,50,5853000,1\n34200.2,4,7,30,5854000,-1\n34200.3,3,11,50,5853000,1\n", encoding="ascii"
    )
    book.write_text("5854000,100,5853000,50\n5854000,70,5853000,50\n5854000,70,-9999999999,0\n", encoding="ascii")
    return messages, book

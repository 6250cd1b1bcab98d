"""Recorded order flow into the market of this process, against answers that are not ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import cast

import pytest

from rialto_engine import _engine

SHARED = Path(__file__).parents[3] / "shared"
DATA = Path(os.environ.get("RIALTO_DATA", SHARED / "data")) / "lobster"
BENCH = Path(os.environ.get("RIALTO_BENCH", SHARED / "bench"))
DAY = "AAPL_2012-06-21_"


@pytest.fixture(scope="session")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (BENCH / "gen.cpp").is_file():
        pytest.skip(f"no workload generator at {BENCH}: set RIALTO_BENCH to the folder that has gen.cpp")
    if shutil.which("g++") is None:
        pytest.skip("no g++ to build the workload generator with")
    built = tmp_path_factory.mktemp("generator") / "gen"
    subprocess.run(["g++", "-O2", "-std=c++20", str(BENCH / "gen.cpp"), "-o", str(built)], check=True, timeout=120)
    return built


@pytest.mark.parametrize(("symbols", "live"), [(1, 2_000), (1, 100_000), (1_000, 100_000)])
@pytest.mark.parametrize("seed", [20261, 20262])
def test_fills_and_books_are_the_generators(
    generator: Path, tmp_path: Path, symbols: int, live: int, seed: int
) -> None:
    file = tmp_path / "workload.bin"
    arguments = [str(generator), str(file), str(symbols), "200000", str(seed), str(live)]
    answer = json.loads(subprocess.run(arguments, check=True, capture_output=True, timeout=120).stdout)
    told: list[tuple[int, int]] = []
    result = _engine.replay_workload(file, lambda done, of: told.append((done, of)))
    assert result["commands"] == answer["timed"]
    assert result["fills"] == answer["trades"]
    assert result["volume"] == answer["volume"]
    assert result["trade_hash"] == answer["trade_hash"]
    assert result["book_hash"] == answer["book_hash"]
    assert told[-1] == (answer["timed"], answer["timed"])


def recording(name: str) -> Path:
    path = DATA / (DAY + name)
    if not path.is_file():
        pytest.skip(f"no recorded day at {DATA}: set RIALTO_DATA to the folder that has lobster/")
    return path


def test_ten_levels_of_a_recorded_day() -> None:
    book = recording("orderbook_10_first1000.csv")
    score = _engine.replay_lobster(recording("message_10_first1000.csv"), book, book)
    assert score["rows"] == 999
    assert cast("list[int]", score["rows_equal"])[:5] == [999] * 5
    assert score["at_head"] == score["executions"]


def test_the_first_hour_of_a_recorded_day() -> None:
    score = cast(
        "dict[str, int]",
        _engine.replay_lobster(
            recording("message_50_firsthour.csv"),
            recording("orderbook_10_first1000.csv"),
            recording("orderbook_1_fullday.csv"),
        ),
    )
    assert score["executions"] == 4067
    assert score["states_found"] >= 0.999 * score["states"]
    assert score["at_head"] >= 0.993 * score["executions"]


def test_a_small_day_by_hand(tmp_path: Path) -> None:
    messages = tmp_path / "messages.csv"
    book = tmp_path / "book.csv"
    # A bid joins, an older synthetic ask is executed at the head, and the bid is deleted.
    messages.write_text(
        "34200.1,1,11,50,5853000,1\n34200.2,4,7,30,5854000,-1\n34200.3,3,11,50,5853000,1\n", encoding="ascii"
    )
    book.write_text("5854000,100,5853000,50\n5854000,70,5853000,50\n5854000,70,-9999999999,0\n", encoding="ascii")
    score = _engine.replay_lobster(messages, book, book)
    assert score["rows_equal"] == [3]
    assert (score["executions"], score["at_head"]) == (1, 1)


def test_files_that_are_something_else_are_errors(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"not a recording\n")
    with pytest.raises(ValueError, match="wrong"):
        _engine.replay_workload(wrong)
    with pytest.raises(ValueError, match="line 1"):
        _engine.replay_lobster(wrong, wrong, wrong)
    with pytest.raises(FileNotFoundError, match="nothing"):
        _engine.replay_workload(tmp_path / "nothing")

"""Recorded order flow into the market of this process, against answers that are not ours."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from recordings import build_generator, generate, recording, small_day

from rialto_engine import _engine


@pytest.fixture(scope="session")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_generator(tmp_path_factory.mktemp("generator"))


@pytest.mark.parametrize(("symbols", "live"), [(1, 2_000), (1, 100_000), (1_000, 100_000)])
@pytest.mark.parametrize("seed", [20261, 20262])
def test_fills_and_books_are_the_generators(
    generator: Path, tmp_path: Path, symbols: int, live: int, seed: int
) -> None:
    file = tmp_path / "workload.bin"
    answer = generate(generator, file, symbols, 200_000, seed, live)
    told: list[tuple[int, int]] = []
    result = _engine.replay_workload(file, lambda done, of: told.append((done, of)))
    assert result["commands"] == answer["timed"]
    assert result["fills"] == answer["trades"]
    assert result["volume"] == answer["volume"]
    assert result["trade_hash"] == answer["trade_hash"]
    assert result["book_hash"] == answer["book_hash"]
    assert told[-1] == (answer["timed"], answer["timed"])


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
    messages, book = small_day(tmp_path)
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

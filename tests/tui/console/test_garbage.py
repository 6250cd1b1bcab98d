"""Garbage is collected where no key waits, and never put off for long."""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest

from rialto_tui.console.garbage import IDLE_NS, LONGEST_NS, Garbage

SECOND_NS = 1_000_000_000


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Generator[list[int], None, None]:
    """The generations that are collected; nothing is, and the collector stays as it is."""
    rounds: list[int] = []
    threshold = gc.get_threshold()
    monkeypatch.setattr(gc, "collect", rounds.append)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    yield rounds
    gc.set_threshold(*threshold)


def test_a_moment_suits_once_no_key_waits(collected: list[int]) -> None:
    garbage = Garbage()
    garbage.settle(SECOND_NS)
    garbage.key(2 * SECOND_NS)
    garbage.collect(2 * SECOND_NS + IDLE_NS - 1)
    assert collected == []
    garbage.collect(2 * SECOND_NS + IDLE_NS)
    assert collected == [1]


def test_whoever_keeps_pressing_keys_gets_a_round_nevertheless(collected: list[int]) -> None:
    garbage = Garbage()
    garbage.settle(0)
    for tenth in range(1, 111):
        garbage.key(tenth * SECOND_NS // 10)
        garbage.collect(tenth * SECOND_NS // 10)
    assert collected == [1]
    assert garbage.collected_ns == LONGEST_NS


def test_now_and_then_all_generations_are_collected(collected: list[int]) -> None:
    garbage = Garbage()
    garbage.settle(0)
    for second in range(1, 121):
        garbage.collect(second * SECOND_NS)
    assert collected.count(2) == 2
    assert len(collected) == 120


def test_rounds_that_nobody_asked_for_stop_once_all_is_loaded(collected: list[int]) -> None:
    before = gc.get_threshold()[0]
    Garbage().settle(0)
    assert gc.get_threshold()[0] > 100 * before
    assert collected == []

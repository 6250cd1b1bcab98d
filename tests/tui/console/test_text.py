"""Figures as people read them."""

from __future__ import annotations

import pytest

from rialto_tui.console import text


@pytest.mark.parametrize(
    ("value_ns", "shown"),
    [
        (None, "-"),
        (0, "0 ns"),
        (950, "950 ns"),
        (1_000, "1 us"),
        (180_400, "180 us"),
        (2_260_000, "2.3 ms"),
        (80_000_000, "80 ms"),
        (1_500_000_000, "1.5 s"),
    ],
)
def test_durations(value_ns: int | None, shown: str) -> None:
    assert text.duration(value_ns) == shown


@pytest.mark.parametrize(
    ("value_ns", "shown"),
    [
        (None, "never"),
        (0, "<2 s"),
        (1_999_999_999, "<2 s"),
        (3_000_000_000, "3 s"),
        (150_000_000_000, "2 min"),
        (9_000_000_000_000, "2 h"),
    ],
)
def test_ages(value_ns: int | None, shown: str) -> None:
    assert text.age(value_ns) == shown


@pytest.mark.parametrize(
    ("value_e4", "shown"), [(None, "-"), (481_900, "48.19"), (24_150, "2.415"), (42_105_000, "4,210.50")]
)
def test_prices(value_e4: int | None, shown: str) -> None:
    assert text.price(value_e4) == shown


def test_spans() -> None:
    assert text.span(16_000_000, 57_000_000) == "16 to 57 ms"
    assert text.span(5_000_000, 5_000_000) == "5 ms"
    assert text.span(12_000_000_000, 20_000_000_000) == "12 to 20 s"


def test_a_sparkline_begins_at_zero_and_leaves_gaps() -> None:
    assert text.sparkline([4.0, 8.0, None, 0.1], 6) == ["  ▄█ ▁"]
    assert text.sparkline([8.0] * 9, 3) == ["███"]
    assert text.sparkline([8.0, 4.0], 2, rows=2) == ["█ ", "██"]
    assert text.sparkline([], 3) == ["   "]
    assert text.sparkline([None, 0.0], 2) == ["  "]

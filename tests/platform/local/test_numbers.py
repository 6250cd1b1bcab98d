"""Numbers are never given anew: a file whose lists changed their order is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from rialto_platform.local import files, numbers
from rialto_platform.local.errors import LocalError

Config = dict[str, object]


def configs(
    markets: dict[str, str], sessions: list[str], accounts: tuple[str, ...] = ("FLOW",), others: tuple[str, ...] = ()
) -> dict[str, Config]:
    """Node configurations: a first voter by market, the sessions and accounts of each market, and its other voters."""
    found: dict[str, list[Config]] = {}
    for number, (market, node) in enumerate(markets.items(), start=1):
        one: Config = {
            "name": market,
            "id": number,
            "accounts": [{"name": name, "id": at} for at, name in enumerate(accounts, start=1)],
            "sessions": [{"username": name, "id": at} for at, name in enumerate(sessions, start=1)],
            "replication": {"voters": [{"node": name, "id": at} for at, name in enumerate((node, *others), start=1)]},
        }
        found.setdefault(node, []).append(one)
    return {node: {"markets": hosted} for node, hosted in found.items()}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.json"
    first = configs({"main": "us-1", "second": "us-1"}, ["A", "B", "C"])
    numbers.check(path, first)
    numbers.keep(path, first)
    return path


def refusal(path: Path, given: dict[str, Config]) -> str:
    with pytest.raises(LocalError) as caught:
        numbers.check(path, given)
    return str(caught.value)


def test_a_file_may_grow_at_the_end_and_lose_its_end(kept: Path) -> None:
    for sessions in (["A", "B", "C"], ["A", "B", "C", "D"], ["A", "B"]):
        numbers.check(kept, configs({"main": "us-1", "second": "us-1"}, sessions, ("FLOW", "TRADE")))


def test_sessions_in_another_order_are_refused(kept: Path) -> None:
    text = refusal(kept, configs({"main": "us-1", "second": "us-1"}, ["B", "A", "C"]))
    assert "session of main: B was number 2 and is now 1" in text
    assert "number 2 was B" not in text
    assert "rialto clean" in text


def test_a_number_is_not_given_to_another_even_later(kept: Path) -> None:
    numbers.keep(kept, configs({"main": "us-1", "second": "us-1"}, ["A", "B"]))
    assert "number 3 was C and is now D" in refusal(kept, configs({"main": "us-1"}, ["A", "B", "D"]))


def test_markets_in_another_order_and_on_another_node_are_refused(kept: Path) -> None:
    assert "main was number 1 and is now 2" in refusal(kept, configs({"second": "us-1", "main": "us-1"}, ["A"]))
    assert "number 1 was us-1 and is now asia-1" in refusal(kept, configs({"main": "asia-1", "second": "us-1"}, ["A"]))


def test_voters_in_another_order_or_number_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "numbers.json"
    first = configs({"main": "us-1"}, ["A"], others=("asia-1", "europe-1"))
    numbers.keep(path, first)
    numbers.check(path, first)
    moved = refusal(path, configs({"main": "asia-1"}, ["A"], others=("us-1", "europe-1")))
    assert "replica of main: asia-1 was number 2 and is now 1" in moved
    for others in ((), ("asia-1", "europe-1", "africa-1", "moon-1")):
        text = refusal(path, configs({"main": "us-1"}, ["A"], others=others))
        assert "replica of main: the voters were us-1, asia-1, europe-1" in text


def test_numbers_of_markets_without_replicas_are_refused(kept: Path) -> None:
    files.write_json(kept, {**(files.read_json(kept) or {}), "nodes": {"main": "us-1"}})
    text = refusal(kept, configs({"main": "us-1", "second": "us-1"}, ["A", "B", "C"]))
    assert "before markets were replicated" in text
    assert "rialto clean" in text


def test_a_damaged_file_is_said(kept: Path) -> None:
    files.write_json(kept, {"market": 3})
    assert str(kept) in refusal(kept, configs({"main": "us-1"}, ["A"]))

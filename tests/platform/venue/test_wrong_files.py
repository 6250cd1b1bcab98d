"""Wrong venue files: each is a valid one with small edits, and exactly the problems listed beside them are reported."""

import pathlib
import re
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from rialto_platform import venue

HERE = pathlib.Path(__file__).parent
VENUES = HERE.parents[2] / "stacks" / "venues"
KINDS = ("type", "reference", "arithmetic", "circuits", "durability", "capacity")
AAPL = '      - {symbol: AAPL, tick_size: "0.01", lot_size: 1}\n'


@dataclass(frozen=True)
class Wrong:
    """A wrong file: its text, and every problem as (path, wrong, right)."""

    text: str
    problems: list[tuple[str, str, str]]


def edited(base: str, edits: list[tuple[str, str]]) -> str:
    """The text of the valid file ``base`` with each edit made; what an edit replaces stands there exactly once."""
    text = (VENUES / f"{base}.yaml").read_text()
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} must stand exactly once in {base}.yaml"
        text = text.replace(old, new)
    return text


def cases(kind: str) -> list[dict[str, Any]]:
    """The wrong files of one kind, as their YAML file lists them."""
    return yaml.safe_load((HERE / "wrong" / f"{kind}.yaml").read_text())


def wrong(case: dict[str, Any]) -> Wrong:
    """One of them, ready to be read."""
    edits = [(edit["from"], edit["to"]) for edit in case["edits"]]
    problems = [(problem["path"], problem["wrong"], problem["right"]) for problem in case["problems"]]
    return Wrong(edited(case.get("base", "laptop"), edits), problems)


def problems_of(text: str) -> list[venue.Problem]:
    """What is reported for a file's text; none if it is valid."""
    try:
        venue.parse(text.encode())
    except venue.VenueError as error:
        return error.problems
    return []


CASES = [pytest.param(case, id=f"{kind}: {case['name']}") for kind in KINDS for case in cases(kind)]


@pytest.mark.parametrize("case", CASES)
def test_reports_exactly_the_problems_of_the_edit(case: dict[str, Any]) -> None:
    """Each with the path of its value, what is wrong and what would be right."""
    expected = wrong(case)
    found = problems_of(expected.text)
    assert [(problem.path, problem.wrong, problem.right) for problem in found] == expected.problems


@pytest.mark.parametrize("case", CASES)
def test_names_the_line_of_the_value(case: dict[str, Any]) -> None:
    """The line holds the last key of the path."""
    text = wrong(case).text
    lines = text.splitlines()
    for problem in problems_of(text):
        key = re.sub(r"\[\d+\]$", "", problem.path).rpartition(".")[2]
        assert problem.line is not None
        assert key in lines[problem.line - 1]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_at_least_six_files_and_none_is_a_missing_key(kind: str) -> None:
    """A missing key is no mistake of any of these kinds."""
    assert len(cases(kind)) >= 6
    assert not [problem for case in cases(kind) for problem in case["problems"] if "missing" in problem["wrong"]]


def test_an_instrument_too_many_for_two_bytes() -> None:
    """ITCH numbers instruments in two bytes."""
    many = "".join(f'      - {{symbol: I{n}, tick_size: "0.01", lot_size: 1}}\n' for n in range(65_527))
    found = problems_of(edited("laptop", [(AAPL, many)]))
    assert [str(problem) for problem in found] == [
        "line 39: markets.main.instruments: 65,536 instruments are declared, ITCH numbers at most 65,535 in a market; "
        "split them over several markets"
    ]


def test_a_session_too_many_for_a_market() -> None:
    """Sessions are counted over all accounts of a market."""
    many = ", ".join(f"R{n:05d}" for n in range(979))
    found = problems_of(edited("laptop", [("sessions: [REPLAY]", f"sessions: [{many}]")]))
    assert [(problem.path, problem.wrong) for problem in found] == [
        ("markets.main.accounts", "1,001 sessions are declared, a market serves at most 1,000")
    ]


def test_problems_of_every_kind_are_reported_at_once_in_the_order_of_the_file() -> None:
    """A wrong type hides nothing but what rests on it."""
    text = edited(
        "laptop",
        [
            ("cidr: 10.2.0.0/16", "cidr: 10.1.0.0/16"),  # arithmetic, resting on two values that are right
            ("cidr: 10.3.0.0/16", "cidr: 10.3.1.0/16"),  # arithmetic, in one value
            ("home: us", "home: nowhere"),  # reference
            ("peak_orders_per_second: 10000", "peak_orders_per_second: ten"),  # type; hides what rests on the peak
            ("outage: 1 s", "outage: 1 ms"),  # durability
            ("memory: 4 GiB", "memory: 1 GiB"),  # capacity
            ("    seed: 20261121\n", "    sed: 20261121\n"),  # an unknown key and a missing one
            (AAPL, AAPL + AAPL),  # a symbol that stands twice
        ],
    )
    assert [problem.path for problem in problems_of(text)] == [
        "regions.asia.cidr",
        "regions.europe.cidr",
        "node.memory",
        "markets.main.home",
        "markets.main.peak_orders_per_second",
        "markets.main.instruments[9].symbol",
        "objectives.outage",
        "flow.main.seed",
        "flow.main.sed",
    ]


def test_a_wrong_value_is_not_reported_again_by_what_rests_on_it() -> None:
    """The region's name still stands, so nothing that names it is called unknown."""
    text = edited("laptop", [("    cidr: 10.1.0.0/16", "    cidr: [10.1.0.0/16]")])
    assert [problem.path for problem in problems_of(text)] == ["regions.us.cidr"]


def test_missing_keys_are_each_named_with_an_example() -> None:
    """With the line of what should hold them."""
    found = problems_of("venue: small\nnode: {memory: 4 GiB}\n")
    assert [str(problem) for problem in found] == [
        "line 1: regions: this key is missing; write regions: {us: {…}}",
        "line 1: markets: this key is missing; write markets: {main: {…}}",
        "line 1: objectives: this key is missing; "
        "write objectives: {acknowledgement_p99: 10 ms, outage: 1 s, loss: 0 s}",
        "line 2: node.disk: this key is missing; write disk: 20 GiB",
    ]


def test_the_error_lists_everything() -> None:
    """Its text is what a command prints."""
    text = edited("laptop", [("home: us", "home: usa")])
    with pytest.raises(venue.VenueError) as raised:
        venue.parse(text.encode(), "laptop.yaml")
    assert str(raised.value) == (
        "laptop.yaml: 1 problem\n  line 34: markets.main.home: there is no region usa; use one of: us, asia, europe"
    )

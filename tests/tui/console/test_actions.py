"""Actions as data: their names, what must be typed, and the command lines that do the same."""

from __future__ import annotations

import shlex

import pytest

from rialto_tui import cli
from rialto_tui.console import actions
from rialto_tui.console.actions import Action, Cut, Heal, Move, NodeAction, Slow

CASES: list[tuple[Action, str, str]] = [
    (NodeAction("kill", "us-1"), "us-1", "rialto node kill us-1"),
    (NodeAction("freeze", "us-1"), "us-1", "rialto node freeze us-1"),
    (NodeAction("resume", "us-1"), "", "rialto node resume us-1"),
    (Move("main", "us-1"), "us-1", "rialto switchover --market main"),
    (Move("main", "us-1", "asia-1"), "us-1", "rialto switchover --market main --to asia-1"),
    (Cut("us", "asia"), "us-asia", "rialto link cut us asia"),
    (Cut("us", "asia", one_way=True, for_ms=1500), "us-asia", "rialto link cut us asia --one-way --for '1500 ms'"),
    (Slow("us", "asia", 80_000_000), "", "rialto link set us asia --latency '80 ms'"),
    (Slow("us", "asia", 1_234_000, 30_000), "", "rialto link set us asia --latency '1234 us' --for '30 s'"),
    (Heal("us", "asia"), "", "rialto link heal us asia"),
]


@pytest.mark.parametrize(("action", "typed", "command"), CASES)
def test_each_has_a_word_to_type_and_a_command_line(action: Action, typed: str, command: str) -> None:
    assert actions.typed(action) == typed
    assert actions.command(action, None) == command
    assert actions.command(action, "laptop") == f"{command} --venue laptop"
    assert actions.title(action).lower().startswith(actions.kind(action))


@pytest.mark.parametrize("command", [case[2] for case in CASES])
def test_the_command_lines_are_the_commands(command: str) -> None:
    # It is understood: what is missing is the venue, not a word of it.
    assert cli.main([*shlex.split(command)[1:], "--venue", "nowhere"]) == 1


@pytest.fixture(autouse=True)
def no_state(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIALTO_STATE_DIR", str(tmp_path))

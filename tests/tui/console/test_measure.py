"""Measuring: what is seen after an action, and what that says of outage and leader."""

from __future__ import annotations

import recorded_console as recorded
from recorded_console import MONO_NS, SECOND_NS, WALL_NS

from rialto_tui.console import measure
from rialto_tui.console.actions import Action, Cut, Move, NodeAction, Outcome
from rialto_tui.console.measure import Look, Measuring
from rialto_tui.console.store import State, StatusSeen, apply

MS_NS = 1_000_000


def state(leader: str | None = "us-1", term: int = 3, **of: object) -> State:
    status = recorded.status(leader, term=term, **of)  # type: ignore[arg-type]
    return apply(State("laptop"), StatusSeen(MONO_NS, WALL_NS, status))


def watched(action: Action, *gaps_ms: int, calm_ms: int = 20) -> tuple[Measuring, int]:
    """A calm second, then the action, then messages with these gaps; the machine and its time."""
    now_ns, position = MONO_NS, 100
    measuring = measure.prepare(state(), action, "main")
    for _ in range(1000 // calm_ms):
        measuring = measure.looked(measuring, Look(now_ns, position))
        now_ns, position = now_ns + calm_ms * MS_NS, position + 3
    measuring = measure.carried(measure.prepare(state(), action, "main"), measuring, now_ns)
    for gap_ms in gaps_ms:
        now_ns, position = now_ns + gap_ms * MS_NS, position + 1
        measuring = measure.looked(measuring, Look(now_ns, position))
    return measuring, now_ns


def lines(measuring: Measuring, now_ns: int) -> str:
    return "\n".join(measure.result(measuring, now_ns).lines)


def test_the_outage_is_the_longest_gap_around_the_action() -> None:
    measuring, now_ns = watched(NodeAction("kill", "us-1"), 30, 280, 40, 20)
    measured = measure.result(measuring, now_ns)
    assert measured.outage_ns == 280 * MS_NS
    assert "stood still for 280 ms at most; before it at most 20 ms" in "\n".join(measured.lines)


def test_a_gap_that_began_before_the_action_counts_from_its_beginning() -> None:
    measuring, now_ns = watched(Cut("us", "asia"), 200)
    assert measure.result(measuring, now_ns).outage_ns == 220 * MS_NS


def test_a_feed_that_says_nothing_is_no_figure() -> None:
    measuring = measure.prepare(state(), Cut("us", "asia"), "main")
    measuring = measure.carried(measuring, measuring, MONO_NS)
    measuring = measure.looked(measuring, Look(MONO_NS + SECOND_NS, None))
    assert measure.result(measuring, MONO_NS + SECOND_NS).outage_ns is None
    assert "the outage is not known" in lines(measuring, MONO_NS + SECOND_NS)


def test_a_feed_that_never_came_back_is_an_outage_that_lasts() -> None:
    measuring, now_ns = watched(NodeAction("kill", "us-1"))
    assert measure.result(measuring, now_ns + 9 * SECOND_NS).outage_ns == 9 * SECOND_NS + 20 * MS_NS


def test_the_new_leader_is_timed_from_the_action() -> None:
    measuring, now_ns = watched(NodeAction("freeze", "us-1"), 20)
    began_ns = now_ns - 20 * MS_NS
    later = state("asia-1", term=4, frozen=["us-1"])
    measuring = measure.saw(measuring, state(), began_ns + 100 * MS_NS)
    assert measuring.new_leader == ""
    measuring = measure.saw(measuring, later, began_ns + 310 * MS_NS)
    measuring = measure.saw(measuring, later, began_ns + 900 * MS_NS)
    assert (measuring.new_leader, measuring.new_leader_ns) == ("asia-1", 310 * MS_NS)
    assert "asia-1 leads; seen after 310 ms (to 200 ms" in lines(measuring, now_ns)


def test_a_leader_of_the_old_epoch_is_no_new_one() -> None:
    measuring, now_ns = watched(NodeAction("kill", "us-1"), 20)
    measuring = measure.saw(measuring, state("asia-1", term=3), now_ns)
    assert measuring.new_leader == "asia-1"
    older, now_ns = watched(NodeAction("kill", "us-1"), 20)
    assert measure.saw(older, state("us-1", term=2), now_ns).new_leader == ""


def test_a_switchovers_own_figures_are_taken() -> None:
    measuring, now_ns = watched(Move("main", "us-1"), 20, 20)
    outcome = Outcome(("moved",), took_ms=4.2, new_leader="asia-1", new_leader_ms=31.0)
    measuring = measure.done(measuring, outcome)
    told = lines(measuring, now_ns)
    assert "handed over in 4.2 ms" in told
    assert "asia-1 leads; seen after 31 ms" in told
    assert "five times a second" not in told


def test_a_killed_node_is_timed_until_it_serves_again() -> None:
    measuring, now_ns = watched(NodeAction("kill", "asia-1"), 20)
    began_ns = now_ns - 20 * MS_NS
    measuring = measure.done(measuring, Outcome(("killed",)))
    measuring = measure.saw(measuring, state(), began_ns + 5 * MS_NS)
    measuring = measure.saw(measuring, state(frozen=["asia-1"]), began_ns + 100 * MS_NS)
    assert not measure.finished(measuring, began_ns + 3 * SECOND_NS)
    measuring = measure.saw(measuring, state(), began_ns + 2_400 * MS_NS)
    measuring = measure.looked(measuring, Look(began_ns + 2_400 * MS_NS, 10_000))
    assert measure.finished(measuring, began_ns + 3 * SECOND_NS)
    told = lines(measuring, now_ns)
    assert "asia-1 serves again after 2.4 s" in told
    assert "us-1 leads as before" in told


def test_it_is_not_finished_before_it_was_done_nor_waits_for_ever() -> None:
    measuring, now_ns = watched(NodeAction("freeze", "us-1"), 20)
    began_ns = now_ns - 20 * MS_NS
    assert not measure.finished(measuring, began_ns + 60 * SECOND_NS)
    measuring = measure.done(measuring, Outcome(("frozen",)))
    assert not measure.finished(measuring, began_ns + 10 * SECOND_NS)
    assert measure.finished(measuring, began_ns + measure.LONGEST_NS)
    assert "no other leader was seen" in lines(measuring, began_ns + measure.LONGEST_NS)

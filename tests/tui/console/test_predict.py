"""Predictions: what an action stops and what is to be expected, from timers, voters and round trips."""

from __future__ import annotations

from dataclasses import replace

import pytest
import recorded_console as recorded
from recorded_console import MONO_NS, WALL_NS

from rialto_platform.local.links import LinkView
from rialto_tui.console.actions import Action, Cut, Heal, Move, NodeAction, Slow
from rialto_tui.console.predict import MS_NS, Timers, predict
from rialto_tui.console.routes import Network
from rialto_tui.console.store import Declared, DeclaredSeen, MarketTerms, Measured, State, StatusSeen, apply

BY_TIMERS = (256 * MS_NS, 326 * MS_NS)
"""A lease of 150 ms, a wait of 100 to 150 ms, three round trips of 2 ms, and 20 ms at most to notice."""


def state(
    *, accelerated: bool = True, trip_us: int = 2000, links: tuple[LinkView, ...] = recorded.LINKS, **of: object
) -> State:
    """A venue at one moment."""
    terms = {"main": MarketTerms(accelerated, 1000 * trip_us)}
    declared = replace(recorded.DECLARED, terms=terms)
    seen = State("laptop")
    seen = apply(seen, DeclaredSeen(MONO_NS, WALL_NS, declared))
    return apply(seen, StatusSeen(MONO_NS, WALL_NS, recorded.status(links=links, **of)))  # type: ignore[arg-type]


def words(found: State, action: Action) -> str:
    prediction = predict(found, action)
    return "\n".join((*prediction.stops, *prediction.expected))


@pytest.mark.parametrize(
    ("trip_ms", "timers"), [(0, (30, 100, 150)), (2, (30, 100, 150)), (40, (60, 120, 180)), (220, (330, 660, 990))]
)
def test_timers_are_the_replicas(trip_ms: int, timers: tuple[int, int, int]) -> None:
    heartbeat, election_min, election_max = (MS_NS * value for value in timers)
    assert Timers.of(trip_ms * MS_NS) == Timers(heartbeat, election_min, election_max)


def test_a_killed_leader_is_noticed_by_its_connections_else_by_timers() -> None:
    fast = predict(state(), NodeAction("kill", "us-1"))
    assert fast.outage_ns is not None
    assert fast.outage_ns[1] < 60 * MS_NS
    assert "4 sessions" in fast.stops[0]
    assert "else by timers: 256 to 326 ms" in fast.expected
    slow = predict(state(accelerated=False), NodeAction("kill", "us-1"))
    assert slow.outage_ns == BY_TIMERS


def test_a_frozen_leader_is_noticed_by_timers_alone() -> None:
    found = predict(state(), NodeAction("freeze", "us-1"))
    assert found.outage_ns == BY_TIMERS
    assert any("rialto node resume us-1" in line for line in found.expected)


def test_a_lost_follower_stops_nothing_but_one_more_would() -> None:
    found = predict(state(), NodeAction("kill", "asia-1"))
    assert found.outage_ns == (0, 0)
    assert "one more lost voter stops the market" in found.stops[0]


def test_a_lost_majority_stops_the_market_until_somebody_mends_it() -> None:
    found = predict(state(frozen=["europe-1"]), NodeAction("kill", "asia-1"))
    assert found.outage_ns is None
    assert "1 of 3 voters left, 2 are needed" in found.stops[0]
    assert any("objective" in line for line in found.expected)


def test_far_regions_take_longer() -> None:
    far = tuple(recorded.slow(*link.between, 110_000) for link in recorded.LINKS)
    near = predict(state(), Move("main", "us-1"))
    away = predict(state(links=far, trip_us=220_000), Move("main", "us-1"))
    assert near.outage_ns is not None
    assert away.outage_ns is not None
    assert near.outage_ns[1] < 40 * MS_NS
    assert away.outage_ns[0] >= 440 * MS_NS


def test_a_move_to_where_it_can_not_go_is_said_to_be_refused() -> None:
    assert "refused" in words(state(frozen=["asia-1"]), Move("main", "us-1", "asia-1"))
    parted = (recorded.cut("us", "asia"), *recorded.LINKS[1:])
    assert "the link between the two is cut" in words(state(links=parted), Move("main", "us-1", "asia-1"))


def test_a_cut_that_leaves_a_majority_stops_no_order() -> None:
    found = predict(state(), Cut("us", "asia"))
    assert found.outage_ns == (0, 0)
    assert "orders are answered on: us-1 and europe-1 are a majority" in found.expected
    assert predict(state(), Cut("us", "asia", one_way=True)).outage_ns == (0, 0)


def test_a_cut_between_followers_is_noticed_by_nobody_who_trades() -> None:
    found = predict(state(), Cut("asia", "europe", for_ms=5000))
    assert found.outage_ns == (0, 0)
    assert found.stops == ("nothing between asia-1 and europe-1, for 5 s at most",)


def test_a_cut_that_parts_the_leader_from_its_majority_moves_it() -> None:
    parted = (recorded.cut("us", "asia"), *recorded.LINKS[1:])
    found = predict(state(links=parted), Cut("us", "europe"))
    assert found.outage_ns == BY_TIMERS
    assert "asia-1 or europe-1 leads" in words(state(links=parted), Cut("us", "europe"))


def test_a_cut_that_leaves_nobody_a_majority_stops_the_market() -> None:
    parted = (recorded.cut("us", "asia"), recorded.LINKS[1], recorded.cut("asia", "europe"))
    found = predict(state(links=parted), Cut("us", "europe", for_ms=10_000))
    assert found.outage_ns is None
    assert "stands still for 10 s at most" in found.expected[0]


def test_a_slow_link_only_costs_where_the_answer_waits_for_it() -> None:
    assert "no slower, the nearest majority is 2 ms away" in words(state(), Slow("us", "asia", 80 * MS_NS))
    one = (recorded.slow("us", "asia", 80_000), *recorded.LINKS[1:])
    both = words(state(links=one), Slow("us", "europe", 150 * MS_NS))
    assert "an answer waits for a round trip of 160 ms" in both
    assert "the leader may be taken for dead" in both


def test_what_is_healed_and_woken_catches_up() -> None:
    cut = (recorded.cut("us", "asia"), *recorded.LINKS[1:])
    assert "crosses now" in words(state(links=cut, lag={"asia-1": 1204}), Heal("us", "asia"))
    frozen = state(leader="asia-1", frozen=["us-1"], lag={"us-1": 1204})
    assert "catches up 1,204 entries" in words(frozen, NodeAction("resume", "us-1"))
    assert "not frozen" in words(state(), NodeAction("resume", "us-1"))


def test_what_was_measured_before_stands_beside_it() -> None:
    measured = Measured("kill", "Kill node us-1", "main", 31 * MS_NS, "asia-1", 40 * MS_NS, ())
    assert "measured here before: 31 ms" in words(replace(state(), measured=(measured,)), NodeAction("kill", "us-1"))
    assert "measured" not in words(replace(state(), measured=(measured,)), NodeAction("freeze", "us-1"))


def test_without_links_and_terms_nothing_is_made_up() -> None:
    bare = replace(state(), links=(), declared=Declared())
    assert predict(bare, NodeAction("freeze", "us-1")).outage_ns == (250 * MS_NS, 320 * MS_NS)


def test_regions_without_a_link_use_the_shortest_way_and_a_cut_never_reroutes() -> None:
    network = Network.of((recorded.link("us", "asia"), recorded.slow("asia", "europe", 5000)))
    assert network.path("us", "europe") == (("us", "asia"), ("asia", "europe"))
    assert network.round_trip_ns("us", "europe") == 12 * MS_NS
    full = Network.of(recorded.LINKS).with_cut(("us", "asia"))
    assert not full.talk("us", "asia")
    assert full.reaches("asia", "us")
    assert full.path("us", "moon") is None


def test_a_venue_whose_links_nobody_tells_of_is_one_place() -> None:
    bare = replace(state(), links=())
    assert Network.of(()).round_trip_ns("us", "asia") == 0
    assert predict(bare, Move("main", "us-1")).outage_ns == (1 * MS_NS, 25 * MS_NS)

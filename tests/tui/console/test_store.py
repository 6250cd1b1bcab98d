"""The store: what observations make of a state, what is stale when, what the event log says."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest
import recorded_console as recorded
from recorded_console import MONO_NS, SECOND_NS, WALL_NS

from rialto_platform.local.status import LinksStatus, VenueStatus
from rialto_tui.console import store
from rialto_tui.console.store import (
    Book,
    BookSeen,
    DeclaredSeen,
    Heard,
    Noted,
    Observation,
    State,
    StatusLost,
    StatusSeen,
    apply,
)


def seen(status: VenueStatus, at_ns: int = MONO_NS) -> StatusSeen:
    return StatusSeen(at_ns, WALL_NS, status, 5_000_000)


def after(*observations: Observation, state: State | None = None) -> State:
    return reduce(apply, observations, state or State("laptop"))


def texts(state: State) -> list[str]:
    return [event.text for event in state.events]


def test_a_market_is_read_once_with_its_voters_and_figures() -> None:
    state = after(seen(recorded.status(lag={"asia-1": 7})))
    market = state.market("main")
    assert market is not None
    assert market.leader is not None
    assert (market.leader.node, str(market.epoch), market.sessions, market.majority) == ("us-1", "3.1", 4, 2)
    assert [(one.node, one.lag) for one in market.replicas] == [("us-1", 0), ("asia-1", 7), ("europe-1", 0)]
    assert market.p50_ns == 2_260_000
    assert market.instruments[0].bid_e4 == 481_600


@pytest.mark.parametrize(("age_s", "stale"), [(0, False), (2.9, False), (3, True), (60, True)])
def test_numbers_grow_stale(age_s: float, stale: bool) -> None:
    state = after(seen(recorded.status()))
    now_ns = MONO_NS + round(age_s * SECOND_NS)
    assert state.status.age_ns(now_ns) == round(age_s * SECOND_NS)
    assert state.status.stale(now_ns) is stale


def test_a_source_that_was_never_heard_is_stale_and_has_no_age() -> None:
    assert State("laptop").status.stale(0)
    assert State("laptop").status.age_ns(0) is None


def test_a_market_whose_node_stands_still_grows_old_though_it_answers() -> None:
    state = after(seen(recorded.status(told_ns=WALL_NS - 9 * SECOND_NS)))
    market = state.markets[0]
    assert state.status.age_ns(MONO_NS) == 0
    assert store.market_age_ns(state, market, MONO_NS, WALL_NS) == 9 * SECOND_NS


def test_what_was_lost_keeps_its_last_numbers_and_is_said_at_once() -> None:
    state = after(seen(recorded.status()), StatusLost(MONO_NS + SECOND_NS, WALL_NS, "no plan"))
    assert state.markets[0].orders_per_second == 180.0
    assert state.status.at_ns == MONO_NS
    assert store.lost(state) == ("the venue can't be asked: no plan",)
    assert texts(state)[-1] == "connection lost to the venue: no plan"
    back = after(seen(recorded.status(), MONO_NS + 2 * SECOND_NS), state=state)
    assert store.lost(back) == ()
    assert texts(back)[-1] == "connected to the venue"


def test_a_market_that_no_node_tells_of_is_kept_until_the_venue_is_down() -> None:
    first = after(seen(recorded.status()))
    nobody = VenueStatus("laptop", "degraded", WALL_NS, (), "running")
    assert after(seen(nobody), state=first).markets == first.markets
    down = replace(nobody, state="down")
    assert after(seen(down), state=first).markets == ()


def test_events_tell_leaders_nodes_and_halts() -> None:
    before = after(seen(recorded.status()))
    frozen = recorded.status("asia-1", frozen=["us-1"], term=4)
    told = texts(after(seen(frozen, MONO_NS + SECOND_NS), state=before))[len(before.events) :]
    assert told == [
        "venue laptop is degraded",
        "node us-1 is frozen: it was stopped by a signal; wake it: rialto node resume us-1",
        "market main is led by asia-1 instead of us-1, epoch 4.2",
        "ISLE in main is halted",
    ]


def test_events_tell_a_market_without_a_leader_and_a_reelected_one() -> None:
    before = after(seen(recorded.status()))
    none = after(seen(recorded.status(None, term=4)), state=before)
    assert "market main has no leader; us-1 led it" in texts(none)
    assert "market main has no leader" in store.lost(none)
    again = after(seen(recorded.status("us-1", term=5)), state=before)
    assert "market main was elected us-1 again, epoch 5.1" in texts(again)


def test_a_node_that_was_started_again_between_two_looks_is_told() -> None:
    state = after(seen(recorded.status()), seen(recorded.status(starts=2), MONO_NS + SECOND_NS))
    assert "node us-1 was started again (start 2)" in texts(state)


def test_events_tell_links() -> None:
    cut = (recorded.LINKS[0], recorded.cut("us", "europe"), recorded.slow("asia", "europe", 80_000))
    state = after(seen(recorded.status()), seen(recorded.status(links=cut), MONO_NS + SECOND_NS))
    assert "link us ⇄ europe is cut" in texts(state)
    assert "link asia ⇄ europe: round trip 160 ms, not as declared" in texts(state)
    healed = after(seen(recorded.status(), MONO_NS + 2 * SECOND_NS), state=state)
    assert texts(healed)[-2:] == ["link us ⇄ europe is as declared", "link asia ⇄ europe is as declared"]


def test_links_whose_process_is_away_keep_their_last_numbers() -> None:
    state = after(seen(recorded.status()))
    away = replace(recorded.status(), links=LinksStatus("unreachable", "no answer"))
    lost = after(seen(away, MONO_NS + SECOND_NS), state=state)
    assert lost.links == recorded.LINKS
    assert lost.links_heard.at_ns == MONO_NS
    assert "connection lost to the links: their process is unreachable: no answer" in texts(lost)


def test_history_has_a_point_a_second_and_gaps_without_a_leader() -> None:
    state = after(
        *(seen(recorded.status(), MONO_NS + at * SECOND_NS // 10) for at in range(31)),
        seen(recorded.status(None), MONO_NS + 4 * SECOND_NS),
    )
    points = state.history["main"]
    assert [point.orders_per_second for point in points] == [180.0, 180.0, 180.0, 180.0, None]
    many = after(*(seen(recorded.status(), MONO_NS + at * SECOND_NS) for at in range(store.HISTORY + 20)))
    assert len(many.history["main"]) == store.HISTORY


def test_the_feed_is_lost_only_once_it_was_there() -> None:
    connecting = after(BookSeen(MONO_NS, WALL_NS, Book("main", heard=Heard(problem="no snapshot yet"))))
    assert store.lost(connecting) == ()
    assert connecting.events == ()
    gone = Book("main", heard=Heard(MONO_NS, problem="no replica serves it"))
    state = after(
        BookSeen(MONO_NS, WALL_NS, Book("main", connected_to="a:1", heard=Heard(MONO_NS))),
        BookSeen(MONO_NS, WALL_NS, gone),
        BookSeen(MONO_NS, WALL_NS, Book("main", connected_to="b:1", heard=Heard(MONO_NS))),
        state=connecting,
    )
    assert texts(state)[-2:] == ["connection lost to market data: no replica serves it", "connected to market data"]


def test_a_feed_from_a_replica_that_is_cut_off_is_stale_though_it_beats() -> None:
    state = after(
        DeclaredSeen(MONO_NS, WALL_NS, recorded.DECLARED),
        seen(recorded.status()),
        BookSeen(MONO_NS, WALL_NS, recorded.book("BARK", MONO_NS)),
    )
    assert not store.feed_stale(state, MONO_NS)
    apart = after(seen(recorded.status(unheard=["asia-1"])), state=state)
    assert store.feed_stale(apart, MONO_NS)
    assert "market data comes from asia-1, which has not heard the leader itself" in store.lost(apart)


def test_the_event_log_is_bounded() -> None:
    state = after(*(Noted(MONO_NS, WALL_NS, "info", f"event {at}") for at in range(store.EVENTS + 7)))
    assert len(state.events) == store.EVENTS
    assert state.events[0].text == "event 7"

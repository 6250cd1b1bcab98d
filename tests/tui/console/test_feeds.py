"""The pollers: what they tell, what they say of what is lost, when they ask again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
import recorded_console as recorded
from recorded_console import RecordedFeed, RecordedVenue

from rialto_platform.local.errors import LocalError
from rialto_platform.local.status import VenueStatus
from rialto_tui.console import feeds as feeds_module
from rialto_tui.console.actions import Move
from rialto_tui.console.feeds import Feeds, FeedView, Sources
from rialto_tui.console.operate import Operation
from rialto_tui.console.store import (
    BookSeen,
    Declared,
    DeclaredSeen,
    Noted,
    Observation,
    State,
    StatusLost,
    StatusSeen,
    apply,
)


class Patient(RecordedFeed):
    """A feed that runs until it is cancelled."""

    async def run(self) -> None:
        await asyncio.Event().wait()


def observed(
    sources: Sources, until: Callable[[list[Observation]], bool], begin: Callable[[Feeds], None] = lambda _: None
) -> list[Observation]:
    """What is told until that is enough."""
    told: list[Observation] = []

    async def run() -> None:
        enough = asyncio.Event()

        def tell(observation: Observation) -> None:
            told.append(observation)
            if until(told):
                enough.set()

        feeds = Feeds(sources, tell)
        begin(feeds)
        task = asyncio.create_task(feeds.run())
        async with asyncio.timeout(30):
            await enough.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())
    return told


def of(told: list[Observation], kind: type[Observation]) -> list[Observation]:
    return [one for one in told if isinstance(one, kind)]


def test_status_and_declaration_are_told() -> None:
    told = observed(RecordedVenue().sources("laptop"), lambda told: len(told) >= 2)
    assert of(told, DeclaredSeen)
    assert of(told, StatusSeen)


def test_a_venue_that_can_not_be_asked_is_lost_and_asked_again() -> None:
    answers = iter([False, True])

    def status() -> VenueStatus:
        if not next(answers, True):
            raise LocalError("plan.json", "does not exist", "run `rialto up`")
        return recorded.status()

    sources = replace(RecordedVenue().sources("laptop"), status=status)
    told = observed(sources, lambda told: bool(of(told, StatusSeen)))
    [lost] = of(told, StatusLost)
    assert isinstance(lost, StatusLost)
    assert "plan.json: does not exist" in lost.why


def test_a_venue_file_that_can_not_be_read_is_noted() -> None:
    def declared() -> Declared:
        raise LocalError("venue.yaml", "is gone", "run `rialto up`")

    told = observed(replace(RecordedVenue().sources("laptop"), declared=declared), lambda told: bool(of(told, Noted)))
    assert "venue.yaml" in str(of(told, Noted)[0])


def test_a_book_is_only_made_while_it_is_seen() -> None:
    feed = Patient()

    def follow(market: str) -> FeedView:
        assert market == "main"
        return feed

    sources = replace(RecordedVenue().sources("laptop"), feed=follow)

    def hidden(feeds: Feeds) -> None:
        feeds.look_at("main", "BARK", shown=False)

    def seen(feeds: Feeds) -> None:
        feeds.look_at("main", "BARK", shown=True)

    [book, *_] = of(observed(sources, lambda told: bool(of(told, BookSeen)), hidden), BookSeen)
    assert isinstance(book, BookSeen)
    assert (book.book.symbol, book.book.bids, book.book.position) == ("", (), 7)
    [book, *_] = of(observed(sources, lambda told: bool(of(told, BookSeen)), seen), BookSeen)
    assert isinstance(book, BookSeen)
    assert book.book.symbol == "BARK"
    assert len(book.book.bids) == 28
    assert book.book.trades[0].side == "S"


def test_a_feed_that_ends_says_why_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds_module, "AGAIN_S", 0.01)
    tried: list[FeedView] = []

    def feed(_: str) -> FeedView:
        tried.append(RecordedFeed(ended=ValueError("the password is wrong")))
        return tried[-1]

    told = observed(
        replace(RecordedVenue().sources("laptop"), feed=feed),
        lambda _: len(tried) >= 2,
        lambda feeds: feeds.look_at("main", "BARK", shown=True),
    )
    problems = [one.book.heard.problem for one in told if isinstance(one, BookSeen)]
    assert "the password is wrong" in problems


def test_an_operation_watches_does_and_measures() -> None:
    venue = RecordedVenue(took_ms=4.0)
    state = State("laptop")

    async def run() -> Operation:
        nonlocal state
        clock_ns = recorded.MONO_NS

        def mono_ns() -> int:
            nonlocal clock_ns
            clock_ns += 400_000_000
            return clock_ns

        def tell(observation: Observation) -> None:
            nonlocal state
            state = apply(state, observation)

        feeds = Feeds(venue.sources("laptop"), tell, mono_ns=mono_ns)
        operation = Operation(
            venue.sources("laptop"), feeds, lambda: state, Move("main", "us-1"), "main", mono_ns=mono_ns
        )
        task = asyncio.create_task(operation.run())
        await asyncio.sleep(0.03)
        assert venue.performed == []
        operation.confirm(Move("main", "us-1", "asia-1"))
        async with asyncio.timeout(30):
            await task
        return operation

    operation = asyncio.run(run())
    assert venue.performed == [Move("main", "us-1", "asia-1")]
    assert operation.measured is not None
    assert "handed over in 4.0 ms" in operation.measured.lines[0]


def test_an_operation_that_is_refused_says_why() -> None:
    venue = RecordedVenue(refuse="is frozen")

    async def run() -> Operation:
        feeds = Feeds(venue.sources("laptop"), lambda _: None)
        operation = Operation(venue.sources("laptop"), feeds, lambda: State("laptop"), Move("main", "us-1"), "main")
        operation.confirm(Move("main", "us-1"))
        async with asyncio.timeout(30):
            await operation.run()
        return operation

    operation = asyncio.run(run())
    assert operation.measured is None
    assert "is frozen" in operation.problem

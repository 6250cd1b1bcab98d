"""The event log: what is different between two states of a venue, said in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from rialto_tui.console import links

if TYPE_CHECKING:
    from rialto_tui.console.readings import Market
    from rialto_tui.console.store import State

Level: TypeAlias = Literal["info", "good", "warn", "bad"]
_BAD = ("unreachable", "failed", "frozen", "down")


@dataclass(frozen=True)
class Event:
    """Something that happened, nanoseconds since the epoch."""

    wall_ns: int
    level: Level
    text: str


def between(before: State, after: State, wall_ns: int) -> tuple[Event, ...]:
    """What happened between two states; at first sight, what there is."""
    if before is after:
        return ()
    found = [*_sources(before, after), *_reduced(before, after)]
    if before.status.at_ns is None and after.status.at_ns is not None:
        found += _first(after)
    elif before.status.at_ns is not None:
        found += [*_venue(before, after), *_nodes(before, after), *_markets(before, after)]
    if before.links_heard.at_ns is not None:
        found += _links(before, after)
    return tuple(Event(wall_ns, level, text) for level, text in found)


def _sources(before: State, after: State) -> Iterator[tuple[Level, str]]:
    pairs = (
        ("the venue", before.status, after.status),
        ("the links", before.links_heard, after.links_heard),
        ("market data", before.book.heard, after.book.heard),
    )
    for name, was, now in pairs:
        old, new, heard = was.problem, now.problem, was.at_ns is not None
        if new and not old and heard:
            yield "bad", f"connection lost to {name}: {new}"
        elif old and not new:
            yield "good", f"connected to {name}"
    if before.book.connected_to and after.book.connected_to and before.book.connected_to != after.book.connected_to:
        node = after.declared.feeds.get(after.book.connected_to, after.book.connected_to)
        yield "info", f"market data comes from {node} now"


def _first(after: State) -> Iterator[tuple[Level, str]]:
    flow = f", order flow {after.flow}" if after.flow != "none" else ""
    yield "info", f"looking at venue {after.venue}: {after.venue_state}{flow}"
    for market in after.markets:
        if market.leader is not None:
            yield "info", f"market {market.name} is led by {market.leader.node}, epoch {market.epoch}"


def _reduced(before: State, after: State) -> Iterator[tuple[Level, str]]:
    for line in after.reduced:
        if line not in before.reduced:
            yield "info", line


def _venue(before: State, after: State) -> Iterator[tuple[Level, str]]:
    if before.venue_state != after.venue_state:
        level: Level = "good" if after.venue_state == "up" else "bad" if after.venue_state == "down" else "warn"
        yield level, f"venue {after.venue} is {after.venue_state}"
    if before.flow != after.flow:
        yield ("bad" if after.flow == "failed" else "info"), f"order flow: {after.flow}"
    if after.problem and after.problem != before.problem:
        yield "bad", after.problem


def _nodes(before: State, after: State) -> Iterator[tuple[Level, str]]:
    for node in after.nodes:
        old = before.node(node.name)
        if old is None:
            continue
        if old.state != node.state:
            level: Level = "good" if node.state == "running" else "bad" if node.state in _BAD else "warn"
            yield level, f"node {node.name} is {node.state}" + (f": {node.problem}" if node.problem else "")
        elif node.starts > old.starts:
            yield "warn", f"node {node.name} was started again (start {node.starts})"


def _markets(before: State, after: State) -> Iterator[tuple[Level, str]]:
    for market in after.markets:
        old = before.market(market.name)
        if old is None:
            continue
        was = None if old.leader is None else old.leader.node
        now = None if market.leader is None else market.leader.node
        if now is None and was is not None:
            yield "bad", f"market {market.name} has no leader; {was} led it"
        elif now is not None and now != was:
            from_whom = f" instead of {was}" if was is not None else ""
            yield "good", f"market {market.name} is led by {now}{from_whom}, epoch {market.epoch}"
        elif now is not None and market.epoch != old.epoch:
            yield "warn", f"market {market.name} was elected {now} again, epoch {market.epoch}"
        if market.day != old.day:
            yield "info", f"market {market.name}: trading day {market.day}"
        yield from _halts(old, market)


def _halts(old: Market, market: Market) -> Iterator[tuple[Level, str]]:
    states = {instrument.symbol: instrument.state for instrument in old.instruments}
    for instrument in market.instruments:
        if states.get(instrument.symbol, instrument.state) != instrument.state:
            level: Level = "bad" if instrument.state == "halted" else "good"
            yield level, f"{instrument.symbol} in {market.name} is {instrument.state}"


def _links(before: State, after: State) -> Iterator[tuple[Level, str]]:
    for link in after.links:
        old = before.link(*link.between)
        if old is None or old.directions == link.directions:
            continue
        name, state = links.title(link), links.state(link)
        if state == "changed":
            trip_us = links.round_trip_us(link)
            if links.state(old) != state or links.round_trip_us(old) != trip_us:
                yield "warn", f"link {name}: round trip {trip_us / 1000:g} ms, not as declared"
        elif links.state(old) != state:
            yield ("good", f"link {name} is as declared") if state == "open" else ("bad", f"link {name} is {state}")

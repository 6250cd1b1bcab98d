"""What an operator can do from the console, as data.

Each action has a name, what must be typed before it is done, and the command line that does the same.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class NodeAction:
    """Kill (SIGKILL), freeze (SIGSTOP) or resume (SIGCONT) a node."""

    verb: Literal["kill", "freeze", "resume"]
    node: str


@dataclass(frozen=True)
class Move:
    """Move a market's leadership, nothing lost."""

    market: str
    leader: str
    """The node that leads until then."""
    to: str | None = None
    """The node that leads afterwards; none for the best replica."""


@dataclass(frozen=True)
class Cut:
    """Cut a link: nothing crosses it until it heals; what was sent meanwhile crosses then."""

    one: str
    other: str
    one_way: bool = False
    """Only from `one` to `other`."""
    for_ms: int | None = None
    """It heals by itself after this; none: until somebody heals it."""


@dataclass(frozen=True)
class Slow:
    """Give a link another latency, each way."""

    one: str
    other: str
    latency_ns: int
    for_ms: int | None = None


@dataclass(frozen=True)
class Heal:
    """Make a link as it is declared."""

    one: str
    other: str


Action: TypeAlias = NodeAction | Move | Cut | Slow | Heal


@dataclass(frozen=True)
class Outcome:
    """What the platform said of an action that was done."""

    lines: tuple[str, ...]
    took_ms: float | None = None
    """A switchover's own figure: from asking the old leader until the new one was chosen."""
    new_leader: str = ""
    """A switchover's new leader."""
    new_leader_ms: float | None = None
    """From asking until the new leader itself said that it takes logins."""


def kind(action: Action) -> str:
    """The action in a word."""
    match action:
        case NodeAction(verb=verb):
            return verb
        case Move():
            return "move"
        case Cut():
            return "cut"
        case Slow():
            return "slow"
        case Heal():
            return "heal"


def title(action: Action) -> str:
    """The action as a heading."""
    match action:
        case NodeAction(verb=verb, node=node):
            return f"{verb.capitalize()} node {node}"
        case Move(market=market, leader=leader, to=to):
            return f"Move market {market} from {leader}" + (f" to {to}" if to else "")
        case Cut(one=one, other=other, one_way=one_way):
            return f"Cut {one} → {other}, one way" if one_way else f"Cut {one} ⇄ {other}, both ways"
        case Slow(one=one, other=other):
            return f"Slow {one} ⇄ {other}"
        case Heal(one=one, other=other):
            return f"Heal {one} ⇄ {other}"


def typed(action: Action) -> str:
    """What must be typed before it is done: the name of what it hits; empty where a key is enough."""
    match action:
        case NodeAction(verb="resume") | Heal() | Slow():
            return ""
        case NodeAction(node=node):
            return node
        case Move(leader=leader):
            return leader
        case Cut(one=one, other=other):
            return f"{one}-{other}"


def command(action: Action, venue: str | None) -> str:
    """The command line that does the same; `venue` where this machine has several."""
    where = () if venue is None else ("--venue", venue)
    match action:
        case NodeAction(verb=verb, node=node):
            words: tuple[str, ...] = ("node", verb, node)
        case Move(market=market, to=to):
            words = ("switchover", "--market", market, *(() if to is None else ("--to", to)))
        case Cut(one=one, other=other, one_way=one_way, for_ms=for_ms):
            words = ("link", "cut", one, other, *(("--one-way",) if one_way else ()), *_lease(for_ms))
        case Slow(one=one, other=other, latency_ns=latency_ns, for_ms=for_ms):
            words = ("link", "set", one, other, "--latency", _exact(latency_ns), *_lease(for_ms))
        case Heal(one=one, other=other):
            words = ("link", "heal", one, other)
    return shlex.join(("rialto", *words, *where))


def _lease(for_ms: int | None) -> tuple[str, ...]:
    return () if for_ms is None else ("--for", _exact(for_ms * 1_000_000))


def _exact(value_ns: int) -> str:
    """A time in the largest unit that holds it whole: a command line does the same, not nearly the same."""
    for unit_ns, unit in ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")):
        if value_ns % unit_ns == 0:
            return f"{value_ns // unit_ns} {unit}"
    return f"{value_ns} ns"

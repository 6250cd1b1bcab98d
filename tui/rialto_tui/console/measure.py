"""What came of an action: a pure machine that is told what is seen while it runs, and says what that measures.

The outage is the longest time without a new message of the market's feed: what a reader of market data sees. It is
known to `KNOWN_NS`. The new leader is seen by asking the nodes, whose own picture of
themselves is up to `BOARD_NS` old.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rialto_platform.local.topology import Epoch
from rialto_tui.console import actions, text
from rialto_tui.console.actions import Action, Move, NodeAction, Outcome
from rialto_tui.console.store import SECOND_NS, Measured, State

LOOK_NS = 20_000_000
"""Between two looks at the feed's position while something is measured."""
KNOWN_NS = 45_000_000
"""Between two looks, and the time the feed rests after each read of what has arrived."""
BOARD_NS = 200_000_000
"""A node makes its status anew five times a second."""
SETTLED_NS = 2 * SECOND_NS
"""After an action, how long the feed must run before its gap is known to have been the longest."""
LONGEST_NS = 20 * SECOND_NS
"""What has not happened by then is reported as not having happened."""


@dataclass(frozen=True)
class Look:
    """The feed's position at one moment; none while there is no connection."""

    at_ns: int
    position: int | None


@dataclass(frozen=True)
class Measuring:
    """One action under measurement."""

    action: Action
    market: str
    epoch: Epoch | None
    leader: str
    began_ns: int | None = None
    """When the action was begun; none while only the calm before it is measured."""
    outcome: Outcome | None = None
    """What the platform said of it, once it is done."""
    new_leader: str = ""
    new_leader_ns: int | None = None
    node_back_ns: int | None = None
    """From the action until the node it hit served again."""
    node_was_gone: bool = False
    position: int | None = None
    moved_ns: int | None = None
    """When the position was first seen."""
    calm_ns: int = 0
    """The longest gap before the action."""
    gap_ns: int = 0
    """The longest gap that ended after it began."""
    heard: bool = False
    """Whether the feed has said anything after the action."""


def prepare(state: State, action: Action, market: str) -> Measuring:
    """Begins with the calm before an action, for the market whose feed is looked at."""
    found = state.market(market)
    leader = "" if found is None or found.leader is None else found.leader.node
    return Measuring(action, market, None if found is None else found.epoch, leader)


def carried(measuring: Measuring, calm: Measuring, at_ns: int) -> Measuring:
    """The action is begun: what was known of the calm before it goes on with it."""
    return replace(measuring, began_ns=at_ns, position=calm.position, moved_ns=calm.moved_ns, calm_ns=calm.calm_ns)


def done(measuring: Measuring, outcome: Outcome) -> Measuring:
    """The platform has done it."""
    if outcome.new_leader and not measuring.new_leader and outcome.new_leader_ms is not None:
        taken_ns = round(outcome.new_leader_ms * 1_000_000)
        return replace(measuring, outcome=outcome, new_leader=outcome.new_leader, new_leader_ns=taken_ns)
    return replace(measuring, outcome=outcome)


def looked(measuring: Measuring, look: Look) -> Measuring:
    """The feed's position was looked at."""
    if look.position is None or look.position == measuring.position:
        return measuring
    after = replace(measuring, position=look.position, moved_ns=look.at_ns)
    if measuring.moved_ns is None:
        return after
    gap_ns = look.at_ns - measuring.moved_ns
    if measuring.began_ns is None:
        return replace(after, calm_ns=max(measuring.calm_ns, gap_ns))
    return replace(after, gap_ns=max(measuring.gap_ns, gap_ns), heard=True)


def saw(measuring: Measuring, state: State, at_ns: int) -> Measuring:
    """The venue was asked."""
    if measuring.began_ns is None:
        return measuring
    after = measuring
    market = state.market(measuring.market)
    if market is not None and market.leader is not None and not after.new_leader:
        later = market.epoch is not None and (measuring.epoch is None or market.epoch > measuring.epoch)
        if later and market.leader.node != measuring.leader:
            after = replace(after, new_leader=market.leader.node, new_leader_ns=at_ns - measuring.began_ns)
    if isinstance(measuring.action, NodeAction) and after.node_back_ns is None:
        node = state.node(measuring.action.node)
        running = node is not None and node.state == "running"
        if not running:
            after = replace(after, node_was_gone=True)
        elif after.node_was_gone:
            after = replace(after, node_back_ns=at_ns - measuring.began_ns)
    return after


def finished(measuring: Measuring, now_ns: int) -> bool:
    """Whether there is nothing left to wait for."""
    if measuring.began_ns is None or measuring.outcome is None:
        return False
    passed_ns = now_ns - measuring.began_ns
    if passed_ns >= LONGEST_NS:
        return True
    if passed_ns < SETTLED_NS or (_hits_leader(measuring) and not measuring.new_leader):
        return False
    if isinstance(measuring.action, NodeAction) and measuring.action.verb == "kill" and measuring.node_back_ns is None:
        return False
    # A gap that still runs is not the longest yet.
    return measuring.moved_ns is None or now_ns - measuring.moved_ns < SETTLED_NS


def _hits_leader(measuring: Measuring) -> bool:
    match measuring.action:
        case Move():
            return True
        case NodeAction(verb="kill" | "freeze", node=node):
            return node == measuring.leader
        case _:
            return False


def result(measuring: Measuring, now_ns: int) -> Measured:
    """What was measured."""
    outage_ns = _outage_ns(measuring, now_ns)
    lines: list[str] = []
    if measuring.outcome is not None and measuring.outcome.took_ms is not None:
        lines.append(f"handed over in {measuring.outcome.took_ms:,.1f} ms, as the old leader's node measured it")
    if measuring.new_leader and measuring.new_leader_ns is not None:
        exact = isinstance(measuring.action, Move)
        within = "" if exact else f" (to {text.duration(BOARD_NS)}: nodes say so five times a second)"
        lines.append(
            f"{measuring.new_leader} leads; seen after {text.duration(_rounded(measuring.new_leader_ns))}{within}"
        )
    elif _hits_leader(measuring):
        lines.append(f"no other leader was seen within {text.duration(LONGEST_NS)}")
    else:
        lines.append(f"{measuring.leader or 'nobody'} leads as before")
    if outage_ns is None:
        lines.append("the outage is not known: market data said nothing, neither before nor after")
    else:
        calm = f"; before it at most {text.duration(_rounded(measuring.calm_ns))}" if measuring.calm_ns else ""
        lines.append(f"market data stood still for {text.duration(_rounded(outage_ns))} at most{calm}")
    if measuring.node_back_ns is not None and isinstance(measuring.action, NodeAction):
        lines.append(f"{measuring.action.node} serves again after {text.duration(_rounded(measuring.node_back_ns))}")
    elif isinstance(measuring.action, NodeAction) and measuring.action.verb == "kill":
        lines.append(f"{measuring.action.node} does not serve again yet")
    return Measured(
        kind=actions.kind(measuring.action),
        what=actions.title(measuring.action),
        market=measuring.market,
        outage_ns=outage_ns,
        new_leader=measuring.new_leader,
        new_leader_ns=measuring.new_leader_ns,
        lines=tuple(lines),
    )


def _outage_ns(measuring: Measuring, now_ns: int) -> int | None:
    if measuring.moved_ns is None:
        return None
    running_ns = now_ns - measuring.moved_ns
    if not measuring.heard:
        # Never heard again; and without a message before the action either there is nothing to compare with.
        return running_ns if measuring.calm_ns else None
    return max(measuring.gap_ns, running_ns if running_ns >= SETTLED_NS else 0)


def _rounded(value_ns: int) -> int:
    """To a millisecond: the looks are many of them apart."""
    return round(value_ns / 1_000_000) * 1_000_000

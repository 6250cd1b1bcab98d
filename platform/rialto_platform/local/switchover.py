"""Switchover: the planned move of a market's leadership."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rialto_platform.local import status, target
from rialto_platform.local.admin import post_json
from rialto_platform.local.errors import LocalError
from rialto_platform.local.node_control import choose_node
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.topology import Epoch, MarketView, Replica

_TRANSFER_S = 10.0
_SETTLE_S = 5.0
_LOOK = "look at it: rialto status"


@dataclass(frozen=True)
class Moved:
    """A leadership that moved."""

    market: str
    before: MarketView
    after: MarketView
    took_ms: float
    """From asking the old leader until the new one was chosen, as the old one's node measured it."""
    seen_ms: float
    """From asking until the new leader itself said that it takes logins, as the caller measured it."""

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "market": self.market,
            "took_ms": self.took_ms,
            "seen_ms": self.seen_ms,
            "before": self.before.as_json(),
            "after": self.after.as_json(),
        }


def switchover(paths: VenuePaths, market: str | None, to: str | None) -> Moved:
    """Moves a market's leadership to a region's (or a named) replica, or to the best one.

    Raises:
        LocalError: there is nothing to move, or nowhere to move it to; or the leader refused. Each says why.
    """
    if not paths.supervisor.exists():
        raise LocalError(f"venue {paths.name}", "is down", "start it: rialto up")
    seen = status.observe(paths)
    name = target.choose(paths, [one.name for one in seen.markets], market)
    before = next(one for one in seen.markets if one.name == name)
    leader = _leader(before)
    wanted = None if to is None else check(before, leader, choose_node(paths, to))
    admin = next(node.admin for node in seen.nodes if node.name == leader.node)
    began = time.monotonic()
    answer = post_json(admin, f"/v1/markets/{name}/transfer", {"to": wanted}, _TRANSFER_S)
    asked_ms = 1000 * (time.monotonic() - began)
    after = _settled(paths, before, began)
    took = answer.get("took_ms")
    took_ms = float(took) if isinstance(took, int | float) else asked_ms
    return Moved(name, before, after, round(took_ms, 3), round(1000 * (time.monotonic() - began), 3))


def check(market: MarketView, leader: Replica, node: str) -> str:
    """The node, if leadership can move there.

    Raises:
        LocalError: it leads already, has no vote, or does not answer.
    """
    found = market.replica(node)
    if found is None:
        places = ", ".join(replica.region for replica in market.replicas)
        raise LocalError(f"node {node}", f"has no vote in market {market.name}", f"name one of: {places}")
    if found.node == leader.node:
        raise LocalError(f"market {market.name}", f"is led by {node} already", "nothing was moved")
    if found.state == "frozen":
        raise LocalError(f"node {node}", "is frozen and can't lead", f"wake it first: rialto node resume {node}")
    if found.state != "running":
        raise LocalError(f"node {node}", f"is {found.state} and can't lead", f"wait until it serves; {_LOOK}")
    return node


def _leader(market: MarketView) -> Replica:
    if market.leader is None:
        down = [f"{replica.node} is {replica.state}" for replica in market.replicas if replica.state != "running"]
        wrong = "has no leader that could hand over" + (f" ({', '.join(down)})" if down else "")
        raise LocalError(f"market {market.name}", wrong, "a majority of its replicas must serve; " + _LOOK)
    return market.leader


def _settled(paths: VenuePaths, before: MarketView, began: float) -> MarketView:
    """The market once a leader of a later epoch takes logins."""
    while True:
        after = status.observe(paths).market(before.name)
        if after is not None and after.leader is not None and _later(after.epoch, before.epoch):
            return after
        if time.monotonic() - began > _TRANSFER_S + _SETTLE_S:
            raise LocalError(f"market {before.name}", "was handed over, but no new leader is seen", _LOOK)
        time.sleep(0.02)


def _later(epoch: Epoch | None, than: Epoch | None) -> bool:
    return epoch is not None and (than is None or epoch > than)

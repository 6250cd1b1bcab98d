"""node and switchover: what an operator does to a running venue's nodes and leaders."""

from __future__ import annotations

import json

from rialto_platform.local import node_control, paths
from rialto_platform.local import switchover as local_switchover
from rialto_platform.local.node_control import Acted, Action
from rialto_platform.local.switchover import Moved
from rialto_tui.console import readings
from rialto_tui.status_view import topology

_DONE = {
    "kill": "was killed; its supervisor starts it again",
    "freeze": "is frozen; wake it: rialto node resume {node}",
    "resume": "goes on",
}


def node(name: str | None, place: str, action: Action, *, as_json: bool) -> int:
    """Kills, freezes or wakes a node, and says what it was."""
    acted = node_control.act(paths.choose_venue(name), place, action)
    print(json.dumps(acted.as_json()) if as_json else told(acted))
    return 0


def told(acted: Acted) -> str:
    """What was done to a node, in a sentence."""
    was = ", ".join(f"{role} of {market}" for market, role in acted.roles.items()) or acted.before
    if acted.action == "resume" and acted.before != "frozen":
        return f"Node {acted.node} (pid {acted.pid}) was not frozen; it was {was}."
    done = _DONE[acted.action].format(node=acted.node)
    if acted.action == "kill" and not acted.supervised:
        done = "was killed; its supervisor has died, so nothing starts it again until rialto down, then rialto up"
    return f"Node {acted.node} (pid {acted.pid}), {was}, {done}."


def switchover(name: str | None, market: str | None, to: str | None, *, as_json: bool) -> int:
    """Moves a market's leadership and shows it before and after."""
    moved = local_switchover.switchover(paths.choose_venue(name), market, to)
    if as_json:
        print(json.dumps(moved.as_json()))
        return 0
    before, after = topology(readings.market(moved.before)), topology(readings.market(moved.after))
    print("\n".join(["before:", *before, "after:", *after, summary(moved)]))
    return 0


def summary(moved: Moved) -> str:
    """Where leadership went and how long it took, in one line."""
    places = [view.leader.node if view.leader is not None else "-" for view in (moved.before, moved.after)]
    return (
        f"market {moved.market}: led by {places[1]} instead of {places[0]}, "
        f"handed over in {moved.took_ms:,.1f} ms, seen after {moved.seen_ms:,.0f} ms"
    )

"""Kill, freeze and wake a node: by its recorded identity, never by a name or a bare process id."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, cast

from rialto_platform.local import process
from rialto_platform.local.errors import LocalError
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.plan import Plan
from rialto_platform.local.status import node_status
from rialto_platform.local.topology import region_of

Action = Literal["kill", "freeze", "resume"]

_SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP, "resume": signal.SIGCONT}
_EFFECT_S = 5.0


@dataclass(frozen=True)
class Acted:
    """What was done to a node."""

    action: Action
    node: str
    region: str
    pid: int
    before: str
    """The node's state before: running, starting, frozen or unreachable."""
    roles: Mapping[str, str]
    """What it was of each market before, by market; none where it did not answer."""
    supervised: bool = True
    """Whether a supervisor runs, which starts a killed node again."""

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return asdict(self)


def act(paths: VenuePaths, place: str, action: Action) -> Acted:
    """Kills (SIGKILL), freezes (SIGSTOP) or wakes (SIGCONT) the node of a region, or the node of that name.

    A killed node is started again by the supervisor; a frozen one stays as it is until it is woken or the venue ends.

    Raises:
        LocalError: the venue has no such node, the region several, or the node does not run; the signal had no effect.
    """
    node = choose_node(paths, place)
    identity = process.recorded(paths.node(node).process)
    if identity is None or not identity.alive():
        raise LocalError(f"node {node}", "does not run", "look at it: rialto status")
    seen = node_status(paths, node)
    markets = cast("Mapping[str, Mapping[str, object]]", (seen.facts or {}).get("markets", {}))
    roles = {name: str(market.get("role", "-")) for name, market in markets.items()}
    if not identity.signal(_SIGNALS[action]):
        raise LocalError(f"node {node}", "ended by itself just before", "look at it: rialto status")
    _wait(identity, node, action)
    supervisor = process.recorded(paths.supervisor)
    supervised = supervisor is not None and supervisor.alive()
    return Acted(action, node, region_of(node), identity.pid, seen.state, roles, supervised)


def choose_node(paths: VenuePaths, place: str) -> str:
    """The node of a region, or the node of that name.

    Raises:
        LocalError: there is none, or the region has several.
    """
    nodes = Plan.read(paths.plan).nodes
    if place in nodes:
        return place
    found = [node for node in nodes if region_of(node) == place]
    if not found:
        known = ", ".join(dict.fromkeys(map(region_of, nodes)))
        raise LocalError(f"venue {paths.name}", f"has no node in {place}", f"name a region: {known}")
    if len(found) > 1:
        raise LocalError(f"region {place}", f"has several nodes ({', '.join(found)})", "name one of them")
    return found[0]


def _wait(identity: process.ProcessIdentity, node: str, action: Action) -> None:
    deadline = time.monotonic() + _EFFECT_S
    while not _has_effect(identity, action):
        if time.monotonic() >= deadline:
            raise LocalError(
                f"node {node}", f"shows no effect of {_SIGNALS[action].name}", f"look at it: ps -p {identity.pid}"
            )
        time.sleep(0.002)


def _has_effect(identity: process.ProcessIdentity, action: Action) -> bool:
    match action:
        case "kill":
            return not identity.alive()
        case "freeze":
            return identity.frozen()
        case "resume":
            return not identity.frozen()

"""What a local venue's processes say of themselves: read from their files and their admin API, nothing remembered."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rialto_platform.local import process
from rialto_platform.local.admin import Json, get_json
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import last_lines, read_json
from rialto_platform.local.paths import NodePaths, VenuePaths
from rialto_platform.local.plan import Plan
from rialto_platform.local.ready import Ready
from rialto_platform.local.restarts import LONGEST_DELAY_S
from rialto_platform.local.topology import MarketView, markets, region_of

_LOG_LINES = 5


@dataclass(frozen=True)
class NodeStatus:
    """One node: `state` is running, starting, frozen, failed or unreachable; `facts` is what its admin API answers."""

    name: str
    state: str
    problem: str
    facts: Json | None
    admin: str = ""
    """Where its admin API listens, host:port; empty while that is not known."""
    starts: int = 0
    """How often it was started since `rialto up`."""
    log: tuple[str, ...] = ()
    """The last lines of its log, where it does not start."""

    @property
    def region(self) -> str:
        """Where it is."""
        return region_of(self.name)


@dataclass(frozen=True)
class VenueStatus:
    """One venue at one moment."""

    venue: str
    state: str
    """up, degraded or down."""
    observed_at_ns: int
    nodes: tuple[NodeStatus, ...]
    flow: str
    """running, ended, failed or none."""
    problem: str = ""
    """What is wrong with the venue as a whole, and what to do."""

    @property
    def markets(self) -> tuple[MarketView, ...]:
        """Who leads each market, and how far the others are."""
        return markets(self.nodes)

    def market(self, name: str) -> MarketView | None:
        """One market, if any node tells of it."""
        return next((market for market in self.markets if market.name == name), None)

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "venue": self.venue,
            "state": self.state,
            "problem": self.problem,
            "observed_at_ns": self.observed_at_ns,
            "flow": self.flow,
            "markets": [market.as_json() for market in self.markets],
            "nodes": [
                {
                    "name": node.name,
                    "region": node.region,
                    "state": node.state,
                    "problem": node.problem,
                    "starts": node.starts,
                    "log": list(node.log),
                    "status": node.facts,
                }
                for node in self.nodes
            ],
        }


def observe(paths: VenuePaths) -> VenueStatus:
    """Asks every process of the venue, all at once.

    Raises:
        LocalError: a file of the venue is damaged.
    """
    problem = ""
    if _alive(paths.supervisor):
        nodes = observe_nodes(paths, Plan.read(paths.plan).nodes)
        whole = all(node.state == "running" for node in nodes) and all(market.leader for market in markets(nodes))
        state = "up" if whole else "degraded"
        flow = _flow(paths)
    else:
        left = [name for name in paths.nodes() if _alive(paths.node(name).process)]
        nodes = observe_nodes(paths, left)
        state = "degraded" if left else "down"
        flow = "running" if _alive(paths.flow) else "none"
        if left:
            problem = "Its supervisor has died: nothing is started again. Start it anew: rialto down, then rialto up"
    return VenueStatus(paths.name, state, time.time_ns(), nodes, flow, problem)


def _alive(record: Path) -> bool:
    identity = process.recorded(record)
    return identity is not None and identity.alive()


def observe_nodes(paths: VenuePaths, names: Iterable[str]) -> tuple[NodeStatus, ...]:
    """Asks these nodes side by side: a node that does not answer holds up no other's answer."""
    wanted = list(names)
    if not wanted:
        return ()
    with ThreadPoolExecutor(len(wanted)) as pool:
        return tuple(pool.map(node_status, itertools.repeat(paths), wanted))


def node_status(paths: VenuePaths, name: str) -> NodeStatus:
    """What one node says of itself, or why it does not; never raises for what is wrong with the node."""
    files = paths.node(name)
    starts = 0
    try:
        recorded = read_json(files.process) or {}
        found = recorded.get("starts")
        starts = found if isinstance(found, int) else 0
        if recorded.get("state") == "failed":
            if recorded.get("tried_again"):
                problem = f"its disk takes no more; free space: it is started again every {LONGEST_DELAY_S:.0f} s"
                return NodeStatus(name, "failed", problem, None, starts=starts, log=_log(files))
            problem = "it does not start; once what its log tells (rialto logs) is mended: rialto down, then rialto up"
            return NodeStatus(name, "failed", problem, None, starts=starts, log=_log(files))
        identity = process.recorded(files.process)
        if identity is not None and identity.frozen():
            problem = f"it was stopped by a signal; wake it: rialto node resume {name}"
            return NodeStatus(name, "frozen", problem, None, starts=starts)
        ready = Ready.read(files.ready)
        if ready is None or (identity is not None and ready.pid != identity.pid):
            return NodeStatus(name, "starting", "", None, starts=starts, log=_log(files) if starts > 1 else ())
        return NodeStatus(name, "running", "", get_json(ready.admin, "/v1/status"), ready.admin, starts)
    except LocalError as error:
        return NodeStatus(name, "unreachable", str(error), None, starts=starts)


def _log(files: NodePaths) -> tuple[str, ...]:
    try:
        return tuple(last_lines(files.log, _LOG_LINES))
    except OSError:
        return ()


def _flow(paths: VenuePaths) -> str:
    state = read_json(paths.flow)
    return "none" if state is None else str(state.get("state", "none"))

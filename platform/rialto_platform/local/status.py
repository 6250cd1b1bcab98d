"""What a local venue's processes say of themselves: read from their files and their admin API, nothing remembered."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rialto_platform.local import links, process
from rialto_platform.local.admin import Json, get_json
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import last_lines, read_json
from rialto_platform.local.links import LinkView
from rialto_platform.local.paths import LinksPaths, NodePaths, VenuePaths
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
class LinksStatus:
    """The process that carries the links: `state` is running, starting, frozen, failed, unreachable or none."""

    state: str = "none"
    problem: str = ""
    views: tuple[LinkView, ...] = ()
    """What it says of each link; nothing while it is away."""
    starts: int = 0
    """How often it was started since `rialto up`."""
    log: tuple[str, ...] = ()
    """The last lines of its log, where it does not start."""

    @property
    def whole(self) -> bool:
        """Whether every link carries."""
        return self.state in {"running", "none"} and not any(view.cut for view in self.views)


@dataclass(frozen=True)
class VenueStatus:
    """One venue at one moment."""

    venue: str
    state: str
    """up, degraded or down."""
    observed_at_ns: int
    nodes: tuple[NodeStatus, ...]
    flow: str
    """Of all its order flows: failed if one of them is, else running, else ended; none without any."""
    problem: str = ""
    """What is wrong with the venue as a whole, and what to do."""
    links: LinksStatus = LinksStatus()
    flows: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same of each market's order flow, by market."""
    reduced: tuple[str, ...] = ()
    """What its file declares and one machine does not run, a sentence each."""

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
            "flows": dict(self.flows),
            "reduced": list(self.reduced),
            "link_process": {
                "state": self.links.state,
                "problem": self.links.problem,
                "starts": self.links.starts,
                "log": list(self.links.log),
            },
            "links": [view.as_json() for view in self.links.views],
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
    reduced: tuple[str, ...] = ()
    if _alive(paths.supervisor):
        plan = Plan.read(paths.plan)
        nodes, carried = _observed(paths, plan.nodes, linked=plan.link_binary is not None)
        whole = all(node.state == "running" for node in nodes) and all(market.leader for market in markets(nodes))
        state = "up" if whole and carried.whole else "degraded"
        flows = {flow.market: _flow(paths, flow.market) for flow in plan.flows}
        reduced = plan.reduced
    else:
        left = [name for name in paths.nodes() if _alive(paths.node(name).process)]
        linked = _alive(paths.links.process)
        nodes, carried = _observed(paths, left, linked=linked)
        state = "degraded" if left or linked else "down"
        flows = {market: "running" for market in paths.flows() if _alive(paths.flow(market).record)}
        if state != "down":
            problem = "Its supervisor has died: nothing is started again. Start it anew: rialto down, then rialto up"
    flow = next((one for one in ("failed", "running", "ended") if one in flows.values()), "none")
    return VenueStatus(paths.name, state, time.time_ns(), nodes, flow, problem, carried, flows, reduced)


def _alive(record: Path) -> bool:
    identity = process.recorded(record)
    return identity is not None and identity.alive()


def _observed(paths: VenuePaths, names: Iterable[str], *, linked: bool) -> tuple[tuple[NodeStatus, ...], LinksStatus]:
    """Asks the nodes and the links side by side."""
    with ThreadPoolExecutor(1) as pool:
        carried = pool.submit(links_status, paths) if linked else None
        nodes = observe_nodes(paths, names)
        return nodes, LinksStatus() if carried is None else carried.result()


def observe_nodes(paths: VenuePaths, names: Iterable[str]) -> tuple[NodeStatus, ...]:
    """Asks these nodes side by side: a node that does not answer holds up no other's answer."""
    wanted = list(names)
    if not wanted:
        return ()
    with ThreadPoolExecutor(len(wanted)) as pool:
        return tuple(pool.map(node_status, itertools.repeat(paths), wanted))


@dataclass(frozen=True)
class _Kept:
    """What the files of a process that the supervisor keeps running say of it."""

    state: str
    problem: str = ""
    starts: int = 0
    log: tuple[str, ...] = ()
    ready: Json | None = None


def node_status(paths: VenuePaths, name: str) -> NodeStatus:
    """What one node says of itself, or why it does not; never raises for what is wrong with the node."""
    files = paths.node(name)
    kept = _kept(files, wake=f"rialto node resume {name}", log=f"rialto logs {name}")
    if kept.state != "running":
        return NodeStatus(name, kept.state, kept.problem, None, starts=kept.starts, log=kept.log)
    try:
        ready = Ready.of(kept.ready or {}, files.ready)
        return NodeStatus(name, "running", "", get_json(ready.admin, "/v1/status"), ready.admin, kept.starts)
    except LocalError as error:
        return NodeStatus(name, "unreachable", str(error), None, starts=kept.starts)


def links_status(paths: VenuePaths) -> LinksStatus:
    """What the links' process says of each link, or why it does not; never raises for what is wrong with it."""
    files = paths.links
    kept = _kept(files, wake="rialto down, then rialto up", log="rialto logs links")
    if kept.state != "running":
        return LinksStatus(kept.state, kept.problem, starts=kept.starts, log=kept.log)
    try:
        return LinksStatus("running", "", links.ask(str((kept.ready or {}).get("admin"))), kept.starts)
    except LocalError as error:
        return LinksStatus("unreachable", str(error), starts=kept.starts)


def _kept(files: NodePaths | LinksPaths, *, wake: str, log: str) -> _Kept:
    """Whether a process runs and is ready; `wake` and `log` are the commands that wake it and show its log."""
    starts = 0
    try:
        recorded = read_json(files.process) or {}
        found = recorded.get("starts")
        starts = found if isinstance(found, int) else 0
        if recorded.get("state") == "failed":
            if recorded.get("tried_again"):
                problem = f"its disk takes no more; free space: it is started again every {LONGEST_DELAY_S:.0f} s"
            else:
                problem = f"it does not start; once what its log tells ({log}) is mended: rialto down, then rialto up"
            return _Kept("failed", problem, starts, _log(files))
        identity = process.recorded(files.process)
        if identity is not None and identity.frozen():
            return _Kept("frozen", f"it was stopped by a signal; wake it: {wake}", starts)
        ready = read_json(files.ready)
        if ready is None or (identity is not None and ready.get("pid") != identity.pid):
            return _Kept("starting", "", starts, _log(files) if starts > 1 else ())
        return _Kept("running", "", starts, ready=ready)
    except LocalError as error:
        return _Kept("unreachable", str(error), starts)


def _log(files: NodePaths | LinksPaths) -> tuple[str, ...]:
    try:
        return tuple(last_lines(files.log, _LOG_LINES))
    except OSError:
        return ()


def _flow(paths: VenuePaths, market: str) -> str:
    state = read_json(paths.flow(market).record)
    return "none" if state is None else str(state.get("state", "none"))

"""The venues of this machine, those that are down among them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

from rialto_platform.local import status
from rialto_platform.local.errors import LocalError
from rialto_platform.local.paths import VenuePaths, known_venues, venue_paths
from rialto_platform.local.plan import Plan


@dataclass(frozen=True)
class Summary:
    """One venue at one moment."""

    name: str
    state: str
    """up, degraded, down, or unknown where its files are damaged."""
    directory: str
    """Where it keeps its state."""
    file: str = ""
    """The venue file it was started from; empty where nobody knows."""
    nodes: Mapping[str, str] = field(default_factory=dict[str, str])
    """The state of each node it was last started with, by name."""
    leaders: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    """The node that leads each market, by market, as far as nodes tell."""
    flow: str = "none"
    """running, ended, failed or none, as in a status."""
    problem: str = ""

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return asdict(self)


def survey() -> tuple[Summary, ...]:
    """Every venue that has state on this machine, by name; all are asked at once.

    Raises:
        LocalError: there is no place for state.
    """
    found = [venue_paths(name) for name in known_venues()]
    if not found:
        return ()
    with ThreadPoolExecutor(len(found)) as pool:
        return tuple(pool.map(summary, found))


def summary(paths: VenuePaths) -> Summary:
    """One venue; never raises for what is wrong with it."""
    try:
        plan = Plan.read(paths.plan)
        seen = status.observe(paths)
    except LocalError as error:
        return Summary(paths.name, "unknown", str(paths.root), problem=str(error))
    nodes = dict.fromkeys(plan.nodes, "down") | {node.name: node.state for node in seen.nodes}
    leaders = {market.name: None if market.leader is None else market.leader.node for market in seen.markets}
    return Summary(paths.name, seen.state, str(paths.root), plan.file, nodes, leaders, seen.flow, seen.problem)

"""What a local venue's processes say of themselves: read from their files and their admin API, nothing remembered."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rialto_platform.local import process
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.plan import Plan
from rialto_platform.local.ready import Ready

_TIMEOUT_S = 1.0

Json = Mapping[str, object]


@dataclass(frozen=True)
class NodeStatus:
    """One node: `state` is running, starting, failed or unreachable; `facts` is what its admin API answers."""

    name: str
    state: str
    problem: str
    facts: Json | None
    admin: str = ""
    """Where its admin API listens, host:port; empty while that is not known."""


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

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "venue": self.venue,
            "state": self.state,
            "problem": self.problem,
            "observed_at_ns": self.observed_at_ns,
            "flow": self.flow,
            "nodes": [
                {"name": node.name, "state": node.state, "problem": node.problem, "status": node.facts}
                for node in self.nodes
            ],
        }


def observe(paths: VenuePaths) -> VenueStatus:
    """Asks every process of the venue.

    Raises:
        LocalError: a file of the venue is damaged.
    """
    problem = ""
    if _alive(paths.supervisor):
        nodes = tuple(_node(paths, name) for name in Plan.read(paths.plan).nodes)
        state = "up" if all(node.state == "running" for node in nodes) else "degraded"
        flow = _flow(paths)
    else:
        left = [name for name in paths.nodes() if _alive(paths.node(name).process)]
        nodes = tuple(_node(paths, name) for name in left)
        state = "degraded" if left else "down"
        flow = "running" if _alive(paths.flow) else "none"
        if left:
            problem = "Its supervisor has died: nothing is started again. Start it anew: rialto down, then rialto up"
    return VenueStatus(paths.name, state, time.time_ns(), nodes, flow, problem)


def _alive(record: Path) -> bool:
    identity = process.recorded(record)
    return identity is not None and identity.alive()


def _node(paths: VenuePaths, name: str) -> NodeStatus:
    files = paths.node(name)
    try:
        recorded = read_json(files.process) or {}
        if recorded.get("state") == "failed":
            problem = "it does not start; once what its log tells (rialto logs) is mended: rialto down, then rialto up"
            return NodeStatus(name, "failed", problem, None)
        ready = Ready.read(files.ready)
        if ready is None:
            return NodeStatus(name, "starting", "", None)
        return NodeStatus(name, "running", "", get_json(ready.admin, "/v1/status"), ready.admin)
    except LocalError as error:
        return NodeStatus(name, "unreachable", str(error), None)


def _flow(paths: VenuePaths) -> str:
    state = read_json(paths.flow)
    return "none" if state is None else str(state.get("state", "none"))


def get_json(address: str, path: str) -> Json:
    """GETs a JSON object from a node's admin API at host:port.

    Raises:
        LocalError: no answer within a second, or another answer than a JSON object.
    """
    connection = http.client.HTTPConnection(address, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        value: object = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LocalError(f"http://{address}{path}", f"gives no answer ({error})", "see its log: rialto logs") from error
    finally:
        connection.close()
    if response.status != http.client.OK or not isinstance(value, dict):
        raise LocalError(f"http://{address}{path}", f"answered {response.status}", "see its log: rialto logs")
    return cast("Json", value)

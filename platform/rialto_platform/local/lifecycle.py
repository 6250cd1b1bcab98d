"""Up, down and clean: a local venue as a whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rialto_platform.local import credentials, process
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json, write_json, write_text
from rialto_platform.local.paths import VenuePaths, venue_paths
from rialto_platform.local.plan import FlowPlan, Plan
from rialto_platform.local.ready import Ready

if TYPE_CHECKING:
    from rialto_platform.venue import Venue

READY_TIMEOUT_S = 120.0
_SUPERVISOR_GRACE_S = 30.0
_LEFTOVER_GRACE_S = 10.0


@dataclass(frozen=True)
class Started:
    """What `up` did."""

    paths: VenuePaths
    already_up: bool
    """The venue ran before; nothing was changed."""
    file_differs: bool
    """It runs from another content of the venue file than the one given now."""


def up(venue_file: Path, *, with_flow: bool = True, say: Callable[[str], None] = lambda _: None) -> Started:
    """Starts the venue of `venue_file` and waits until every market of it trades.

    Args:
        venue_file: the venue file.
        with_flow: whether the order flow that the file declares is sent.
        say: told each step, a line each.

    Raises:
        VenueError: the file is wrong; nothing was touched.
        LocalError: a node did not come up; what was started has been ended again.
    """
    from rialto_platform.venue import load

    venue = load(venue_file)
    text = venue_file.read_text(encoding="utf-8")
    paths = venue_paths(venue.name)
    with _locked(paths):
        if (running := process.recorded(paths.supervisor)) is not None and running.alive():
            differs = not paths.venue_file.is_file() or paths.venue_file.read_text(encoding="utf-8") != text
            _wait_ready(paths, running)
            return Started(paths, already_up=True, file_differs=differs)
        for leftover in _end_leftovers(paths):
            say(f"ended {leftover}, left over from a supervisor that died")
        plan = _prepare(paths, venue, text, with_flow=with_flow)
        say(f"starting {len(plan.nodes)} node{'s' if len(plan.nodes) != 1 else ''}: {', '.join(plan.nodes)}")
        supervisor = _spawn_supervisor(paths)
        try:
            _wait_ready(paths, supervisor)
        except BaseException:
            process.end(supervisor, _SUPERVISOR_GRACE_S)
            _end_leftovers(paths)
            raise
    return Started(paths, already_up=False, file_differs=False)


def down(paths: VenuePaths) -> bool:
    """Ends every process of the venue; journals stay.

    Returns:
        Whether anything ran.

    Raises:
        LocalError: a process could not be ended.
    """
    with _locked(paths):
        ran = False
        supervisor = process.recorded(paths.supervisor)
        if supervisor is not None:
            ran = process.end(supervisor, _SUPERVISOR_GRACE_S) != "gone"
        ran = bool(_end_leftovers(paths)) or ran
    paths.lock.unlink(missing_ok=True)
    return ran


def clean(paths: VenuePaths) -> None:
    """Removes everything the venue kept on this machine: journals, checkpoints, credentials.

    Raises:
        LocalError: the venue runs.
    """
    supervisor = process.recorded(paths.supervisor)
    if supervisor is not None and supervisor.alive():
        raise LocalError(f"venue {paths.name}", "runs", "end it first: rialto down")
    shutil.rmtree(paths.root)


def binary(name: str) -> str:
    """The path of one of the engine's binaries in this environment.

    Raises:
        LocalError: it is not installed.
    """
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.is_file():
        raise LocalError(str(path), "is not installed", "run `make up` in the checkout: it builds and installs it")
    return str(path)


def _prepare(paths: VenuePaths, venue: Venue, text: str, *, with_flow: bool) -> Plan:
    from rialto_platform.node_config import node_configs, usernames

    paths.root.mkdir(parents=True, exist_ok=True)
    paths.root.chmod(0o700)
    credentials.ensure(paths.credentials, usernames(venue))
    configs = node_configs(venue)
    for name, config in configs.items():
        node = paths.node(name)
        node.data.mkdir(parents=True, exist_ok=True)
        placed = dict[str, object](config) | {
            "data_dir": str(node.data),
            "ready_file": str(node.ready),
            "credentials_file": str(paths.credentials),
        }
        write_json(node.config, _with_former_addresses(placed, read_json(node.config)))
    plan = Plan(
        venue=venue.name,
        node_binary=binary("rialto-node"),
        load_binary=binary("rialto-load"),
        nodes=tuple(configs),
        flows=_flows(paths, venue) if with_flow else (),
    )
    plan.write(paths.plan)
    write_text(paths.venue_file, text)
    return plan


def _with_former_addresses(config: dict[str, object], former: object) -> dict[str, object]:
    """The configuration with the addresses the node had before, so that clients find it where it was."""
    if not isinstance(former, dict):
        return config
    before = cast("dict[str, object]", former)
    former_markets = {
        str(market.get("name")): market for market in cast("list[dict[str, object]]", before.get("markets", []))
    }
    listens = ("orders_listen", "feed_listen", "snapshot_listen")
    markets: list[object] = []
    for market in cast("list[dict[str, object]]", config["markets"]):
        kept = former_markets.get(str(market["name"]), {})
        markets.append(market | {key: kept[key] for key in listens if key in kept})
    return config | {"markets": markets, "admin_listen": before.get("admin_listen", config["admin_listen"])}


def _flows(paths: VenuePaths, venue: Venue) -> tuple[FlowPlan, ...]:
    from rialto_platform.node_config import flow_plans

    return tuple(
        FlowPlan(flow.market, flow.node, (*flow.arguments, "--credentials", str(paths.credentials)))
        for flow in flow_plans(venue)
    )


def _spawn_supervisor(paths: VenuePaths) -> process.ProcessIdentity:
    with paths.supervisor_log.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "rialto_platform.local.supervisor", str(paths.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=paths.root,
            start_new_session=True,
            close_fds=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    identity = process.ProcessIdentity.of(child.pid)
    if identity is None:
        raise LocalError("the supervisor", "ended at once", f"see {paths.supervisor_log}")
    return identity


def _wait_ready(paths: VenuePaths, supervisor: process.ProcessIdentity) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    plan = Plan.read(paths.plan)
    waiting = list(plan.nodes)
    while waiting:
        waiting = [name for name in waiting if Ready.read(paths.node(name).ready) is None]
        for name in waiting:
            state = read_json(paths.node(name).process)
            if state is not None and state.get("state") == "failed":
                raise LocalError(f"node {name}", "does not start", _last_lines(paths.node(name).log))
        if waiting and not supervisor.alive():
            raise LocalError("the supervisor", "ended", _last_lines(paths.supervisor_log))
        if waiting and time.monotonic() >= deadline:
            raise LocalError(
                f"node {waiting[0]}",
                f"did not trade within {READY_TIMEOUT_S:.0f} s",
                _last_lines(paths.node(waiting[0]).log),
            )
        if waiting:
            time.sleep(0.02)


def _last_lines(log: Path, count: int = 8) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except OSError as error:
        return f"its log can't be read: {error}"
    return f"the end of {log}:\n  " + "\n  ".join(lines)


def _end_leftovers(paths: VenuePaths) -> list[str]:
    """Ends, by recorded identity only, what a supervisor that died left behind; returns their names."""
    ended: list[str] = []
    for name in ("order flow", *paths.nodes()):
        where = paths.flow if name == "order flow" else paths.node(name).process
        identity = process.recorded(where)
        if identity is not None and process.end(identity, _LEFTOVER_GRACE_S) != "gone":
            ended.append(name)
        where.unlink(missing_ok=True)
        if name != "order flow":
            paths.node(name).ready.unlink(missing_ok=True)
    paths.supervisor.unlink(missing_ok=True)
    return ended


@contextlib.contextmanager
def _locked(paths: VenuePaths) -> Generator[None, None, None]:
    """One `up` or `down` of a venue at a time."""
    paths.root.mkdir(parents=True, exist_ok=True)
    with paths.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalError(
                f"venue {paths.name}", "is being started or ended by another command", "wait for it, then try again"
            ) from error
        yield

"""Up, down and clean: a local venue as a whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rialto_platform.local import credentials, numbers, process
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import last_lines, read_json, write_json, write_text
from rialto_platform.local.paths import VenuePaths, venue_paths
from rialto_platform.local.plan import FlowPlan, Plan
from rialto_platform.local.ready import Ready

if TYPE_CHECKING:
    from rialto_platform.venue import Venue

READY_TIMEOUT_S = 120.0
FLOW_TIMEOUT_S = 5.0
_SUPERVISOR_GRACE_S = 30.0
_LEFTOVER_GRACE_S = 10.0
_LEAST_FREE_BYTES = 256 << 20
"""What a node wants free unless it is configured otherwise (its `min_free_bytes`)."""


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
        LocalError: the file contradicts the journals, or a node did not come up; what was started has been ended again.
    """
    from rialto_platform.node_config import node_configs
    from rialto_platform.venue import load

    venue = load(venue_file)
    text = venue_file.read_text(encoding="utf-8")
    paths = venue_paths(venue.name)
    with _locked(paths):
        if running := _supervisors(paths):
            differs = not paths.venue_file.is_file() or paths.venue_file.read_text(encoding="utf-8") != text
            _wait_ready(paths, running[0])
            return Started(paths, already_up=True, file_differs=differs)
        for leftover in _end_leftovers(paths):
            say(f"ended {leftover}, left over from a supervisor that died")
        configs = {name: dict[str, object](config) for name, config in node_configs(venue).items()}
        numbers.check(paths.numbers, configs)
        plan = _prepare(paths, venue, text, configs, say, with_flow=with_flow)
        say(f"starting {len(plan.nodes)} node{'s' if len(plan.nodes) != 1 else ''}: {', '.join(plan.nodes)}")
        supervisor = _spawn_supervisor(paths)
        try:
            _wait_ready(paths, supervisor)
            _wait_flow(paths, plan)
        except BaseException:
            process.end(supervisor, _SUPERVISOR_GRACE_S)
            _end_leftovers(paths)
            raise
        numbers.keep(paths.numbers, configs)
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
        for supervisor in _supervisors(paths):
            ran = process.end(supervisor, _SUPERVISOR_GRACE_S) != "gone" or ran
        ran = bool(_end_leftovers(paths)) or ran
        # While it is held: whoever opened it before sees that it is gone, and opens the next one.
        paths.lock.unlink(missing_ok=True)
    return ran


def clean(paths: VenuePaths) -> None:
    """Removes everything the venue kept on this machine: journals, checkpoints, credentials.

    Raises:
        LocalError: the venue, or a process left over from it, runs.
    """
    with _locked(paths):
        if _supervisors(paths) or any(identities for _, identities in _leftovers(paths)):
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


def _prepare(
    paths: VenuePaths,
    venue: Venue,
    text: str,
    configs: Mapping[str, Mapping[str, object]],
    say: Callable[[str], None],
    *,
    with_flow: bool,
) -> Plan:
    from rialto_platform.node_config import usernames

    paths.root.mkdir(parents=True, exist_ok=True)
    paths.root.chmod(0o700)
    if (free := shutil.disk_usage(paths.root).free) < _LEAST_FREE_BYTES:
        say(
            f"only {free >> 20} MiB are free where {paths.root} lies; below {_LEAST_FREE_BYTES >> 20} MiB a node halts "
            "its markets: free space, then resume them (rialto status tells how)"
        )
    credentials.ensure(paths.credentials, usernames(venue))
    for name, config in configs.items():
        node = paths.node(name)
        node.data.mkdir(parents=True, exist_ok=True)
        placed = dict[str, object](config) | {
            "data_dir": str(node.data),
            "ready_file": str(node.ready),
            "credentials_file": str(paths.credentials),
        }
        write_json(node.config, _with_former_addresses(placed, node.config, say))
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


def _with_former_addresses(config: dict[str, object], path: Path, say: Callable[[str], None]) -> dict[str, object]:
    """The configuration with the addresses the node had before, so that clients find it where it was.

    The file at `path` is made anew from the venue file, so a damaged one costs nothing but the addresses; an address
    that another process has taken meanwhile is given up.
    """
    try:
        before = dict(read_json(path) or {})
        markets = cast("list[dict[str, object]]", before.get("markets", []))
        former_markets = {str(market.get("name")): market for market in markets}
    except (LocalError, AttributeError, TypeError):
        say(f"{path} was damaged and is written anew; listening on new ports")
        return config

    def kept(former: Mapping[str, object], given: Mapping[str, object], keys: tuple[str, ...]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key in keys:
            address = former.get(key, given[key])
            if isinstance(address, str) and not _is_free(address):
                say(f"{address} is taken by another process; {key.removesuffix('_listen')} gets a new port")
                address = given[key]
            found[key] = address
        return found

    listens = ("orders_listen", "feed_listen", "snapshot_listen")
    placed: list[object] = [
        market | kept(former_markets.get(str(market["name"]), {}), market, listens)
        for market in cast("list[dict[str, object]]", config["markets"])
    ]
    return config | {"markets": placed} | kept(before, config, ("admin_listen",))


def _is_free(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the node does it: what is left of closed connections is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except (OSError, ValueError, OverflowError):
            return False
    return True


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
                next_step = "mend what its log tells, then rialto down and rialto up; "
                raise LocalError(f"node {name}", "does not start", next_step + _last_lines(paths.node(name).log))
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


def _wait_flow(paths: VenuePaths, plan: Plan) -> None:
    """Waits a moment for the order flow, so that what `up` shows next tells of it; the venue is up without it too."""
    deadline = time.monotonic() + FLOW_TIMEOUT_S
    while plan.flows and not paths.flow.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _last_lines(log: Path, count: int = 8) -> str:
    try:
        lines = last_lines(log, count)
    except OSError as error:
        return f"its log can't be read: {error}"
    return f"the end of {log}:\n  " + "\n  ".join(lines)


def _supervisors(paths: VenuePaths) -> list[process.ProcessIdentity]:
    """The venue's live supervisors: one at most, unless somebody started another by hand."""
    return _alive(paths.supervisor, ("-m", "rialto_platform.local.supervisor", str(paths.root)))


def _leftovers(paths: VenuePaths) -> Generator[tuple[str, list[process.ProcessIdentity]], None, None]:
    """What runs beside the supervisor, order flow first: name and live processes of each."""
    yield "order flow", _alive(paths.flow, ("--credentials", str(paths.credentials)))
    for name in paths.nodes():
        node = paths.node(name)
        yield name, _alive(node.process, ("--config", str(node.config)))


def _alive(record: Path, tail: tuple[str, ...]) -> list[process.ProcessIdentity]:
    """The process of a record and those with its command line: a record may be damaged, or missing on a full disk."""
    found = process.running(tail)
    with contextlib.suppress(LocalError):
        identity = process.recorded(record)
        if identity is not None and identity not in found and identity.alive():
            found.append(identity)
    return found


def _end_leftovers(paths: VenuePaths) -> list[str]:
    """Ends what a supervisor that died left behind; returns the names."""
    ended: list[str] = []
    for name, identities in _leftovers(paths):
        for identity in identities:
            if process.end(identity, _LEFTOVER_GRACE_S) != "gone" and name not in ended:
                ended.append(name)
    for name in paths.nodes():
        paths.node(name).process.unlink(missing_ok=True)
        paths.node(name).ready.unlink(missing_ok=True)
    paths.flow.unlink(missing_ok=True)
    paths.supervisor.unlink(missing_ok=True)
    return ended


@contextlib.contextmanager
def _locked(paths: VenuePaths) -> Generator[None, None, None]:
    """One `up` or `down` of a venue at a time."""
    paths.root.mkdir(parents=True, exist_ok=True)
    with paths.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A `down` that ended since has removed the file: another command may hold the one that is there now.
            ours = os.path.samestat(os.fstat(file.fileno()), paths.lock.stat())
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:
            raise LocalError(
                f"venue {paths.name}", "is being started or ended by another command", "wait for it, then try again"
            )
        yield

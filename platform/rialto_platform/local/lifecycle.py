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
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rialto_platform.local import credentials, numbers, process, status, topology
from rialto_platform.local.addresses import with_addresses
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import last_lines, read_json, write_json, write_text
from rialto_platform.local.paths import VenuePaths, venue_paths
from rialto_platform.local.plan import FlowPlan, Plan

if TYPE_CHECKING:
    from rialto_platform.venue import Venue

READY_TIMEOUT_S = 120.0
FLOW_TIMEOUT_S = 5.0
_SETTLED = {"running", "failed", "frozen"}
"""States of a node in which there is nothing to wait for."""
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
    failed: tuple[str, ...] = ()
    """What is wrong with each node that does not start, with the last lines of its log, while the others serve."""


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
            return Started(paths, already_up=True, file_differs=differs, failed=_wait_ready(paths, running[0]))
        for leftover in _end_leftovers(paths):
            say(f"ended {leftover}, left over from a supervisor that died")
        configs = {name: dict[str, object](config) for name, config in node_configs(venue).items()}
        numbers.check(paths.numbers, configs)
        plan = _prepare(paths, venue, text, configs, say, with_flow=with_flow)
        say(f"starting {len(plan.nodes)} node{'s' if len(plan.nodes) != 1 else ''}: {', '.join(plan.nodes)}")
        supervisor = _spawn_supervisor(paths)
        try:
            failed = _wait_ready(paths, supervisor)
            _wait_flow(paths, plan)
        except BaseException:
            process.end(supervisor, _SUPERVISOR_GRACE_S)
            _end_leftovers(paths)
            raise
        numbers.keep(paths.numbers, configs)
    return Started(paths, already_up=False, file_differs=False, failed=failed)


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
    for name, config in with_addresses(configs, {name: paths.node(name).config for name in configs}, say).items():
        node = paths.node(name)
        node.data.mkdir(parents=True, exist_ok=True)
        files = {"data_dir": node.data, "ready_file": node.ready, "credentials_file": paths.credentials}
        write_json(node.config, config | {key: str(path) for key, path in files.items()})
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


def _flows(paths: VenuePaths, venue: Venue) -> tuple[FlowPlan, ...]:
    from rialto_platform.node_config import flow_plans

    return tuple(
        FlowPlan(flow.market, flow.nodes, (*flow.arguments, "--credentials", str(paths.credentials)))
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


def _wait_ready(paths: VenuePaths, supervisor: process.ProcessIdentity) -> tuple[str, ...]:
    """Waits until every market has a leader that takes logins and that the others follow, and every node serves or is
    known not to start.

    Returns:
        What is wrong with the nodes that don't start.

    Raises:
        LocalError: a market can't have a leader, or has none in time; or the supervisor ended.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    names = Plan.read(paths.plan).nodes
    voters = _voters(paths, names)
    while True:
        nodes = {node.name: node for node in status.observe_nodes(paths, names)}
        led = {market.name for market in topology.markets(nodes.values()) if market.agreed}
        failed = [name for name, node in nodes.items() if node.state == "failed"]
        for market, hosts in voters.items():
            lost = [name for name in hosts if name in failed]
            if 2 * len(lost) >= len(hosts):
                which = f"node {lost[0]}" if len(lost) == 1 else f"nodes {' and '.join(lost)}"
                wrong = "does not start" if len(lost) == 1 else "do not start"
                raise LocalError(f"{which} of market {market}", wrong, _mend(paths, lost[0]))
        waiting = [name for name, node in nodes.items() if node.state not in _SETTLED]
        if not waiting and led >= set(voters):
            return tuple(f"node {name} does not start; {_mend(paths, name)}" for name in failed)
        if not supervisor.alive():
            raise LocalError("the supervisor", "ended", _last_lines(paths.supervisor_log))
        if time.monotonic() >= deadline:
            within = f"within {READY_TIMEOUT_S:.0f} s"
            if waiting:
                raise LocalError(
                    f"node {waiting[0]}", f"did not serve {within}", _last_lines(paths.node(waiting[0]).log)
                )
            market = next(name for name in voters if name not in led)
            raise LocalError(
                f"market {market}", f"has no leader {within}", _last_lines(paths.node(voters[market][0]).log)
            )
        time.sleep(0.05)


def _mend(paths: VenuePaths, node: str) -> str:
    return "mend what its log tells, then rialto down and rialto up; " + _last_lines(paths.node(node).log)


def _voters(paths: VenuePaths, names: Iterable[str]) -> dict[str, list[str]]:
    """The nodes that host each market."""
    found: dict[str, list[str]] = {}
    for name in names:
        config = read_json(paths.node(name).config) or {}
        for market in cast("list[Mapping[str, object]]", config.get("markets", [])):
            found.setdefault(str(market["name"]), []).append(name)
    return found


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

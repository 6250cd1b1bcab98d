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

from rialto_platform.local import addresses, changes, credentials, numbers, one_machine, process, status, topology
from rialto_platform.local.changes import Changed
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import last_lines, read_json, write_json, write_text
from rialto_platform.local.paths import VenuePaths, known_venues, venue_paths
from rialto_platform.local.plan import FlowPlan, Plan

if TYPE_CHECKING:
    from rialto_platform.venue import Venue

READY_TIMEOUT_S = 120.0
FLOW_TIMEOUT_S = 5.0
_SETTLED = {"running", "failed", "frozen"}
"""States of a node, and of the links, in which there is nothing to wait for."""
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
    changed: Changed | None = None
    """What the file given now says otherwise than the one it runs from; nothing of it was applied."""
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
    from rialto_platform.venue import parse, read_bytes

    data = read_bytes(venue_file)
    venue = parse(data, str(venue_file))
    text = data.decode("utf-8-sig")
    paths = venue_paths(venue.name)
    with _locked(paths):
        if running := _supervisors(paths):
            failed = _wait_ready(paths, running[0])
            return Started(paths, already_up=True, changed=changes.changed(paths, venue_file), failed=failed)
        for leftover in _end_leftovers(paths):
            say(f"ended {leftover}, left over from a supervisor that died")
        for sentence in one_machine.left_out(venue):
            say(sentence)
        configs = one_machine.configurations(venue)
        numbers.check(paths.numbers, configs)
        plan = _prepare(paths, venue, venue_file, text, configs, say, with_flow=with_flow)
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
    return Started(paths, already_up=False, failed=failed)


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
    venue_file: Path,
    text: str,
    configs: Mapping[str, Mapping[str, object]],
    say: Callable[[str], None],
    *,
    with_flow: bool,
) -> Plan:
    from rialto_platform.links_config import links_config
    from rialto_platform.node_config import usernames

    paths.root.mkdir(parents=True, exist_ok=True)
    paths.root.chmod(0o700)
    if (free := shutil.disk_usage(paths.root).free) < _LEAST_FREE_BYTES:
        say(
            f"only {free >> 20} MiB are free where {paths.root} lies; below {_LEAST_FREE_BYTES >> 20} MiB a node halts "
            "its markets: free space, then resume them (rialto status tells how)"
        )
    credentials.ensure(paths.credentials, usernames(venue))
    links = links_config(venue)
    files = {name: paths.node(name).config for name in configs}
    placed = addresses.place(configs, links, files, paths.links.config, say, _kept_elsewhere(paths))
    for name, config in placed.configs.items():
        node = paths.node(name)
        node.data.mkdir(parents=True, exist_ok=True)
        places = {"data_dir": node.data, "ready_file": node.ready, "credentials_file": paths.credentials}
        write_json(node.config, config | {key: str(path) for key, path in places.items()})
    if placed.links is None:
        paths.links.config.unlink(missing_ok=True)
    else:
        write_json(paths.links.config, placed.links | {"ready_file": str(paths.links.ready), "log_file": None})
    plan = Plan(
        venue=venue.name,
        node_binary=binary("rialto-node"),
        load_binary=binary("rialto-load"),
        nodes=tuple(configs),
        flows=_flows(paths, venue) if with_flow else (),
        link_binary=None if placed.links is None else binary("rialto-link"),
        file=str(venue_file.absolute()),
        reduced=one_machine.left_out(venue),
    )
    plan.write(paths.plan)
    write_text(paths.venue_file, text)
    return plan


def _flows(paths: VenuePaths, venue: Venue) -> tuple[FlowPlan, ...]:
    from rialto_platform.node_config import flow_plans

    return tuple(
        FlowPlan(flow.market, flow.nodes, (*flow.arguments, "--credentials", str(paths.credentials)))
        for flow in flow_plans(one_machine.reduced(venue))
    )


def _kept_elsewhere(paths: VenuePaths) -> set[str]:
    """The addresses that the machine's other venues want back, those that are down among them."""
    others = (venue_paths(name) for name in known_venues() if name != paths.name)
    return {
        address
        for other in others
        for address in addresses.kept([other.links.config, *(other.node(name).config for name in other.nodes())])
    }


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
    plan = Plan.read(paths.plan)
    names, linked = plan.nodes, plan.link_binary is not None
    voters = _voters(paths, names)
    while True:
        nodes = {node.name: node for node in status.observe_nodes(paths, names)}
        led = {market.name for market in topology.markets(nodes.values()) if market.agreed}
        failed = [name for name, node in nodes.items() if node.state == "failed"]
        links = status.links_status(paths).state if linked else "running"
        if links == "failed":
            raise LocalError("the links", "do not start", _mend(paths.links.log))
        for market, hosts in voters.items():
            lost = [name for name in hosts if name in failed]
            if 2 * len(lost) >= len(hosts):
                which = f"node {lost[0]}" if len(lost) == 1 else f"nodes {' and '.join(lost)}"
                wrong = "does not start" if len(lost) == 1 else "do not start"
                raise LocalError(f"{which} of market {market}", wrong, _mend(paths.node(lost[0]).log))
        waiting = [] if links in _SETTLED else [("the links", paths.links.log)]
        waiting += [
            (f"node {name}", paths.node(name).log) for name, node in nodes.items() if node.state not in _SETTLED
        ]
        if not waiting and led >= set(voters):
            return tuple(f"node {name} does not start; {_mend(paths.node(name).log)}" for name in failed)
        if not supervisor.alive():
            raise LocalError("the supervisor", "ended", _last_lines(paths.supervisor_log))
        if time.monotonic() >= deadline:
            within = f"within {READY_TIMEOUT_S:.0f} s"
            if waiting:
                where, log = waiting[0]
                raise LocalError(where, f"did not serve {within}", _last_lines(log))
            market = next(name for name in voters if name not in led)
            raise LocalError(
                f"market {market}", f"has no leader {within}", _last_lines(paths.node(voters[market][0]).log)
            )
        time.sleep(0.05)


def _mend(log: Path) -> str:
    return "mend what its log tells, then rialto down and rialto up; " + _last_lines(log)


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
    records = [paths.flow(flow.market).record for flow in plan.flows]
    while not all(record.exists() for record in records) and time.monotonic() < deadline:
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
    """What runs beside the supervisor, order flow first and the links last: name and live processes of each."""
    flows = process.running(("--credentials", str(paths.credentials)))
    for market in paths.flows():
        flows += [one for one in _recorded(paths.flow(market).record) if one not in flows]
    yield "order flow", flows
    for name in paths.nodes():
        node = paths.node(name)
        yield name, _alive(node.process, ("--config", str(node.config)))
    yield "the links", _alive(paths.links.process, ("--config", str(paths.links.config)))


def _alive(record: Path, tail: tuple[str, ...]) -> list[process.ProcessIdentity]:
    """The process of a record and those with its command line: a record may be damaged, or missing on a full disk."""
    found = process.running(tail)
    return found + [identity for identity in _recorded(record) if identity not in found]


def _recorded(record: Path) -> list[process.ProcessIdentity]:
    """The live process of a record, if there is one; a damaged record names none."""
    try:
        identity = process.recorded(record)
    except LocalError:
        return []
    return [identity] if identity is not None and identity.alive() else []


def _end_leftovers(paths: VenuePaths) -> list[str]:
    """Ends what a supervisor that died left behind; returns the names."""
    ended: list[str] = []
    for name, identities in _leftovers(paths):
        for identity in identities:
            if process.end(identity, _LEFTOVER_GRACE_S) != "gone" and name not in ended:
                ended.append(name)
    for kept in (*(paths.node(name) for name in paths.nodes()), paths.links):
        kept.process.unlink(missing_ok=True)
        kept.ready.unlink(missing_ok=True)
    for market in paths.flows():
        paths.flow(market).record.unlink(missing_ok=True)
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

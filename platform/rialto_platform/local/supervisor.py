"""The supervisor of a local venue: one asyncio process that keeps its links, its nodes and its order flow running.

Started by `rialto up` as a daemon; SIGTERM (sent by `rialto down`) ends everything it started: order flow first, the
links last. It decides nothing about the venue: what runs is in plan.json.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import write_json
from rialto_platform.local.paths import LinksPaths, NodePaths, VenuePaths
from rialto_platform.local.plan import FlowPlan, Plan
from rialto_platform.local.process import ProcessIdentity, record
from rialto_platform.local.ready import Ready
from rialto_platform.local.restarts import Restarts

_log = logging.getLogger("rialto.supervisor")
_GRACE_S = 20.0
_FLOW_GRACE_S = 5.0
_POLL_S = 0.05
_OTHER_NODES_S = 10.0
"""How long order flow waits for the other nodes of its market once the first is ready."""


@dataclass(frozen=True)
class Kept:
    """A process that is started again whenever it ends."""

    label: str
    binary: str
    paths: NodePaths | LinksPaths


class Supervisor:
    """Keeps the processes of one plan running until it is told to stop."""

    def __init__(self, paths: VenuePaths, plan: Plan) -> None:
        self._paths = paths
        self._plan = plan
        self._stopping = asyncio.Event()
        self._linked = asyncio.Event()
        """The links carry: nodes that are started before would find nobody there."""

    def stop(self) -> None:
        """Asks for the end of everything."""
        self._stopping.set()

    async def run(self) -> None:
        """Runs the plan until `stop`; order flow ends before the nodes do, and the links after them."""
        links = self._links()
        nodes = [asyncio.create_task(self._keep_node(name)) for name in self._plan.nodes]
        flows = [asyncio.create_task(self._run_flow(flow)) for flow in self._plan.flows]
        await self._stopping.wait()
        for group in (flows, nodes, links):
            for task in group:
                task.cancel()
            for result in await asyncio.gather(*group, return_exceptions=True):
                if isinstance(result, Exception):
                    _log.error("a process could not be ended cleanly: %s", result)

    def _links(self) -> list[asyncio.Task[None]]:
        if self._plan.link_binary is None:
            self._linked.set()
            return []
        links = Kept("the links", self._plan.link_binary, self._paths.links)
        return [asyncio.create_task(self._keep(links)), asyncio.create_task(self._await_links())]

    async def _await_links(self) -> None:
        while True:
            if self._paths.links.ready.exists():
                self._linked.set()
                return
            await asyncio.sleep(_POLL_S)

    async def _keep_node(self, name: str) -> None:
        await self._linked.wait()
        await self._keep(Kept(f"node {name}", self._plan.node_binary, self._paths.node(name)))

    async def _keep(self, kept: Kept) -> None:
        """Starts it, again and again, until it is cancelled or given up."""
        restarts = Restarts()
        starts = 0
        while True:
            started = time.monotonic()
            starts += 1
            code, how = await self._run_once(kept, starts)
            restarts = restarts.after_end(time.monotonic() - started, code)
            _log.warning("%s ended with %s; its log: %s", kept.label, how, kept.paths.log)
            if restarts.failing:
                facts = {"state": "failed", "starts": starts, "last_exit": how, "tried_again": not restarts.given_up}
                _write(kept.paths.process, facts)
            if restarts.given_up:
                break
            await asyncio.sleep(restarts.delay_s)
        _log.error(
            "%s ended %d times in a row soon after its start and is left alone; "
            "once what its log tells is mended: rialto down, then rialto up",
            kept.label,
            restarts.quick_ends,
        )

    async def _run_once(self, kept: Kept, starts: int) -> tuple[int | None, str]:
        """Runs the process to its end; its exit status, if it ran, and how it ended.

        Whatever the disk refuses, a process that runs is watched to its end.
        """
        paths = kept.paths
        try:
            paths.ready.unlink(missing_ok=True)
            process = await self._spawn([kept.binary, "--config", str(paths.config)], paths.log)
        except OSError as error:
            return None, f"no start ({error})"
        _record(paths.process, process.pid, state="running", starts=starts)
        _log.info("%s started: pid %d", kept.label, process.pid)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            # All nodes at once: none waits for an answer of one that has gone before it.
            await _end(process, _GRACE_S)
            paths.process.unlink(missing_ok=True)
            raise
        finally:
            paths.ready.unlink(missing_ok=True)
        return code, _exit_text(code)

    async def _run_flow(self, flow: FlowPlan) -> None:
        try:
            await self._send_flow(flow)
        except (LocalError, OSError, KeyError) as error:
            _log.error("order flow into market %s can't run: %s", flow.market, error)
            facts = {"state": "failed", "market": flow.market, "last_exit": f"no start ({error})"}
            _write(self._paths.flow(flow.market).record, facts)

    async def _send_flow(self, flow: FlowPlan) -> None:
        ready = await self._some_ready(flow.nodes)
        orders = [word for one in ready for word in ("--orders", one.markets[flow.market].orders)]
        command = [self._plan.load_binary, "flow", *orders, *flow.arguments]
        files = self._paths.flow(flow.market)
        process = await self._spawn(command, files.log)
        _record(files.record, process.pid, state="running", market=flow.market)
        _log.info("order flow into market %s started: pid %d", flow.market, process.pid)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process, _FLOW_GRACE_S)
            files.record.unlink(missing_ok=True)
            raise
        _log.info("order flow into market %s ended with %s; its log: %s", flow.market, _exit_text(code), files.log)
        state = "ended" if code == 0 else "failed"
        _write(files.record, {"state": state, "market": flow.market, "last_exit": _exit_text(code)})

    async def _some_ready(self, names: Sequence[str]) -> list[Ready]:
        """Every node's ready file, or those there are a while after the first: who does not start holds up nobody."""
        deadline = None
        while True:
            found = [ready for name in names if (ready := Ready.read(self._paths.node(name).ready)) is not None]
            now = time.monotonic()
            if found and deadline is None:
                deadline = now + _OTHER_NODES_S
            if len(found) == len(names) or (deadline is not None and now >= deadline and found):
                return found
            await asyncio.sleep(_POLL_S)

    async def _spawn(self, command: Sequence[str], log: Path) -> asyncio.subprocess.Process:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=self._paths.root
            )


def _record(path: Path, pid: int, **facts: object) -> None:
    identity = ProcessIdentity.of(pid)
    if identity is not None:
        _write(path, asdict(identity) | facts)


def _write(path: Path, value: object) -> None:
    """A disk that takes no record, full perhaps, is no reason to let go of a process."""
    try:
        # The other nodes wait for the supervisor, so it waits for no disk.
        write_json(path, value, durable=False)
    except OSError as error:
        _log.warning("%s can't be written: %s", path, error)


async def _end(process: asyncio.subprocess.Process, grace_s: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        # A frozen one hears of it once it is woken.
        process.send_signal(signal.SIGCONT)
    try:
        await asyncio.wait_for(process.wait(), grace_s)
    except TimeoutError:
        _log.error("pid %d did not end within %.0f s of SIGTERM: killed", process.pid, grace_s)
        process.kill()
        await process.wait()


def _exit_text(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


async def _main(root: Path) -> None:
    paths = VenuePaths(root)
    supervisor = Supervisor(paths, Plan.read(paths.plan))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    identity = ProcessIdentity.of(os.getpid())
    if identity is not None:
        # Not as with the others: a supervisor that nobody can find again must not begin.
        record(paths.supervisor, identity, state="running")
    try:
        await supervisor.run()
    finally:
        paths.supervisor.unlink(missing_ok=True)


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        asyncio.run(_main(Path(sys.argv[1])))
    except (LocalError, OSError) as problem:
        _log.error("%s", problem)
        sys.exit(1)

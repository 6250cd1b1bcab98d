"""Measures a venue of three nodes through its order gateway: `make bench`.

A venue of its own is started in a temporary directory. First what its nodes cost while nothing is sent. Then round
trips (OUCH order to accepted, on the disks of a majority) beside an echo that forwards to two peers, all three with
fdatasync, and waits for a majority too, each pair in the same minute; then the highest rate sustained with p99 under
10 ms and no growing backlog; then the memory and disk of the nodes with a million resting orders. Times are from the
intended send time. A step of the search that fails says what failed.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from live_venue import NODES, LiveVenue, laptop  # noqa: E402 (its folder was named just now)

from rialto_platform.local.topology import region_of  # noqa: E402

LOAD = Path(sys.executable).parent / "rialto-load"
TRADED = ("BARK:100:1:482000:2000", "CORAL:100:1:1127500:2000", "HARBOR:100:1:641000:2000")


def main() -> None:
    """Runs every measurement and prints a table of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="of each measurement (default: %(default)s)")
    parser.add_argument("--top", type=float, default=400_000, help="no rate above it is tried (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rialto-bench-") as folder:
        venue = laptop("bench", Path(folder))
        venue.rialto("up", str(venue.file), "--no-flow")
        try:
            # As near as the peers of the echo: this is about the venue's own work, tests/bench/links.py about distance.
            for one, other in itertools.combinations(map(region_of, NODES), 2):
                venue.rialto("link", "set", one, other, "--latency", "0 ms")
            idle(venue)
            round_trips(venue, Path(folder), options.seconds)
            ramp(venue, options.seconds, options.top)
            memory(venue)
        finally:
            venue.rialto("down")


def idle(venue: LiveVenue, seconds: float = 20) -> None:
    """Processor time of each node while nothing is sent."""
    before = {node: processor_s(venue, node) for node in NODES}
    time.sleep(seconds)
    used = {node: 100 * (processor_s(venue, node) - before[node]) / seconds for node in NODES}
    print("\nidle, of one core: " + ", ".join(f"{node} {share:.1f} %" for node, share in used.items()))


def processor_s(venue: LiveVenue, node: str) -> float:
    """Seconds of processor time a node has used."""
    fields = Path(f"/proc/{venue.ready(node)['pid']}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def round_trips(venue: LiveVenue, folder: Path, seconds: float) -> None:
    """OUCH order to accepted beside the echo, at one and at a thousand messages a second."""
    print(f"\nround trip, {seconds:.0f} s each, microseconds     p50      p99    p99.9      max    count")
    with contextlib.ExitStack() as held:
        peers = [held.enter_context(echo(folder / f"peer-{number}")) for number in (1, 2)]
        address = held.enter_context(echo(folder / "echo", *peers))
        for rate in (1, 1000):
            ours = client(venue, "bench-roundtrip", "TRADE1", rate, seconds)
            print(row(f"{rate:,} messages/s, order to accepted", ours["latency_ns"]))
            command = [str(LOAD), "echo", "--to", address, "--rate", str(rate), "--seconds", str(seconds)]
            print(row(f"{rate:,} messages/s, echo, two of three disks", run(command)["latency_ns"]))


def ramp(venue: LiveVenue, seconds: float, top: float) -> None:
    """The highest sustained rate of mixed flow."""
    result = client(venue, "ramp", "REPLAY", None, seconds, "--from", "25000", "--to", str(top))
    print(f"\nmixed flow, {seconds:.0f} s a step: commands/s, p50, p99, max (us), backlog grows, sustained")
    for step in result["steps"]:
        latency, backlog = step["result"]["latency_ns"], step["result"]["backlog"]
        times = "".join(f"{latency[name] / 1000:>9,.0f}" for name in ("p50", "p99", "max"))
        print(f"{step['rate']:>12,.0f}{times}   {backlog['growing']!s:<6} {step['sustained']}")
    print(f"sustained: {result['sustained_rate'] or 0:,.0f} commands/s")


def memory(venue: LiveVenue, orders: int = 1_000_000) -> None:
    """What the nodes hold with a million resting orders: resident memory, its peak, and the disk."""
    client(venue, "flow", "REPLAY", 200_000, 12, "--resting-orders", str(orders))
    nodes: dict[str, Any] = {node["name"]: node["status"] for node in venue.status()["nodes"]}  # type: ignore[attr-defined]
    print(f"\nwith {nodes[venue.leader()]['markets']['main']['orders_resting']:,} resting orders")
    for node in NODES:
        text = Path(f"/proc/{venue.ready(node)['pid']}/status").read_text(encoding="ascii")
        figures = {name: int(kib) // 1024 for name, kib in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", text)}
        disk = sum(
            file.stat().st_blocks * 512 for file in (venue.root / "nodes" / node / "data").rglob("*") if file.is_file()
        )
        held = f"{figures['VmRSS']} MiB resident, {figures['VmHWM']} MiB at most, {disk >> 20} MiB on disk"
        print(f"{node:<12}{held}")


def client(
    venue: LiveVenue, command: str, username: str, rate: float | None, seconds: float, *more: str
) -> dict[str, Any]:
    """Runs the load client against the venue; its result."""
    words = [str(LOAD), command, "--username", username]
    words += [word for address in venue.orders() for word in ("--orders", address)]
    words += ["--credentials", str(venue.root / "credentials.json"), "--seconds", str(seconds), "--json"]
    words += [word for spec in TRADED for word in ("--instrument", spec)]
    if rate is not None:
        words += ["--rate", str(rate)]
    return run([*words, *more])


def run(command: list[str]) -> dict[str, Any]:
    """Runs a command that ends with a line of JSON."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@contextmanager
def echo(file: Path, *peers: str) -> Generator[str, None, None]:
    """An echo that writes and syncs each message, here and at its peers, before it answers; its address."""
    command = [str(LOAD), "echo", "--file", str(file), *(word for peer in peers for word in ("--peer", peer))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield str(json.loads(server.stdout.readline())["echo"])
        finally:
            server.send_signal(signal.SIGTERM)


def row(label: str, latency: dict[str, int]) -> str:
    """One line of the round-trip table."""
    times = "".join(f"{latency[name] / 1000:>9,.0f}" for name in ("p50", "p99", "p99_9", "max"))
    return f"{label:<42}{times}{latency['count']:>9,}"


if __name__ == "__main__":
    main()

"""The console of a running venue under load, on a terminal: key to screen, processor time, memory.

    .venv/bin/python tests/bench/console.py --venue laptop --seconds 60 --rate 1000 --kill

Starts `rialto console` on a pseudo terminal and presses keys that draw a whole screen anew: the time from the key's
byte until the terminal has read a piece of text that only the new screen has. Processor time and memory are those of
the console's process, its threads included. `--rate` sends order flow meanwhile, `--kill` kills a node every ten
seconds. Everything it starts ends with it.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import itertools
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

_RIALTO = (sys.executable, "-m", "rialto_tui.cli")
_TICKS = os.sysconf("SC_CLK_TCK")
_STARTED_S = 30.0
_SHOWN_S = 5.0
_KILL_S = 10.0
_PAUSE_S = 0.23
"""Between two keys: not a divisor of the console's half second, so that keys meet every phase of its drawing."""
_KEYS = (
    ("2", "time & sales"),
    ("?", "Esc closes"),
    ("?", "time & sales"),
    ("3", "events"),
    ("1", "regions and voters"),
    ("?", "Esc closes"),
    ("?", "regions and voters"),
)


@dataclass(frozen=True)
class Used:
    """What a process has used."""

    cpu_s: float
    rss_kib: int
    peak_rss_kib: int


class Terminal:
    """The console on a pseudo terminal."""

    def __init__(self, venue: str, columns: int, lines: int) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.environ["COLORTERM"] = "truecolor"
            os.execv(_RIALTO[0], [*_RIALTO, "console", "--venue", venue])  # noqa: S606 (there is no shell to do without)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait_for(self, words: str, timeout_s: float) -> float:
        """Reads until these words are shown; how long that took, in seconds.

        Raises:
            TimeoutError: they were not shown in time.
        """
        began = time.monotonic()
        # Words may be cut by a read, and their spaces drawn by moving the cursor.
        seen = b""
        wanted = words.encode()
        while wanted not in seen:
            left = timeout_s - (time.monotonic() - began)
            if left <= 0 or not select.select([self._fd], [], [], left)[0]:
                raise TimeoutError(f"{words!r} was not shown within {timeout_s:g} s")
            seen = seen[-64:] + os.read(self._fd, 1 << 16)
        return time.monotonic() - began

    def drain(self, seconds: float) -> int:
        """Reads for so long; how many bytes there were."""
        until = time.monotonic() + seconds
        count = 0
        while (left := until - time.monotonic()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                count += len(os.read(self._fd, 1 << 16))
        return count

    def press(self, key: str) -> None:
        """Sends a key."""
        os.write(self._fd, key.encode())

    def used(self) -> Used:
        """What the console has used so far."""
        process = Path("/proc") / str(self.pid)
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        sizes = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        cpu_s = (int(fields[11]) + int(fields[12])) / _TICKS
        return Used(cpu_s, int(sizes["VmRSS"].split()[0]), int(sizes["VmHWM"].split()[0]))

    def end(self) -> None:
        """Leaves the console."""
        self.press("q")
        with contextlib.suppress(OSError, TimeoutError):
            self.drain(1)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self._fd)


@contextlib.contextmanager
def _load(venue: str, rate: int, sessions: int, seconds: int) -> Generator[None, None, None]:
    if rate == 0:
        yield
        return
    words = ["flow", "--venue", venue, "--rate", str(rate), "--sessions", str(sessions), "--seconds", str(seconds)]
    child = subprocess.Popen([*_RIALTO, *words, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait(30)


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Presses keys until the time is over."""
    terminal = Terminal(options.venue, options.columns, options.lines)
    began = time.monotonic()
    try:
        terminal.wait_for("regions and voters", _STARTED_S)
        first_s = time.monotonic() - began
        regions = itertools.cycle(_regions(options.venue))
        with _load(options.venue, options.rate, options.sessions, options.seconds + 30):
            idle = _idle(terminal, options.idle)
            before, began = terminal.used(), time.monotonic()
            by_words: dict[str, list[float]] = {}
            killed, drawn = 0, 0
            for key, words in itertools.cycle(_KEYS):
                passed = time.monotonic() - began
                if passed >= options.seconds:
                    break
                if options.kill and passed >= _KILL_S * (killed + 1):
                    killed += 1
                    subprocess.Popen(
                        [*_RIALTO, "node", "kill", next(regions), "--venue", options.venue],
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    ).wait(30)
                drawn += terminal.drain(_PAUSE_S)
                terminal.press(key)
                by_words.setdefault(words, []).append(terminal.wait_for(words, _SHOWN_S))
            passed = time.monotonic() - began
            after = terminal.used()
    finally:
        terminal.end()
    took = sorted(itertools.chain.from_iterable(by_words.values()))
    return {
        "columns": options.columns,
        "lines": options.lines,
        "seconds": round(passed, 1),
        "orders_per_second": options.rate,
        "nodes_killed": killed,
        "first_screen_ms": round(1000 * first_s),
        "keys": len(took),
        "key_to_screen_ms": {
            "p50": _ms(took, 0.5),
            "p90": _ms(took, 0.9),
            "p99": _ms(took, 0.99),
            "max": _ms(took, 1.0),
        },
        "key_to_screen_ms_by_what_is_shown": {
            words: {"p50": _ms(sorted(one), 0.5), "max": _ms(sorted(one), 1.0)} for words, one in by_words.items()
        },
        "cpu_percent_idle": idle,
        "cpu_percent_pressing": round(100 * (after.cpu_s - before.cpu_s) / passed, 1),
        "rss_mib": round(after.rss_kib / 1024, 1),
        "peak_rss_mib": round(after.peak_rss_kib / 1024, 1),
        "bytes_per_second": round(drawn / passed),
    }


def _idle(terminal: Terminal, seconds: float) -> float | None:
    """Of one core in percent, while nobody presses a key."""
    if seconds <= 0:
        return None
    before = terminal.used()
    terminal.drain(seconds)
    return round(100 * (terminal.used().cpu_s - before.cpu_s) / seconds, 1)


def _regions(venue: str) -> list[str]:
    words = [*_RIALTO, "status", "--venue", venue, "--json"]
    told = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    return [node["region"] for node in json.loads(told.stdout)["nodes"]]


def _ms(ordered: list[float], share: float) -> float:
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


def main() -> None:
    """Measures as it is told and prints JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venue", default="laptop")
    parser.add_argument("--seconds", type=int, default=60, help="of pressing keys")
    parser.add_argument("--idle", type=float, default=30, help="seconds before that without a key")
    parser.add_argument("--rate", type=int, default=0, help="orders a second to send meanwhile")
    parser.add_argument("--sessions", type=int, default=16, help="to send them from")
    parser.add_argument("--kill", action="store_true", help="kill a node every ten seconds")
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--lines", type=int, default=24)
    print(json.dumps(measure(parser.parse_args()), indent=2))


if __name__ == "__main__":
    main()

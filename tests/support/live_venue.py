"""A live venue for tests that cross rooms: commands are run as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

NODES = ("us-1", "asia-1", "europe-1")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class LiveVenue:
    """A venue that `up` started, and how to run commands on it."""

    name: str
    state: Path
    file: Path

    def rialto(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs the `rialto` command of this environment as a user would, with no terminal."""
        with self.start(*arguments) as child:
            try:
                out, err = child.communicate(timeout=240)
            except BaseException:
                child.kill()
                raise
        done = subprocess.CompletedProcess(child.args, child.returncode, out, err)
        if check and done.returncode != 0:
            raise AssertionError(
                f"rialto {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts the `rialto` command, and waits for nothing."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "rialto"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.state),
                "RIALTO_STATE_DIR": str(self.state),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )

    @property
    def root(self) -> Path:
        return self.state / "venues" / self.name

    def status(self) -> dict[str, object]:
        """What `rialto status --json` prints."""
        return cast("dict[str, object]", json.loads(self.rialto("status", "--json", check=False).stdout))

    def ready(self, node: str | None = None) -> dict[str, object]:
        """A node's ready file; the leader's if none is named."""
        name = self.leader() if node is None else node
        return cast("dict[str, object]", json.loads((self.root / "nodes" / name / "ready.json").read_text()))

    def addresses(self, node: str | None = None) -> dict[str, str]:
        """A node's listeners of the market; the leader's if none is named."""
        markets = cast("dict[str, dict[str, str]]", self.ready(node)["markets"])
        return markets["main"]

    def orders(self) -> list[str]:
        """Every order address of the market."""
        return [self.addresses(node)["orders"] for node in NODES]

    def market(self) -> dict[str, Any]:
        """The market's leader, epoch and replicas."""
        markets = cast("list[dict[str, Any]]", self.status()["markets"])
        return markets[0]

    def leader(self) -> str:
        """The node that leads, once there is one.

        Raises:
            AssertionError: none leads within a minute.
        """
        found: list[str] = []

        def look() -> bool:
            markets = cast("list[dict[str, Any]]", self.status()["markets"])
            found[:] = [market["leader"]["node"] for market in markets if market["leader"] is not None]
            return bool(found)

        eventually(look)
        return found[0]

    def healthy(self) -> bool:
        """Whether every node runs, a leader leads, and no replica lacks anything that the leader knows of."""
        status = cast("dict[str, Any]", self.status())
        lags = [replica["lag"] for market in status["markets"] for replica in market["replicas"]]
        return status["state"] == "up" and len(lags) == len(NODES) and not any(lags) and None not in lags

    def password(self, username: str) -> str:
        """A password of the credentials file."""
        value = json.loads((self.root / "credentials.json").read_text())
        return cast("str", value["passwords"][username])


def laptop(name: str, folder: Path, *changes: tuple[str, str, int]) -> LiveVenue:
    """The laptop's venue under another name and with other values, its files below `folder`; nothing is started.

    Each change is what stands in the file, what stands there instead, and how often it stands there.

    Raises:
        ValueError: the file does not hold a value as often as that.
    """
    text = (ROOT / "stacks" / "venues" / "laptop.yaml").read_text(encoding="utf-8")
    for old, new, times in (("venue: laptop", f"venue: {name}", 1), *changes):
        if text.count(old) != times:
            raise ValueError(f"laptop.yaml holds {old!r} {text.count(old)} times, not {times}")
        text = text.replace(old, new)
    file = folder / "venue.yaml"
    file.write_text(text, encoding="utf-8")
    return LiveVenue(name, folder / "state", file)


def eventually(look: Callable[[], object], timeout_s: float = 60) -> None:
    """Waits until `look` is true: a status may be a moment old, and processes take their time.

    Raises:
        AssertionError: it was not true within `timeout_s` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while not look():
        assert time.monotonic() < deadline, f"not true within {timeout_s} s"
        time.sleep(0.1)


def assert_whole(figures: dict[str, Any]) -> None:
    """Orders were acknowledged, each is in every replica once and as it was, and no stream has a gap."""
    assert figures["acknowledged"] > 100
    wrong = {key: figures[key] for key in ("lost", "repeated", "altered", "stream_gaps")}
    assert wrong == dict.fromkeys(wrong, 0)
    assert figures["state_hashes_equal"] is True
    assert figures["lagging"] == []
    assert figures["ok"] is True

"""Proof of a flow: every acknowledgement a load client kept, held against the journals and streams of all replicas."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rialto_platform.local import status
from rialto_platform.local.admin import get_json
from rialto_platform.local.errors import LocalError
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.target import Target

SETTLE_S = 60.0
"""How long replicas may take to have what the leader has."""
_EQUAL_S = 5.0
"""How long a quiet market's replicas may take to be at one position; one that trades on never is."""
_POLL_S = 0.1
_HASH_S = 30.0
_VERIFY_S = 600.0

Figures = Mapping[str, object]


@dataclass(frozen=True)
class ReplicaState:
    """A replica's state at a position of the market's log."""

    node: str
    position: int
    state_hash: str


@dataclass(frozen=True)
class Settled:
    """The replicas of a market that have what its leader had, and what is wrong with the others."""

    replicas: tuple[ReplicaState, ...]
    lagging: tuple[str, ...]

    @property
    def position(self) -> int:
        """The last position that all of them have."""
        return min(replica.position for replica in self.replicas)

    @property
    def hashes_equal(self) -> bool | None:
        """Whether their states are equal; nobody knows while they are at different positions."""
        if len({replica.position for replica in self.replicas}) > 1:
            return None
        return len({replica.state_hash for replica in self.replicas}) == 1


def settle(paths: VenuePaths, market: str, timeout_s: float = SETTLE_S) -> Settled:
    """Waits until every replica has what the leader has now, `timeout_s` seconds at most.

    Raises:
        LocalError: no leader takes logins by then, or no replica answers.
    """
    deadline = time.monotonic() + timeout_s
    goal: int | None = None
    while True:
        seen = status.observe(paths)
        view = seen.market(market)
        if goal is None and view is not None and view.leader is not None:
            goal = view.leader.applied
        behind = (
            []
            if view is None
            else [one for one in view.replicas if one.applied is None or goal is None or one.applied < goal]
        )
        if view is not None and goal is not None and not behind:
            return Settled(_states(seen, market), ())
        if time.monotonic() >= deadline:
            if goal is None or view is None:
                raise LocalError(f"market {market}", f"has no leader after {timeout_s:.0f} s", "see: rialto status")
            lagging = tuple(
                f"{one.node} is {one.state}" if one.applied is None else f"{one.node} is at {one.applied} of {goal}"
                for one in behind
            )
            here = {one.node for one in view.replicas} - {one.node for one in behind}
            return Settled(_states(seen, market, here), lagging)
        time.sleep(_POLL_S)


def _states(seen: status.VenueStatus, market: str, only: set[str] | None = None) -> tuple[ReplicaState, ...]:
    """What replicas say of their state, at one position if the market is quiet."""
    admins = {node.name: node.admin for node in seen.nodes if node.admin and (only is None or node.name in only)}
    deadline = time.monotonic() + _EQUAL_S
    while True:
        found = tuple(_state(node, admin, market) for node, admin in admins.items())
        if len({one.position for one in found}) <= 1 or time.monotonic() >= deadline:
            return found
        time.sleep(_POLL_S)


def _state(node: str, admin: str, market: str) -> ReplicaState:
    answer = get_json(admin, f"/v1/markets/{market}/state?read=local", _HASH_S)
    return ReplicaState(node, cast("int", answer["position"]), str(answer["state_hash"]))


def verify(paths: VenuePaths, target: Target, ledger: Path, timeout_s: float = SETTLE_S) -> Figures:
    """Holds a load client's ledger against all replicas of the market it was sent to.

    Returns:
        What the verifier found, with `lagging`: replicas that could not be asked or did not catch up. `ok` is true only
        if nothing is wrong and no replica is left out.

    Raises:
        LocalError: no replica can be asked, or the verifier can't do its work.
    """
    settled = settle(paths, target.market, timeout_s)
    if not settled.replicas:
        raise LocalError(f"market {target.market}", "has no replica that answers", "see: rialto status")
    found = dict(_run(command(paths, target, ledger, settled)))
    hashes_equal = bool(found.get("state_hashes_equal")) and settled.hashes_equal is not False
    ok = bool(found.get("ok")) and hashes_equal and not settled.lagging
    return found | {"state_hashes_equal": hashes_equal, "lagging": list(settled.lagging), "ok": ok}


def command(paths: VenuePaths, target: Target, ledger: Path, settled: Settled) -> list[str]:
    """The verifier's command line."""
    replicas = (
        ("--replica", f"{one.node}={paths.node(one.node).data},{target.number},{settled.position}")
        for one in settled.replicas
    )
    # What they say of themselves is held against what their journals give.
    told = (
        ("--state-hash", f"{one.node}={one.position}:{one.state_hash}")
        for one in settled.replicas
        if one.position == settled.position
    )
    return [
        target.load_binary,
        "verify",
        *("--ledger", str(ledger), "--market", target.market, "--json"),
        *(word for words in (*replicas, *told) for word in words),
    ]


def _run(words: Sequence[str]) -> Figures:
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False, timeout=_VERIFY_S)
    lines = done.stdout.splitlines()
    try:
        value: object = json.loads(lines[-1]) if lines else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise LocalError("the verifier", f"ended with status {done.returncode}", "its message stands above")
    return cast("Figures", value)

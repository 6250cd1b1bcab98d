"""Process identity: a process id alone is reused by the kernel, so each is recorded with its start time and boot."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json, write_json

_STATE_FIELD = 0
_STOPPED = {"T", "t"}
_START_TIME_FIELD = 19  # proc(5): field 22 of /proc/pid/stat, counted here after the command's closing bracket


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of one boot: never equal to a later process of the same id."""

    pid: int
    start_time_ticks: int
    boot_id: str

    @staticmethod
    def of(pid: int) -> ProcessIdentity | None:
        """The identity of the live process `pid`, or None where there is none (a zombie counts as none)."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        if len(fields) <= _START_TIME_FIELD or fields[_STATE_FIELD] in {"Z", "X"}:
            return None
        return ProcessIdentity(pid, int(fields[_START_TIME_FIELD]), _boot_id())

    def alive(self) -> bool:
        """Whether this very process still runs, frozen or not."""
        return ProcessIdentity.of(self.pid) == self

    def frozen(self) -> bool:
        """Whether this very process was stopped by a signal, and waits to be continued."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[_STATE_FIELD] in _STOPPED and self.alive()

    def signal(self, number: signal.Signals) -> bool:
        """Sends a signal to this process if it still runs; whether it did.

        Raises:
            LocalError: the process belongs to another user.
        """
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        except PermissionError as error:
            raise LocalError(
                f"process {self.pid}", "belongs to another user", "run the command as the user who ran `rialto up`"
            ) from error
        return True

    def wait_gone(self, timeout_s: float) -> bool:
        """Waits until this process has ended; whether it had by `timeout_s` seconds."""
        deadline = time.monotonic() + timeout_s
        while self.alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True


def record(path: Path, identity: ProcessIdentity, **facts: object) -> None:
    """Writes a process identity, and further facts about the process, to `path`; it means nothing in another boot."""
    write_json(path, asdict(identity) | facts, durable=False)


def recorded(path: Path) -> ProcessIdentity | None:
    """The process identity written to `path`, or None where there is none (no file, or a process that has ended).

    Raises:
        LocalError: the file holds something else.
    """
    value = read_json(path)
    return None if value is None or "pid" not in value else identity_from(value, path)


def running(tail: Sequence[str]) -> list[ProcessIdentity]:
    """The live processes whose command line ends with just these arguments.

    For what no record names: a record that was damaged, or that a full disk did not take.
    """
    end = b"".join(b"\0" + argument.encode() for argument in tail) + b"\0"
    found: list[ProcessIdentity] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if command.endswith(end) and (identity := ProcessIdentity.of(int(entry.name))) is not None:
            found.append(identity)
    return found


def identity_from(value: Mapping[str, object], path: Path) -> ProcessIdentity:
    """The process identity in an object read from `path`.

    Raises:
        LocalError: a key is missing or of another type.
    """
    pid, ticks, boot = value.get("pid"), value.get("start_time_ticks"), value.get("boot_id", "")
    if not (isinstance(pid, int) and isinstance(ticks, int) and isinstance(boot, str) and pid > 1):
        raise LocalError(str(path), "holds no process identity", "remove the file, then run `rialto up`")
    return ProcessIdentity(pid, ticks, boot)


def end(identity: ProcessIdentity, grace_s: float) -> str:
    """Ends a process: asks with SIGTERM, insists with SIGKILL after `grace_s` seconds; a frozen one is woken.

    Returns:
        "gone" if it did not run, "ended" if it went by itself when asked, "killed" otherwise.
    """
    if not identity.signal(signal.SIGTERM):
        return "gone"
    identity.signal(signal.SIGCONT)
    if identity.wait_gone(grace_s):
        return "ended"
    identity.signal(signal.SIGKILL)
    if not identity.wait_gone(10):
        raise LocalError(f"process {identity.pid}", "did not end within 10 s of SIGKILL", "look at it: ps -p")
    return "killed"


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""

"""flow and replay: order flow into a running market, or a recorded day into this process."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from rialto_platform.local import links, paths, proof
from rialto_platform.local.errors import LocalError
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.target import Target, find

Tell = Callable[[int, int], object]
Figures = Mapping[str, object]

_VERDICT = (
    "orders_sent",
    "acknowledged",
    "rejected",
    "unanswered",
    "lost",
    "repeated",
    "altered",
    "stream_gaps",
    "longest_gap_ms",
    "common_position",
    "state_hashes_equal",
    "lagging",
    "findings",
    "notes",
    "ok",
)
"""What people are told of a verification; --json tells all."""


def flow(options: argparse.Namespace) -> int:
    """Sends seeded order flow with the load client; with --verify holds its acknowledgements against all replicas."""
    venue = paths.choose_venue(cast("str | None", options.venue))
    target = _seen_from(options, venue, find(venue, cast("str | None", options.market)))
    if not options.verify:
        return _show(_run(*_flow_command(options, target)), as_json=cast("bool", options.json))
    return _verified(options, venue, target)


def _seen_from(options: argparse.Namespace, venue: VenuePaths, target: Target) -> Target:
    """The market as a client in the region of `--from` reaches it: across the links."""
    region = cast("str | None", options.region)
    return target if region is None else target.through(links.edge(venue, region))


def _verified(options: argparse.Namespace, venue: VenuePaths, target: Target) -> int:
    ledger = venue.root / f"flow-{os.getpid()}.ledger"
    command, label, progress = _flow_command(options, target)
    try:
        sent = _run([*command, "--verify-file", str(ledger)], label, progress)
    except BaseException:
        ledger.unlink(missing_ok=True)
        raise
    try:
        with _progress() as bar:
            bar.add_task(f"verifying against the replicas of {target.market}", total=None)
            found = proof.verify(venue, target, ledger)
    except LocalError:
        # What clients were told can't be had again.
        sys.stderr.write(f"rialto: nothing is proven; what was sent and answered is in {ledger}\n")
        raise
    if found["ok"]:
        ledger.unlink(missing_ok=True)
    else:
        sys.stderr.write(f"rialto: the flow does not hold; what was sent and answered is in {ledger}\n")
    about = {"sessions": len(_senders(options, target)), "seconds": options.seconds}
    if options.json:
        _show(about | dict(found) | {"flow": sent}, as_json=True)
    else:
        _show(about | {key: found[key] for key in _VERDICT if found.get(key) not in (None, [])}, as_json=False)
    return 0 if found["ok"] else 1


def _senders(options: argparse.Namespace, target: Target) -> tuple[str, ...]:
    count = cast("int | None", options.sessions)
    return (cast("str", options.username),) if count is None else target.free_sessions(count)


def _flow_command(
    options: argparse.Namespace, target: Target
) -> tuple[list[str], str, Callable[[Figures, Tell], bool]]:
    """The load client's command line, what its progress is called, and how it is read."""
    # Without a reference price there is nothing to make prices around.
    traded = [one for one in target.instruments.values() if one.reference_price_e4 > 0]
    seconds = cast("int", options.seconds)
    command = [
        target.load_binary,
        "flow",
        *target.orders,
        *(word for one in _senders(options, target) for word in ("--username", one)),
        *("--credentials", str(target.credentials)),
        *("--orders-per-second", str(options.rate), "--seconds", str(seconds), "--seed", str(options.seed)),
        *(word for one in traded for word in ("--instrument", one.spec)),
        *("--json", "--progress"),
    ]
    ticks = 0

    def second(line: Figures, tell: Tell) -> bool:
        nonlocal ticks
        if "second" not in line and "progress" not in line:
            return False
        ticks += 1
        tell(min(ticks, seconds), seconds)
        return True

    return command, f"flow into {target.market}", second


def replay(options: argparse.Namespace) -> int:
    """Replays a recorded day."""
    file = cast("Path", options.file)
    lobster = options.format == "lobster"
    books = [cast("Path | None", options.seed_book), cast("Path | None", options.reference)]
    if lobster and None in books:
        raise LocalError("replay", "of a recorded day needs two books", "give --seed-book FILE and --reference FILE")
    if options.in_process:
        return _in_process(options, file, [book for book in books if book is not None])
    venue = paths.choose_venue(cast("str | None", options.venue))
    target = _seen_from(options, venue, find(venue, cast("str | None", options.market)))
    if target.feed_user is None:
        raise LocalError(f"market {target.market}", "has no feed user", "add one under feed_users in the venue file")
    symbols = _symbols(cast("str | None", options.instrument), file, target, lobster=lobster)
    command = [
        target.load_binary,
        "replay",
        str(file),
        *("--format", cast("str", options.format)),
        *target.orders,
        *target.market_data,
        *("--username", cast("str", options.username), "--feed-username", target.feed_user),
        *("--credentials", str(target.credentials)),
        *(word for symbol in symbols for word in ("--instrument", target.instrument(symbol).spec)),
        *("--json", "--progress"),
    ]
    if options.speed is not None:
        command += ["--speed", str(options.speed)]
    for option, book in zip(("--seed-book", "--reference"), books, strict=True):
        if book is not None:
            command += [option, str(book)]
    return _show(_run(command, f"replay into {target.market}", _replayed), as_json=cast("bool", options.json))


def _in_process(options: argparse.Namespace, file: Path, books: list[Path]) -> int:
    from rialto_engine import _engine

    if options.speed is not None:
        raise LocalError("--speed", "is the pace of the gateway", "leave it out with --in-process")
    with _progress() as bar:
        task = bar.add_task("replay in process", total=None)

        def tell(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        try:
            if options.format == "workload":
                figures: Figures = _engine.replay_workload(file, tell)
            else:
                seed, reference = books
                figures = _engine.replay_lobster(file, seed, reference, tell)
        except (OSError, ValueError, RuntimeError) as error:
            raise LocalError(
                "replay", f"stopped: {error}", "give a file that is whole and of the stated format"
            ) from error
    return _show(figures, as_json=cast("bool", options.json))


def _symbols(wanted: str | None, file: Path, target: Target, *, lobster: bool) -> list[str]:
    """The instruments to trade: those named, else the recording's own ticker, else the one kept for workloads."""
    if wanted is not None:
        return wanted.split(",")
    # LOBSTER's file names begin with the ticker.
    guess = file.name.partition("_")[0] if lobster else "REPLAY"
    if guess not in target.instruments:
        known = ", ".join(target.instruments)
        raise LocalError(f"market {target.market}", f"has no instrument {guess}", f"give --instrument, one of: {known}")
    return [guess]


def _replayed(line: Figures, tell: Tell) -> bool:
    progress = line.get("progress")
    if not isinstance(progress, dict):
        return False
    counts = cast("dict[str, int]", progress)
    tell(counts["done"], counts["total"])
    return True


def _run(command: list[str], label: str, progress: Callable[[Figures, Tell], bool]) -> Figures:
    """Runs the load client; its last line of JSON that is not progress is the result."""
    result: Figures | None = None
    # Ended by a signal it takes the load client with it, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _progress() as bar, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        task = bar.add_task(label, total=None)
        assert client.stdout is not None  # noqa: S101 (a pipe was asked for)
        try:
            for line in client.stdout:
                value = cast("Figures", json.loads(line))
                if not progress(value, lambda done, of: bar.update(task, completed=done, total=of)):
                    result = value
        except KeyboardInterrupt:
            client.send_signal(signal.SIGTERM)
            bar.stop()
            # It waits for the last answers; a pipe closed meanwhile would have it complain.
            client.communicate()
            sys.stderr.write("Interrupted. The venue runs on, and orders that were accepted rest in it.\n")
            raise
    if client.returncode != 0 or result is None:
        raise LocalError("the load client", *_why_ended(client.returncode))
    return result


def _why_ended(code: int) -> tuple[str, str]:
    """What became of a load client without a result, and what to do next."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}", "send it again; accepted orders rest in the venue"
    return f"ended with status {code}", "its message stands above"


def _progress() -> Progress:
    """A progress bar on standard error, so that standard output holds the result alone."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _show(figures: Figures, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return 0
    width = max(len(key) for key in figures)
    for key, value in figures.items():
        sys.stdout.write(f"{key.replace('_', ' '):<{width}}  {_text(value)}\n")
    return 0


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}"
    if isinstance(value, dict):
        parts = cast("dict[str, object]", value).items()
        return ", ".join(f"{key.replace('_', ' ')} {_text(part)}" for key, part in parts)
    if isinstance(value, list):
        return ", ".join(_text(part) for part in cast("list[object]", value))
    return str(value)

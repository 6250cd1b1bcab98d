"""status, watch, logs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Generator

from rialto_platform.local import changes, paths
from rialto_platform.local import status as local_status
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import last_lines
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.topology import region_of
from rialto_tui import change_view
from rialto_tui.status_view import render

_REDRAW_S = 1.0
_LOG_BYTES = 64 << 20
_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_FOOTER = "m moves the leader   q leaves this view, the venue runs on (rialto down ends it)"
_SCREEN_ON = "\x1b[?1049h\x1b[?25l"
_SCREEN_OFF = "\x1b[?25h\x1b[?1049l"


def status(name: str | None, *, as_json: bool) -> int:
    """Prints what runs; exit status 1 unless the venue is up."""
    venue = paths.choose_venue(name)
    observed = local_status.observe(venue)
    changed = changes.changed(venue, changes.file_of(venue)) if venue.is_up() else None
    if as_json:
        print(json.dumps(observed.as_json() | {"file": None if changed is None else changed.as_json()}, indent=2))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print("\n".join(render(observed, width)))
        if changed is not None:
            print("\n".join(change_view.lines(changed)))
    return 0 if observed.state == "up" else 1


def watch(name: str | None) -> int:
    """Shows what trades, once a second, until `q` or Ctrl-C; `m` moves the leader."""
    venue = paths.choose_venue(name)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return status(name, as_json=False)
    notice = ""
    with _screen():
        while True:
            _draw(venue, notice)
            match _pressed(_REDRAW_S).lower():
                case "q":
                    break
                case "m":
                    _draw(venue, "moving the leader ...")
                    notice = _move(venue)
                case _:
                    pass
    print(f"Venue {venue.name} runs on. See it: rialto status. End it: rialto down.")
    return 0


def _draw(venue: VenuePaths, notice: str) -> None:
    size = shutil.get_terminal_size()
    lines = render(local_status.observe(venue), size.columns)
    lines = [*lines[: size.lines - 2], notice[: size.columns], _FOOTER[: size.columns]]
    sys.stdout.write(_HOME_AND_CLEAR + "\r\n".join(lines))
    sys.stdout.flush()


def _move(venue: VenuePaths) -> str:
    """Moves the only market's leader, as `rialto switchover` does; what became of it."""
    from rialto_platform.local.switchover import switchover
    from rialto_tui.node_commands import summary

    try:
        return summary(switchover(venue, None, None))
    except LocalError as error:
        return f"{error.where} {error.wrong}; {error.next_step}"


@contextlib.contextmanager
def _screen() -> Generator[None, None, None]:
    """A screen of its own, keys as they are pressed; the terminal is as it was afterwards. Ctrl-C ends the block."""
    before = termios.tcgetattr(sys.stdin)
    handlers = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    sys.stdout.write(_SCREEN_ON)
    try:
        tty.setcbreak(sys.stdin)
        yield
    except KeyboardInterrupt:
        pass
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        sys.stdout.write(_SCREEN_OFF)
        sys.stdout.flush()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _leave(number: int, _: object) -> None:
    # As an exception, so that the terminal is given back on the way out.
    raise SystemExit(128 + number)


def _pressed(timeout_s: float) -> str:
    """The key pressed within `timeout_s` seconds, or nothing."""
    readable, _, _ = select.select([sys.stdin], [], [], timeout_s)
    return os.read(sys.stdin.fileno(), 1).decode("ascii", "replace") if readable else ""


def logs(name: str | None, process: str | None, *, lines: int) -> int:
    """Prints the ends of the venue's logs."""
    venue = paths.choose_venue(name)
    files = {"supervisor": venue.supervisor_log, "links": venue.links.log}
    files |= {f"flow-{market}": venue.flow(market).log for market in venue.flows()}
    files |= {node: venue.node(node).log for node in venue.nodes()}
    # A region stands for its nodes, and `flow` for the flow into every market.
    wanted = [label for label in files if process in {None, label, region_of(label)}]
    if not wanted:
        groups = dict.fromkeys(region_of(label) for label in files if region_of(label))
        known = ", ".join([*groups, *files])
        raise LocalError(f"process {process!r}", "is none of this venue's", f"name one of: {known}")
    for label, path in files.items():
        if label not in wanted or not path.is_file():
            continue
        print(f"==> {label}: {path}")
        for line in last_lines(path, lines, _LOG_BYTES):
            print(line)
    return 0

"""status, watch, logs."""

from __future__ import annotations

import json
import shutil
import sys
import time

from rialto_platform.local import paths
from rialto_platform.local import status as local_status
from rialto_platform.local.errors import LocalError
from rialto_tui.status_view import render

_REDRAW_S = 1.0
_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_SCREEN_ON = "\x1b[?1049h\x1b[?25l"
_SCREEN_OFF = "\x1b[?25h\x1b[?1049l"


def status(name: str | None, *, as_json: bool) -> int:
    """Prints what runs; exit status 1 unless the venue is up."""
    observed = local_status.observe(paths.choose_venue(name))
    if as_json:
        print(json.dumps(observed.as_json(), indent=2))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print("\n".join(render(observed, width)))
    return 0 if observed.state == "up" else 1


def watch(name: str | None) -> int:
    """Shows what trades, once a second, until Ctrl-C."""
    venue = paths.choose_venue(name)
    if not sys.stdout.isatty():
        return status(name, as_json=False)
    sys.stdout.write(_SCREEN_ON)
    try:
        while True:
            size = shutil.get_terminal_size()
            lines = render(local_status.observe(venue), size.columns)
            lines = [*lines[: size.lines - 2], "", "Ctrl-C leaves this view; the venue runs on (end it: make down)"]
            sys.stdout.write(_HOME_AND_CLEAR + "\r\n".join(lines))
            sys.stdout.flush()
            time.sleep(_REDRAW_S)
    except KeyboardInterrupt:
        pass
    finally:
        sys.stdout.write(_SCREEN_OFF)
    print(f"Venue {venue.name} runs on. See it: rialto status. End it: rialto down.")
    return 0


def logs(name: str | None, process: str | None, *, lines: int) -> int:
    """Prints the ends of the venue's logs."""
    venue = paths.choose_venue(name)
    files = {"supervisor": venue.supervisor_log, "flow": venue.flow_log}
    files |= {node: venue.node(node).log for node in venue.nodes()}
    if process is not None and process not in files:
        raise LocalError(f"process {process!r}", "is none of this venue's", f"name one of: {', '.join(files)}")
    for label, path in files.items():
        if process not in {None, label}:
            continue
        if not path.is_file():
            continue
        print(f"==> {label}: {path}")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]:
            print(line)
    return 0

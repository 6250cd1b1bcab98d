"""status, logs."""

from __future__ import annotations

import json
import shutil
import sys
import time

from rialto_platform.local import changes, paths
from rialto_platform.local import status as local_status
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import last_lines
from rialto_platform.local.topology import region_of
from rialto_tui import change_view
from rialto_tui.console import store
from rialto_tui.console.store import State, StatusSeen
from rialto_tui.status_view import render

_LOG_BYTES = 64 << 20


def status(name: str | None, *, as_json: bool) -> int:
    """Prints what runs; exit status 1 unless the venue is up."""
    venue = paths.choose_venue(name)
    observed = local_status.observe(venue)
    changed = changes.changed(venue, changes.file_of(venue)) if venue.is_up() else None
    if as_json:
        print(json.dumps(observed.as_json() | {"file": None if changed is None else changed.as_json()}, indent=2))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        # The console's own reading of it.
        seen = StatusSeen(time.monotonic_ns(), observed.observed_at_ns, observed)
        print("\n".join(render(store.apply(State(venue.name), seen), observed.observed_at_ns, width)))
        if changed is not None:
            print("\n".join(change_view.lines(changed)))
    return 0 if observed.state == "up" else 1


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

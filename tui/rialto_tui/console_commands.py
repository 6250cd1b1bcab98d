"""console: the venue in a terminal, or in a browser."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rialto_platform.local import paths
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json, write_json

if TYPE_CHECKING:
    from rialto_tui.console.live import Entry

_SETTINGS = "console.json"
_LOOKS_PER_SECOND = "120"
"""How often Textual looks whether a screen that a key has changed is to be drawn, as its `TEXTUAL_FPS`: a key waits for
that. What is observed is drawn twice a second at most, whatever this is."""


def console(name: str | None) -> int:
    """Opens the console on a venue; without a name on the only one, the only one that runs, or one chosen there.

    Raises:
        LocalError: there is no such venue, none at all, or no terminal.
    """
    if name is not None or not paths.known_venues():
        name = paths.choose_venue(name).name
    # Textual draws on standard error; in a browser it draws on what the server gave it.
    served = "TEXTUAL_DRIVER" in os.environ
    if not served and not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise LocalError("the console", "needs a terminal", "without one: rialto status")
    os.environ.setdefault("TEXTUAL_FPS", _LOOKS_PER_SECOND)
    from rialto_tui.console import live
    from rialto_tui.console.app import ConsoleApp
    from rialto_tui.console.garbage import Garbage

    app = ConsoleApp(
        live.sources,
        name or _evident(live.venues()),
        live.venues,
        theme=_theme(),
        keep_theme=_keep_theme,
        garbage=Garbage(),
    )
    last = app.run()
    if app.return_code:
        return app.return_code
    if last and not served:
        print(f"Venue {last} is as it was. See it: rialto status. End it: rialto down.")
    return 0


def _evident(venues: Sequence[Entry]) -> str | None:
    """The only venue, or the only one that runs; none where somebody has to choose."""
    running = [entry.name for entry in venues if entry.runs]
    names = running if len(running) == 1 else [entry.name for entry in venues]
    return names[0] if len(names) == 1 else None


def serve(name: str | None, port: int) -> int:
    """Serves the console to browsers of this machine until it is interrupted."""
    if name is not None:
        paths.choose_venue(name)
    try:
        from textual_serve.server import Server
    except ImportError as error:
        raise LocalError("textual-serve", "is not installed", "install it: make setup") from error
    words = [sys.executable, "-m", "rialto_tui.cli", "console", *(() if name is None else ("--venue", name))]
    # Whoever opens the page acts as this user: on this machine alone.
    Server(shlex.join(words), host="127.0.0.1", port=port, title="Rialto").serve()
    return 0


def _theme() -> str:
    """The theme that was chosen last; ours without one, or where the file is not ours to read."""
    try:
        settings = read_json(paths.state_dir() / _SETTINGS) or {}
    except (LocalError, OSError):
        settings = {}
    found = settings.get("theme")
    return found if isinstance(found, str) else "rialto-dark"


def _keep_theme(theme: str) -> None:
    write_json(paths.state_dir() / _SETTINGS, {"theme": theme}, durable=False)

"""Where a local venue keeps its files.

    <state>/venues/<venue>/
        venue.yaml            the venue file as it was started
        credentials.json      passwords of order sessions and feed users, mode 0600
        plan.json             what the supervisor runs: node and flow command lines
        supervisor.json       the supervisor's process identity, while it runs
        supervisor.log
        flow.json             the order flow's process identity, while it runs
        flow.log
        numbers.json          which node and which numbers each market, account and session has had
        nodes/<node>/         config.json, ready.json, process.json, node.log, data/

`<state>` is `$RIALTO_STATE_DIR`, else `$XDG_STATE_HOME/rialto`, else `~/.local/state/rialto`
(XDG Base Directory Specification, "$XDG_STATE_HOME").
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from rialto_platform.local.errors import LocalError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def state_dir() -> Path:
    """The directory below which every local venue keeps its state; it need not exist.

    Raises:
        LocalError: no variable names one, and the user has no home directory.
    """
    if own := os.environ.get("RIALTO_STATE_DIR"):
        return Path(own).absolute()
    if xdg := os.environ.get("XDG_STATE_HOME"):
        return Path(xdg).absolute() / "rialto"
    try:
        return Path.home() / ".local" / "state" / "rialto"
    except RuntimeError as error:
        raise LocalError(
            "this user", "has no home directory", "name a directory for the venue's state in RIALTO_STATE_DIR"
        ) from error


@dataclass(frozen=True)
class NodePaths:
    """The files of one node."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def ready(self) -> Path:
        return self.root / "ready.json"

    @property
    def process(self) -> Path:
        return self.root / "process.json"

    @property
    def log(self) -> Path:
        return self.root / "node.log"

    @property
    def data(self) -> Path:
        return self.root / "data"


@dataclass(frozen=True)
class VenuePaths:
    """The files of one venue."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def venue_file(self) -> Path:
        return self.root / "venue.yaml"

    @property
    def credentials(self) -> Path:
        return self.root / "credentials.json"

    @property
    def plan(self) -> Path:
        return self.root / "plan.json"

    @property
    def supervisor(self) -> Path:
        return self.root / "supervisor.json"

    @property
    def supervisor_log(self) -> Path:
        return self.root / "supervisor.log"

    @property
    def flow(self) -> Path:
        return self.root / "flow.json"

    @property
    def flow_log(self) -> Path:
        return self.root / "flow.log"

    @property
    def numbers(self) -> Path:
        return self.root / "numbers.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    def node(self, name: str) -> NodePaths:
        """The files of the node `name`."""
        return NodePaths(self.root / "nodes" / name)

    def nodes(self) -> list[str]:
        """The names of the nodes this venue was last started with, sorted."""
        folder = self.root / "nodes"
        if not folder.is_dir():
            return []
        return sorted(entry.name for entry in folder.iterdir() if (entry / "config.json").is_file())


def venue_paths(name: str) -> VenuePaths:
    """The files of the venue `name`; they need not exist.

    Raises:
        LocalError: the name is not one a venue may have.
    """
    if not _NAME.fullmatch(name):
        raise LocalError(
            f"venue name {name!r}",
            "is not made of lower-case letters, digits and dashes",
            "use the name at the head of the venue file",
        )
    return VenuePaths(state_dir() / "venues" / name)


def known_venues() -> list[str]:
    """The names of the venues that have state on this machine, sorted."""
    folder = state_dir() / "venues"
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if (entry / "venue.yaml").is_file())


def choose_venue(name: str | None) -> VenuePaths:
    """The named venue, or the only one there is.

    Raises:
        LocalError: there is none, there are several and none was named, or the named one has no state here.
    """
    venues = known_venues()
    if name is not None:
        paths = venue_paths(name)
        if name not in venues:
            known = ", ".join(venues) if venues else "none"
            raise LocalError(f"venue {name!r}", f"has never been started here (known: {known})", "start it: rialto up")
        return paths
    if not venues:
        raise LocalError("this machine", "has no venue yet", "start one: rialto up stacks/venues/laptop.yaml")
    if len(venues) > 1:
        raise LocalError("this machine", f"has several venues ({', '.join(venues)})", "name one with --venue")
    return venue_paths(venues[0])

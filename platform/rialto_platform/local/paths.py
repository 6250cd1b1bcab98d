"""Where a local venue keeps its files.

    <state>/venues/<venue>/
        venue.yaml            the venue file as it was started
        credentials.json      passwords of order sessions and feed users, mode 0600
        plan.json             what the supervisor runs: the command lines of links, nodes and flows
        supervisor.json       the supervisor's process identity, while it runs
        supervisor.log
        links/                config.json, ready.json, process.json of the emulated links
        links.log
        flows/                <market>.json, an order flow's process identity and what became of it, and <market>.log
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

from rialto_platform.local import process
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
class ProcessPaths:
    """The files of a process that is started again whenever it ends."""

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


@dataclass(frozen=True)
class NodePaths(ProcessPaths):
    """The files of one node."""

    @property
    def log(self) -> Path:
        return self.root / "node.log"

    @property
    def data(self) -> Path:
        return self.root / "data"


@dataclass(frozen=True)
class LinksPaths(ProcessPaths):
    """The files of the emulated links."""

    @property
    def log(self) -> Path:
        return self.root.parent / "links.log"


@dataclass(frozen=True)
class FlowPaths:
    """The files of the order flow into one market."""

    record: Path
    log: Path


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
    def links(self) -> LinksPaths:
        return LinksPaths(self.root / "links")

    @property
    def numbers(self) -> Path:
        return self.root / "numbers.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    def flow(self, market: str) -> FlowPaths:
        """The files of the order flow into `market`."""
        return FlowPaths(self.root / "flows" / f"{market}.json", self.root / "flows" / f"{market}.log")

    def flows(self) -> list[str]:
        """The markets that an order flow of the venue's own was ever started for, sorted."""
        return sorted({path.stem for path in (self.root / "flows").glob("*.*") if not path.name.startswith(".")})

    def is_up(self) -> bool:
        """Whether the venue's supervisor runs; a damaged record counts as none."""
        try:
            identity = process.recorded(self.supervisor)
        except LocalError:
            return False
        return identity is not None and identity.alive()

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
    """The named venue, or the only one there is, or the only one that runs.

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
    running = [name for name in venues if venue_paths(name).is_up()]
    if len(venues) > 1 and len(running) != 1:
        known = ", ".join(f"{name} is {'up' if name in running else 'down'}" for name in venues)
        raise LocalError("this machine", f"has several venues ({known})", "name one with --venue; rialto venue list")
    return venue_paths((running or venues)[0])

"""clouds plan, outputs collect, doctor: the venue in the clouds, seen from here.

Nothing in this process imports a cloud's SDK: `clouds plan` runs the programs in one of its own.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rialto_platform.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rialto_platform.clouds.doctor import Environment, Finding
    from rialto_platform.venue import Venue

_SDKS = ("pulumi", "pulumi_aws", "pulumi_azure_native", "pulumi_gcp")
_LONGEST_S = 600


def plan(venue_file: Path, *, as_json: bool) -> int:
    """Prints what a venue would be in the clouds; exit status 1 if a guardrail would stop it."""
    if _loaded(venue_file) is None:
        return 1
    missing = [name for name in _SDKS if importlib.util.find_spec(name) is None]
    if missing:
        wrong = f"can't be made without the cloud SDKs ({', '.join(missing)} not installed)"
        raise LocalError("the plan", wrong, "make clouds")
    command = [sys.executable, "-m", "rialto_platform.clouds.inventory", str(venue_file)]
    try:
        done = subprocess.run(
            [*command, *(["--json"] if as_json else [])], stdin=subprocess.DEVNULL, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        wrong = f"was not made within {_LONGEST_S} s"
        raise LocalError("the plan", wrong, f"run it by hand: {' '.join(command)}") from error
    if done.returncode not in (0, 1):
        raise LocalError("the plan", f"can't be made (status {done.returncode})", "see what was printed before this")
    return done.returncode


def collect(venue_file: Path, names: Sequence[str], folder: Path, file: Path | None) -> int:
    """Reads the stacks' outputs into the venue's outputs file."""
    from rialto_platform.clouds import backends, commands
    from rialto_platform.clouds import collect as collecting

    if (venue := _loaded(venue_file)) is None:
        return 1
    wanted = backends.chosen(venue, names)
    where = backends.Backends.load(_backends(folder, venue), venue)
    path = file or folder / "outputs" / f"{venue.name}.json"
    collecting.collect(venue, wanted, where, run=commands.run, folder=folder, path=path, now_ns=time.time_ns())
    print(f"{path}: outputs of {', '.join(str(stack) for stack in wanted)}.")
    absent = [str(stack) for stack in backends.stacks(venue) if stack not in wanted]
    if absent:
        print(f"  not read now: {', '.join(absent)}")
    return 0


def doctor(asked: str, venue_file: Path, folder: Path, *, as_json: bool) -> int:
    """Says what this machine has and lacks; exit status 1 if the asked platform can't do without something."""
    from rialto_platform.clouds import doctor as checks

    platforms = checks.platforms(asked)
    venue = None
    if platforms != ("local",) and (venue := _loaded(venue_file)) is None:
        return 1
    findings = checks.examine(_environment(), venue, None if venue is None else _backends(folder, venue))
    lacking = checks.lacking(findings, platforms)
    if as_json:
        facts = {"platform": asked, "ready": not lacking, "findings": [one.as_json() for one in findings]}
        print(json.dumps(facts, indent=2))
    else:
        print("\n".join(_lines(findings, lacking, asked)))
    return 1 if lacking else 0


def _loaded(venue_file: Path) -> Venue | None:
    """The venue, or everything that is wrong with its file, printed."""
    from rialto_platform.venue import VenueError, load

    try:
        return load(venue_file)
    except VenueError as error:
        print(f"rialto: {error}", file=sys.stderr)
        return None


def _backends(folder: Path, venue: Venue) -> Path:
    return folder / "backends" / f"{venue.name}.yaml"


def _environment() -> Environment:
    """This machine."""
    from rialto_platform.clouds import commands
    from rialto_platform.clouds.doctor import Environment

    quiet = {"PULUMI_SKIP_UPDATE_CHECK": "true", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    return Environment(
        variables=os.environ,
        home=Path.home(),
        python=(sys.version_info.major, sys.version_info.minor, sys.version_info.micro),
        on_path=lambda name: shutil.which(name) is not None,
        run=lambda command: commands.run(command, Path.cwd(), quiet),
        exists=Path.is_file,
        installed=_installed,
    )


def _installed(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _lines(findings: Sequence[Finding], lacking: Sequence[Finding], asked: str) -> list[str]:
    """Each finding in a line, what to do below it, and the sum of it last."""
    longest = max(len(one.what) for one in findings)
    out: list[str] = []
    for one in findings:
        mark = "needed" if one in lacking else ("ok" if one.state == "ok" else "-")
        out.append(f"{mark:<7} {one.what:<{longest}}  {one.found}")
        out += [f"{'':<7} {'':<{longest}}  next: {one.next_step}"] if one.next_step else []
    total = f"{asked}: {len(lacking)} things are missing." if len(lacking) != 1 else f"{asked}: one thing is missing."
    return [*out, "", total if lacking else f"{asked}: everything that is needed is here."]

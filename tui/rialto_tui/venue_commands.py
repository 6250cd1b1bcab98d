"""up, down, clean, validate, venue list, venue diff."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rialto_platform.local import changes, lifecycle, one_machine, paths, status, venues
from rialto_tui import change_view, console_commands, status_commands

if TYPE_CHECKING:
    from rialto_platform.venue import Venue


def up(venue_file: Path, *, with_flow: bool, quiet: bool) -> int:
    """Starts a venue; on a terminal opens the console, else prints the status once every market trades."""
    from rialto_platform.venue import VenueError

    try:
        started = lifecycle.up(venue_file, with_flow=with_flow, say=print)
    except VenueError as error:
        print(f"rialto: {error}", file=sys.stderr)
        return 1
    name = started.paths.name
    if started.already_up:
        print(f"Venue {name} is up already.")
        if started.changed is not None:
            print("\n".join(change_view.lines(started.changed)))
    else:
        print(f"Venue {name} is up.")
    for problem in started.failed:
        print(f"rialto: {problem}", file=sys.stderr)
    for line in _leaders(started.paths):
        print(line)
    if sys.stdout.isatty() and not quiet:
        return console_commands.console(name)
    status_commands.status(name, as_json=False)
    # Not the status's: what happens to the venue between its start and this picture is no failure to start it.
    return 1 if started.failed or started.changed is not None else 0


def _leaders(venue: paths.VenuePaths) -> list[str]:
    """Who leads each market, and the command that moves it."""
    lines: list[str] = []
    views = status.observe(venue).markets
    for market in views:
        if market.leader is not None:
            which = f" --market {market.name}" if len(views) > 1 else ""
            lines.append(
                f"Market {market.name} is led by {market.leader.node} in {market.leader.region}. "
                f"Move it: rialto switchover{which}"
            )
    return lines


def _notes(venue: Venue) -> list[str]:
    """What the file declares and one machine does not run."""
    return list(one_machine.left_out(venue))


def down(name: str | None) -> int:
    """Ends a venue."""
    known = [paths.venue_paths(one) for one in paths.known_venues()]
    if name is None and not known:
        print("This machine has no venue, so nothing runs.")
        return 0
    # Of several that are all down, each may have left something behind.
    every = name is None and not any(venue.is_up() for venue in known)
    for venue in known if every else [paths.choose_venue(name)]:
        if lifecycle.down(venue):
            print(f"Venue {venue.name} is down. Its journals stay: {venue.root}")
        else:
            print(f"Venue {venue.name} was down.")
    return 0


def clean(name: str | None, *, yes: bool) -> int:
    """Removes what a venue kept, after asking."""
    if name is None and not paths.known_venues():
        print("This machine has no venue, so there is nothing to remove.")
        return 0
    venue = paths.choose_venue(name)
    if not yes:
        if not sys.stdin.isatty():
            print("rialto: this removes journals, so it asks; without a terminal say --yes", file=sys.stderr)
            return 1
        question = (
            f"Remove every journal, checkpoint and credential of venue {venue.name} in {venue.root}? Type its name: "
        )
        if input(question).strip() != venue.name:
            print("Nothing was removed.")
            return 1
    lifecycle.clean(venue)
    print(f"Removed {venue.root}.")
    return 0


def validate(venue_file: Path, *, as_json: bool) -> int:
    """Prints every problem of a venue file."""
    from rialto_platform.venue import VenueError, load

    try:
        venue = load(venue_file)
    except VenueError as error:
        if as_json:
            problems = [asdict(problem) for problem in error.problems]
            print(json.dumps({"file": str(venue_file), "valid": False, "problems": problems}, indent=2))
        else:
            print(f"rialto: {error}", file=sys.stderr)
        return 1
    if as_json:
        facts = {"file": str(venue_file), "valid": True, "problems": [], "notes": _notes(venue)}
        print(json.dumps(facts, indent=2))
    else:
        counts = f"{len(venue.regions)} regions, {len(venue.interconnects)} interconnects, {len(venue.markets)} markets"
        print(f"{venue_file}: venue {venue.name} is valid ({counts}).")
        for note in _notes(venue):
            print(f"  {note}")
    return 0


def list_venues(*, as_json: bool) -> int:
    """Prints every venue of this machine, those that are down among them."""
    found = venues.survey()
    if as_json:
        print(json.dumps([one.as_json() for one in found], indent=2))
    elif not found:
        print("This machine has no venue yet. Start one: rialto up")
    else:
        print("\n\n".join("\n".join(_summary(one)) for one in found))
    return 0


def _summary(venue: venues.Summary) -> list[str]:
    """One venue: its state in a line, then where it comes from and where it keeps things."""
    running = sum(state == "running" for state in venue.nodes.values())
    leaders = ", ".join(f"{market} by {node or 'nobody'}" for market, node in venue.leaders.items())
    parts = [f"{venue.name:<16} {venue.state}", f"{running} of {len(venue.nodes)} nodes run"]
    parts += [f"led: {leaders}"] if leaders else []
    parts += [f"flow {venue.flow}"] if venue.flow != "none" else []
    lines = ["   ".join(parts)]
    lines += [f"  {venue.problem}"] if venue.problem else []
    return [*lines, f"  file   {venue.file or '-'}", f"  state  {venue.directory}"]


def diff(name: str | None, venue_file: Path | None, *, as_json: bool) -> int:
    """Prints what a venue file says otherwise than when the venue was started; exit status 1 if anything."""
    venue = paths.choose_venue(name)
    file = changes.file_of(venue) if venue_file is None else venue_file.absolute()
    found = changes.changed(venue, file)
    if as_json:
        told = changes.Changed(str(file), ()) if found is None else found
        print(json.dumps({"venue": venue.name} | told.as_json(), indent=2))
    elif found is None:
        print(f"{file} declares what venue {venue.name} was started with.")
    else:
        print("\n".join(change_view.lines(found)))
    return 0 if found is None else 1

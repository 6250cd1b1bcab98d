"""The `rialto` command line.

Each command imports what it needs when it runs: `rialto status` must answer in a blink, so nothing heavy stands here.
Exit statuses: 0 done, 1 it could not be done (the message says what to do next), 2 the command line is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rialto_platform.local.errors import LocalError

DEFAULT_VENUE_FILE = "stacks/venues/laptop.yaml"
DEFAULT_CLOUDS_FILE = "stacks/venues/three-clouds.yaml"
_CONSOLE_PORT = 8000


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        code = _run(options)
        # Here and not at the interpreter's end, where a reader that has gone could only be complained of.
        sys.stdout.flush()
    except LocalError as error:
        return _refuse(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _refuse(LocalError.of(error))
    except KeyboardInterrupt:
        return 130
    return code


def _refuse(error: LocalError) -> int:
    print(f"rialto: {error.where} {error.wrong}\n  next: {error.next_step}", file=sys.stderr)
    return 1


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "up":
            from rialto_tui import venue_commands

            return venue_commands.up(options.venue_file, with_flow=not options.no_flow, quiet=options.detach)
        case "down":
            from rialto_tui import venue_commands

            return venue_commands.down(options.venue)
        case "clean":
            from rialto_tui import venue_commands

            return venue_commands.clean(options.venue, yes=options.yes)
        case "status":
            from rialto_tui import status_commands

            return status_commands.status(options.venue, as_json=options.json)
        case "console":
            from rialto_tui import console_commands

            if options.serve is not None:
                return console_commands.serve(options.venue, options.serve)
            return console_commands.console(options.venue)
        case "logs":
            from rialto_tui import status_commands

            return status_commands.logs(options.venue, options.process, lines=options.lines)
        case "node":
            from rialto_tui import node_commands

            return node_commands.node(options.venue, options.region, options.action, as_json=options.json)
        case "link":
            from rialto_tui import link_commands

            return link_commands.link(options)
        case "venue":
            from rialto_tui import venue_commands

            if options.action == "list":
                return venue_commands.list_venues(as_json=options.json)
            return venue_commands.diff(options.venue, options.venue_file, as_json=options.json)
        case "switchover":
            from rialto_tui import node_commands

            return node_commands.switchover(options.venue, options.market, options.to, as_json=options.json)
        case "validate":
            from rialto_tui import venue_commands

            return venue_commands.validate(options.venue_file, as_json=options.json)
        case "clouds":
            from rialto_tui import clouds_commands

            return clouds_commands.plan(options.venue_file, as_json=options.json)
        case "outputs":
            from rialto_tui import clouds_commands

            return clouds_commands.collect(options.venue_file, options.stack, options.stacks, options.file)
        case "doctor":
            from rialto_tui import clouds_commands

            return clouds_commands.doctor(options.platform, options.venue_file, options.stacks, as_json=options.json)
        case "flow":
            from rialto_tui import flow_commands

            return flow_commands.flow(options)
        case "replay":
            from rialto_tui import flow_commands

            return flow_commands.replay(options)
        case _:
            raise AssertionError(f"no command {options.command}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rialto", description="Run and operate an electronic trading venue.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start a venue on this machine and show what trades")
    up.add_argument("venue_file", nargs="?", type=Path, default=Path(DEFAULT_VENUE_FILE), help="default: %(default)s")
    up.add_argument("--no-flow", action="store_true", help="send no order flow")
    up.add_argument("--detach", action="store_true", help="print the status and return, on a terminal too")

    down = commands.add_parser("down", help="end every process of a venue; its journals stay")
    clean = commands.add_parser("clean", help="remove a venue's journals, checkpoints and credentials, after asking")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    status = commands.add_parser("status", help="print what runs and what trades")
    console = commands.add_parser("console", help="open the console: see the venue and act on it, in one terminal")
    console.add_argument(
        "--serve",
        nargs="?",
        type=_positive,
        const=_CONSOLE_PORT,
        metavar="PORT",
        help="serve it to browsers of this machine instead, on 127.0.0.1 (port: %(const)s)",
    )
    logs = commands.add_parser("logs", help="print the last lines of the venue's logs")
    logs.add_argument(
        "process", nargs="?", help="a region, a node's name, `links`, `flow` or `supervisor`; all without it"
    )
    logs.add_argument(
        "--lines", type=_positive, default=20, metavar="N", help="lines of each log (default: %(default)s)"
    )
    node = commands.add_parser("node", help="kill, freeze or resume the node of a region")
    node.add_argument(
        "action",
        choices=("kill", "freeze", "resume"),
        help="kill: SIGKILL, its supervisor starts it again; freeze: SIGSTOP, until resume: SIGCONT",
    )
    node.add_argument("region", metavar="REGION", help="a region, or a node's name where the region has several")
    switchover = commands.add_parser("switchover", help="move a market's leadership, nothing lost")
    _add_market(switchover)
    switchover.add_argument(
        "--to", metavar="REGION", help="where to, a region or a node's name (default: the best replica)"
    )
    for command in (down, clean, status, console, logs, node, switchover):
        _add_venue(command)

    _add_link(commands.add_parser("link", help="show, slow, cut and heal the links between regions"))
    _add_venues(commands.add_parser("venue", help="the venues of this machine, and what changed in their files"))
    validate = commands.add_parser("validate", help="check a venue file and print everything that is wrong in it")
    validate.add_argument("venue_file", type=Path)
    for command in (status, validate, node, switchover):
        command.add_argument("--json", action="store_true", help="print JSON")

    _add_clouds(commands.add_parser("clouds", help="what a venue would be in the clouds, without any credentials"))
    _add_outputs(commands.add_parser("outputs", help="what the stacks of a venue gave, for the others to take"))
    doctor = commands.add_parser("doctor", help="check tools, versions and credentials, and say what to do next")
    doctor.add_argument(
        "platform",
        nargs="?",
        choices=("local", "aws", "gcp", "azure", "clouds"),
        default="local",
        help="exit status 1 if something that this needs is missing (default: %(default)s)",
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    _add_stacks(doctor)

    flow = commands.add_parser("flow", help="send seeded order flow into a market of a running venue")
    _add_venue(flow)
    _add_market(flow)
    _add_from(flow)
    flow.add_argument("--rate", type=_positive, default=200, metavar="N", help="orders a second (default: %(default)s)")
    flow.add_argument("--seconds", type=_positive, default=60, metavar="S", help="for how long (default: %(default)s)")
    flow.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed gives the same flow")
    senders = flow.add_mutually_exclusive_group()
    senders.add_argument("--username", default="TRADE1", help="the order session to log in with (default: %(default)s)")
    senders.add_argument("--sessions", type=_positive, metavar="N", help="send from the venue file's first N sessions")
    flow.add_argument(
        "--verify",
        action="store_true",
        help="keep every acknowledgement and hold it against the journals and streams of all replicas; "
        "exit status 1 unless all are right",
    )
    flow.add_argument("--json", action="store_true", help="end with one JSON object")

    replay = commands.add_parser("replay", help="send a recorded day through the order gateway, or into this process")
    replay.add_argument("file", type=Path, help="the recorded order flow")
    replay.add_argument("--format", choices=("lobster", "workload"), required=True)
    replay.add_argument("--in-process", action="store_true", help="straight into the market, in this process")
    replay.add_argument(
        "--speed", type=float, metavar="N", help="N times the recorded pace (default: as fast as it goes)"
    )
    replay.add_argument(
        "--seed-book", type=Path, metavar="FILE", help="lobster: book file whose first row seeds the book"
    )
    replay.add_argument("--reference", type=Path, metavar="FILE", help="lobster: book file to compare with")
    replay.add_argument("--instrument", metavar="SYMBOL", help="the instrument to send it to")
    replay.add_argument("--username", default="REPLAY", help="the order session to log in with (default: %(default)s)")
    _add_from(replay)
    _add_venue(replay)
    _add_market(replay)
    replay.add_argument("--json", action="store_true", help="end with one JSON object")
    return parser


def _add_link(link: argparse.ArgumentParser) -> None:
    actions = link.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="print every link, each direction in a line")
    changed = actions.add_parser("set", help="change what a link is like; what is not given stays")
    cut = actions.add_parser("cut", help="let nothing through; nothing is lost, it goes on once the link is healed")
    heal = actions.add_parser("heal", help="uncut, and as the venue file declares it")
    for action in (changed, cut, heal):
        action.add_argument("one", metavar="REGION", help="a region")
        action.add_argument("other", metavar="REGION", help="the region at the other end")
    for name, example in (("latency", "80 ms"), ("jitter", "5 ms"), ("bandwidth", "1 Gbit/s"), ("loss", "0.1 %")):
        changed.add_argument(f"--{name}", metavar="AMOUNT", help=f'such as "{example}"'.replace("%", "%%"))
    for action in (changed, cut):
        action.add_argument("--one-way", action="store_true", help="only from the first region to the second")
        action.add_argument("--for", dest="lease", metavar="TIME", help='it heals by itself after this, such as "10 s"')
    for action in (listed, changed, cut, heal):
        _add_venue(action)
        action.add_argument("--json", action="store_true", help="print JSON")


def _add_venues(venue: argparse.ArgumentParser) -> None:
    actions = venue.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="print every venue: its state, nodes, leaders, flow, file and directory")
    diff = actions.add_parser("diff", help="print what a venue file says otherwise than when the venue was started")
    diff.add_argument("venue_file", nargs="?", type=Path, help="default: the file it was started from")
    _add_venue(diff)
    for action in (listed, diff):
        action.add_argument("--json", action="store_true", help="print JSON")


def _add_clouds(clouds: argparse.ArgumentParser) -> None:
    actions = clouds.add_subparsers(dest="action", required=True, metavar="ACTION")
    plan = actions.add_parser(
        "plan", help="print what would exist: resources, dependencies, what is single-homed, what a person must order"
    )
    plan.add_argument(
        "venue_file", nargs="?", type=Path, default=Path(DEFAULT_CLOUDS_FILE), help="default: %(default)s"
    )
    plan.add_argument("--json", action="store_true", help="print JSON: every resource and every dependency")


def _add_outputs(outputs: argparse.ArgumentParser) -> None:
    actions = outputs.add_subparsers(dest="action", required=True, metavar="ACTION")
    collect = actions.add_parser("collect", help="read stacks' outputs from their clouds' backends into one file")
    collect.add_argument(
        "stack",
        nargs="*",
        help="region, interconnect, or one such as region/us; others keep what was read (default: all)",
    )
    collect.add_argument("--file", type=Path, help="what to write (default: outputs/VENUE.json in the stacks' folder)")
    _add_stacks(collect)


def _add_stacks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--venue-file", type=Path, default=Path(DEFAULT_CLOUDS_FILE), help="default: %(default)s")
    parser.add_argument(
        "--stacks",
        type=Path,
        default=Path("stacks"),
        metavar="DIR",
        help="where the Pulumi projects are (default: stacks)",
    )


def _add_from(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="region", metavar="REGION", help="send as a client in this region, across the links"
    )


def _add_venue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--venue", metavar="NAME", help="which venue, where this machine has several")


def _add_market(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--market", metavar="NAME", help="which market, where the venue has several")


def _positive(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return value


if __name__ == "__main__":
    sys.exit(main())

"""`python -m rialto_platform.clouds.inventory FILE`: what a venue would be in the clouds, without any credentials.

The programs run as an engine would run them, on stand-ins for what the clouds answer, each stack on the outputs of
those before it: the regions as they are once they know of each other, the attachments, the pairs. A process of its own
does that, so that nothing else of `rialto` imports a cloud's SDK.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from rialto_platform.clouds import backends, guardrails, plan, plan_text, programs
from rialto_platform.clouds.backends import Stack
from rialto_platform.clouds.guardrails import Rules
from rialto_platform.clouds.interconnects import checklist, secrets
from rialto_platform.clouds.orders import orders
from rialto_platform.clouds.outputs import FILE_VERSION, REGION_VERSION, Outputs
from rialto_platform.clouds.plan import Plan
from rialto_platform.clouds.recorder import record
from rialto_platform.clouds.recording import Recording
from rialto_platform.clouds.single_homed import single_homed
from rialto_platform.venue import Venue, VenueError, load, ways
from rialto_platform.venue.model import Cloud

OWNERS: Mapping[Cloud, str] = {
    "aws": "123456789012",
    "gcp": "example-project",
    "azure": "00000000-0000-0000-0000-000000000000",
}
"""Stand for the accounts that a plan without credentials can't know; names that end in a digest hold theirs."""
_SECRET = "0" * 24
_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"


def recordings(venue: Venue, file: Path) -> Mapping[str, Recording]:
    """Every stack's recording, by project and stack, in the order in which they are brought up.

    Raises:
        Exception: whatever a program raises.
    """
    made: dict[str, Recording] = {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The SDKs' modules warn of their own deprecations when they are imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        collected = Path(folder) / "outputs.json"
        for stack in backends.stacks(venue):
            told = {f"region/{name}": _entry(venue, number) for number, name in enumerate(venue.regions)}
            told |= {name: exported(recording) for name, recording in made.items()}
            Outputs(version=FILE_VERSION, venue=venue.name, collected_ns=0, stacks=told).write(collected)
            made[str(stack)] = _record(venue, file, stack, collected)
    return made


def _record(venue: Venue, file: Path, stack: Stack, collected: Path) -> Recording:
    config = {f"{stack.project}:venue": str(file), f"{stack.project}:outputs": str(collected)}
    if stack.project == "region":
        config["region:owner"] = OWNERS[venue.regions[stack.name].cloud]
        config["region:accessCertificate"] = _CERTIFICATE
    else:
        config |= _given(venue, stack)
    program: Mapping[str, Callable[[], None]] = {"region": programs.region, "interconnect": programs.interconnect}
    return record(program[stack.project], project=stack.project, stack=stack.name, config=config)


def _given(venue: Venue, stack: Stack) -> Mapping[str, str]:
    """What a person sets before the last `pulumi up`: secrets, and that every circuit's line is up."""
    if stack.name not in venue.regions:
        one, other = next(link.between for link in venue.interconnects if backends.pair(link) == stack.name)
        return {f"interconnect:{secret.key}": _SECRET for secret in secrets.of_pair(venue, one, other)}
    given = {f"interconnect:{secret.key}": _SECRET for secret in secrets.of_region(venue, stack.name)}
    delivered = json.dumps(list(ways.circuits(venue, stack.name)))
    return {**given, "interconnect:delivered": delivered, "interconnect:customer": "Example"}


def _entry(venue: Venue, number: int) -> Mapping[str, JsonValue]:
    """What a region's stack says of its entry, before it is recorded itself: addresses for documentation (RFC 5737)."""
    zones = list(venue.regions.values())[number].zones
    addresses: list[JsonValue] = [f"192.0.2.{16 * number + zone}" for zone, _ in enumerate(zones, 1)]
    return {"version": REGION_VERSION, "entry": {"addresses": addresses, "dnsName": "", "healthPath": ""}}


def exported(recording: Recording) -> Mapping[str, JsonValue]:
    """What a stack exports, as `rialto outputs collect` reads it: without what is secret."""
    secret = {path.partition(".")[0].partition("[")[0] for path in recording.secret_outputs}
    return {key: cast("JsonValue", value) for key, value in recording.outputs.items() if key not in secret}


def planned(venue: Venue, made: Mapping[str, Recording]) -> Plan:
    """The plan that the recordings come to."""
    every = backends.stacks(venue)
    resources = [one for stack in every for one in plan.guarded(stack, made[str(stack)])]
    return Plan(
        venue=venue.name,
        stacks=tuple(plan.stack_plan(venue, stack, made[str(stack)]) for stack in every),
        single_homed=tuple(single_homed(venue, made)),
        orders=tuple(orders(venue)),
        circuits=checklist.steps(venue),
        violations=tuple(guardrails.check(resources, Rules.of(venue))),
    )


def main(arguments: Sequence[str]) -> int:
    """Prints the plan; exit status 1 if a guardrail would stop it, 2 if there is none to print."""
    parser = argparse.ArgumentParser(prog="python -m rialto_platform.clouds.inventory")
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    file: Path = options.file
    try:
        venue = load(file)
    except VenueError as error:
        print(f"rialto: {error}", file=sys.stderr)
        return 2
    found = planned(venue, recordings(venue, file))
    if options.json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print("\n".join(plan_text.lines(found, venue)))
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

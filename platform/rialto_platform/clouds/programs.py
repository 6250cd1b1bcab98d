"""The programs of `stacks/`: what each stack builds, from its config and its name.

A stack of project `region` is named after its region. A stack of project `interconnect` is named after a region, whose
circuits and gateways it builds, or after the two ends of an interconnect, joined by a hyphen: the tunnels of the pair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi

from rialto_platform.clouds import backends, provider
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.ground import GroundArgs
from rialto_platform.clouds.interconnects import build
from rialto_platform.clouds.outputs import REGION_VERSION, Outputs
from rialto_platform.venue import Venue, VenueError, load


def region() -> None:
    """Builds the region that the stack is named after, and exports what `outputs.RegionOutputs` reads.

    Raises:
        pulumi.RunError: the venue file or the outputs file can't be used, or the venue has no such region, or it asks
            for what the cloud doesn't have.
    """
    config = pulumi.Config()
    venue = _venue(config)
    name = pulumi.get_stack()
    if name not in venue.regions:
        known = ", ".join(venue.regions)
        raise pulumi.RunError(f"the stack {name} is no region of venue {venue.name}; name it after one of: {known}")
    args = GroundArgs(venue, name, config.require("owner"), _others(config, venue, name))
    try:
        ground = provider.ground(args)
    except CloudError as error:
        raise _run_error(error) from error
    pulumi.export("version", REGION_VERSION)
    pulumi.export("venue", venue.name)
    pulumi.export("region", name)
    pulumi.export("cloud", args.region.cloud)
    pulumi.export("owner", args.owner)
    for key, value in ground.outputs().items():
        pulumi.export(key, value)


def interconnect() -> None:
    """Builds the attachment of a region, or the tunnels of a pair, as the stack's name says.

    Raises:
        pulumi.RunError: the venue file or the outputs file can't be used, the stack is named after neither, or a stack
            that must be there first was not collected.
    """
    config = pulumi.Config()
    venue = _venue(config)
    name = pulumi.get_stack()
    outputs = _outputs(config.require("outputs"), venue)
    link = next((link for link in venue.interconnects if backends.pair(link) == name), None)
    try:
        if link is not None:
            made = build.pair(venue, link, outputs, config)
        elif name in backends.attached(venue):
            made = build.attachment(venue, name, outputs, config)
        else:
            known = ", ".join(stack.name for stack in backends.stacks(venue) if stack.project == "interconnect")
            wrong = f"is neither a region of venue {venue.name} that has an interconnect, nor a pair that has one"
            raise CloudError(f"the stack {name}", wrong, f"name it after one of: {known or 'none'}")
    except CloudError as error:
        raise _run_error(error) from error
    for key, value in made.items():
        pulumi.export(key, value)


def _venue(config: pulumi.Config) -> Venue:
    try:
        return load(Path(config.require("venue")))
    except VenueError as error:
        raise pulumi.RunError(str(error)) from error


def _others(config: pulumi.Config, venue: Venue, name: str) -> Mapping[str, Sequence[str]]:
    """The entries of the other regions; none before any outputs were collected, which is how a venue starts."""
    path = config.get("outputs")
    if path is None or not Path(path).exists():
        pulumi.log.info(f"no outputs of other regions yet: the entry of {name} lists its own addresses alone")
        return {}
    return _outputs(path, venue).entries(name)


def _outputs(path: str, venue: Venue) -> Outputs:
    try:
        outputs = Outputs.load(Path(path))
    except CloudError as error:
        raise _run_error(error) from error
    if outputs.venue != venue.name:
        raise pulumi.RunError(f"{path} is of venue {outputs.venue}, not {venue.name}; collect the outputs of this one")
    return outputs


def _run_error(error: CloudError) -> pulumi.RunError:
    """What the CLI prints without a stack of calls."""
    return pulumi.RunError(f"{error.where} {error.wrong}; {error.next_step}")

"""What a stack of stacks/interconnect builds: the attachment of a region, or the tunnels of a pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pulumi

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.interconnects.attachment import ATTACHMENT_VERSION, Attachment, AttachmentArgs
from rialto_platform.clouds.interconnects.ends import end
from rialto_platform.clouds.interconnects.tunnels import PairArgs, Tunnels
from rialto_platform.clouds.outputs import AwsRegion, AzureRegion, GcpRegion, Outputs
from rialto_platform.venue import Interconnect, Venue


def attachment(venue: Venue, name: str, outputs: Outputs, config: pulumi.Config) -> Mapping[str, pulumi.Input[object]]:
    """Builds a region's attachment in the region's cloud, and returns what its stack exports.

    Of the stack's configuration it takes `delivered` (a list of circuits), the secrets of `secrets.of_region` for these
    circuits, and, where the cloud's letter of authorisation names one, `customer`.

    Raises:
        CloudError: the region was not collected, or the venue file lacks what its circuits need.
    """
    owner = outputs.stack(f"region/{name}").get("owner")
    if not isinstance(owner, str):
        again = f"`pulumi up --stack {name}` in stacks/region, then: rialto outputs collect region/{name}"
        raise CloudError(outputs.file, f"has no owner of region/{name}", again)
    args = AttachmentArgs(
        venue=venue,
        name=name,
        owner=owner,
        secret=config.require_secret,
        delivered=_delivered(config, name),
        customer=_customer(config, venue, name),
    )
    made = _attachment(args, outputs)
    return {
        "version": ATTACHMENT_VERSION,
        "venue": venue.name,
        "region": name,
        "cloud": args.region.cloud,
        "owner": owner,
        **made.outputs(),
    }


def _attachment(args: AttachmentArgs, outputs: Outputs) -> Attachment:
    """Imports the SDK of the region's cloud alone."""
    match outputs.region(args.name):
        case AwsRegion() as region:
            from rialto_platform.clouds.interconnects.aws import AwsAttachment

            return AwsAttachment(args, region.network)
        case GcpRegion() as region:
            from rialto_platform.clouds.interconnects.gcp import GcpAttachment

            return GcpAttachment(args, region.network)
        case AzureRegion() as region:
            from rialto_platform.clouds.interconnects.azure import AzureAttachment

            return AzureAttachment(args, region.network)


def _delivered(config: pulumi.Config, name: str) -> frozenset[str]:
    given = cast("object", config.get_object("delivered"))
    if given is None:
        return frozenset()
    listed = cast("list[object]", given) if isinstance(given, list) else [given]
    if not all(isinstance(each, str) for each in listed) or not isinstance(given, list):
        right = f"pulumi config set --stack {name} --path 'delivered[0]' CIRCUIT"
        raise CloudError(f"delivered of the stack {name}", "is no list of circuits", right)
    return frozenset(str(each) for each in listed)


def _customer(config: pulumi.Config, venue: Venue, name: str) -> str:
    """Google's letters name a customer; the other clouds know theirs."""
    given = config.get("customer")
    bought = any(circuit.region == name for circuit in venue.circuits.values())
    if not given and bought and venue.regions[name].cloud == "gcp":
        right = f"pulumi config set --stack {name} customer 'the company that may order cross connects'"
        raise CloudError(f"the stack {name}", "has no customer for the letter of authorisation (LOA-CFA)", right)
    return given or ""


def pair(
    venue: Venue, link: Interconnect, outputs: Outputs, config: pulumi.Config
) -> Mapping[str, pulumi.Input[object]]:
    """Builds the tunnels of a pair in its two clouds, and returns what its stack exports.

    Of the stack's configuration it takes the secrets of `secrets.of_pair`.

    Raises:
        CloudError: an attachment was not collected, or the pair has no VPN.
    """
    ends = {name: end(outputs, name) for name in link.between}
    made = Tunnels(PairArgs(venue, link, ends, config.require_secret))
    return {"version": ATTACHMENT_VERSION, "venue": venue.name, "between": list(link.between), **made.outputs()}

"""Interconnects as Pulumi programs, recorded: attachments of regions and tunnels of pairs."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence

import pulumi
from clouds_recording import OWNERS, recorded
from pydantic import JsonValue

from rialto_platform import venue as venue_files
from rialto_platform.clouds.interconnects import build, secrets
from rialto_platform.clouds.interconnects.bgp import tunnels
from rialto_platform.clouds.outputs import Outputs
from rialto_platform.clouds.recording import Recording
from rialto_platform.clouds.stand_ins import OutputsFor
from rialto_platform.venue import Venue
from rialto_platform.venue.ways import circuits

_GOOGLE = "https://www.googleapis.com/compute/v1/projects/rialto-example"
_AZURE = "/subscriptions/s/resourceGroups/three-clouds-europe/providers/Microsoft.Network"
NETWORKS: Mapping[str, Mapping[str, JsonValue]] = {
    "aws": {
        "id": "vpc-1",
        "vpcId": "vpc-1",
        "transitGatewayId": "tgw-1",
        "transitRouteTableId": "tgw-rtb-1",
    },
    "gcp": {
        "id": "projects/rialto-example/global/networks/three-clouds-asia-network",
        "selfLink": f"{_GOOGLE}/global/networks/three-clouds-asia-network",
        "name": "three-clouds-asia-network",
    },
    "azure": {
        "id": f"{_AZURE}/virtualNetworks/v",
        "resourceGroup": "three-clouds-europe",
        "vnetName": "v",
        "vnetId": f"{_AZURE}/virtualNetworks/v",
        "gatewaySubnetId": f"{_AZURE}/virtualNetworks/v/subnets/GatewaySubnet",
    },
}
"""What a region's stack exports of its network."""


def redundant(venues: pathlib.Path) -> Venue:
    """three-clouds.yaml with a second circuit in America and Europe, in other places, and `redundant` between them."""
    text = (venues / "three-clouds.yaml").read_text()
    for old, new in (
        ("latency: 42 ms,", "latency: 42 ms, redundant: true,"),
        (
            "      london: {",
            '      secaucus: {facility: "Equinix NY5, Secaucus", asn: 64704, region: us}\n'
            '      amsterdam: {facility: "Equinix AM5, Amsterdam", asn: 64705, region: europe}\n'
            "      london: {",
        ),
        (
            "\ncircuits:\n",
            "\ncircuits:\n"
            "  us-2: {region: us, router: secaucus, product: dedicated, bandwidth: 10 Gbit/s, facility: EqNY5,"
            " vlan: 102, prefixes: [169.254.240.4/30], preference: 2}\n"
            "  europe-2: {region: europe, router: amsterdam, product: premium-metered, bandwidth: 5 Gbit/s,"
            " facility: Amsterdam, vlan: 302, prefixes: [192.168.240.8/30, 192.168.240.12/30], preference: 2}\n",
        ),
        ("    bandwidth: 10 Gbit/s\n    facility: London\n", "    bandwidth: 5 Gbit/s\n    facility: London\n"),
        ("between: [us, europe], bandwidth: 10 Gbit/s", "between: [us, europe], bandwidth: 5 Gbit/s"),
        ("between: [asia, europe], bandwidth: 10 Gbit/s", "between: [asia, europe], bandwidth: 5 Gbit/s"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return venue_files.parse(text.encode())


def region_stacks(venue: Venue) -> dict[str, Mapping[str, JsonValue]]:
    """What the regions' stacks export, as far as an attachment reads it."""
    return {f"region/{name}": _region(venue, name) for name in venue.regions}


def _region(venue: Venue, name: str) -> Mapping[str, JsonValue]:
    cloud = venue.regions[name].cloud
    return {
        "version": 1,
        "venue": venue.name,
        "region": name,
        "cloud": cloud,
        "owner": OWNERS[cloud],
        "network": dict(NETWORKS[cloud]),
        "cluster": {"name": "c", "endpoint": "e", "identityIssuer": "i"},
        "keys": {"id": "k", "backups": "k", "secrets": "k"},
        "backups": {"bucket": "b", "location": "l"},
        "registry": {"url": "u"},
        "entry": {"addresses": [], "dnsName": "", "healthPath": "/"},
        "sinks": {"logs": "l", "metrics": "m"},
        "identities": {"engine": "e", "backups": "b"},
    }


def outputs(venue: Venue, stacks: Mapping[str, Mapping[str, JsonValue]]) -> Outputs:
    """An outputs file that holds these stacks."""
    return Outputs(version=1, venue=venue.name, collected_ns=1, stacks=stacks)


def attached(
    venue: Venue,
    name: str,
    *,
    delivered: Sequence[str] | None = None,
    config: Mapping[str, str] | None = None,
    outputs_for: OutputsFor | None = None,
    preview: bool = False,
) -> Recording:
    """A region's attachment; with every circuit delivered, unless told otherwise, and every secret set."""
    lines = list(circuits(venue, name)) if delivered is None else list(delivered)
    given = {
        "interconnect:delivered": json.dumps(lines),
        "interconnect:customer": "Example Exchange",
        **{f"interconnect:{each.key}": f"value of {each.key}" for each in secrets.of_region(venue, name)},
        **(config or {}),
    }

    def program() -> None:
        made = build.attachment(venue, name, outputs(venue, region_stacks(venue)), pulumi.Config())
        for key, value in made.items():
            pulumi.export(key, value)

    return recorded(
        program,
        project="interconnect",
        stack=name,
        config=given,
        outputs_for=outputs_for,
        preview=preview,
    )


def ends(venue: Venue, *names: str) -> dict[str, Mapping[str, JsonValue]]:
    """What attachments export, as far as the tunnels of a pair read it."""
    found: dict[str, Mapping[str, JsonValue]] = {}
    for name in names:
        cloud = venue.regions[name].cloud
        gateway = f"{_AZURE}/virtualNetworkGateways/{venue.name}-{name}-vpn"
        vpn: dict[str, dict[str, JsonValue]] = {
            "aws": {"transitGatewayId": "tgw-1", "transitRouteTableId": "tgw-rtb-1"},
            "gcp": {
                "gateway": f"{_GOOGLE}/regions/{venue.regions[name].location}/vpnGateways/{venue.name}-{name}-vpn",
                "router": f"{venue.name}-{name}-vpn",
                "addresses": ["203.0.113.11", "203.0.113.12"],
            },
            "azure": {
                "resourceGroup": "three-clouds-europe",
                "gatewayId": gateway,
                "configurationIds": [f"{gateway}/ipConfigurations/instance-{number}" for number in (1, 2)],
                "addresses": ["198.51.100.21", "198.51.100.22"],
            },
        }
        found[f"interconnect/{name}"] = {
            "version": 1,
            "venue": venue.name,
            "region": name,
            "cloud": cloud,
            "owner": OWNERS[cloud],
            "circuits": {},
            "vpn": vpn[cloud],
        }
    return found


def paired(venue: Venue, one: str, other: str, *, preview: bool = False) -> Recording:
    """The tunnels of a pair, with every secret set."""
    link = venue.link(one, other)
    assert link is not None
    assert tunnels(venue, link)
    given = {f"interconnect:{each.key}": f"value of {each.key}" for each in secrets.of_pair(venue, one, other)}

    def program() -> None:
        made = build.pair(venue, link, outputs(venue, ends(venue, one, other)), pulumi.Config())
        for key, value in made.items():
            pulumi.export(key, value)

    return recorded(program, project="interconnect", stack="-".join(link.between), config=given, preview=preview)

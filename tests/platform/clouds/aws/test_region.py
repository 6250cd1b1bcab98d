"""A region's ground on AWS as a whole: places, providers, tags, outputs, and other venues."""

from __future__ import annotations

import json
import pathlib
from ipaddress import IPv4Network

import pytest
from clouds_aws import CONFIG, OWNER, kind, named
from clouds_recording import (
    recorded_region,
    reduced,
    unnamed,
    without_component,
    without_provider,
    without_tags,
)

from rialto_platform.clouds import schema_check, value_checks
from rialto_platform.clouds.aws.region import AwsGround
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.recorder import Recording
from rialto_platform.clouds.wire import mapping, text
from rialto_platform.venue import Venue


def test_every_resource_has_its_place_provider_tags_and_name(ground: Recording) -> None:
    """No lost child, no default provider, nothing untagged."""
    assert without_component(ground) == []
    assert without_provider(ground) == []
    assert without_tags(ground) == []
    assert unnamed(ground, "three-clouds-us") == []


def test_every_part_is_a_component_under_the_ground(ground: Recording) -> None:
    """And every resource under one part."""
    (whole,) = ground.of_type("rialto:aws:Ground")
    parts = {each.type.rpartition(":")[2] for each in ground.children(whole.urn) if each.type.startswith("rialto:aws:")}
    assert parts >= {"Network", "Keys", "Cluster", "Backups", "Registry", "Entry", "Access", "Sinks", "Identities"}
    direct = [each for each in ground.children(whole.urn) if each.custom]
    assert [each.type for each in direct] == ["pulumi:providers:aws"]


def test_the_provider_is_of_the_regions_place_and_account(ground: Recording) -> None:
    """Credentials of another account are refused."""
    provider = ground.one("pulumi:providers:aws")
    assert provider.inputs["region"] == "us-east-1"
    assert json.loads(text(provider.inputs["allowedAccountIds"])) == [OWNER]


def test_inputs_are_as_the_sdk_and_the_tables_want_them(ground: Recording, venue: Venue) -> None:
    """Names, types, ranges, places, machines."""
    assert [str(problem) for problem in schema_check.check(ground)] == []
    assert [str(problem) for problem in value_checks.check(ground, venue.regions["us"].cidr)] == []


def test_a_preview_knows_no_ids_and_runs_to_its_end(venue: Venue, ground: Recording) -> None:
    """Nothing is decided by a value that only the cloud knows: the same resources come of it."""
    preview = recorded_region(venue, "us", AwsGround, config=CONFIG, preview=True)
    assert {each.urn for each in preview.resources} == {each.urn for each in ground.resources}


def test_outputs_are_what_the_other_stacks_take(ground: Recording) -> None:
    """By the keys that every cloud's ground has."""
    out = ground.outputs
    assert set(out) == {"network", "cluster", "keys", "backups", "registry", "entry", "sinks", "identities"}
    network = mapping(out["network"])
    assert network["vpcId"] == ground.one("aws:ec2/vpc:Vpc").id
    assert network["transitGatewayId"] == ground.one("aws:ec2transitgateway/transitGateway:TransitGateway").id
    assert network["transitRouteTableId"] == ground.one("aws:ec2transitgateway/routeTable:RouteTable").id
    entry = mapping(out["entry"])
    assert entry["addresses"] == [
        named(ground, "ec2/eip:Eip", f"entry-{number}-address").outputs["publicIp"] for number in (1, 2, 3)
    ]
    assert entry["dnsName"] == "orders.us.venue.example.com"
    assert text(mapping(out["cluster"])["identityIssuer"]).startswith("https://")


def test_a_venue_of_one_cloud_has_no_way_to_others(venues: pathlib.Path) -> None:
    """No routes, no rules; the gateway is there for later."""
    alone = recorded_region(reduced(venues, "us"), "us", AwsGround, config=CONFIG)
    assert not [each for each in kind(alone, "ec2/route:Route") if "transitGatewayId" in each.inputs]
    rules = kind(alone, "vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert {text(each.inputs["cidrIpv4"]) for each in rules if "cidrIpv4" in each.inputs} == {"0.0.0.0/0"}
    assert schema_check.check(alone) == []


def test_a_venue_without_a_domain_has_no_zone(venue: Venue) -> None:
    """Its entry is the load balancer's own name."""
    found = recorded_region(venue.model_copy(update={"domain": None}), "us", AwsGround)
    assert found.of_type("aws:route53/zone:Zone") == ()
    assert (
        mapping(found.outputs["entry"])["dnsName"] == found.one("aws:lb/loadBalancer:LoadBalancer").outputs["dnsName"]
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cidr", IPv4Network("10.0.0.0/12"), r"regions\.us\.cidr: 10\.0\.0\.0/12 is more than a VPC takes"),
        ("cidr", IPv4Network("10.0.0.0/22"), r"regions\.us: 10\.0\.0\.0/22 is too small"),
        ("location", "us-east-9", r"regions\.us: us-east-9 is not a place of aws"),
        ("zones", ("us-west-2a",), r"regions\.us: us-west-2a is not a zone of us-east-1"),
    ],
)
def test_what_aws_does_not_have_is_refused(venue: Venue, key: str, value: object, said: str) -> None:
    """By its path in the venue file, with what would do, before anything is made."""
    us = venue.regions["us"].model_copy(update={key: value})
    moved = venue.model_copy(update={"regions": {**venue.regions, "us": us}})
    with pytest.raises(CloudError, match=said):
        recorded_region(moved, "us", AwsGround)


def test_long_names_fit_and_stay_apart(venues: pathlib.Path) -> None:
    """The longest that a venue file allows, for venue, region and market, in the smallest range."""
    small = reduced(venues, "us")
    market = next(iter(small.markets.values())).model_copy(update={"home": "r" * 16})
    region = small.regions["us"].model_copy(update={"cidr": IPv4Network("10.16.0.0/20")})
    long = small.model_copy(
        update={
            "name": "v" * 16,
            "regions": {"r" * 16: region},
            "markets": {"m" * 16: market, "m" * 15 + "n": market},
        }
    )
    found = recorded_region(long, "r" * 16, AwsGround, config=CONFIG)
    assert [str(problem) for problem in value_checks.check(found, region.cidr)] == []
    for short in ("lb/targetGroup:TargetGroup", "iam/role:Role"):
        names = [each.inputs["name"] for each in kind(found, short)]
        assert len(set(map(text, names))) == len(names)

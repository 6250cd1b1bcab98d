"""Each guardrail on each cloud: an example that it stops, beside one that it lets through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from clouds_guardrails import EXAMPLES, RULES, Example, tags

from rialto_platform.clouds import guardrails
from rialto_platform.clouds.guardrails import UNKNOWN, Resource, Rules, ingress


def problems(policy: str, resource: Resource) -> list[str]:
    """What one policy says of a resource."""
    return [one.problem for one in guardrails.check([resource], RULES) if one.policy == policy]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.policy} {one.type.rpartition(':')[2]}")
def test_each_policy_stops_the_one_and_lets_the_other_through(example: Example) -> None:
    told = problems(example.policy, Resource(example.type, "x", "urn:x", example.wrong))
    assert any(example.told in one for one in told), told
    assert all(";" in one for one in told), "each says what to do"
    right = Resource(example.type, "x", "urn:x", example.right, protect=example.protect)
    assert problems(example.policy, right) == []


def test_every_policy_for_one_resource_has_examples_of_each_cloud() -> None:
    covered = {(one.policy, Resource(one.type, "", "", {}).cloud) for one in EXAMPLES}
    for policy in guardrails.RESOURCE_POLICIES:
        for cloud in ("aws", "gcp", "azure"):
            assert (policy.name, cloud) in covered


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.policy} {one.type.rpartition(':')[2]}")
def test_what_is_not_known_before_an_update_is_judged_then(example: Example) -> None:
    unknown = Resource(
        example.type, "x", "urn:x", dict.fromkeys({**example.wrong, **example.right}, UNKNOWN), protect=True
    )
    assert not [told for told in problems(example.policy, unknown) if "UNKNOWN" in told or "Unknown" in told]


def test_a_bucket_of_s3_needs_its_block_and_its_key_beside_it() -> None:
    bucket = Resource("aws:s3/bucket:Bucket", "b", "urn:b", {"tags": tags("us")}, protect=True)
    told = {one.policy for one in guardrails.check([bucket], RULES)}
    assert told == {"blocked-buckets", "encrypted-buckets"}
    of_it = {"bucket": frozenset({"urn:b"})}
    block = Resource(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "b",
        "urn:c",
        {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True},
        sources=of_it,
    )
    key = Resource(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "b",
        "urn:d",
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn"}}]},
        sources=of_it,
    )
    assert guardrails.check([bucket, block, key], RULES) == []
    other = Resource("aws:s3/bucket:Bucket", "o", "urn:o", {"tags": tags("us")}, protect=True)
    assert {one.resource.name for one in guardrails.check([bucket, block, key, other], RULES)} == {"o"}


def overlapping(*ranges: tuple[str, Mapping[str, object], str]) -> list[str]:
    """What is said of resources of these types, properties and stacks together."""
    resources = [
        Resource(type_, f"n{index}", f"urn:{index}", props, stack=stack)
        for index, (type_, props, stack) in enumerate(ranges)
    ]
    return [one.problem for one in guardrails.check(resources, RULES) if one.policy == "no-overlap"]


def test_subnets_of_one_stack_do_not_overlap() -> None:
    first = ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.16.0.0/20"}, "region/us")
    [told] = overlapping(first, ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.16.8.0/21"}, "region/us"))
    assert "10.16.8.0/21 overlaps 10.16.0.0/20 of n0" in told
    assert overlapping(first, ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.16.16.0/20"}, "region/us")) == []


def test_networks_of_different_stacks_do_not_overlap() -> None:
    vpc = ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.16.0.0/16"}, "region/us")
    net = {"addressSpace": {"addressPrefixes": ["10.16.128.0/17"]}}
    told = overlapping(vpc, ("azure-native:network:VirtualNetwork", net, "region/europe"))
    assert any("overlaps 10.16.0.0/16 of n0" in one for one in told)
    assert any("lies in 10.16.0.0/16 of region us; use the range of europe" in one for one in told)
    net = {"addressSpace": {"addressPrefixes": ["10.48.0.0/16"]}}
    assert overlapping(vpc, ("azure-native:network:VirtualNetwork", net, "region/europe")) == []


def test_a_subnet_in_another_regions_share_is_seen_without_that_region() -> None:
    pods = {"ipCidrRange": "10.32.0.0/20", "secondaryIpRanges": [{"ipCidrRange": "10.48.64.0/18"}]}
    [told] = overlapping(("gcp:compute/subnetwork:Subnetwork", pods, "region/asia"))
    assert "10.48.64.0/18 lies in 10.48.0.0/16 of region europe" in told


CONNECTION = "aws:directconnect/connection:Connection"
CIRCUIT = "azure-native:network:ExpressRouteCircuit"
LINK = "gcp:compute/interconnect:Interconnect"


def ways(*resources: tuple[str, Mapping[str, object]]) -> list[str]:
    """What is said of the ways out of a stack."""
    made = [
        Resource(type_, f"n{index}", f"urn:{index}", props, stack="interconnect/us")
        for index, (type_, props) in enumerate(resources)
    ]
    return [one.problem for one in guardrails.check(made, RULES) if one.policy == "two-ways"]


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        (CONNECTION, {"location": "EqDC2"}, {"location": "EqNY5"}),
        (LINK, {"location": "hkg-zone1-1118"}, {"location": "hkg-zone1-2051"}),
        (
            CIRCUIT,
            {"serviceProviderProperties": {"peeringLocation": "London"}},
            {"serviceProviderProperties": {"peeringLocation": "Amsterdam"}},
        ),
    ],
)
def test_one_circuit_alone_is_not_enough_nor_two_in_one_building(
    type_: str, one: Mapping[str, object], other: Mapping[str, object]
) -> None:
    assert "1 circuit(s)" in ways((type_, one))[0]
    assert "2 circuit(s)" in ways((type_, one), (type_, one))[0]
    assert ways((type_, one), (type_, other)) == []


@pytest.mark.parametrize(
    ("type_", "props"),
    [
        ("aws:ec2/vpnConnection:VpnConnection", {}),
        ("gcp:compute/haVpnGateway:HaVpnGateway", {}),
        ("azure-native:network:VirtualNetworkGateway", {"gatewayType": "Vpn"}),
    ],
)
def test_a_vpn_behind_one_circuit_is_enough(type_: str, props: Mapping[str, object]) -> None:
    assert ways((CONNECTION, {"location": "EqDC2"}), (type_, props)) == []


def of_stacks(rules: Rules, *resources: tuple[str, str, Mapping[str, object]]) -> list[str]:
    """What is said of the ways out of several stacks."""
    made = [
        Resource(type_, f"n{index}", f"urn:{index}", props, stack=f"interconnect/{stack}")
        for index, (stack, type_, props) in enumerate(resources)
    ]
    return [one.problem for one in guardrails.check(made, rules) if one.policy == "two-ways"]


def test_a_vpn_of_the_pairs_is_enough_where_the_venue_declares_it_and_it_is_there() -> None:
    circuit = ("us", CONNECTION, {"location": "EqDC2"})
    tunnel = ("us-asia", "aws:ec2/vpnConnection:VpnConnection", dict[str, object]())
    pairs = {"us": ("us-asia", "us-europe")}
    declared = replace(RULES, pairs=pairs, vpns=frozenset({"us-asia", "us-europe"}))
    assert of_stacks(declared, circuit) == []
    assert "on us-europe" in of_stacks(replace(declared, vpns=frozenset({"us-asia"})), circuit)[0]
    other = ("us-europe", "aws:ec2/vpnConnection:VpnConnection", dict[str, object]())
    assert of_stacks(declared, circuit, tunnel, other) == []
    assert "on us-europe" in of_stacks(declared, circuit, tunnel)[0]


def test_the_gateway_of_a_circuit_is_no_vpn() -> None:
    assert ways((CIRCUIT, {}), ("azure-native:network:VirtualNetworkGateway", {"gatewayType": "ExpressRoute"}))


@pytest.mark.parametrize(
    "source", ["0.0.0.0/0", "::/0", "*", "Any", "Internet", "0.0.0.0/1", "128.0.0.0/2", "2000::/3"]
)
def test_everywhere_in_all_its_spellings(source: str) -> None:
    assert ingress.everywhere(source)


@pytest.mark.parametrize(
    "source", ["10.0.0.0/8", "35.191.0.0/16", "AzureLoadBalancer", "VirtualNetwork", "sg-1", "", None]
)
def test_what_is_not_everywhere(source: object) -> None:
    assert not ingress.everywhere(source)


def test_a_location_whose_name_begins_with_anothers_is_another() -> None:
    rules = replace(RULES, locations={"gcp": frozenset({"europe-west1"}), "azure": frozenset({"westus"})})
    wrong = {"gcp:storage/bucket:Bucket": "europe-west12", "azure-native:network:VirtualNetwork": "westus2"}
    for kind, place in wrong.items():
        found = guardrails.check([Resource(kind, "x", "urn:x", {"location": place})], rules)
        assert "allowed-locations" in {one.policy for one in found}


def test_versions_of_azures_apis_are_one_type() -> None:
    assert guardrails.kind("azure-native:network/v20240501:SecurityRule") == "azure-native:network:SecurityRule"
    assert guardrails.kind("aws:ec2/vpc:Vpc") == "aws:ec2/vpc:Vpc"

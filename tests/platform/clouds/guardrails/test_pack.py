"""The guardrails as the engine asks them: what a preview doesn't know, whose rules they are, and the service itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from clouds_guardrails import RULES, tags

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.guardrails import RESOURCE_POLICIES, STACK_POLICIES, ResourcePolicy, StackPolicy, pack

EIP = "aws:ec2/eip:Eip"
URN = "urn:pulumi:us::region::rialto:aws:Ground$aws:ec2/eip:Eip::three-clouds-us-nat-a"


class NotKnownError(Exception):
    """Stands for what the policy library raises for a value that only the cloud knows."""


class Proxy(dict[str, object]):
    """A mapping of the policy library: reading an unknown value raises, asking for its keys does not."""

    def __getitem__(self, key: str) -> object:
        value = super().__getitem__(key)
        if value is NotKnownError:
            raise NotKnownError
        return value


@dataclass
class Options:
    protect: bool = False


@dataclass
class Told:
    resource_type: str
    props: Mapping[str, object]
    name: str = "x"
    urn: str = URN
    opts: Options = field(default_factory=Options)
    property_dependencies: Mapping[str, Sequence[Told]] = field(default_factory=dict[str, "Sequence[Told]"])


def policy(name: str) -> ResourcePolicy:
    return next(one for one in RESOURCE_POLICIES if one.name == name)


def stack_policy(name: str) -> StackPolicy:
    return next(one for one in STACK_POLICIES if one.name == name)


def said(name: str, told: Told) -> list[str]:
    """What a policy says of a resource."""
    return list(pack.violations(policy(name), told, RULES, NotKnownError))


def test_a_value_that_is_not_known_yet_is_no_violation_and_stops_nothing_else() -> None:
    config = {"endpointPublicAccess": NotKnownError, "subnetIds": [NotKnownError]}
    assert said("no-public-data", Told("aws:eks/cluster:Cluster", Proxy(vpcConfig=Proxy(config)))) == []
    known = Proxy(vpcConfig=Proxy(endpointPublicAccess=True, subnetIds=NotKnownError))
    assert len(said("no-public-data", Told("aws:eks/cluster:Cluster", known))) == 1


def test_protection_and_the_type_without_its_version_reach_the_policy() -> None:
    vault = Told("azure-native:keyvault/v20230701:Vault", {"properties": {"enablePurgeProtection": True}})
    assert said("deletion-protection", vault) == [
        "it holds data and is not protected; give it ResourceOptions(protect=True)"
    ]
    vault.opts.protect = True
    assert said("deletion-protection", vault) == []


def test_the_edges_of_a_stack_reach_the_policy() -> None:
    bucket = Told("aws:s3/bucket:Bucket", {}, urn="urn:b")
    block = Told("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {}, urn="urn:c")
    found = pack.stack_violations(stack_policy("blocked-buckets"), [bucket, block], RULES, NotKnownError)
    assert [urn for _, urn in found] == ["urn:b"]
    block.property_dependencies = {"bucket": [bucket]}
    found = pack.stack_violations(stack_policy("blocked-buckets"), [bucket, block], RULES, NotKnownError)
    assert list(found) == []


def test_the_stack_of_a_resource_is_read_from_its_urn() -> None:
    """So that a subnet without tags is held to its own region's share."""
    subnet = Told("gcp:compute/subnetwork:Subnetwork", {"ipCidrRange": "10.32.0.0/20"})
    subnet.urn = "urn:pulumi:asia::region::gcp:compute/subnetwork:Subnetwork::n"
    assert list(pack.stack_violations(stack_policy("no-overlap"), [subnet], RULES, NotKnownError)) == []
    subnet.urn = "urn:pulumi:us::region::gcp:compute/subnetwork:Subnetwork::n"
    [(problem, _)] = pack.stack_violations(stack_policy("no-overlap"), [subnet], RULES, NotKnownError)
    assert "10.32.0.0/16 of region asia" in problem


def test_the_rules_are_those_of_the_venue_that_the_stack_names(venues: Path) -> None:
    for project in ("region", "interconnect"):
        config = json.dumps({f"{project}:venue": str(venues / "three-clouds.yaml"), f"{project}:owner": "1"})
        found = pack.rules({"PULUMI_CONFIG": config})
        assert found.locations["azure"] == {"westeurope"}
        assert str(found.ranges["asia"]) == "10.32.0.0/16"


@pytest.mark.parametrize("variables", [{}, {"PULUMI_CONFIG": "{}"}, {"PULUMI_CONFIG": '{"region:owner": "1"}'}])
def test_without_a_venue_nothing_is_let_through(variables: dict[str, str]) -> None:
    with pytest.raises(CloudError, match="names no venue file"):
        pack.rules(variables)


@pytest.fixture(scope="module")
def port(checkout: Path) -> Iterator[int]:
    """The pack of stacks/guardrails, serving as the engine has it serve."""
    config = {"region:venue": "../venues/three-clouds.yaml"}
    served = subprocess.Popen(
        [sys.executable, "__main__.py"],
        cwd=checkout / "stacks" / "guardrails",
        env={**os.environ, "PULUMI_CONFIG": json.dumps(config)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert served.stdout is not None
    with served.stdout:
        try:
            yield int(served.stdout.readline())
        finally:
            served.kill()
            served.wait()


def test_the_pack_serves_every_policy_as_mandatory(port: int) -> None:
    info = asked(port, "GetAnalyzerInfo")
    policies = cast("list[dict[str, object]]", info["policies"])
    names = [one.name for one in (*RESOURCE_POLICIES, *STACK_POLICIES)]
    assert [one["name"] for one in policies] == names
    assert {one["enforcementLevel"] for one in policies} == {"MANDATORY"}


def test_the_pack_stops_a_bad_resource_and_lets_a_good_one_through(port: int) -> None:
    bad = {"type": EIP, "urn": URN, "name": "x", "properties": {"tags": {**tags("us", "bastion")}}}
    diagnostics = cast("list[dict[str, object]]", asked(port, "Analyze", bad)["diagnostics"])
    assert [one["policyName"] for one in diagnostics] == ["public-address-with-reason"]
    assert diagnostics[0]["enforcementLevel"] == "MANDATORY"
    assert "states no reason" in str(diagnostics[0]["message"])
    good = {**bad, "properties": {"tags": {**tags("us", "nat-a")}}}
    assert "diagnostics" not in asked(port, "Analyze", good)


def test_the_pack_judges_no_value_that_a_preview_does_not_know(port: int) -> None:
    unknown = "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"
    cluster = {
        "type": "aws:eks/cluster:Cluster",
        "urn": URN,
        "name": "x",
        "properties": {"vpcConfig": {"endpointPublicAccess": unknown}, "encryptionConfig": unknown, "tags": unknown},
    }
    assert "diagnostics" not in asked(port, "Analyze", cluster)


def test_the_pack_judges_a_whole_stack(port: int) -> None:
    bucket = {"type": "aws:s3/bucket:Bucket", "urn": "urn:pulumi:us::region::aws:s3/bucket:Bucket::b", "name": "b"}
    told: Mapping[str, object] = {"resources": [{**bucket, "properties": dict[str, object]()}]}
    answer = asked(port, "AnalyzeStack", told)
    diagnostics = cast("list[dict[str, object]]", answer["diagnostics"])
    assert {one["policyName"] for one in diagnostics} == {"blocked-buckets", "encrypted-buckets"}
    assert {one["urn"] for one in diagnostics} == {bucket["urn"]}


def asked(port: int, call: str, message: Mapping[str, object] | None = None) -> Mapping[str, object]:
    """The service's answer as plain values; a process of its own asks, since the library has no types."""
    code = (
        "import json, sys, grpc\n"
        "from google.protobuf import empty_pb2, json_format\n"
        "from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc\n"
        "port, call, text = sys.argv[1:]\n"
        "kinds = {'Analyze': analyzer_pb2.AnalyzeRequest, 'AnalyzeStack': analyzer_pb2.AnalyzeStackRequest}\n"
        "request = json_format.ParseDict(json.loads(text), kinds.get(call, empty_pb2.Empty)())\n"
        "stub = analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f'127.0.0.1:{port}'))\n"
        "print(json_format.MessageToJson(getattr(stub, call)(request, timeout=60)))\n"
    )
    command = [sys.executable, "-c", code, str(port), call, json.dumps(message or {})]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return cast("Mapping[str, object]", json.loads(done.stdout))

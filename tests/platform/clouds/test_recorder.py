"""A recorder keeps each request whole, and each program stands alone."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest
from clouds_recording import recorded

from rialto_platform.clouds.recorder import Recording, RecordingError, record


def network() -> None:
    """A component with two resources, one made of the other's outputs."""
    provider = aws.Provider("there", aws.ProviderArgs(region="us-east-1"))
    group = pulumi.ComponentResource("rialto:test:Network", "net", None, pulumi.ResourceOptions(providers=[provider]))
    inner = pulumi.ComponentResource("rialto:test:Part", "part", None, pulumi.ResourceOptions(parent=group))
    vpc = aws.ec2.Vpc(
        "vpc",
        aws.ec2.VpcArgs(cidr_block="10.0.0.0/16", enable_dns_support=True),
        opts=pulumi.ResourceOptions(parent=inner, protect=True, retain_on_delete=True),
    )
    subnet = aws.ec2.Subnet(
        "subnet",
        aws.ec2.SubnetArgs(vpc_id=vpc.id, cidr_block="10.0.0.0/20", tags={"key": pulumi.Output.secret("hidden")}),
        opts=pulumi.ResourceOptions(parent=inner, depends_on=[vpc]),
    )
    pulumi.export("subnet", subnet.id)
    pulumi.export("arns", {"vpc": vpc.arn})
    pulumi.export("hidden", pulumi.Output.secret("it"))
    pulumi.log.warn("look here")


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Of the program above."""
    return recorded(network, stack="us")


def test_edges_are_kept_property_by_property(recording: Recording) -> None:
    """A value that comes from a resource names it; a constant names none."""
    vpc, subnet = recording.one("aws:ec2/vpc:Vpc"), recording.one("aws:ec2/subnet:Subnet")
    assert subnet.property_dependencies["vpcId"] == {vpc.urn}
    assert subnet.property_dependencies["cidrBlock"] == frozenset()
    assert recording.sources(subnet, "vpcId") == (vpc,)
    assert vpc.urn in subnet.dependencies
    assert subnet.inputs["vpcId"] == vpc.id


def test_parents_and_urns_are_the_engines(recording: Recording) -> None:
    """Under a component a type carries the types above it; under the stack it stands alone."""
    vpc = recording.one("aws:ec2/vpc:Vpc")
    above = [each.type for each in recording.ancestors(vpc)]
    assert above == ["rialto:test:Part", "rialto:test:Network"]
    assert vpc.urn == "urn:pulumi:us::region::rialto:test:Network$rialto:test:Part$aws:ec2/vpc:Vpc::vpc"
    assert recording.one("rialto:test:Network").parent == recording.stack
    assert {each.name for each in recording.children(vpc.parent)} == {"vpc", "subnet"}


def test_the_provider_comes_down_from_the_component(recording: Recording) -> None:
    """By the component's own providers, not by a default one."""
    provider = recording.one("pulumi:providers:aws")
    assert recording.one("aws:ec2/subnet:Subnet").provider == provider.urn
    assert recording.one("rialto:test:Network").providers == {"aws": provider.urn}


def test_protection_and_retention_are_kept(recording: Recording) -> None:
    """As options say, and no further."""
    vpc, subnet = recording.one("aws:ec2/vpc:Vpc"), recording.one("aws:ec2/subnet:Subnet")
    assert (vpc.protect, vpc.retain_on_delete) == (True, True)
    assert (subnet.protect, subnet.retain_on_delete) == (False, False)


def test_secrets_are_unwrapped_and_named(recording: Recording) -> None:
    """Their paths say where they were."""
    subnet = recording.one("aws:ec2/subnet:Subnet")
    assert subnet.inputs["tags"] == {"key": "hidden"}
    assert subnet.secret_inputs == ("tags.key",)
    assert recording.secret_outputs == ("hidden",)
    assert recording.outputs["hidden"] == "it"


def test_stand_ins_are_distinct_typed_and_the_same_each_time(recording: Recording) -> None:
    """So that two edges can't be confused, and a plan does not change by itself."""
    vpc, subnet = recording.one("aws:ec2/vpc:Vpc"), recording.one("aws:ec2/subnet:Subnet")
    assert vpc.id != subnet.id
    assert recording.outputs["subnet"] == subnet.id
    assert recording.outputs["arns"] == {"vpc": vpc.outputs["arn"]}
    assert str(vpc.outputs["arn"]).startswith("arn:aws:ec2:")
    assert vpc.outputs["enableDnsSupport"] is True
    assert recorded(network, stack="us") == recording


def test_a_program_sees_nothing_of_the_one_before(recording: Recording) -> None:
    """Neither its resources nor its configuration nor its exports."""

    def other() -> None:
        assert pulumi.Config("region").get("venue") == "here.yaml"
        assert (pulumi.get_stack(), pulumi.get_project()) == ("asia", "region")

    found = recorded(other, stack="asia", config={"region:venue": "here.yaml"})
    assert (found.resources, found.outputs) == ((), {})

    def bare() -> None:
        assert pulumi.Config("region").get("venue") is None

    assert recorded(bare).resources == ()
    assert recording.outputs["subnet"]


def test_messages_are_kept(recording: Recording) -> None:
    """A warning of the program or of an SDK is not lost."""
    assert [(said.severity, said.text) for said in recording.messages] == [("warning", "look here")]


def test_in_a_preview_what_the_cloud_chooses_is_unknown() -> None:
    """Applied functions don't run on it."""
    seen: list[str] = []

    def program() -> None:
        vpc = aws.ec2.Vpc("vpc", aws.ec2.VpcArgs(cidr_block="10.0.0.0/16"))
        vpc.arn.apply(seen.append)
        vpc.cidr_block.apply(seen.append)

    found = recorded(program, preview=True)
    assert found.one("aws:ec2/vpc:Vpc").id == ""
    assert seen == ["10.0.0.0/16"]


def test_what_the_engine_refuses_is_refused() -> None:
    """Two resources of one type and name under one parent."""

    def program() -> None:
        for cidr in ("10.0.0.0/16", "10.1.0.0/16"):
            aws.ec2.Vpc("vpc", aws.ec2.VpcArgs(cidr_block=cidr))

    with pytest.raises(RecordingError, match="there are two of this type and name"):
        recorded(program)


def test_what_needs_the_cloud_is_refused_unless_it_is_answered() -> None:
    """A plan has no credentials."""

    def program() -> None:
        pulumi.export("account", aws.get_caller_identity_output().account_id)

    with pytest.raises(RecordingError, match="aws:index/getCallerIdentity:getCallerIdentity"):
        recorded(program)
    found = record(program, answers_for=lambda token, _: {"accountId": "1", "arn": "a", "id": "i", "userId": "u"})
    assert found.outputs["account"] == "1"


def test_a_programs_own_error_comes_out_as_it_is() -> None:
    """Whoever records sees what went wrong, not that something did."""

    def program() -> None:
        raise LookupError("no such region")

    with pytest.raises(LookupError, match="no such region"):
        recorded(program)

    def later() -> None:
        def fail(_: str) -> None:
            raise LookupError("no such zone")

        aws.ec2.Vpc("vpc", aws.ec2.VpcArgs(cidr_block="10.0.0.0/16")).id.apply(fail)

    with pytest.raises(LookupError, match="no such zone"):
        recorded(later)

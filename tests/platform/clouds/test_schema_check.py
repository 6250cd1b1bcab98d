"""The schema check finds what the SDKs pass on: misspelt names at any depth, wrong types, missing or unknown values."""

from __future__ import annotations

import copy
import dataclasses
from typing import TypeAlias, cast

import pulumi
import pulumi_aws as aws
import pulumi_azure_native as azure
import pulumi_gcp as gcp
import pytest
from clouds_recording import recorded

from rialto_platform.clouds import schema_check
from rialto_platform.clouds.recorder import Recording
from rialto_platform.clouds.wire import Value

Path: TypeAlias = tuple[str | int, ...]

BUCKET = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
CLUSTER = "aws:eks/cluster:Cluster"
ACCOUNT = "azure-native:storage:StorageAccount"
SUBNET = "gcp:compute/subnetwork:Subnetwork"


def program() -> None:
    """A resource or two of each cloud, all right."""
    aws.Provider("aws", aws.ProviderArgs(region="us-east-1", allowed_account_ids=["123456789012"], insecure=False))
    aws.s3.BucketLifecycleConfiguration(
        "lifecycle",
        bucket="b",
        rules=[
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="cold",
                status="Enabled",
                transitions=[
                    aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(days=30, storage_class="GLACIER_IR")
                ],
            )
        ],
    )
    aws.eks.Cluster(
        "cluster",
        role_arn="arn",
        vpc_config=aws.eks.ClusterVpcConfigArgs(subnet_ids=["a"], endpoint_public_access=False),
        tags={"a": "b"},
    )
    aws.route53.Record("record", zone_id="z", name="n", type=aws.route53.RecordType.A)
    gcp.compute.Subnetwork(
        "subnet",
        network="n",
        ip_cidr_range="10.0.0.0/24",
        log_config=gcp.compute.SubnetworkLogConfigArgs(aggregation_interval="INTERVAL_5_SEC", flow_sampling=0.5),
    )
    azure.storage.StorageAccount(
        "account",
        resource_group_name="g",
        kind=azure.storage.Kind.STORAGE_V2,
        sku=azure.storage.SkuArgs(name=azure.storage.SkuName.STANDARD_ZRS),
    )


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Of the program above."""
    return recorded(program)


def changed(recording: Recording, kind: str, path: Path, value: Value, *, rename: str = "") -> Recording:
    """The recording with one input set to a value (``None``: removed), or its last key renamed."""
    resource = recording.one(kind)
    inputs = copy.deepcopy(dict(resource.inputs))
    at = cast("dict[str | int, Value]", inputs)
    for part in path[:-1]:
        at = cast("dict[str | int, Value]", at[part])
    if rename:
        at[rename] = at.pop(path[-1])
    elif value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    planted = dataclasses.replace(resource, inputs=inputs)
    resources = tuple(planted if each.urn == resource.urn else each for each in recording.resources)
    return dataclasses.replace(recording, resources=resources)


def test_what_is_right_passes(recording: Recording) -> None:
    """In all three clouds, providers included."""
    assert len(recording.resources) == 6
    assert schema_check.check(recording) == []


@pytest.mark.parametrize(
    ("kind", "path", "rename", "at"),
    [
        (CLUSTER, ("roleArn",), "rolArn", "rolArn"),
        (CLUSTER, ("vpcConfig", "endpointPublicAccess"), "endpointPublicAcces", "vpcConfig.endpointPublicAcces"),
        (BUCKET, ("rules", 0, "transitions", 0, "days"), "day", "rules[0].transitions[0].day"),
        (BUCKET, ("rules", 0, "transitions"), "transition", "rules[0].transition"),
        (SUBNET, ("logConfig", "flowSampling"), "flow_sampling", "logConfig.flow_sampling"),
        (ACCOUNT, ("sku", "name"), "nme", "sku.nme"),
    ],
)
def test_a_misspelt_name_is_found_at_every_depth(
    recording: Recording, kind: str, path: Path, rename: str, at: str
) -> None:
    """And what it may be meant as is said."""
    found = schema_check.check(changed(recording, kind, path, None, rename=rename))
    problem = next(each for each in found if each.path == at)
    assert problem.wrong.endswith("has no such property")
    assert problem.right == f"it may be meant as {path[-1]}"


@pytest.mark.parametrize(
    ("kind", "path", "value", "wrong"),
    [
        (BUCKET, ("rules", 0, "transitions", 0, "days"), "30", '"30" where a whole number belongs'),
        (BUCKET, ("rules", 0, "transitions", 0, "days"), 30.5, "30.5 where a whole number belongs"),
        (BUCKET, ("rules", 0, "status"), True, "true where text belongs"),
        (CLUSTER, ("vpcConfig", "endpointPublicAccess"), "false", '"false" where true or false belongs'),
        (CLUSTER, ("vpcConfig", "subnetIds"), "a", '"a" where a list belongs'),
        (CLUSTER, ("vpcConfig",), ["a"], '["a"] where ClusterVpcConfigArgs belongs'),
        (CLUSTER, ("tags",), ["a"], '["a"] where a mapping belongs'),
        (CLUSTER, ("tags", "a"), 1, "1 where text belongs"),
        (SUBNET, ("logConfig", "flowSampling"), "half", '"half" where a number belongs'),
    ],
)
def test_a_wrong_type_is_found_at_every_depth(
    recording: Recording, kind: str, path: Path, value: Value, wrong: str
) -> None:
    """A number is no text, a text no list."""
    assert [each.wrong for each in schema_check.check(changed(recording, kind, path, value))] == [wrong]


@pytest.mark.parametrize(
    ("kind", "path", "at"),
    [
        (CLUSTER, ("vpcConfig",), "vpcConfig"),
        (CLUSTER, ("vpcConfig", "subnetIds"), "vpcConfig.subnetIds"),
        (BUCKET, ("rules", 0, "status"), "rules[0].status"),
        (ACCOUNT, ("sku", "name"), "sku.name"),
    ],
)
def test_what_is_required_is_missed(recording: Recording, kind: str, path: Path, at: str) -> None:
    """At the top and within."""
    found = schema_check.check(changed(recording, kind, path, None))
    assert [(each.path, "needs it" in each.wrong) for each in found] == [(at, True)]


@pytest.mark.parametrize(
    ("kind", "path", "value", "right"),
    [
        (ACCOUNT, ("kind",), "StorageV3", "it may be meant as StorageV2"),
        (ACCOUNT, ("sku", "name"), "Standard_ZSR", "it may be meant as Standard_"),
        ("aws:route53/record:Record", ("type",), "AAA", "it may be meant as AAAA"),
    ],
)
def test_a_value_beyond_an_enumeration_is_found(
    recording: Recording, kind: str, path: Path, value: str, right: str
) -> None:
    """Though the SDK takes any text there."""
    (problem,) = schema_check.check(changed(recording, kind, path, value))
    assert problem.right.startswith(right)


def test_a_misspelt_key_that_only_the_cloud_would_refuse() -> None:
    """The same by the real way: a nested mapping that the SDK passes through unchanged."""

    def wrong() -> None:
        aws.eks.Cluster(
            "cluster",
            role_arn="arn",
            # What a type checker refuses is what the check is for.
            vpc_config={"subnet_ids": ["a"], "endpointPublicAcess": True},  # pyright: ignore[reportArgumentType]
        )

    (problem,) = schema_check.check(recorded(wrong))
    assert (problem.path, problem.name) == ("vpcConfig.endpointPublicAcess", "cluster")
    assert problem.right == "it may be meant as endpointPublicAccess"


def test_what_the_cloud_alone_knows_is_passed_over() -> None:
    """In a preview an id is unknown, and no wrong value."""

    def preview() -> None:
        vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
        aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/20")

    assert schema_check.check(recorded(preview, preview=True)) == []


def test_a_type_that_no_sdk_has_is_a_problem() -> None:
    """Rather than an error of the check."""

    def odd() -> None:
        pulumi.CustomResource("aws:ec2/odd:Odd", "odd", {}, None)

    with pytest.raises(LookupError, match="aws:ec2/odd:Odd is not a type of pulumi_aws"):
        recorded(odd)

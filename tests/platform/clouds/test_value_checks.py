"""Names, ranges, places and machine types are held against tables, and ranges against each other."""

from __future__ import annotations

import pathlib
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws
import pulumi_azure_native as azure
import pulumi_gcp as gcp
import pytest
from clouds_recording import recorded, reduced

from rialto_platform.clouds import limits, locations, machines, range_checks, value_checks
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.recorder import Recording

WHOLE = IPv4Network("10.16.0.0/16")


def network(
    subnet: str = "10.16.16.0/20", services: str = "10.16.192.0/20", client: str = "10.16.128.0/22"
) -> Recording:
    """A VPC of two ranges with two subnets, a cluster and a VPN."""

    def program() -> None:
        provider = aws.Provider("aws", region="us-east-1")
        by = pulumi.ResourceOptions(provider=provider)
        vpc = aws.ec2.Vpc("vpc", cidr_block="10.16.0.0/17", opts=by)
        more = aws.ec2.VpcIpv4CidrBlockAssociation("more", vpc_id=vpc.id, cidr_block="10.16.208.0/20", opts=by)
        aws.ec2.Subnet("one", vpc_id=vpc.id, cidr_block="10.16.0.0/20", opts=by)
        two = aws.ec2.Subnet("two", vpc_id=more.vpc_id, cidr_block=subnet, opts=by)
        aws.eks.Cluster(
            "cluster",
            role_arn="arn",
            vpc_config=aws.eks.ClusterVpcConfigArgs(subnet_ids=[two.id]),
            kubernetes_network_config=aws.eks.ClusterKubernetesNetworkConfigArgs(service_ipv4_cidr=services),
            opts=by,
        )
        aws.ec2clientvpn.Endpoint(
            "vpn",
            vpc_id=vpc.id,
            server_certificate_arn="arn",
            client_cidr_block=client,
            authentication_options=[],
            connection_log_options=aws.ec2clientvpn.EndpointConnectionLogOptionsArgs(enabled=False),
            opts=by,
        )

    return recorded(program)


def wrong(recording: Recording, within: IPv4Network | None = WHOLE) -> list[tuple[str, str, str]]:
    """What the ranges' check finds."""
    return [(each.name, each.path, each.wrong) for each in range_checks.check(recording, within)]


def test_ranges_that_fit_pass() -> None:
    """A subnet may lie in either of the network's ranges."""
    assert wrong(network()) == []
    assert wrong(network(subnet="10.16.208.0/24")) == []


def test_overlapping_subnets_are_found() -> None:
    """Also where one is within the other."""
    said = "overlaps 10.16.0.0/20 of one"
    assert wrong(network(subnet="10.16.0.0/20")) == [("two", "cidrBlock", f"10.16.0.0/20 {said}")]
    assert wrong(network(subnet="10.16.8.0/24")) == [("two", "cidrBlock", f"10.16.8.0/24 {said}")]


def test_a_subnet_outside_its_network_is_found() -> None:
    """By the edges that lead to its network."""
    said = "is outside its network, which has 10.16.0.0/17, 10.16.208.0/20"
    assert wrong(network(subnet="10.16.144.0/20")) == [("two", "cidrBlock", f"10.16.144.0/20 {said}")]


def test_a_network_outside_the_regions_range_is_found() -> None:
    """A region has what the venue file gives it."""
    found = wrong(network(), IPv4Network("10.17.0.0/16"))
    assert ("vpc", "cidrBlock", "10.16.0.0/17 is outside the region's range 10.17.0.0/16") in found


def test_what_must_be_beside_a_network_may_not_overlap_it() -> None:
    """A cluster's services and a VPN's clients."""
    found = wrong(network(services="10.16.32.0/20"))
    path = "kubernetesNetworkConfig.serviceIpv4Cidr"
    assert found == [("cluster", path, "10.16.32.0/20 overlaps 10.16.0.0/17 of vpc")]
    found = wrong(network(client="10.16.4.0/22"))
    assert [each[0] for each in found] == ["vpn", "vpn"]


def test_a_size_that_the_cloud_does_not_take_is_found() -> None:
    """Client VPN wants a /22 at least, a subnet has a /28 at least."""
    assert wrong(network(client="10.16.128.0/24")) == [
        ("vpn", "clientCidrBlock", "10.16.128.0/24 is no size that the cloud takes")
    ]
    assert wrong(network(subnet="10.16.16.0/29")) == [
        ("two", "cidrBlock", "10.16.16.0/29 is no size that the cloud takes")
    ]


def test_bits_beyond_the_prefix_are_found() -> None:
    """Clouds refuse them, or cut them without a word."""
    assert ("two", "cidrBlock", "10.16.16.1/20 has bits beyond its prefix") in wrong(network(subnet="10.16.16.1/20"))


def test_networks_of_two_programs_may_not_overlap() -> None:
    """No route could tell which is meant."""
    here = network()
    (problem, *_) = range_checks.check_together({"us": here, "asia": here})
    assert problem.wrong == "10.16.0.0/17 overlaps 10.16.0.0/17 of vpc in us"
    assert range_checks.check_together({"us": here}) == []


def test_ranges_of_the_other_clouds_are_found_where_they_are() -> None:
    """Secondary ranges, prefixes in lists, subnets by a network's name."""

    def program() -> None:
        net = gcp.compute.Network("net", auto_create_subnetworks=False)
        gcp.compute.Subnetwork(
            "nodes",
            network=net.id,
            ip_cidr_range="10.32.0.0/20",
            secondary_ip_ranges=[
                gcp.compute.SubnetworkSecondaryIpRangeArgs(range_name="pods", ip_cidr_range="10.32.8.0/22")
            ],
        )
        vnet = azure.network.VirtualNetwork(
            "vnet",
            resource_group_name="g",
            address_space=azure.network.AddressSpaceArgs(address_prefixes=["10.48.0.0/16"]),
        )
        azure.network.Subnet(
            "outside", resource_group_name="g", virtual_network_name=vnet.name, address_prefix="10.49.0.0/24"
        )

    found = wrong(recorded(program), None)
    assert found == [
        ("nodes", "secondaryIpRanges[0].ipCidrRange", "10.32.8.0/22 overlaps 10.32.0.0/20 of nodes"),
        ("outside", "addressPrefix", "10.49.0.0/24 is outside its network, which has 10.48.0.0/16"),
    ]


def test_names_are_held_to_each_clouds_lengths_and_characters() -> None:
    """Given names, and those that would be made of the logical ones."""

    def program() -> None:
        aws.lb.LoadBalancer("entry", name="a-name-of-more-than-thirty-two-characters")
        aws.lb.TargetGroup("a-logical-name-that-is-too-long-with-a-suffix")
        aws.s3.Bucket("bucket", bucket="Capitals")
        gcp.compute.Network("net", name="1st", auto_create_subnetworks=False)
        gcp.serviceaccount.Account("short", account_id="abc")
        azure.storage.StorageAccount(
            "account",
            account_name="has-hyphens",
            resource_group_name="group",
            kind=azure.storage.Kind.STORAGE_V2,
            sku=azure.storage.SkuArgs(name=azure.storage.SkuName.STANDARD_ZRS),
        )

    found = {(each.name, each.path): each.wrong for each in value_checks.check(recorded(program))}
    assert found == {
        ("entry", "name"): "a-name-of-more-than-thirty-two-characters has 41 characters",
        ("a-logical-name-that-is-too-long-with-a-suffix", "name"): (
            "a-logical-name-that-is-too-long-with-a-suffixxxxxxxxx has 53 characters"
        ),
        ("bucket", "bucket"): "Capitals is not allowed",
        ("net", "name"): "1st is not allowed",
        ("short", "accountId"): "abc has 3 characters",
        ("account", "accountName"): "has-hyphens is not allowed",
    }


def test_every_rule_for_a_name_is_of_a_type_and_an_input_that_exist() -> None:
    """Else it would hold nothing to anything."""
    from rialto_platform.clouds import sdk_types

    def program() -> None:
        for kind, rule in limits.NAMES.items():
            assert rule.key in sdk_types.input_hints(sdk_types.args_class(kind)), kind

    recorded(program)


def test_places_zones_and_machines_are_held_to_the_tables() -> None:
    """Wherever in the inputs they are; a tag's `region` is the venue's word."""

    def program() -> None:
        aws.Provider("aws", region="us-east-9")
        aws.ec2.Subnet("subnet", vpc_id="v", availability_zone="us-east-1z", cidr_block="10.0.0.0/20")
        aws.eks.NodeGroup(
            "pool",
            cluster_name="c",
            node_role_arn="r",
            subnet_ids=["s"],
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(min_size=1, max_size=1, desired_size=1),
            instance_types=["m6idn.4xlarge", "m6idn.5xlarge"],
            tags={"region": "us"},
        )
        gcp.compute.Address("address", region="asia-east1", labels={"region": "Asia"})
        gcp.compute.ResourcePolicy("policy", region="asia-east9")

    found = {(each.name, each.path) for each in value_checks.check(recorded(program))}
    assert found == {
        ("aws", "region"),
        ("subnet", "availabilityZone"),
        ("pool", "instanceTypes[1]"),
        ("address", "labels.region"),
        ("policy", "region"),
    }


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_each_clouds_usual_machine_has_local_disks_and_is_allowed(cloud: str) -> None:
    """The journals lie on them."""
    assert cloud in ("aws", "gcp", "azure")
    usual = machines.ENGINES[cloud][machines.DEFAULTS[cloud]]
    assert usual.disks > 0
    assert usual.local_gb >= 200
    assert {usual.name, machines.SYSTEMS[cloud].name} <= machines.allowed()[cloud]


def test_an_engines_machine_is_the_venues_or_the_usual_one(venues: pathlib.Path) -> None:
    """One without local disks is refused, with those that have."""
    region = reduced(venues, "us").regions["us"]
    assert machines.engine("us", region).name == "m6idn.4xlarge"
    assert machines.engine("us", region.model_copy(update={"machine": "r6idn.8xlarge"})).memory_gib == 256
    with pytest.raises(CloudError, match=r"c6in\.8xlarge is not known to have local NVMe"):
        machines.engine("us", region.model_copy(update={"machine": "c6in.8xlarge"}))


def test_zones_are_named_as_their_cloud_names_them() -> None:
    """Each in its own way."""
    assert list(locations.wrong("aws", "us-east-1", ("us-east-1a", "us-east-1f"))) == []
    assert list(locations.wrong("gcp", "asia-east1", ("asia-east1-a",))) == []
    assert list(locations.wrong("azure", "westeurope", ("1", "3"))) == []
    assert list(locations.wrong("aws", "us-east-9", ())) == ["us-east-9 is not a place of aws with three zones"]
    assert len(list(locations.wrong("gcp", "asia-east1", ("asia-east1a", "asia-west1-a")))) == 2

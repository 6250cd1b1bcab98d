"""A region's cluster on AWS: a private API, add-ons, pools and placement."""

from __future__ import annotations

import base64
from ipaddress import IPv4Network

import pytest
from clouds_aws import kind, named, source_names
from clouds_recording import (
    recorded_region,
)

from rialto_platform.clouds.aws.region import AwsGround
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.recorder import Recording
from rialto_platform.clouds.wire import mapping, sequence, text
from rialto_platform.venue import Venue


def test_the_clusters_api_is_private_and_its_secrets_are_encrypted(ground: Recording) -> None:
    """With the key for secrets, in the nodes' subnets, with the control plane's own group."""
    cluster = ground.one("aws:eks/cluster:Cluster")
    config = mapping(cluster.inputs["vpcConfig"])
    assert (config["endpointPrivateAccess"], config["endpointPublicAccess"]) == (True, False)
    assert source_names(ground, cluster, "vpcConfig") == ["control-group", "nodes-1", "nodes-2", "nodes-3"]
    assert source_names(ground, cluster, "encryptionConfig") == ["key-secrets"]
    assert mapping(cluster.inputs["encryptionConfig"])["resources"] == ["secrets"]
    assert cluster.inputs["deletionProtection"] is True


def test_who_may_use_the_cluster_is_declared_by_access_entries_alone(ground: Recording) -> None:
    """Whoever made it gets no rights by that."""
    cluster = ground.one("aws:eks/cluster:Cluster")
    access = mapping(cluster.inputs["accessConfig"])
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}


def test_services_have_a_range_apart_from_the_vpc(ground: Recording) -> None:
    """EKS refuses it otherwise."""
    cluster = ground.one("aws:eks/cluster:Cluster")
    services = IPv4Network(text(mapping(cluster.inputs["kubernetesNetworkConfig"])["serviceIpv4Cidr"]))
    blocks = [
        *kind(ground, "ec2/vpc:Vpc"),
        *kind(ground, "ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"),
    ]
    assert not any(services.overlaps(IPv4Network(text(each.inputs["cidrBlock"]))) for each in blocks)


def test_the_clusters_logs_go_to_a_group_that_is_there_first_and_encrypted(ground: Recording) -> None:
    """Else EKS makes one of its own, without a key."""
    cluster = ground.one("aws:eks/cluster:Cluster")
    logs = named(ground, "cloudwatch/logGroup:LogGroup", "logs-cluster")
    assert logs.inputs["name"] == f"/aws/eks/{cluster.inputs['name']}/cluster"
    assert source_names(ground, cluster, "name") == ["logs-cluster"]
    assert source_names(ground, logs, "kmsKeyId") == ["key-data"]
    assert "audit" in sequence(cluster.inputs["enabledClusterLogTypes"])


def test_pods_get_addresses_and_identities_by_addons_before_nodes_join(ground: Recording) -> None:
    """The network add-on's own identity leaves the nodes' role without its rights."""
    network = named(ground, "eks/addon:Addon", "addon-vpc-cni")
    assert named(ground, "eks/addon:Addon", "addon-eks-pod-identity-agent").urn in network.dependencies
    assert source_names(ground, network, "podIdentityAssociations") == ["pod-network-role"]
    for pool in kind(ground, "eks/nodeGroup:NodeGroup"):
        assert network.urn in pool.dependencies
    names = named(ground, "eks/addon:Addon", "addon-coredns")
    assert named(ground, "eks/nodeGroup:NodeGroup", "system-pool").urn in names.dependencies


def test_each_zone_has_an_engine_pool_close_together_on_machines_with_nvme(ground: Recording) -> None:
    """In a cluster placement group of the zone, on network-optimised machines, each disk mounted by itself."""
    for number in (1, 2, 3):
        pool = named(ground, "eks/nodeGroup:NodeGroup", f"engine-{number}-pool")
        assert pool.inputs["instanceTypes"] == ["m6idn.4xlarge"]
        assert source_names(ground, pool, "subnetIds") == [f"nodes-{number}"]
        template = named(ground, "ec2/launchTemplate:LaunchTemplate", f"engine-{number}-template")
        assert source_names(ground, pool, "launchTemplate") == [f"engine-{number}-template"]
        assert source_names(ground, template, "placement") == [f"engine-{number}-placement"]
        placement = named(ground, "ec2/placementGroup:PlacementGroup", f"engine-{number}-placement")
        assert placement.inputs["strategy"] == "cluster"
        config = base64.b64decode(text(template.inputs["userData"])).decode()
        assert "strategy: Mount" in config
        assert source_names(ground, template, "vpcSecurityGroupIds") == ["engine-group"]
        (taint,) = sequence(pool.inputs["taints"])
        assert mapping(taint) == {"key": "rialto-pool", "value": "engine", "effect": "NO_SCHEDULE"}


def test_the_system_pool_spans_the_zones_and_takes_no_engine(ground: Recording) -> None:
    """It has no taint, and the engine's pods ask for the engine's label."""
    pool = named(ground, "eks/nodeGroup:NodeGroup", "system-pool")
    assert source_names(ground, pool, "subnetIds") == ["nodes-1", "nodes-2", "nodes-3"]
    assert pool.inputs["labels"] == {"rialto-pool": "system"}
    assert "taints" not in pool.inputs


def test_nodes_disks_are_encrypted_and_their_metadata_is_no_pods(ground: Recording) -> None:
    """By the region's own key; tokens are required and reach one hop."""
    for template in kind(ground, "ec2/launchTemplate:LaunchTemplate"):
        (disk,) = sequence(template.inputs["blockDeviceMappings"])
        assert mapping(mapping(disk)["ebs"])["encrypted"] == "true"
        assert source_names(ground, template, "blockDeviceMappings") == ["key-data"]
        metadata = mapping(template.inputs["metadataOptions"])
        assert (metadata["httpTokens"], metadata["httpPutResponseHopLimit"]) == ("required", 1)


def test_another_machine_of_the_venue_file_is_used_and_a_wrong_one_refused(venue: Venue) -> None:
    """With those that would do."""

    def on(machine: str) -> Venue:
        us = venue.regions["us"].model_copy(update={"machine": machine})
        return venue.model_copy(update={"regions": {**venue.regions, "us": us}})

    found = recorded_region(on("r6idn.8xlarge"), "us", AwsGround)
    assert named(found, "eks/nodeGroup:NodeGroup", "engine-1-pool").inputs["instanceTypes"] == ["r6idn.8xlarge"]
    with pytest.raises(CloudError, match=r"regions\.us\.machine"):
        recorded_region(on("t3.micro"), "us", AwsGround)

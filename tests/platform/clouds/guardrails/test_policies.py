"""Each guardrail on each cloud: an example that it stops, beside one that it lets through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pytest

from rialto_platform.clouds import guardrails
from rialto_platform.clouds.guardrails import UNKNOWN, Resource, Rules, ingress

RULES = Rules(
    locations={"aws": frozenset({"us-east-1"}), "gcp": frozenset({"asia-east1"}), "azure": frozenset({"westeurope"})},
    machines={
        "aws": frozenset({"c6in.8xlarge"}),
        "gcp": frozenset({"c3-standard-22"}),
        "azure": frozenset({"Standard_L32s_v3"}),
    },
    ranges={
        "us": IPv4Network("10.16.0.0/16"),
        "asia": IPv4Network("10.32.0.0/16"),
        "europe": IPv4Network("10.48.0.0/16"),
    },
)
JSON_OPEN = '{"Statement": [{"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}'
JSON_OURS = (
    '{"Statement": {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}'
)


def tags(region: str, role: str = "thing") -> Mapping[str, str]:
    """As `names.Names.tags` makes them."""
    return {"venue": "three-clouds", "region": region, "role": role, "managed-by": "rialto"}


@dataclass(frozen=True)
class Example:
    """A resource that a policy stops, and what is changed in it so that it passes."""

    policy: str
    type: str
    wrong: Mapping[str, object]
    right: Mapping[str, object]
    told: str
    protect: bool = False
    """Whether the right one is protected; the wrong one never is."""


EXAMPLES = (
    # Public data
    Example("no-public-data", "aws:s3/bucketAcl:BucketAcl", {"acl": "public-read"}, {"acl": "private"}, "public-read"),
    Example(
        "no-public-data",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True},
        {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True},
        "restrictPublicBuckets is not true",
    ),
    Example(
        "no-public-data", "aws:s3/bucketPolicy:BucketPolicy", {"policy": JSON_OPEN}, {"policy": JSON_OURS}, "All lets"
    ),
    Example(
        "no-public-data",
        "aws:eks/cluster:Cluster",
        {"vpcConfig": {"endpointPrivateAccess": True}},
        {"vpcConfig": {"endpointPublicAccess": False}},
        "public endpoint",
    ),
    Example(
        "no-public-data",
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"networkInterfaces": [{"associatePublicIpAddress": "true"}]},
        {"networkInterfaces": [{"associatePublicIpAddress": "false"}]},
        "public addresses",
    ),
    Example(
        "no-public-data",
        "gcp:storage/bucket:Bucket",
        {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": True},
        {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": True},
        "publicAccessPrevention",
    ),
    Example(
        "no-public-data",
        "gcp:storage/bucketIAMMember:BucketIAMMember",
        {"member": "allUsers", "role": "roles/storage.objectViewer"},
        {"member": "serviceAccount:a@p", "role": "roles/storage.objectViewer"},
        "allUsers",
    ),
    Example(
        "no-public-data",
        "gcp:container/cluster:Cluster",
        {"privateClusterConfig": {"enablePrivateNodes": True}},
        {"privateClusterConfig": {"enablePrivateNodes": True, "enablePrivateEndpoint": True}},
        "public endpoint",
    ),
    Example(
        "no-public-data",
        "azure-native:storage:StorageAccount",
        {"allowBlobPublicAccess": True, "publicNetworkAccess": "Disabled"},
        {"allowBlobPublicAccess": False, "publicNetworkAccess": "Disabled"},
        "allowBlobPublicAccess",
    ),
    Example(
        "no-public-data",
        "azure-native:storage:BlobContainer",
        {"publicAccess": "Blob"},
        {"publicAccess": "None"},
        "Blob",
    ),
    Example(
        "no-public-data",
        "azure-native:containerservice:ManagedCluster",
        {"apiServerAccessProfile": {}},
        {"apiServerAccessProfile": {"enablePrivateCluster": True}},
        "public endpoint",
    ),
    Example(
        "no-public-data",
        "azure-native:containerregistry:Registry",
        {"publicNetworkAccess": "Disabled", "anonymousPullEnabled": True},
        {"publicNetworkAccess": "Disabled"},
        "anonymousPullEnabled",
    ),
    Example(
        "no-public-data",
        "azure-native:keyvault:Vault",
        {"properties": {"publicNetworkAccess": "Enabled"}},
        {"properties": {"publicNetworkAccess": "disabled"}},
        "reached from the internet",
    ),
    # Public addresses
    Example(
        "public-address-with-reason",
        "aws:ec2/eip:Eip",
        {"tags": tags("us", "bastion")},
        {"tags": tags("us", "nat-a")},
        "states no reason",
    ),
    Example(
        "public-address-with-reason",
        "aws:lb/loadBalancer:LoadBalancer",
        {"internal": False, "tags": tags("us", "admin")},
        {"internal": True, "tags": tags("us", "admin")},
        "from the internet",
    ),
    Example(
        "public-address-with-reason",
        "gcp:compute/address:Address",
        {"labels": tags("asia", "bastion")},
        {"labels": tags("asia", "entry")},
        "states no reason",
    ),
    Example(
        "public-address-with-reason",
        "gcp:compute/forwardingRule:ForwardingRule",
        {"loadBalancingScheme": "EXTERNAL"},
        {"loadBalancingScheme": ""},
        "from the internet",
    ),
    Example(
        "public-address-with-reason",
        "azure-native:network:PublicIPAddress",
        {"tags": tags("europe", "bastion")},
        {"tags": {**tags("europe", "probe"), "reason": "probes of the entry"}},
        "states no reason",
    ),
    # Open ingress
    Example(
        "no-open-ingress",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "description": "shell"},
        {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 7100, "toPort": 7131, "description": "orders"},
        "only order sessions",
    ),
    Example(
        "no-open-ingress",
        "aws:ec2/securityGroup:SecurityGroup",
        {"ingress": [{"ipv6CidrBlocks": ["::/0"], "protocol": "-1", "fromPort": 0, "toPort": 0}]},
        {"ingress": [{"cidrBlocks": ["10.16.0.0/16"], "protocol": "-1", "fromPort": 0, "toPort": 0}]},
        "::/0",
    ),
    Example(
        "no-open-ingress",
        "gcp:compute/firewall:Firewall",
        {"sourceRanges": ["0.0.0.0/1", "128.0.0.0/1"], "allows": [{"protocol": "tcp", "ports": ["7300"]}]},
        {"sourceRanges": ["35.191.0.0/16", "130.211.0.0/22"], "allows": [{"protocol": "tcp", "ports": ["7300"]}]},
        "0.0.0.0/1, 128.0.0.0/1",
    ),
    Example(
        "no-open-ingress",
        "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
        {
            "action": "allow",
            "direction": "INGRESS",
            "match": {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["7100-7200"]}]},
        },
        {
            "action": "allow",
            "direction": "INGRESS",
            "description": "members' order sessions",
            "match": {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["7100-7131"]}]},
        },
        "only order sessions",
    ),
    Example(
        "no-open-ingress",
        "azure-native:network:NetworkSecurityGroup",
        {
            "securityRules": [
                {
                    "access": "Allow",
                    "direction": "Inbound",
                    "protocol": "Tcp",
                    "sourceAddressPrefix": "Internet",
                    "destinationPortRange": "7100-7131",
                }
            ]
        },
        {
            "securityRules": [
                {
                    "access": "Allow",
                    "direction": "Inbound",
                    "protocol": "Tcp",
                    "sourceAddressPrefix": "Internet",
                    "destinationPortRange": "7100-7131",
                    "description": "members' order sessions",
                }
            ]
        },
        "states no reason",
    ),
    Example(
        "no-open-ingress",
        "azure-native:network:SecurityRule",
        {"access": "Allow", "direction": "Inbound", "sourceAddressPrefix": "*", "destinationPortRange": "*"},
        {"access": "Deny", "direction": "Inbound", "sourceAddressPrefix": "*", "destinationPortRange": "*"},
        "lets in *",
    ),
    # Encryption
    Example("encryption", "aws:kms/key:Key", {}, {"enableKeyRotation": True}, "rotated"),
    Example(
        "encryption",
        "aws:eks/cluster:Cluster",
        {},
        {"encryptionConfig": {"resources": ["secrets"], "provider": {"keyArn": "arn"}}},
        "secrets",
    ),
    Example(
        "encryption",
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"blockDeviceMappings": [{"ebs": {"encrypted": "false"}}]},
        {"blockDeviceMappings": [{"ebs": {"encrypted": "true", "kmsKeyId": "arn"}}]},
        "not encrypted",
    ),
    Example(
        "encryption",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn"}}]},
        "sseAlgorithm",
    ),
    Example(
        "encryption",
        "aws:ecr/repository:Repository",
        {"encryptionConfigurations": [{"encryptionType": "AES256"}]},
        {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "arn"}]},
        "images",
    ),
    Example("encryption", "aws:cloudwatch/logGroup:LogGroup", {}, {"kmsKeyId": "arn"}, "kmsKeyId is not set"),
    Example(
        "encryption",
        "gcp:storage/bucket:Bucket",
        {},
        {"encryption": {"defaultKmsKeyName": "k"}},
        "encryption.defaultKmsKeyName",
    ),
    Example(
        "encryption",
        "gcp:kms/cryptoKey:CryptoKey",
        {"rotationPeriod": "315360000s"},
        {"rotationPeriod": "7776000s"},
        "within a year",
    ),
    Example(
        "encryption",
        "gcp:container/cluster:Cluster",
        {"databaseEncryption": {"state": "DECRYPTED"}},
        {"databaseEncryption": {"state": "ENCRYPTED", "keyName": "k"}},
        "secrets",
    ),
    Example(
        "encryption",
        "gcp:artifactregistry/repository:Repository",
        {"format": "DOCKER"},
        {"format": "DOCKER", "kmsKeyName": "k"},
        "kmsKeyName",
    ),
    Example(
        "encryption",
        "azure-native:storage:StorageAccount",
        {"encryption": {"keySource": "Microsoft.Storage"}, "minimumTlsVersion": "TLS1_2"},
        {
            "encryption": {"keySource": "Microsoft.Keyvault", "keyVaultProperties": {"keyName": "k"}},
            "minimumTlsVersion": "TLS1_2",
        },
        "a key of Azure",
    ),
    Example(
        "encryption",
        "azure-native:containerservice:AgentPool",
        {"enableEncryptionAtHost": False},
        {"enableEncryptionAtHost": True},
        "temporary disks",
    ),
    Example(
        "encryption",
        "azure-native:containerregistry:Registry",
        {"encryption": {"status": "disabled"}},
        {"encryption": {"status": "enabled"}},
        "images",
    ),
    # Deletion
    Example("deletion-protection", "aws:s3/bucket:Bucket", {}, {}, "protect=True", protect=True),
    Example(
        "deletion-protection",
        "aws:kms/key:Key",
        {"deletionWindowInDays": 7},
        {"deletionWindowInDays": 30},
        "7 days",
        protect=True,
    ),
    Example("deletion-protection", "gcp:kms/cryptoKey:CryptoKey", {}, {}, "protect=True", protect=True),
    Example(
        "deletion-protection",
        "gcp:container/cluster:Cluster",
        {"deletionProtection": False},
        {"deletionProtection": True},
        "deletionProtection",
    ),
    Example("deletion-protection", "azure-native:storage:StorageAccount", {}, {}, "protect=True", protect=True),
    Example(
        "deletion-protection",
        "azure-native:keyvault:Vault",
        {"properties": {"enablePurgeProtection": False}},
        {"properties": {"enablePurgeProtection": True}},
        "purged",
        protect=True,
    ),
    # Locations
    Example("allowed-locations", "pulumi:providers:aws", {"region": "eu-west-1"}, {"region": "us-east-1"}, "eu-west-1"),
    Example(
        "allowed-locations",
        "aws:ec2/subnet:Subnet",
        {"availabilityZone": "us-east-2a"},
        {"availabilityZone": "us-east-1a"},
        "us-east-2a",
    ),
    Example(
        "allowed-locations",
        "gcp:storage/bucket:Bucket",
        {"location": "ASIA"},
        {"location": "ASIA-EAST1"},
        "its location is ASIA",
    ),
    Example(
        "allowed-locations",
        "gcp:container/cluster:Cluster",
        {"location": "asia-east1", "nodeLocations": ["asia-east1-a", "asia-east2-a"]},
        {"location": "asia-east1", "nodeLocations": ["asia-east1-a"]},
        "asia-east2-a",
    ),
    Example(
        "allowed-locations",
        "azure-native:network:VirtualNetwork",
        {"location": "North Europe"},
        {"location": "West Europe"},
        "North Europe",
    ),
    # Machines
    Example(
        "allowed-machines",
        "aws:eks/nodeGroup:NodeGroup",
        {"instanceTypes": ["t3.micro"]},
        {"instanceTypes": ["c6in.8xlarge"]},
        "t3.micro",
    ),
    Example(
        "allowed-machines",
        "gcp:container/nodePool:NodePool",
        {"nodeConfig": {"machineType": "e2-micro"}},
        {"nodeConfig": {"machineType": "c3-standard-22"}},
        "nodeConfig.machineType is e2-micro",
    ),
    Example(
        "allowed-machines",
        "azure-native:containerservice:ManagedCluster",
        {"agentPoolProfiles": [{"vmSize": "Standard_B1s"}]},
        {"agentPoolProfiles": [{"vmSize": "Standard_L32s_v3"}]},
        "agentPoolProfiles[0].vmSize is Standard_B1s",
    ),
    # Tags
    Example(
        "required-tags", "aws:ec2/vpc:Vpc", {"tags": {"venue": "v"}}, {"tags": tags("us")}, "region, role, managed-by"
    ),
    Example("required-tags", "aws:ec2/vpc:Vpc", {"tags": tags("mars")}, {"tags": tags("us")}, "region mars"),
    Example("required-tags", "gcp:storage/bucket:Bucket", {}, {"labels": tags("asia")}, "labels lack"),
    Example(
        "required-tags",
        "gcp:container/cluster:Cluster",
        {"labels": tags("asia")},
        {"resourceLabels": tags("asia")},
        "lack",
    ),
    Example("required-tags", "azure-native:network:VirtualNetwork", {}, {"tags": tags("europe")}, "tags lack"),
)


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


def test_versions_of_azures_apis_are_one_type() -> None:
    assert guardrails.kind("azure-native:network/v20240501:SecurityRule") == "azure-native:network:SecurityRule"
    assert guardrails.kind("aws:ec2/vpc:Vpc") == "aws:ec2/vpc:Vpc"

"""Each guardrail on each cloud: a resource that it stops, and what is changed in it so that it passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from rialto_platform.clouds.guardrails import Rules

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
        {},
        {"resourceLabels": tags("asia")},
        "lack",
    ),
    Example("required-tags", "azure-native:network:VirtualNetwork", {}, {"tags": tags("europe")}, "tags lack"),
)

"""How long names may be and what characters they may have, by resource: what the SDKs don't know.

A resource without a name of its own gets its logical name and some characters behind it (Pulumi, "Resource names"),
which must fit as well.

Sources, by cloud: AWS: the `CreateX` page of each service's API reference, and Elastic Load Balancing, "Quotas";
Amazon S3 User Guide, "General purpose bucket naming rules". Google Cloud: Compute Engine, "Naming resources" (RFC
1035); GKE, Cloud KMS, IAM, Cloud Storage and Artifact Registry, the pages on creating each. Azure: "Naming rules and
restrictions for Azure resources".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NameRule:
    """The rule for one kind of name."""

    key: str
    """The input that holds it."""
    most: int
    pattern: str
    """Of the whole name."""
    words: str
    """The pattern in words."""
    least: int = 1
    suffix: int = 8
    """Characters that are added to the logical name where the input is absent; 0: nothing is made of it then."""

    def wrong(self, name: str) -> Iterator[tuple[str, str]]:
        """What is wrong with a name, and what would be right."""
        if not self.least <= len(name) <= self.most:
            yield f"{name} has {len(name)} characters", f"use {self.least} to {self.most}"
        if not re.fullmatch(self.pattern, name):
            yield f"{name} is not allowed", f"use {self.words}"


_DNS = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_DNS_WORDS = "lower-case letters, digits and hyphens, a letter first and no hyphen last"
_AWS_PLAIN = r"[0-9A-Za-z][A-Za-z0-9_-]*"
_AWS_PLAIN_WORDS = "letters, digits, hyphens and underscores, no sign first"
_IAM = r"[\w+=,.@-]+"
_IAM_WORDS = "letters, digits and + = , . @ _ -"
_BUCKET = r"[a-z0-9][a-z0-9.-]*[a-z0-9]"
_BUCKET_WORDS = "lower-case letters, digits, dots and hyphens, a letter or digit first and last"
_AZURE = r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_AZURE_WORDS = "letters, digits, underscores, dots and hyphens; a letter or digit first, no dot or hyphen last"
_ALNUM_WORDS = "lower-case letters and digits"


def _google(*kinds: str) -> dict[str, NameRule]:
    """Names by RFC 1035, as most of Compute Engine has them."""
    return {kind: NameRule("name", 63, _DNS, _DNS_WORDS) for kind in kinds}


def _azure(key: str, most: int, *kinds: str, least: int = 1) -> dict[str, NameRule]:
    return {kind: NameRule(key, most, _AZURE, _AZURE_WORDS, least) for kind in kinds}


_AWS_RULES: Mapping[str, NameRule] = {
    "aws:amp/workspace:Workspace": NameRule("alias", 100, r"[0-9A-Za-z][-.0-9A-Z_a-z]*", _AWS_PLAIN_WORDS, suffix=0),
    "aws:cloudwatch/logGroup:LogGroup": NameRule("name", 512, r"[.\-_/#A-Za-z0-9]+", "letters, digits and . - _ / #"),
    "aws:cloudwatch/logStream:LogStream": NameRule("name", 512, r"[^:*]+", "anything but : and *"),
    "aws:ec2/launchTemplate:LaunchTemplate": NameRule(
        "name", 128, r"[a-zA-Z0-9().\-/_]+", "letters, digits and ( ) . - / _", 3
    ),
    "aws:ec2/placementGroup:PlacementGroup": NameRule("name", 255, r"[\x20-\x7e]+", "ASCII characters"),
    "aws:ec2/securityGroup:SecurityGroup": NameRule(
        "name", 255, r"(?!sg-)[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+", "letters, digits and signs, not sg- first"
    ),
    "aws:ecr/repository:Repository": NameRule(
        "name",
        256,
        r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*",
        "lower-case letters and digits, joined by single . _ - or /",
        2,
    ),
    "aws:eks/cluster:Cluster": NameRule("name", 100, _AWS_PLAIN, _AWS_PLAIN_WORDS),
    "aws:eks/nodeGroup:NodeGroup": NameRule("nodeGroupName", 63, _AWS_PLAIN, _AWS_PLAIN_WORDS),
    "aws:iam/policy:Policy": NameRule("name", 128, _IAM, _IAM_WORDS),
    "aws:iam/role:Role": NameRule("name", 64, _IAM, _IAM_WORDS),
    "aws:iam/rolePolicy:RolePolicy": NameRule("name", 128, _IAM, _IAM_WORDS),
    "aws:kms/alias:Alias": NameRule(
        "name", 256, r"alias/(?!aws/)[a-zA-Z0-9/_-]+", "alias/ and letters, digits, / _ -", suffix=0
    ),
    "aws:lb/loadBalancer:LoadBalancer": NameRule(
        "name", 32, r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", "letters, digits and hyphens within"
    ),
    "aws:lb/targetGroup:TargetGroup": NameRule(
        "name", 32, r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", "letters, digits and hyphens within"
    ),
    "aws:s3/bucket:Bucket": NameRule("bucket", 63, _BUCKET, _BUCKET_WORDS, 3),
}
_GCP_RULES: Mapping[str, NameRule] = {
    **_google(
        "gcp:compute/address:Address",
        "gcp:compute/externalVpnGateway:ExternalVpnGateway",
        "gcp:compute/firewall:Firewall",
        "gcp:compute/forwardingRule:ForwardingRule",
        "gcp:compute/globalAddress:GlobalAddress",
        "gcp:compute/globalForwardingRule:GlobalForwardingRule",
        "gcp:compute/haVpnGateway:HaVpnGateway",
        "gcp:compute/healthCheck:HealthCheck",
        "gcp:compute/interconnect:Interconnect",
        "gcp:compute/interconnectAttachment:InterconnectAttachment",
        "gcp:compute/network:Network",
        "gcp:compute/regionBackendService:RegionBackendService",
        "gcp:compute/regionHealthCheck:RegionHealthCheck",
        "gcp:compute/resourcePolicy:ResourcePolicy",
        "gcp:compute/route:Route",
        "gcp:compute/router:Router",
        "gcp:compute/routerInterface:RouterInterface",
        "gcp:compute/routerNat:RouterNat",
        "gcp:compute/routerPeer:RouterPeer",
        "gcp:compute/subnetwork:Subnetwork",
        "gcp:compute/vPNTunnel:VPNTunnel",
        "gcp:dns/managedZone:ManagedZone",
    ),
    "gcp:artifactregistry/repository:Repository": NameRule("repositoryId", 63, _DNS, _DNS_WORDS, suffix=0),
    "gcp:container/cluster:Cluster": NameRule("name", 40, _DNS, _DNS_WORDS),
    "gcp:container/nodePool:NodePool": NameRule("name", 40, _DNS, _DNS_WORDS),
    "gcp:kms/cryptoKey:CryptoKey": NameRule("name", 63, r"[a-zA-Z0-9_-]+", "letters, digits, _ and -"),
    "gcp:kms/keyRing:KeyRing": NameRule("name", 63, r"[a-zA-Z0-9_-]+", "letters, digits, _ and -"),
    "gcp:projects/iAMCustomRole:IAMCustomRole": NameRule(
        "roleId", 64, r"[a-zA-Z0-9_.]+", "letters, digits, underscores and dots", 3, suffix=0
    ),
    "gcp:serviceaccount/account:Account": NameRule("accountId", 30, _DNS, _DNS_WORDS, 6, suffix=0),
    "gcp:storage/bucket:Bucket": NameRule("name", 63, _BUCKET, _BUCKET_WORDS, 3),
}
_AZURE_RULES: Mapping[str, NameRule] = {
    **_azure("natGatewayName", 80, "azure-native:network:NatGateway"),
    **_azure("networkSecurityGroupName", 80, "azure-native:network:NetworkSecurityGroup"),
    **_azure("publicIpAddressName", 80, "azure-native:network:PublicIPAddress"),
    **_azure("loadBalancerName", 80, "azure-native:network:LoadBalancer"),
    **_azure("routeTableName", 80, "azure-native:network:RouteTable"),
    **_azure("subnetName", 80, "azure-native:network:Subnet"),
    **_azure("virtualNetworkName", 64, "azure-native:network:VirtualNetwork", least=2),
    **_azure("privateEndpointName", 64, "azure-native:network:PrivateEndpoint", least=2),
    **_azure("circuitName", 80, "azure-native:network:ExpressRouteCircuit"),
    **_azure("virtualNetworkGatewayName", 80, "azure-native:network:VirtualNetworkGateway"),
    **_azure("localNetworkGatewayName", 80, "azure-native:network:LocalNetworkGateway"),
    **_azure("virtualNetworkGatewayConnectionName", 80, "azure-native:network:VirtualNetworkGatewayConnection"),
    **_azure("proximityPlacementGroupName", 80, "azure-native:compute:ProximityPlacementGroup"),
    "azure-native:containerregistry:Registry": NameRule("registryName", 50, r"[a-zA-Z0-9]+", "letters and digits", 5),
    "azure-native:containerservice:AgentPool": NameRule(
        "agentPoolName", 12, r"[a-z][a-z0-9]*", "lower-case letters and digits, a letter first"
    ),
    "azure-native:containerservice:ManagedCluster": NameRule(
        "resourceName", 63, r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?", "letters, digits, _ and - within"
    ),
    "azure-native:keyvault:Vault": NameRule(
        "vaultName", 24, r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and single hyphens within", 3
    ),
    "azure-native:managedidentity:UserAssignedIdentity": NameRule(
        "resourceName", 128, r"[A-Za-z0-9][A-Za-z0-9_-]*", "letters, digits, _ and -", 3
    ),
    "azure-native:operationalinsights:Workspace": NameRule(
        "workspaceName", 63, r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and hyphens within", 4
    ),
    "azure-native:resources:ResourceGroup": NameRule(
        "resourceGroupName", 90, r"[\w.()-]*[\w()-]", "letters, digits and _ . ( ) -, no dot last"
    ),
    "azure-native:storage:BlobContainer": NameRule(
        "containerName", 63, r"[a-z0-9](?!.*--)[a-z0-9-]*[a-z0-9]", "lower-case letters, digits and single hyphens", 3
    ),
    "azure-native:storage:StorageAccount": NameRule("accountName", 24, r"[a-z0-9]+", _ALNUM_WORDS, 3),
    "azure-native:trafficmanager:Profile": NameRule(
        "profileName", 63, r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", "letters, digits, dots and hyphens within"
    ),
}

NAMES: Mapping[str, NameRule] = {**_AWS_RULES, **_GCP_RULES, **_AZURE_RULES}
"""By the resource's type token."""

LABEL_KEY = r"[a-z][a-z0-9_-]{0,62}"
LABEL_VALUE = r"[a-z0-9_-]{0,63}"
"""Of Google Cloud's labels (Resource Manager, "Labels overview"); tags of the other clouds allow more."""

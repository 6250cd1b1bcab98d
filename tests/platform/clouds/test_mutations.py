"""The mutation table: mistakes planted into what the programs build, each with the check that must see it.

Every check finds nothing before (`test_every_check_is_silent_first`), so what it finds is the mistake.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from clouds_mutations import (
    CHECKS,
    Mistake,
    Recordings,
    constant,
    misspelt,
    planted,
    provided,
    put,
    under,
    unprotected,
    unretained,
    without,
)
from clouds_whole import whole

from rialto_platform.venue import Venue, VenueError, parse

US, ASIA, EUROPE = "region/us", "region/asia", "region/europe"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
EKS = "aws:eks/cluster:Cluster"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
SSE = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
NODES = "aws:eks/nodeGroup:NodeGroup"
INTERFACE = "aws:directconnect/transitVirtualInterface:TransitVirtualInterface"
GCS = "gcp:storage/bucket:Bucket"
GKE = "gcp:container/cluster:Cluster"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
FIREWALL = "gcp:compute/firewall:Firewall"
ACCOUNT = "azure-native:storage:StorageAccount"
NSG = "azure-native:network:NetworkSecurityGroup"
AKS = "azure-native:containerservice:ManagedCluster"
VNET = "azure-native:network:VirtualNetwork"
PEERING = "azure-native:network:ExpressRouteCircuitPeering"

MISTAKES = (
    # Misspelt keys, wrong types, missing and unknown values
    Mistake(
        "a key misspelt", US, VPC, misspelt("enableDnsSupport", as_="enableDnsSuport"), "schema", "enableDnsSuport"
    ),
    Mistake(
        "a key misspelt one level down",
        US,
        EKS,
        misspelt("vpcConfig", "endpointPrivateAccess", as_="endpointPrivatAccess"),
        "schema",
        "vpcConfig.endpointPrivatAccess",
    ),
    Mistake(
        "a key misspelt two levels down, in a list",
        US,
        SSE,
        misspelt("rules", 0, "applyServerSideEncryptionByDefault", "sseAlgorithm", as_="sseAlgoritm"),
        "schema",
        "sseAlgoritm",
    ),
    Mistake(
        "a key misspelt one level down",
        ASIA,
        GKE,
        misspelt("privateClusterConfig", "enablePrivateNodes", as_="enablePrivateNode"),
        "schema",
        "enablePrivateNode",
    ),
    Mistake(
        "a key misspelt in a list",
        EUROPE,
        NSG,
        misspelt("securityRules", 0, "destinationPortRange", as_="destinationPortRnge"),
        "schema",
        "destinationPortRnge",
        name="nodes",
    ),
    Mistake(
        "a key misspelt two levels down",
        EUROPE,
        ACCOUNT,
        misspelt("encryption", "keyVaultProperties", "keyName", as_="keynamee"),
        "schema",
        "keynamee",
        name="backups",
    ),
    Mistake("text for a number", US, "aws:kms/key:Key", put("deletionWindowInDays", value="soon"), "schema", "a whole"),
    Mistake("a required input left out", US, SUBNET, without("vpcId"), "schema", "vpcId"),
    Mistake("a value beyond an enumeration", EUROPE, ACCOUNT, put("kind", value="StorageV9"), "schema", "StorageV9"),
    # Values
    Mistake("a location that is none", ASIA, GCS, put("location", value="asia-east9"), "values", "asia-east9"),
    Mistake("a zone that is none", US, SUBNET, put("availabilityZone", value="us-east-1z"), "values", "us-east-1z"),
    Mistake(
        "a machine that is none", US, NODES, put("instanceTypes", 0, value="m6idn.3xlarge"), "values", "m6idn.3xlarge"
    ),
    Mistake("a name too long", ASIA, FIREWALL, put("name", value="a" * 64), "values", "name"),
    Mistake("a name with a hyphen", EUROPE, ACCOUNT, put("accountName", value="three-clouds"), "values", "accountName"),
    Mistake(
        "a range with bits beyond its prefix", US, SUBNET, put("cidrBlock", value="10.16.1.0/20"), "values", "bits"
    ),
    Mistake(
        "subnets that overlap",
        US,
        SUBNET,
        put("cidrBlock", value="10.16.16.0/20"),
        "values",
        "10.16.16.0/20",
        "nodes-1",
    ),
    Mistake(
        "a subnet beyond its network", US, SUBNET, put("cidrBlock", value="10.99.0.0/20"), "values", "10.99.0.0/20"
    ),
    # Across stacks
    Mistake(
        "a network in another region's range",
        US,
        VPC,
        put("cidrBlock", value="10.32.0.0/17"),
        "guardrails",
        "no-overlap",
    ),
    Mistake(
        "a network in another region's range",
        EUROPE,
        VNET,
        put("addressSpace", "addressPrefixes", 0, value="10.16.0.0/17"),
        "ranges together",
        "10.16.0.0/17",
    ),
    # The graph
    Mistake("a lost parent", US, BUCKET, under(""), "parents", "backups"),
    Mistake(
        "a parent that is none", ASIA, GKE, under("urn:pulumi:asia::region::rialto:gcp:Gone::x"), "parents", "Gone"
    ),
    Mistake("the default provider", US, BUCKET, provided(""), "providers", "the default provider"),
    Mistake(
        "a provider of another cloud",
        "interconnect/us-asia",
        "gcp:compute/routerPeer:RouterPeer",
        provided("urn:pulumi:us-asia::interconnect::pulumi:providers:aws::three-clouds-us-asia-aws"),
        "providers",
        "pulumi:providers:aws",
    ),
    Mistake(
        "a constant where an output belongs", US, SUBNET, constant("vpcId", "vpc-0123"), "edges", "vpcId is a constant"
    ),
    Mistake(
        "a key's name where its output belongs",
        ASIA,
        GCS,
        constant("encryption", {"defaultKmsKeyName": "projects/p/locations/l/keyRings/r/cryptoKeys/k"}),
        "edges",
        "encryption is a constant",
    ),
    Mistake("a missing edge", ASIA, SUBNETWORK, constant("network", "projects/p/networks/n"), "edges", "network"),
    Mistake(
        "a group's name where its output belongs",
        EUROPE,
        NSG,
        constant("resourceGroupName", "three-clouds-europe"),
        "edges",
        "resourceGroupName",
    ),
    Mistake("tags left out", US, VPC, without("tags"), "tags", "aws:ec2/vpc:Vpc"),
    Mistake("a label left out", ASIA, GCS, without("labels", "role"), "guardrails", "required-tags"),
    Mistake("a bucket deleted with its stack", US, BUCKET, unretained, "retention", "backups"),
    # Guardrails
    Mistake(
        "a bucket that may be public", US, BLOCK, put("blockPublicAcls", value=False), "guardrails", "no-public-data"
    ),
    Mistake(
        "a bucket whose block is of another one",
        US,
        BLOCK,
        constant("bucket", "other"),
        "guardrails",
        "blocked-buckets",
    ),
    Mistake(
        "a public bucket", ASIA, GCS, put("publicAccessPrevention", value="inherited"), "guardrails", "no-public-data"
    ),
    Mistake(
        "a public account", EUROPE, ACCOUNT, put("allowBlobPublicAccess", value=True), "guardrails", "no-public-data"
    ),
    Mistake(
        "a public API", US, EKS, put("vpcConfig", "endpointPublicAccess", value=True), "guardrails", "no-public-data"
    ),
    Mistake(
        "a public API",
        ASIA,
        GKE,
        put("privateClusterConfig", "enablePrivateEndpoint", value=False),
        "guardrails",
        "no-public-data",
    ),
    Mistake("a public API", EUROPE, AKS, without("apiServerAccessProfile"), "guardrails", "no-public-data"),
    Mistake(
        "a bucket encrypted by the cloud's key",
        US,
        SSE,
        put("rules", 0, "applyServerSideEncryptionByDefault", "sseAlgorithm", value="AES256"),
        "guardrails",
        "encryption",
    ),
    Mistake("a bucket without a key", ASIA, GCS, without("encryption"), "guardrails", "encryption"),
    Mistake("secrets without a key", EUROPE, AKS, without("securityProfile"), "guardrails", "encryption"),
    Mistake("secrets without a key", US, EKS, without("encryptionConfig"), "guardrails", "encryption"),
    Mistake(
        "a shell open to all",
        US,
        INGRESS,
        lambda one: put("fromPort", value=22)(put("toPort", value=22)(put("cidrIpv4", value="0.0.0.0/0")(one))),
        "guardrails",
        "no-open-ingress",
    ),
    Mistake(
        "the admin API open to all",
        ASIA,
        FIREWALL,
        lambda one: put("allows", value=[{"protocol": "tcp", "ports": ["7300"]}])(
            put("direction", value="INGRESS")(put("sourceRanges", value=["0.0.0.0/1", "128.0.0.0/1"])(one))
        ),
        "guardrails",
        "no-open-ingress",
    ),
    Mistake(
        "everything open to all",
        EUROPE,
        NSG,
        put("securityRules", 0, "sourceAddressPrefix", value="*"),
        "guardrails",
        "no-open-ingress",
        name="pods",
    ),
    Mistake("data without protection", US, BUCKET, unprotected, "guardrails", "deletion-protection"),
    Mistake(
        "a key without protection",
        ASIA,
        "gcp:kms/cryptoKey:CryptoKey",
        unprotected,
        "guardrails",
        "deletion-protection",
    ),
    Mistake(
        "keys that may be purged",
        EUROPE,
        "azure-native:keyvault:Vault",
        put("properties", "enablePurgeProtection", value=False),
        "guardrails",
        "deletion-protection",
    ),
    Mistake(
        "an address without a reason",
        US,
        "aws:ec2/eip:Eip",
        put("tags", "role", value="bastion"),
        "guardrails",
        "public-address-with-reason",
    ),
    Mistake("another region", EUROPE, VNET, put("location", value="northeurope"), "guardrails", "allowed-locations"),
    Mistake("another machine", US, NODES, put("instanceTypes", 0, value="t3.micro"), "guardrails", "allowed-machines"),
    # Circuits
    Mistake("a wrong VLAN", "interconnect/us", INTERFACE, put("vlan", value=102), "BGP table", "vlan is 102"),
    Mistake("a wrong ASN", "interconnect/us", INTERFACE, put("bgpAsnLong", value="64702"), "BGP table", "not 64701"),
    Mistake(
        "the two addresses changed over",
        "interconnect/us",
        INTERFACE,
        put("customerAddress", value="169.254.240.2/30"),
        "BGP table",
        "customerAddress",
    ),
    Mistake(
        "a wrong VLAN",
        "interconnect/asia",
        "gcp:compute/interconnectAttachment:InterconnectAttachment",
        put("vlanTag8021q", value=1235),
        "BGP table",
        "1235",
    ),
    Mistake(
        "a wrong ASN", "interconnect/europe", PEERING, put("peerASN", value=65001), "BGP table", "peerASN is 65001"
    ),
    Mistake(
        "the links changed over",
        "interconnect/europe",
        PEERING,
        put("primaryPeerAddressPrefix", value="192.168.240.4/30"),
        "BGP table",
        "primaryPeerAddressPrefix",
    ),
)


@pytest.fixture(scope="module")
def built(venues: Path) -> tuple[Venue, Recordings]:
    """The three clouds as the programs build them."""
    return whole(venues / "three-clouds.yaml")


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_silent_first(check: str, built: tuple[Venue, Recordings]) -> None:
    assert CHECKS[check](*built) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: f"{one.stack} {one.type.rpartition(':')[2]} {one.what}")
def test_every_planted_mistake_is_caught(mistake: Mistake, built: tuple[Venue, Recordings]) -> None:
    venue, made = built
    found = CHECKS[mistake.caught_by](venue, planted(made, mistake))
    assert any(mistake.told in problem for problem in found), found


def test_the_table_is_long_enough() -> None:
    assert len(MISTAKES) >= 30
    assert {mistake.caught_by for mistake in MISTAKES} == set(CHECKS)


WRONG_FILES = (
    ("regions that overlap", "cidr: 10.32.0.0/16", "cidr: 10.16.128.0/17", "overlap"),
    ("a BGP number twice", "asn: 64602", "asn: 64601", "64601 is also that of"),
    ("a BGP number that is the cloud's own", "asn: 64603", "asn: 65515", "65515 is reserved by Azure"),
    ("a tunnel within another's range", "inside: 169.254.22.0/28", "inside: 169.254.21.0/28", "overlaps"),
    ("a circuit at no router", "router: ashburn", "router: boston", "there is no router boston"),
    ("a circuit that no cloud sells", "facility: EqDC2", "facility: hkg-zone1-1118", "is not how aws names"),
    ("a VLAN beyond 802.1Q", "vlan: 1234", "vlan: 4095", "vlan"),
)
"""Mistakes in the venue file itself: its own checks see them before any program runs."""


@pytest.mark.parametrize(("what", "right", "wrong", "told"), WRONG_FILES)
def test_every_mistake_in_the_venue_file_is_caught(what: str, right: str, wrong: str, told: str, venues: Path) -> None:
    text = (venues / "three-clouds.yaml").read_text(encoding="utf-8")
    assert right in text, what
    with pytest.raises(VenueError, match=told):
        parse(text.replace(right, wrong, 1).encode())

"""Cluster and node pools of a region on Azure."""

from __future__ import annotations

import pytest

from rialto_platform.clouds.azure.roles import Role
from rialto_platform.clouds.guardrails.resource import get, items
from rialto_platform.clouds.recorder import Recording, Registration

CLUSTER = "azure-native:containerservice:ManagedCluster"
POOL = "azure-native:containerservice:AgentPool"
GRANT = "azure-native:authorization:RoleAssignment"
SUBNET = "azure-native:network:Subnet"


def cluster(recording: Recording) -> Registration:
    """The region's."""
    return recording.one(CLUSTER)


def grant(recording: Recording, role: str) -> Registration:
    """A role assignment by its name."""
    return recording.one(GRANT, f"three-clouds-europe-{role}")


def test_the_api_is_private_and_in_the_network(europe: Recording) -> None:
    """A private vault's key is in reach of no other API; Azure's run command would lead round the network."""
    made = cluster(europe)
    access = made.inputs["apiServerAccessProfile"]
    assert get(access, "enablePrivateCluster") is True
    assert get(access, "enablePrivateClusterPublicFQDN") is False
    assert get(access, "enableVnetIntegration") is True
    assert get(access, "disableRunCommand") is True
    subnet = europe.one(SUBNET, "three-clouds-europe-api-server")
    zone = europe.one("azure-native:privatedns:PrivateZone", "three-clouds-europe-api-zone")
    assert europe.sources(made, "apiServerAccessProfile") == (subnet, zone)
    assert zone.inputs["privateZoneName"] == "private.westeurope.azmk8s.io"
    assert get(subnet.inputs, "delegations", 0, "serviceName") == "Microsoft.ContainerService/managedClusters"


def test_it_has_azures_cni_with_pods_in_subnets_of_their_own(europe: Recording) -> None:
    """And leaves by the subnets' NAT gateways, not by a load balancer."""
    network = cluster(europe).inputs["networkProfile"]
    assert get(network, "networkPlugin") == "azure"
    assert get(network, "networkDataplane") == get(network, "networkPolicy") == "cilium"
    assert get(network, "outboundType") == "userAssignedNATGateway"
    assert get(network, "loadBalancerSku") == "standard"
    assert get(network, "serviceCidr") == "10.48.192.0/20"
    assert get(network, "dnsServiceIP") == "10.48.192.10"


def test_secrets_in_etcd_are_encrypted_by_the_regions_key(europe: Recording) -> None:
    """Through the private vault, by a version of the key, and by an identity that may use it already."""
    made = cluster(europe)
    service = get(made.inputs, "securityProfile", "azureKeyVaultKms")
    key = europe.one("azure-native:keyvault:Key", "three-clouds-europe-secrets")
    vault = europe.one("azure-native:keyvault:Vault")
    assert get(service, "enabled") is True
    assert get(service, "keyVaultNetworkAccess") == "Private"
    assert get(service, "keyId") == key.outputs["keyUriWithVersion"]
    assert get(service, "keyVaultResourceId") == vault.id
    assert europe.sources(made, "securityProfile") == (key, vault)
    assert {grant(europe, "secrets-key").urn, grant(europe, "cluster-vault").urn} <= made.dependencies


def test_pods_have_identities_by_an_issuer(europe: Recording) -> None:
    """Workload identity."""
    inputs = cluster(europe).inputs
    assert get(inputs, "oidcIssuerProfile", "enabled") is True
    assert get(inputs, "securityProfile", "workloadIdentity", "enabled") is True


def test_people_sign_in_to_entra_and_azures_rbac_says_what_they_may(europe: Recording) -> None:
    """No local account; operators may work with workloads, and are given neither roles nor the cluster."""
    made = cluster(europe)
    assert made.inputs["disableLocalAccounts"] is True
    assert get(made.inputs, "aadProfile", "managed") is True
    assert get(made.inputs, "aadProfile", "enableAzureRBAC") is True
    assert get(made.inputs, "aadProfile", "adminGroupObjectIDs") is None
    granted = [each for each in europe.of_type(GRANT) if each.inputs["principalType"] == "Group"]
    assert {str(each.inputs["roleDefinitionId"]).rpartition("/")[2] for each in granted} == {
        Role.CLUSTER_USER.value,
        Role.CLUSTER_WRITER.value,
    }
    for each in granted:
        assert europe.sources(each, "scope") == (made,)


def test_nothing_upgrades_by_itself(europe: Recording) -> None:
    """In the middle of a trading day."""
    profile = cluster(europe).inputs["autoUpgradeProfile"]
    assert get(profile, "upgradeChannel") == "none"
    assert get(profile, "nodeOSUpgradeChannel") == "None"


@pytest.mark.parametrize(
    ("role", "definition", "scope"),
    [
        ("cluster-network", Role.NETWORK_CONTRIBUTOR, "azure-native:network:VirtualNetwork"),
        ("cluster-entry", Role.NETWORK_CONTRIBUTOR, "azure-native:resources:ResourceGroup"),
        ("cluster-zone", Role.PRIVATE_DNS_CONTRIBUTOR, "azure-native:privatedns:PrivateZone"),
        ("cluster-vault", Role.VAULT_CONTRIBUTOR, "azure-native:keyvault:Vault"),
        ("cluster-disks", Role.READER, "azure-native:compute:DiskEncryptionSet"),
        ("cluster-kubelet", Role.IDENTITY_OPERATOR, "azure-native:managedidentity:UserAssignedIdentity"),
        ("kubelet-registry", Role.ACR_PULL, "azure-native:containerregistry:Registry"),
    ],
)
def test_its_identities_may_do_their_part_before_it_exists(
    europe: Recording, role: str, definition: Role, scope: str
) -> None:
    """Each within one resource, and none within the subscription."""
    granted = grant(europe, role)
    assert str(granted.inputs["roleDefinitionId"]).endswith(definition.value)
    assert [each.type for each in europe.sources(granted, "scope")] == [scope]
    assert granted.urn in cluster(europe).dependencies


def test_the_entry_role_is_within_the_addresss_own_group(europe: Recording) -> None:
    """Not the region's, which holds everything."""
    [group] = europe.sources(grant(europe, "cluster-entry"), "scope")
    assert group.name == "three-clouds-europe-entry"


def test_a_system_pool_stands_in_each_zone(europe: Recording) -> None:
    """The first one comes with the cluster: Azure adds no further ones by the cluster itself."""
    [first] = items(cluster(europe).inputs["agentPoolProfiles"])
    rest = [each.inputs for each in europe.of_type(POOL) if each.inputs["mode"] == "System"]
    assert [get(pool, "availabilityZones") for pool in (first, *rest)] == [["1"], ["2"], ["3"]]
    for pool in (first, *rest):
        assert get(pool, "vmSize") == "Standard_D4ds_v5"
        assert get(pool, "enableAutoScaling") is True
        assert get(pool, "nodeTaints") is None


@pytest.mark.parametrize("zone", ["1", "2", "3"])
def test_an_engine_pool_stands_in_each_zone_close_together(europe: Recording, zone: str) -> None:
    """On machines with local NVMe and accelerated networking, in the zone's subnets and its own placement group."""
    pool = europe.one(POOL, f"three-clouds-europe-engine-{zone}")
    assert pool.inputs["availabilityZones"] == [zone]
    assert pool.inputs["vmSize"] == "Standard_L16s_v3"
    assert pool.inputs["count"] == 1
    assert pool.inputs["mode"] == "User"
    [together] = europe.sources(pool, "proximityPlacementGroupID")
    assert together.inputs["zones"] == [zone]
    assert get(together.inputs, "intent", "vmSizes") == ["Standard_L16s_v3"]
    assert europe.sources(pool, "vnetSubnetID") == (europe.one(SUBNET, f"three-clouds-europe-nodes-{zone}"),)
    assert europe.sources(pool, "podSubnetID") == (europe.one(SUBNET, f"three-clouds-europe-pods-{zone}"),)
    assert europe.sources(pool, "resourceName") == (cluster(europe),)
    assert pool.inputs["nodeTaints"] == ["rialto-pool=engine:NoSchedule"]


def test_engine_nodes_leave_their_nvme_disks_to_the_journal(europe: Recording) -> None:
    """The system is on the temporary disk, and a market's thread keeps its core."""
    for pool in europe.of_type(POOL):
        assert pool.inputs["osDiskType"] == "Ephemeral"
    engine = europe.one(POOL, "three-clouds-europe-engine-1").inputs
    assert engine["kubeletDiskType"] == "OS"
    assert get(engine, "kubeletConfig", "cpuManagerPolicy") == "static"


def test_nodes_are_encrypted_trusted_and_not_public(europe: Recording) -> None:
    """Every pool, the cluster's first too."""
    [first] = items(cluster(europe).inputs["agentPoolProfiles"])
    for pool in (first, *(each.inputs for each in europe.of_type(POOL))):
        assert get(pool, "enableEncryptionAtHost") is True
        assert get(pool, "enableNodePublicIP") is False
        assert get(pool, "securityProfile", "enableSecureBoot") is True
        assert get(pool, "securityProfile", "sshAccess") == "Disabled"


def test_disks_are_encrypted_by_the_regions_key(europe: Recording) -> None:
    """Which follows its rotation."""
    disks = europe.one("azure-native:compute:DiskEncryptionSet")
    key = europe.one("azure-native:keyvault:Key", "three-clouds-europe-disks")
    assert europe.sources(cluster(europe), "diskEncryptionSetID") == (disks,)
    assert europe.sources(disks, "activeKey") == (key,)
    assert disks.inputs["rotationToLatestKeyVersionEnabled"] is True
    assert grant(europe, "disks-key").urn in disks.dependencies


def test_a_venue_chooses_machine_and_zones(alone: Recording) -> None:
    """Two zones, and a smaller machine."""
    pools = {each.name: each.inputs["vmSize"] for each in alone.of_type(POOL) if each.inputs["mode"] == "User"}
    assert pools == {
        "three-clouds-europe-engine-1": "Standard_L8as_v3",
        "three-clouds-europe-engine-3": "Standard_L8as_v3",
    }


def test_names_lead_to_private_endpoints_before_the_cluster_is_made(europe: Recording) -> None:
    """Its nodes pull their first images and reach the vault by them."""
    for part in ("registry", "vault"):
        group = europe.one("azure-native:network:PrivateDnsZoneGroup", f"three-clouds-europe-{part}-endpoint")
        assert group.urn in cluster(europe).dependencies

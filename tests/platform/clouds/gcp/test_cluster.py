"""The cluster of a region on Google Cloud, and its node pools."""

from __future__ import annotations

from typing import cast

import pytest

from rialto_platform.clouds.recorder import Recording, Registration

CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"
POLICY = "gcp:compute/resourcePolicy:ResourcePolicy"
GRANT = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
ZONES = ["asia-east1-a", "asia-east1-b", "asia-east1-c"]


def part(resource: Registration, *path: str) -> object:
    """A nested input."""
    found: object = resource.inputs
    for key in path:
        found = cast("dict[str, object]", found)[key]
    return found


@pytest.fixture(scope="module")
def cluster(asia: Recording) -> Registration:
    """The region's cluster."""
    return asia.one(CLUSTER)


def test_it_is_regional_with_its_zones_pinned(cluster: Registration) -> None:
    """Google Cloud would choose among a region's zones, and not say which."""
    assert cluster.inputs["location"] == "asia-east1"
    assert cluster.inputs["nodeLocations"] == ZONES


def test_its_api_and_nodes_are_private(cluster: Registration, asia: Recording) -> None:
    """The control plane has addresses in a subnet of the network and no other."""
    assert part(cluster, "privateClusterConfig", "enablePrivateNodes") is True
    assert part(cluster, "privateClusterConfig", "enablePrivateEndpoint") is True
    assert part(cluster, "masterAuthorizedNetworksConfig", "privateEndpointEnforcementEnabled") is True
    assert part(cluster, "masterAuthorizedNetworksConfig", "gcpPublicCidrsAccessEnabled") is False
    subnet = asia.one("gcp:compute/subnetwork:Subnetwork", "three-clouds-asia-control-plane")
    assert subnet in asia.sources(cluster, "privateClusterConfig")


def test_operators_alone_open_the_endpoint_that_iam_guards(
    asia: Recording, alone: Recording, cluster: Registration
) -> None:
    """No certificate and no token of Kubernetes' own is taken there; where nobody operates, it is shut."""
    dns = part(cluster, "controlPlaneEndpointsConfig", "dnsEndpointConfig")
    assert dns == {"allowExternalTraffic": True, "enableK8sCertsViaDns": False, "enableK8sTokensViaDns": False}
    shut = part(alone.one(CLUSTER), "controlPlaneEndpointsConfig", "dnsEndpointConfig", "allowExternalTraffic")
    assert shut is False
    assert asia.of_type("rialto:gcp:Access")
    assert not alone.of_type("rialto:gcp:Access")


def test_it_stands_in_the_regions_network(cluster: Registration, asia: Recording) -> None:
    """Pods and services by the subnet's secondary ranges."""
    assert asia.sources(cluster, "network") == (asia.one("gcp:compute/network:Network"),)
    nodes = asia.one("gcp:compute/subnetwork:Subnetwork", "three-clouds-asia-nodes")
    assert asia.sources(cluster, "subnetwork") == (nodes,)
    assert cluster.inputs["ipAllocationPolicy"] == {
        "clusterSecondaryRangeName": "pods",
        "servicesSecondaryRangeName": "services",
    }
    assert cluster.inputs["networkingMode"] == "VPC_NATIVE"


def test_dataplane_v2_and_shielded_nodes_are_on(cluster: Registration) -> None:
    """Both are set when a cluster is made."""
    assert cluster.inputs["datapathProvider"] == "ADVANCED_DATAPATH"
    assert cluster.inputs["enableShieldedNodes"] is True


def test_secrets_are_encrypted_by_the_key_service_once_gke_may(cluster: Registration, asia: Recording) -> None:
    """The key's id comes from the grant, so that no cluster is asked for before it."""
    assert part(cluster, "databaseEncryption", "state") == "ENCRYPTED"
    assert asia.sources(cluster, "databaseEncryption") == (asia.one(GRANT, "three-clouds-asia-key-secrets"),)


def test_workload_identity_is_on(cluster: Registration, asia: Recording) -> None:
    """Pods have identities of the project's pool, on every node."""
    assert part(cluster, "workloadIdentityConfig", "workloadPool") == "rialto-example.svc.id.goog"
    for pool in asia.of_type(POOL):
        assert part(pool, "nodeConfig", "workloadMetadataConfig", "mode") == "GKE_METADATA"


def test_metrics_go_to_managed_prometheus(cluster: Registration) -> None:
    """And the control plane's logs to Cloud Logging."""
    assert part(cluster, "monitoringConfig", "managedPrometheus", "enabled") is True
    assert {"SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"} <= set(
        cast("list[str]", part(cluster, "loggingConfig", "enableComponents"))
    )


def test_it_is_not_deleted_by_a_slip(cluster: Registration) -> None:
    """Neither by Pulumi nor by the cloud; and upgrades wait for the weekend."""
    assert cluster.protect
    assert cluster.inputs["deletionProtection"] is True
    assert part(cluster, "maintenancePolicy", "recurringWindow", "recurrence") == "FREQ=WEEKLY;BYDAY=SA,SU"


def test_legacy_ways_in_are_shut(cluster: Registration) -> None:
    """Certificates, anonymous requests, ABAC, bindings to everybody, external addresses of services."""
    assert cluster.inputs["enableLegacyAbac"] is False
    assert part(cluster, "masterAuth", "clientCertificateConfig", "issueClientCertificate") is False
    assert part(cluster, "anonymousAuthenticationConfig", "mode") == "LIMITED"
    assert part(cluster, "serviceExternalIpsConfig", "enabled") is False
    assert set(cast("dict[str, bool]", part(cluster, "rbacBindingConfig")).values()) == {False}


def test_nodes_find_their_way_before_they_start(cluster: Registration, asia: Recording) -> None:
    """The cluster waits for the firewall's openings, the endpoint of Google's APIs and the names that lead to it."""
    for component in ("rialto:gcp:Firewall", "rialto:gcp:Endpoints", "rialto:gcp:Network"):
        made = {each.urn for each in asia.children(asia.one(component).urn)}
        assert made
        assert made <= cluster.dependencies


def test_the_pool_that_gke_makes_first_goes_and_is_nobodys_default(cluster: Registration, asia: Recording) -> None:
    """Until it is gone it has the system nodes' account and a key of the region."""
    assert cluster.inputs["removeDefaultNodePool"] is True
    assert {each.name for each in asia.sources(cluster, "nodeConfig")} == {
        "three-clouds-asia-nodes-system",
        "three-clouds-asia-key-disks",
    }
    assert cluster.ignore_changes == ("nodeConfig",)


def test_there_is_one_system_pool_over_all_zones(asia: Recording) -> None:
    """It grows and shrinks, and takes what is not the engine."""
    pool = asia.one(POOL, "three-clouds-asia-system")
    assert pool.inputs["nodeLocations"] == ZONES
    assert part(pool, "autoscaling", "minNodeCount") == 1
    assert "taints" not in cast("dict[str, object]", pool.inputs["nodeConfig"])


@pytest.mark.parametrize("zone", ZONES)
def test_each_zone_has_an_engine_pool_placed_compactly(asia: Recording, zone: str) -> None:
    """On network-optimised machines with local NVMe, by a placement policy of the zone's own."""
    pool = asia.one(POOL, f"three-clouds-asia-engine-{zone[-1]}")
    policy = asia.one(POLICY, f"three-clouds-asia-engine-{zone[-1]}")
    assert pool.inputs["nodeLocations"] == [zone]
    assert pool.inputs["nodeCount"] == 1
    assert part(policy, "groupPlacementPolicy", "collocation") == "COLLOCATED"
    assert part(pool, "placementPolicy", "type") == "COMPACT"
    assert asia.sources(pool, "placementPolicy") == (policy,)
    assert part(pool, "networkConfig", "networkPerformanceConfig", "totalEgressBandwidthTier") == "TIER_1"
    assert part(pool, "nodeConfig", "machineType") == "c3-standard-44-lssd"
    assert part(pool, "nodeConfig", "localNvmeSsdBlockConfig", "localSsdCount") == 8
    assert part(pool, "nodeConfig", "gvnic", "enabled") is True
    assert part(pool, "nodeConfig", "taints") == [{"key": "rialto-pool", "value": "engine", "effect": "NO_SCHEDULE"}]
    assert part(pool, "nodeConfig", "kubeletConfig", "cpuManagerPolicy") == "static"


def test_a_machine_too_small_for_tier_1_does_without(alone: Recording) -> None:
    """The venue file's machine type is used, with as many disks as it has."""
    pool = alone.one(POOL, "three-clouds-asia-engine-a")
    assert part(pool, "nodeConfig", "machineType") == "c3-standard-22-lssd"
    assert part(pool, "nodeConfig", "localNvmeSsdBlockConfig", "localSsdCount") == 4
    assert "networkPerformanceConfig" not in cast("dict[str, object]", pool.inputs["networkConfig"])


def test_every_pool_is_shielded_private_encrypted_and_somebody(asia: Recording) -> None:
    """Secure boot, no external address, a key of the region, the pool's own account, in the region's cluster."""
    pools = asia.of_type(POOL)
    assert len(pools) == 4
    for pool in pools:
        kind = "engine" if "engine" in pool.name else "system"
        assert part(pool, "nodeConfig", "shieldedInstanceConfig") == {
            "enableSecureBoot": True,
            "enableIntegrityMonitoring": True,
        }
        assert part(pool, "networkConfig", "enablePrivateNodes") is True
        assert asia.sources(pool, "cluster") == (asia.one(CLUSTER),)
        assert {each.name for each in asia.sources(pool, "nodeConfig")} == {
            f"three-clouds-asia-nodes-{kind}",
            "three-clouds-asia-key-disks",
        }
        assert (
            part(pool, "nodeConfig", "bootDiskKmsKey")
            == asia.one(GRANT, "three-clouds-asia-key-disks").outputs["cryptoKeyId"]
        )

"""The node pools: one for the system, and one a zone for the engine, on network-optimised machines placed together.

Sources: GKE, "Provision local SSD as raw block storage", "Define compact placement for GKE nodes"; Compute Engine,
"Configure per VM Tier_1 networking performance" (from 30 vCPUs on, with gVNIC).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place, zonal
from rialto_platform.clouds.gcp.rules import Pool
from rialto_platform.clouds.machines import SYSTEMS, Machine

LABEL = "rialto-pool"
"""A node's label, and the taint that keeps everything but the engine from its nodes."""
SYSTEM_NODES_A_ZONE = (1, 3)
TIER_1_VCPUS = 30
"""Below, GKE refuses a pool that asks for the higher bandwidth."""
ENGINE_NODES_A_ZONE = 1
"""A zone has one voter of a market, and a node hosts replicas of all of them."""
_BOOT_DISK_GB = 100
_CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolsArgs:
    """A cluster's node pools."""

    place: Place
    project: pulumi.Input[str]
    compute_project: pulumi.Input[str]
    cluster: gcp.container.Cluster
    zones: Sequence[str]
    machine: Machine
    """Of the engine's nodes."""
    accounts: Mapping[Pool, pulumi.Output[str]]
    disks_key: pulumi.Input[str]


class Pools(pulumi.ComponentResource):
    """System pool and engine pools."""

    instance_groups: Mapping[str, pulumi.Output[str]]
    """The instance group of the engine's nodes, by zone: what the load balancer sends to."""

    def __init__(self, args: PoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Every node is shielded, has no external address, and its boot disk is encrypted by a key of the region."""
        place = args.place
        super().__init__("rialto:gcp:Pools", place.of("pools"), None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._system()
        engines = {zone: self._engine(zone) for zone in args.zones}
        self.instance_groups = {
            zone: engine.managed_instance_group_urls.apply(lambda urls: urls[0]) for zone, engine in engines.items()
        }
        self.register_outputs({})

    def _system(self) -> None:
        args = self._args
        fewest, most = SYSTEM_NODES_A_ZONE
        gcp.container.NodePool(
            args.place.of("system"),
            name="system",
            project=args.project,
            cluster=args.cluster.id,
            node_locations=list(args.zones),
            initial_node_count=fewest,
            autoscaling=gcp.container.NodePoolAutoscalingArgs(
                min_node_count=fewest, max_node_count=most, location_policy="BALANCED"
            ),
            management=gcp.container.NodePoolManagementArgs(auto_repair=True, auto_upgrade=True),
            upgrade_settings=gcp.container.NodePoolUpgradeSettingsArgs(max_surge=1, max_unavailable=0),
            network_config=gcp.container.NodePoolNetworkConfigArgs(enable_private_nodes=True),
            node_config=gcp.container.NodePoolNodeConfigArgs(
                machine_type=SYSTEMS["gcp"].name,
                image_type="COS_CONTAINERD",
                disk_type="pd-balanced",
                disk_size_gb=_BOOT_DISK_GB,
                boot_disk_kms_key=args.disks_key,
                service_account=args.accounts["system"],
                oauth_scopes=[_CLOUD_PLATFORM],
                gvnic=gcp.container.NodePoolNodeConfigGvnicArgs(enabled=True),
                shielded_instance_config=_shielded(),
                workload_metadata_config=_workload_identity(),
                kubelet_config=gcp.container.NodePoolNodeConfigKubeletConfigArgs(
                    insecure_kubelet_readonly_port_enabled="FALSE"
                ),
                metadata={"disable-legacy-endpoints": "true"},
                labels={LABEL: "system"},
                resource_labels=args.place.labels("system"),
            ),
            opts=self._child,
        )

    def _engine(self, zone: str) -> gcp.container.NodePool:
        args, place = self._args, self._args.place
        placement = gcp.compute.ResourcePolicy(
            place.of(zonal("engine", zone)),
            name=place.of(zonal("engine", zone)),
            description=f"Engine nodes of {zone} stand close together",
            project=args.compute_project,
            region=place.location,
            group_placement_policy=gcp.compute.ResourcePolicyGroupPlacementPolicyArgs(collocation="COLLOCATED"),
            opts=self._child,
        )
        return gcp.container.NodePool(
            place.of(zonal("engine", zone)),
            name=zonal("engine", zone),
            project=args.project,
            cluster=args.cluster.id,
            node_locations=[zone],
            node_count=ENGINE_NODES_A_ZONE,
            placement_policy=gcp.container.NodePoolPlacementPolicyArgs(type="COMPACT", policy_name=placement.name),
            management=gcp.container.NodePoolManagementArgs(auto_repair=True, auto_upgrade=True),
            # A zone's node is replaced, not doubled: its replicas hand on first, and fetch what they lack afterwards.
            upgrade_settings=gcp.container.NodePoolUpgradeSettingsArgs(max_surge=0, max_unavailable=1),
            network_config=gcp.container.NodePoolNetworkConfigArgs(
                enable_private_nodes=True,
                network_performance_config=(
                    gcp.container.NodePoolNetworkConfigNetworkPerformanceConfigArgs(
                        total_egress_bandwidth_tier="TIER_1"
                    )
                    if args.machine.vcpus >= TIER_1_VCPUS
                    else None
                ),
            ),
            node_config=gcp.container.NodePoolNodeConfigArgs(
                machine_type=args.machine.name,
                image_type="COS_CONTAINERD",
                disk_type="pd-balanced",
                disk_size_gb=_BOOT_DISK_GB,
                boot_disk_kms_key=args.disks_key,
                # Raw, so that the journal has a file system and a disk of its own.
                local_nvme_ssd_block_config=gcp.container.NodePoolNodeConfigLocalNvmeSsdBlockConfigArgs(
                    local_ssd_count=args.machine.disks
                ),
                service_account=args.accounts["engine"],
                oauth_scopes=[_CLOUD_PLATFORM],
                gvnic=gcp.container.NodePoolNodeConfigGvnicArgs(enabled=True),
                shielded_instance_config=_shielded(),
                workload_metadata_config=_workload_identity(),
                # A market's thread keeps its core.
                kubelet_config=gcp.container.NodePoolNodeConfigKubeletConfigArgs(
                    cpu_manager_policy="static", insecure_kubelet_readonly_port_enabled="FALSE"
                ),
                metadata={"disable-legacy-endpoints": "true"},
                labels={LABEL: "engine"},
                taints=[
                    gcp.container.NodePoolNodeConfigTaintArgs(key=LABEL, value="engine", effect="NO_SCHEDULE"),
                ],
                resource_labels=place.labels("engine"),
            ),
            opts=self._child,
        )


def _shielded() -> gcp.container.NodePoolNodeConfigShieldedInstanceConfigArgs:
    return gcp.container.NodePoolNodeConfigShieldedInstanceConfigArgs(
        enable_secure_boot=True, enable_integrity_monitoring=True
    )


def _workload_identity() -> gcp.container.NodePoolNodeConfigWorkloadMetadataConfigArgs:
    """Pods get their own identity's tokens; the node's are out of their reach."""
    return gcp.container.NodePoolNodeConfigWorkloadMetadataConfigArgs(mode="GKE_METADATA")

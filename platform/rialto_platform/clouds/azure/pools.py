"""The node pools: a system pool and an engine pool a zone, each in its zone's subnets.

A zone's pools leave by its own NAT gateway, so a system pool has one zone too. Engine nodes of a zone share a proximity
placement group, which stands in one zone and whose pool joins it at its creation alone.

Sources: AKS, "Reduce latency with proximity placement groups", "Use system node pools", "Customize node configuration",
"Ephemeral OS disks"; Azure Virtual Machines, "Proximity placement groups" (a zone is given together with the machine
types meant for it), "Encryption at host", "Lsv3 size series" (a temporary SCSI disk beside the NVMe disks).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import compute, containerservice

from rialto_platform.clouds.azure.network import Network
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.machines import SYSTEMS, Machine

LABEL = "rialto-pool"
"""A node's label, and the taint that keeps everything but the engine from its nodes."""
SYSTEM_NODES_A_ZONE = (1, 3)
ENGINE_NODES_A_ZONE = 1
"""A zone has one voter of a market, and a node hosts replicas of all of them."""
PODS_A_NODE = 50
OS_DISK_GB = 64
"""Fits the temporary disk of every machine in `machines`, so that the system needs no disk across the network."""


@dataclass(frozen=True, slots=True)
class PoolsArgs:
    """A cluster's node pools."""

    place: Place
    cluster: containerservice.ManagedCluster
    network: Network
    machine: Machine
    """Of the engine's nodes."""


def pool_name(role: str, zone: str) -> str:
    """At most twelve lower-case letters and digits: ``engine1``."""
    return f"{role}{zone}"


def first_system_pool(place: Place, network: Network) -> containerservice.ManagedClusterAgentPoolProfileArgs:
    """The one that a cluster is made with; Azure takes no further one by the cluster itself later on."""
    fewest, most = SYSTEM_NODES_A_ZONE
    zone = place.zones[0]
    return containerservice.ManagedClusterAgentPoolProfileArgs(
        name=pool_name("system", zone),
        mode=containerservice.AgentPoolMode.SYSTEM,
        type=containerservice.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
        availability_zones=[zone],
        vm_size=SYSTEMS["azure"].name,
        count=fewest,
        enable_auto_scaling=True,
        min_count=fewest,
        max_count=most,
        max_pods=PODS_A_NODE,
        os_type=containerservice.OSType.LINUX,
        os_sku=containerservice.OSSKU.AZURE_LINUX,
        os_disk_type=containerservice.OSDiskType.EPHEMERAL,
        os_disk_size_gb=OS_DISK_GB,
        enable_encryption_at_host=True,
        enable_node_public_ip=False,
        security_profile=_trusted(),
        vnet_subnet_id=network.nodes[0].id,
        pod_subnet_id=network.pods[0].id,
        node_labels={LABEL: "system"},
        upgrade_settings=containerservice.AgentPoolUpgradeSettingsArgs(max_surge="1"),
        tags=place.tags("system"),
    )


class Pools(pulumi.ComponentResource):
    """The other zones' system pools, and every zone's engine pool."""

    def __init__(self, args: PoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """No node has a public address. AKS turns accelerated networking on wherever a machine has it; these all do."""
        super().__init__("rialto:azure:Pools", args.place.of("pools"), None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        for number, zone in enumerate(args.place.zones):
            if number:
                self._system(number, zone)
            self._engine(number, zone)
        self.register_outputs({})

    def _system(self, number: int, zone: str) -> None:
        args, (fewest, most) = self._args, SYSTEM_NODES_A_ZONE
        containerservice.AgentPool(
            args.place.of(f"system-{zone}"),
            agent_pool_name=pool_name("system", zone),
            resource_group_name=args.place.group,
            resource_name_=args.cluster.name,
            mode=containerservice.AgentPoolMode.SYSTEM,
            type=containerservice.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
            availability_zones=[zone],
            vm_size=SYSTEMS["azure"].name,
            count=fewest,
            enable_auto_scaling=True,
            min_count=fewest,
            max_count=most,
            max_pods=PODS_A_NODE,
            os_type=containerservice.OSType.LINUX,
            os_sku=containerservice.OSSKU.AZURE_LINUX,
            os_disk_type=containerservice.OSDiskType.EPHEMERAL,
            os_disk_size_gb=OS_DISK_GB,
            enable_encryption_at_host=True,
            enable_node_public_ip=False,
            security_profile=_trusted(),
            vnet_subnet_id=args.network.nodes[number].id,
            pod_subnet_id=args.network.pods[number].id,
            node_labels={LABEL: "system"},
            upgrade_settings=containerservice.AgentPoolUpgradeSettingsArgs(max_surge="1"),
            tags=args.place.tags("system"),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["count"]),
        )

    def _engine(self, number: int, zone: str) -> None:
        args, place = self._args, self._args.place
        together = compute.ProximityPlacementGroup(
            place.of(f"engine-{zone}"),
            resource_group_name=place.group,
            location=place.location,
            proximity_placement_group_type=compute.ProximityPlacementGroupType.STANDARD,
            zones=[zone],
            intent=compute.ProximityPlacementGroupPropertiesIntentArgs(vm_sizes=[args.machine.name]),
            tags=place.tags("engine"),
            opts=self._child,
        )
        containerservice.AgentPool(
            place.of(f"engine-{zone}"),
            agent_pool_name=pool_name("engine", zone),
            resource_group_name=place.group,
            resource_name_=args.cluster.name,
            mode=containerservice.AgentPoolMode.USER,
            type=containerservice.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
            availability_zones=[zone],
            proximity_placement_group_id=together.id,
            vm_size=args.machine.name,
            count=ENGINE_NODES_A_ZONE,
            enable_auto_scaling=False,
            max_pods=PODS_A_NODE,
            os_type=containerservice.OSType.LINUX,
            os_sku=containerservice.OSSKU.AZURE_LINUX,
            # On the temporary disk: the NVMe disks stay raw, so that the journal has one to itself.
            os_disk_type=containerservice.OSDiskType.EPHEMERAL,
            os_disk_size_gb=OS_DISK_GB,
            kubelet_disk_type=containerservice.KubeletDiskType.OS,
            enable_encryption_at_host=True,
            enable_node_public_ip=False,
            security_profile=_trusted(),
            vnet_subnet_id=args.network.nodes[number].id,
            pod_subnet_id=args.network.pods[number].id,
            node_labels={LABEL: "engine"},
            node_taints=[f"{LABEL}=engine:NoSchedule"],
            # A market's thread keeps its core, and no page is put together under it.
            kubelet_config=containerservice.KubeletConfigArgs(
                cpu_manager_policy="static", topology_manager_policy="single-numa-node"
            ),
            linux_os_config=containerservice.LinuxOSConfigArgs(
                transparent_huge_page_enabled="never", transparent_huge_page_defrag="never"
            ),
            # A zone's node is replaced, not doubled: its replicas hand on first, and fetch what they lack afterwards.
            upgrade_settings=containerservice.AgentPoolUpgradeSettingsArgs(max_surge="0", max_unavailable="1"),
            tags=place.tags("engine"),
            opts=self._child,
        )


def _trusted() -> containerservice.AgentPoolSecurityProfileArgs:
    return containerservice.AgentPoolSecurityProfileArgs(
        enable_secure_boot=True, enable_vtpm=True, ssh_access=containerservice.AgentPoolSSHAccess.DISABLED
    )

"""Machine types that the pools may have, by cloud, and which they have unless the venue file says otherwise.

An engine's machine is made for the network and brings local NVMe for the journals; it can be placed close to others.

Sources: Amazon EC2, "Specifications for Amazon EC2 general purpose instances" and "… memory optimized instances"
(M6idn and R6idn: network optimised, NVMe) and "Placement strategies"; Compute Engine, "General-purpose machine
family" (C3 and C3D with Titanium SSD) and "Configure per VM Tier_1 networking performance"; Azure, "Lsv3 sizes
series" (NVMe, accelerated networking) and "Ddsv5 sizes series".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import Region
from rialto_platform.venue.model import Cloud


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine type."""

    cloud: Cloud
    name: str
    vcpus: int
    memory_gib: int
    disks: int = 0
    """Local NVMe disks; none for a machine of the system pool."""
    disk_gb: int = 0
    """Of each."""

    @property
    def local_gb(self) -> int:
        """Of all its local disks."""
        return self.disks * self.disk_gb


def _aws(family: str, memory_per_vcpu: int, sizes: Mapping[str, tuple[int, int, int]]) -> list[Machine]:
    """Sizes of a family: vCPUs, disks, GB of each."""
    return [
        Machine("aws", f"{family}.{size}", vcpus, vcpus * memory_per_vcpu, disks, gb)
        for size, (vcpus, disks, gb) in sizes.items()
    ]


_IDN: Mapping[str, tuple[int, int, int]] = {
    "2xlarge": (8, 1, 474),
    "4xlarge": (16, 1, 950),
    "8xlarge": (32, 1, 1900),
    "12xlarge": (48, 2, 1425),
    "16xlarge": (64, 2, 1900),
    "24xlarge": (96, 4, 1425),
    "32xlarge": (128, 4, 1900),
}
_LSSD: Mapping[str, tuple[int, int]] = {
    "c3-standard-4-lssd": (16, 1),
    "c3-standard-8-lssd": (32, 2),
    "c3-standard-22-lssd": (88, 4),
    "c3-standard-44-lssd": (176, 8),
    "c3-standard-88-lssd": (352, 16),
    "c3-standard-176-lssd": (704, 32),
    "c3d-standard-8-lssd": (32, 1),
    "c3d-standard-16-lssd": (64, 1),
    "c3d-standard-30-lssd": (120, 2),
    "c3d-standard-60-lssd": (240, 4),
    "c3d-standard-90-lssd": (360, 8),
    "c3d-standard-180-lssd": (720, 16),
    "c3d-standard-360-lssd": (1440, 32),
    "c3d-highmem-8-lssd": (64, 1),
    "c3d-highmem-16-lssd": (128, 1),
    "c3d-highmem-30-lssd": (240, 2),
    "c3d-highmem-60-lssd": (480, 4),
    "c3d-highmem-90-lssd": (720, 8),
    "c3d-highmem-180-lssd": (1440, 16),
    "c3d-highmem-360-lssd": (2880, 32),
}
"""Memory in GiB, and disks of 375 GB; the vCPUs are in the name."""
_LSV3: Mapping[int, int] = {8: 1, 16: 2, 32: 4, 48: 6, 64: 8, 80: 10}
"""Disks of 1.92 TB by vCPUs; 8 GiB a vCPU."""

ENGINES: Mapping[Cloud, Mapping[str, Machine]] = {
    "aws": {machine.name: machine for machine in [*_aws("m6idn", 4, _IDN), *_aws("r6idn", 8, _IDN)]},
    "gcp": {
        name: Machine("gcp", name, int(name.split("-")[2]), memory, disks, 375)
        for name, (memory, disks) in _LSSD.items()
    },
    "azure": {
        f"Standard_L{vcpus}{series}_v3": Machine(
            "azure", f"Standard_L{vcpus}{series}_v3", vcpus, 8 * vcpus, disks, 1920
        )
        for series in ("s", "as")
        for vcpus, disks in _LSV3.items()
    },
}
"""Machines that the engine pool may have."""

DEFAULTS: Mapping[Cloud, str] = {
    "aws": "m6idn.4xlarge",
    "gcp": "c3-standard-44-lssd",
    "azure": "Standard_L16s_v3",
}
"""The engine pool's machine unless the venue file says otherwise."""

SYSTEMS: Mapping[Cloud, Machine] = {
    "aws": Machine("aws", "m6i.xlarge", 4, 16),
    "gcp": Machine("gcp", "n2-standard-4", 4, 16),
    "azure": Machine("azure", "Standard_D4ds_v5", 4, 16),
}
"""The system pool's."""


def engine(name: str, region: Region) -> Machine:
    """The machine of a region's engine pool; ``name`` is the region's, for the message.

    Raises:
        CloudError: the venue file names a machine that is not known to have local NVMe and a fast network.
    """
    known = ENGINES[region.cloud]
    wanted = region.machine or DEFAULTS[region.cloud]
    if wanted not in known:
        raise CloudError(
            f"regions.{name}.machine",
            f"{wanted} is not known to have local NVMe and a network made for it",
            f"use one of {', '.join(known)}",
        )
    return known[wanted]


def allowed() -> Mapping[Cloud, frozenset[str]]:
    """Every machine type that nodes may have, by cloud; the guardrails hold stacks to it."""
    return {cloud: frozenset({*ENGINES[cloud], SYSTEMS[cloud].name}) for cloud in ENGINES}

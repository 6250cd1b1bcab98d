"""What Google Cloud needs to know of an engine node's machine beside its name.

Sources: Compute Engine, "General-purpose machine family" (C3 and C3D machine types with Titanium SSD: how many disks
each brings), "Configure per VM Tier_1 networking performance" (C3 and C3D from 30 vCPUs on, with gVNIC); GKE, "Define
compact placement for GKE nodes" (which series take it).
"""

from __future__ import annotations

from dataclasses import dataclass

from rialto_platform.clouds.errors import CloudError

DEFAULT = "c3-standard-44-lssd"
"""The smallest C3 with both local NVMe and Tier_1 networking."""
SYSTEM = "n2-standard-4"
"""The system pool's: shielded, with gVNIC, and no local disk."""
TIER_1_VCPUS = 30

_DISKS = {
    "c3-standard-4-lssd": 1,
    "c3-standard-8-lssd": 2,
    "c3-standard-22-lssd": 4,
    "c3-standard-44-lssd": 8,
    "c3-standard-88-lssd": 16,
    "c3-standard-176-lssd": 32,
    "c3d-standard-8-lssd": 1,
    "c3d-standard-16-lssd": 1,
    "c3d-standard-30-lssd": 2,
    "c3d-standard-60-lssd": 4,
    "c3d-standard-90-lssd": 8,
    "c3d-standard-180-lssd": 16,
    "c3d-standard-360-lssd": 32,
    "c3d-highmem-8-lssd": 1,
    "c3d-highmem-16-lssd": 1,
    "c3d-highmem-30-lssd": 2,
    "c3d-highmem-60-lssd": 4,
    "c3d-highmem-90-lssd": 8,
    "c3d-highmem-180-lssd": 16,
    "c3d-highmem-360-lssd": 32,
}


@dataclass(frozen=True, slots=True)
class EngineMachine:
    """A machine type that the engine can run on."""

    type: str
    local_disks: int
    """NVMe disks of 375 GB; the type fixes how many."""
    tier_1: bool
    """Whether it takes the higher bandwidth of Tier_1."""


def engine_machine(where: str, name: str) -> EngineMachine:
    """The machine type of that name; `where` is its path in the venue file.

    Raises:
        CloudError: it has no local NVMe, or it can't be placed with others.
    """
    disks = _DISKS.get(name)
    if disks is None:
        raise CloudError(
            where,
            f"{name} is not known to have local NVMe and to take a compact placement policy",
            f"use one of {', '.join(_DISKS)}",
        )
    return EngineMachine(name, disks, int(name.split("-")[2]) >= TIER_1_VCPUS)

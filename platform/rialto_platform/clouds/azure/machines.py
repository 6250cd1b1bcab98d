"""What machines the nodes are, and what Azure's engine machines bring beside their name.

The engine writes its journal to local NVMe and answers members over the network: storage-optimised machines have both.
A memory-optimised one such as Ebdsv5 has a temporary SCSI disk instead.

Sources: Azure Virtual Machines, "Lsv3 size series", "Lasv3 size series" (local NVMe, network bandwidth, accelerated
networking, temporary disk); "Ddsv5 size series"; AKS, "Reduce latency with proximity placement groups" (AKS turns on
accelerated networking wherever the machine has it, so there is nothing to set).
"""

from __future__ import annotations

from dataclasses import dataclass

from rialto_platform.clouds.errors import CloudError

DEFAULT = "Standard_L16s_v3"
"""The smallest with two NVMe disks, so that the journal has one to itself; 12.5 Gbit/s."""
SYSTEM = "Standard_D4ds_v5"
"""The system pools': accelerated networking, and a temporary disk that holds the system."""
OS_DISK_GB = 64
"""Fits the temporary disk of every machine here, so that the system needs no disk across the network."""


@dataclass(frozen=True, slots=True)
class EngineMachine:
    """A machine type that the engine can run on."""

    type: str
    local_disks: int
    """NVMe, of 1.92 TB each."""
    network_mbps: int


_ENGINE = {
    machine.type: machine
    for series in ("s", "as")
    for machine in (
        EngineMachine(f"Standard_L8{series}_v3", 1, 12_500),
        EngineMachine(f"Standard_L16{series}_v3", 2, 12_500),
        EngineMachine(f"Standard_L32{series}_v3", 4, 16_000),
        EngineMachine(f"Standard_L48{series}_v3", 6, 24_000),
        EngineMachine(f"Standard_L64{series}_v3", 8, 30_000 if series == "s" else 32_000),
        EngineMachine(f"Standard_L80{series}_v3", 10, 32_000),
    )
}


def engine_machine(where: str, name: str | None) -> EngineMachine:
    """The machine type of that name, or the usual one; `where` is its path in the venue file.

    Raises:
        CloudError: it is not known to have local NVMe.
    """
    machine = _ENGINE.get(name or DEFAULT)
    if machine is None:
        raise CloudError(where, f"{name} is not known to have local NVMe", f"use one of {', '.join(_ENGINE)}")
    return machine

"""Machine types that the engine can run on."""

from __future__ import annotations

import pytest

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.gcp.nodes import DEFAULT, engine_machine


def test_the_usual_machine_has_local_disks_and_tier_1() -> None:
    """Both are why it is the usual one."""
    machine = engine_machine("regions.asia.machine", DEFAULT)
    assert (machine.type, machine.local_disks, machine.tier_1) == ("c3-standard-44-lssd", 8, True)


@pytest.mark.parametrize(
    ("name", "tier_1"), [("c3-standard-22-lssd", False), ("c3d-standard-30-lssd", True), ("c3-standard-4-lssd", False)]
)
def test_tier_1_takes_thirty_vcpus(name: str, *, tier_1: bool) -> None:
    """Asked for on a smaller machine, GKE refuses the pool."""
    assert engine_machine("regions.asia.machine", name).tier_1 is tier_1


@pytest.mark.parametrize("name", ["c3-standard-44", "n2-standard-32", "c4-standard-48-lssd", "c6in.8xlarge"])
def test_a_machine_without_local_disks_or_placement_is_refused(name: str) -> None:
    """The error names the path, the type, and what would do."""
    with pytest.raises(CloudError) as error:
        engine_machine("regions.asia.machine", name)
    assert "regions.asia.machine" in str(error.value)
    assert name in str(error.value)
    assert DEFAULT in str(error.value)

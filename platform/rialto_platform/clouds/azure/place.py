"""Where the parts of a region stand: subscription, location, zones and resource group, which each of them repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from rialto_platform.clouds.names import Names


@dataclass(frozen=True, slots=True)
class Place:
    """One region's place on Azure."""

    names: Names
    owner: str
    """The subscription's id."""
    location: str
    """The Azure region: `westeurope`."""
    zones: tuple[str, ...]
    """Availability zones, by their numbers."""
    group: pulumi.Input[str]
    """The resource group that holds the region."""

    def of(self, role: str) -> str:
        """The name of a resource."""
        return self.names.of(role)

    def tags(self, role: str) -> Mapping[str, str]:
        """The tags of a resource."""
        return self.names.tags(role)

    def within(self, group: pulumi.Input[str]) -> Place:
        """The same place with another resource group."""
        return Place(self.names, self.owner, self.location, self.zones, group)

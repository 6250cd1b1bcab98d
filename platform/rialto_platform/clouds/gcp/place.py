"""Where the parts of a region stand: the project and location that each of them repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rialto_platform.clouds.names import Names


@dataclass(frozen=True, slots=True)
class Place:
    """One region's place on Google Cloud."""

    names: Names
    owner: str
    """The project's id."""
    location: str
    """The Google Cloud region: `asia-east1`."""

    def of(self, role: str) -> str:
        """The name of a resource, logical and physical."""
        return self.names.of(role)

    def labels(self, role: str) -> Mapping[str, str]:
        """The labels of a resource."""
        return self.names.tags(role)

    def account(self, role: str) -> str:
        """The id of a service account: at most 30 characters (IAM, "Create service accounts")."""
        return self.names.shared(role, self.owner, 30)

    def custom_role(self, role: str) -> str:
        """The id of a custom role: letters, digits and underscores (IAM, "Create and manage custom roles")."""
        return self.of(role).replace("-", "_")


def zonal(role: str, zone: str) -> str:
    """A role in one zone: `engine-a` in `asia-east1-a`. The whole zone would not fit into 63 characters."""
    return f"{role}-{zone.rpartition('-')[2]}"

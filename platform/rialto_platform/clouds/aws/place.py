"""Where the parts of a region stand: the account and the AWS region that each of them repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rialto_platform.clouds.names import Names


@dataclass(frozen=True, slots=True)
class Place:
    """One region's place on AWS."""

    names: Names
    owner: str
    """The account's number."""
    location: str
    """The AWS region: `us-east-1`."""

    def of(self, role: str) -> str:
        """The name of a resource, logical and, where nothing shorter is needed, physical."""
        return self.names.of(role)

    def tags(self, role: str) -> Mapping[str, str]:
        """The tags of a resource; `Name` is what AWS' console shows."""
        return {**self.names.tags(role), "Name": self.of(role)}

    def short(self, role: str) -> str:
        """A name of at most 32 characters: load balancers and target groups (Elastic Load Balancing, "Quotas")."""
        return self.names.shared(role, self.owner, 32)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this region and account."""
        return f"arn:aws:{service}:{self.location}:{self.owner}:{resource}"

"""Names and tags of everything in a cloud, by one convention.

A resource is ``<venue>-<region>-<role>``: the logical name of its Pulumi resource and, where a cloud wants one, its
physical name. Names that a cloud shares between all its customers end with a digest of the account, so that two venues
of one name don't meet.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

MANAGED_BY = "rialto"


@dataclass(frozen=True, slots=True)
class Names:
    """The names within one region of a venue."""

    venue: str
    region: str

    def of(self, role: str = "") -> str:
        """``<venue>-<region>-<role>``; without a role, the prefix alone."""
        return "-".join(part for part in (self.venue, self.region, role) if part)

    def shared(self, role: str, owner: str, most: int = 63) -> str:
        """A name that is unique among all customers of a cloud; ``owner`` is the account, project or subscription.

        ``most`` is the cloud's limit in characters; a longer name is cut before the digest, never in it.
        """
        digest = hashlib.sha256(f"{owner}/{self.of(role)}".encode()).hexdigest()[:8]
        return f"{self.of(role)[: most - 9].rstrip('-')}-{digest}"

    def plain(self, role: str, owner: str, most: int = 24) -> str:
        """The same in lower-case letters and digits alone, for the names that allow no hyphen."""
        digest = hashlib.sha256(f"{owner}/{self.of(role)}".encode()).hexdigest()[:8]
        return self.of(role).replace("-", "")[: most - 8] + digest

    def tags(self, role: str) -> Mapping[str, str]:
        """The tags (Google Cloud: labels) of a resource; keys and values fit all three clouds."""
        return {"venue": self.venue, "region": self.region, "role": role, "managed-by": MANAGED_BY}

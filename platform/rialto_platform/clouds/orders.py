"""What only a person can do before, between and after the stacks: accounts, buckets of state, circuits, delegations.

Each is a fact of the venue file, in the order in which it is needed; what a carrier and the clouds are asked for
circuits comes from `interconnects.checklist`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rialto_platform.clouds import backends, machines
from rialto_platform.venue import Region, Venue
from rialto_platform.venue.model import Cloud


@dataclass(frozen=True, slots=True)
class Order:
    """Something that a person must do or buy."""

    where: str
    what: str
    facts: Mapping[str, str]
    """What to fill in."""

    def as_json(self) -> Mapping[str, object]:
        """For `--json`."""
        return {"where": self.where, "what": self.what, "facts": dict(self.facts)}


_ACCOUNTS: Mapping[Cloud, str] = {
    "aws": "an account, with credentials that may make everything below",
    "gcp": "a project with billing, with credentials that may make everything below",
    "azure": "a subscription, with credentials that may make everything below",
}
_QUOTAS: Mapping[Cloud, str] = {
    "aws": "raise the quota of running on-demand instances of the engine's family (Service Quotas)",
    "gcp": "raise the quotas of vCPUs and local SSD of the engine's family (IAM and admin, Quotas)",
    "azure": "raise the quota of vCPUs of the engine's family and of the region (Usage and quotas)",
}


def orders(venue: Venue) -> Iterator[Order]:
    """Everything for a whole venue.

    Raises:
        CloudError: it names a machine that its cloud doesn't have for an engine.
    """
    for name, region in venue.regions.items():
        account = {"owner": f"goes into stacks/region/Pulumi.{name}.yaml as region:owner"}
        yield Order(f"region {name}", _ACCOUNTS[region.cloud], account)
    clouds: list[Cloud] = [region.cloud for region in venue.regions.values()]
    for cloud in dict.fromkeys(clouds):
        held = ", ".join(str(stack) for stack in backends.stacks(venue) if stack.cloud == cloud)
        facts = {"how": "stacks/README.md", "into": f"stacks/backends/{venue.name}.yaml", "of": held}
        yield Order(
            cloud, "a bucket for the state of its stacks, locked and versioned, and a key for their secrets", facts
        )
    for name, region in venue.regions.items():
        yield Order(f"region {name}", _QUOTAS[region.cloud], _nodes(name, region))
    if venue.access is not None:
        yield from _access(venue)
    if venue.domain is not None:
        for name in venue.regions:
            facts = {"zone": f"{name}.{venue.domain}", "to": f"entry.nameServers of region/{name}"}
            yield Order(venue.domain, "delegate a zone, after the region's first `pulumi up`", facts)


def _nodes(name: str, region: Region) -> Mapping[str, str]:
    machine = machines.engine(name, region)
    return {
        "machine": f"{machine.name}, {machine.vcpus} vCPUs",
        "nodes": f"one in each of {', '.join(region.zones)}: {machine.vcpus * len(region.zones)} vCPUs",
        "location": region.location,
    }


def _access(venue: Venue) -> Iterator[Order]:
    """Operators' groups exist before they are let in."""
    if venue.access is not None:
        facts = {"operators": ", ".join(venue.access.operators)}
        yield Order(f"venue {venue.name}", "the groups of operators, in each cloud's directory", facts)
    for name, region in venue.regions.items():
        if region.cloud == "aws":
            facts = {"into": f"stacks/region/Pulumi.{name}.yaml as region:accessCertificate"}
            yield Order(f"region {name}", "a server certificate for the Client VPN in AWS Certificate Manager", facts)

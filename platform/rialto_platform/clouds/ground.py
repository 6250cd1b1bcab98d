"""What a region in a cloud is asked for and what it gives, whichever cloud it is.

A provider is one package with a `Ground` of its own: `aws.region.AwsGround`, `gcp.region.GcpGround`,
`azure.region.AzureGround`. `provider.ground` chooses by the region's `cloud`; a fourth cloud is one more package and
one more line there.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from rialto_platform.clouds.addresses import AddressError, Addresses, addresses
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.names import Names
from rialto_platform.venue import Region, Venue


@dataclass(frozen=True, slots=True)
class GroundArgs:
    """One region of a venue, as its ground is built.

    Everything but `owner` and `others` comes from the venue file.
    """

    venue: Venue
    name: str
    """The region's name in the venue file: `us`."""
    owner: str
    """The account (AWS), project (Google Cloud) or subscription (Azure) it is built in; from the stack's config."""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """The static addresses of the other regions' entries, by region: from the outputs file, none at the first `up`."""

    @property
    def region(self) -> Region:
        """As the venue file declares it."""
        return self.venue.regions[self.name]

    @property
    def names(self) -> Names:
        """The region's names."""
        return Names(self.venue.name, self.name)

    @property
    def addresses(self) -> Addresses:
        """The region's range, divided.

        Raises:
            CloudError: it is too small, or there are more zones than blocks.
        """
        try:
            return addresses(self.region.cidr, len(self.region.zones))
        except AddressError as error:
            raise CloudError(f"regions.{self.name}", str(error), "change it in the venue file") from error

    @property
    def peers(self) -> Mapping[str, Region]:
        """The other regions of the venue: whose addresses may come in over the interconnects."""
        return {name: region for name, region in self.venue.regions.items() if name != self.name}


class Ground(pulumi.ComponentResource):
    """A region's ground: network, cluster, keys, backups, registry, entry, access, sinks and identities."""

    args: GroundArgs

    def __init__(self, kind: str, args: GroundArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """`kind` is the component's type token, such as `rialto:aws:Ground`."""
        super().__init__(kind, args.names.of(), None, opts)
        self.args = args

    @abstractmethod
    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What the region's stack exports, beside version, venue, region and cloud: see `outputs.RegionOutputs`."""

"""The IPsec between the two regions of a pair: tunnels, their keys, and the BGP inside them.

An AWS end makes the keys and knows the addresses that its tunnels end at only when it is there, so it comes first and
the other end takes both from it. Without one, both ends have their addresses from their attachments, and the keys are
secrets of the stack.

Sources: AWS Site-to-Site VPN User Guide, "Tunnel options"; Google Cloud, "Create HA VPN connections between Google
Cloud and AWS" and "… and Azure"; Microsoft, "Connect Azure and AWS with BGP-enabled VPN gateways".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.interconnects import bgp, secrets
from rialto_platform.clouds.interconnects.bgp import Tunnel
from rialto_platform.clouds.interconnects.ends import AwsEnd, AzureEnd, End, GcpEnd
from rialto_platform.clouds.names import Names
from rialto_platform.venue import Interconnect, Region, Venue


@dataclass(frozen=True, slots=True)
class PairArgs:
    """Two regions and what their attachments exported."""

    venue: Venue
    link: Interconnect
    ends: Mapping[str, End]
    """By region."""
    secret: Callable[[str], pulumi.Output[str]]
    """A secret of the stack by its key (`secrets`)."""

    @property
    def name(self) -> str:
        """Of the pair and its stack: `us-asia`."""
        return "-".join(self.link.between)


@dataclass(frozen=True, slots=True)
class Outside:
    """What an end must know of the other's side of a tunnel."""

    address: pulumi.Input[str]
    key: pulumi.Input[str]


@dataclass(frozen=True, slots=True)
class EndArgs:
    """One end of a pair's tunnels, whichever cloud it is in."""

    names: Names
    """Of the pair: everything of it is told apart by them from what else its regions hold."""
    region: str
    peer: str
    here: Region
    there: Region
    tunnels: Sequence[Tunnel]

    def instance(self, tunnel: Tunnel) -> int:
        """The interface or instance, from 0, that a tunnel has at an end with two."""
        return bgp.instance(tunnel, len(self.tunnels))


class Tunnels(pulumi.ComponentResource):
    """A pair's IPsec, in the two clouds that it joins and no other."""

    outside: Sequence[Outside]
    """Of the first end, tunnel by tunnel."""

    def __init__(self, args: PairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Both ends of every tunnel.

        Raises:
            CloudError: the pair has no VPN, or the clouds can't be joined by one.
        """
        self._names = Names(args.venue.name, args.name)
        super().__init__("rialto:interconnects:Tunnels", self._names.of("tunnels"), None, opts)
        self._args = args
        self._tunnels = bgp.tunnels(args.venue, args.link)
        if not self._tunnels:
            raise CloudError(
                f"interconnect {args.name}", "has no VPN", "give it one in the venue file, or have no stack"
            )
        part = pulumi.ResourceOptions(parent=self)
        first, second = sorted(args.link.between, key=lambda name: _ORDER.index(type(args.ends[name])))
        one, other = args.ends[first], args.ends[second]
        if isinstance(one, AwsEnd):
            self.outside = self._from_aws(self._end(first, second), one, _addresses(other), part)
        else:
            keys = [args.secret(secrets.pre_shared(args.name, tunnel.number)) for tunnel in self._tunnels]
            reached = self._addressed(_addresses(one))
            self.outside = [Outside(address, key) for address, key in zip(reached, keys, strict=True)]
            back = self._addressed(_addresses(other))
            answers = [Outside(address, key) for address, key in zip(back, keys, strict=True)]
            self._answer(self._end(first, second), one, answers, part)
        self._answer(self._end(second, first), other, self.outside, part)
        self.register_outputs({})

    def _end(self, region: str, peer: str) -> EndArgs:
        regions = self._args.venue.regions
        return EndArgs(self._names, region, peer, regions[region], regions[peer], self._tunnels)

    def _addressed(self, two: tuple[str, str]) -> list[str]:
        """The outer address of each tunnel at an end with two."""
        return [two[bgp.instance(tunnel, len(self._tunnels))] for tunnel in self._tunnels]

    def _from_aws(
        self, args: EndArgs, end: AwsEnd, peers: tuple[str, str], opts: pulumi.ResourceOptions
    ) -> Sequence[Outside]:
        # Here, so that a pair of two other clouds imports no SDK of AWS.
        from rialto_platform.clouds.interconnects.tunnels_aws import AwsTunnels

        return AwsTunnels(args, end, peers, opts).outside

    def _answer(self, args: EndArgs, end: End, outside: Sequence[Outside], opts: pulumi.ResourceOptions) -> None:
        match end:
            case GcpEnd():
                from rialto_platform.clouds.interconnects.tunnels_gcp import GcpTunnels

                GcpTunnels(args, end, outside, opts)
            case AzureEnd():
                from rialto_platform.clouds.interconnects.tunnels_azure import AzureTunnels

                AzureTunnels(args, end, outside, opts)
            case AwsEnd():
                right = "use circuits with one carrier: the VPN joins two clouds"
                raise CloudError(f"interconnect {self._args.name}", "both ends are in aws", right)

    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What the stack exports."""
        return {"tunnels": [each.address for each in self.outside]}


_ORDER: tuple[type[End], ...] = (AwsEnd, GcpEnd, AzureEnd)


def _addresses(end: End) -> tuple[str, str]:
    """The two outer addresses of an end that has them before any tunnel.

    Raises:
        CloudError: it is AWS', whose addresses come with its tunnels.
    """
    if isinstance(end, AwsEnd):
        raise CloudError(f"region {end.region}", "has no addresses before its tunnels", "join it to another cloud")
    return end.addresses

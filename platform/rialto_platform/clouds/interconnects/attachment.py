"""A region's end of its interconnects: circuits and gateways, in its own cloud and nothing outside it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pulumi

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.interconnects import bgp
from rialto_platform.clouds.interconnects.bgp import CircuitSession
from rialto_platform.clouds.names import Names
from rialto_platform.venue import Circuit, Region, Venue
from rialto_platform.venue.ways import circuits, routers

ATTACHMENT_VERSION = 1
"""Of the mapping that an attachment's stack exports; `ends` refuses another one."""


@dataclass(frozen=True, slots=True)
class AttachmentArgs:
    """What a region's attachment is made of.

    Everything but owner, secrets and what is delivered comes from the venue file.
    """

    venue: Venue
    name: str
    """The region's name in the venue file: `us`."""
    owner: str
    """The account, project or subscription of the region."""
    secret: Callable[[str], pulumi.Output[str]]
    """A secret of the stack by its key (`secrets`)."""
    delivered: frozenset[str]
    """The circuits whose line is up: what needs a line is made for them alone (`checklist`)."""
    customer: str
    """Who the letters of authorisation name: the company that may order cross connects."""

    def __post_init__(self) -> None:
        """Refuses circuits that the region doesn't have.

        Raises:
            CloudError: names them, and those that there are.
        """
        if unknown := self.delivered - set(self.circuits):
            there = ", ".join(self.circuits) or "none"
            raise CloudError(
                f"delivered of the stack {self.name}",
                f"the region has no circuit {', '.join(sorted(unknown))}",
                f"its circuits are: {there}",
            )

    @property
    def region(self) -> Region:
        """As the venue file declares it."""
        return self.venue.regions[self.name]

    @property
    def names(self) -> Names:
        """The names of the region."""
        return Names(self.venue.name, self.name)

    @property
    def circuits(self) -> Mapping[str, Circuit]:
        """The region's circuits, the first to be used first."""
        return circuits(self.venue, self.name)

    @property
    def has_vpn(self) -> bool:
        """Whether any of its interconnects has a VPN."""
        return bool(bgp.vpn_links(self.venue, self.name))

    def sessions(self, circuit: str) -> tuple[CircuitSession, ...]:
        """The sessions of a circuit."""
        return tuple(one for one in bgp.circuit_sessions(self.venue, self.name) if one.circuit == circuit)

    def provider_of(self, circuit: str) -> str:
        """The company that the circuit's router belongs to."""
        return self.venue.carriers[routers(self.venue)[self.circuits[circuit].router][0]].provider


class Attachment(pulumi.ComponentResource):
    """A region's circuits and gateways."""

    args: AttachmentArgs

    def __init__(self, kind: str, args: AttachmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """`kind` is the component's type token, such as `rialto:aws:Attachment`."""
        super().__init__(kind, args.names.of("attachment"), None, opts)
        self.args = args

    @abstractmethod
    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What its stack exports, beside version, venue, region and cloud: see `ends`."""

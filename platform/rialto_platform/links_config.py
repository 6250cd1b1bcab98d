"""What the emulated links of a venue are told, derived from the venue model alone.

The configuration is the JSON object that ``rialto-link --config`` reads: one process carries every interconnect of a
venue on one machine.
"""

from typing import TypedDict

from rialto_platform.node_config import ANY_PORT, microseconds
from rialto_platform.venue import Venue
from rialto_platform.venue.model import Interconnect


class RegionConfig(TypedDict):
    """A region: its edge, through which those in it reach the others, and where its nodes listen."""

    name: str
    listen: str
    addresses: list[str]


class LinkConfig(TypedDict):
    """An interconnect, the same each way: latency and jitter one way, bandwidth of all connections together."""

    between: list[str]
    latency_us: int
    jitter_us: int
    bandwidth_bps: int
    loss_ppm: int


class LinksConfig(TypedDict):
    """The links' configuration as far as the venue decides it.

    Whoever places the venue adds ``ready_file`` and the addresses: here each edge is :data:`ANY_PORT`, and no region
    has any listener yet.
    """

    venue: str
    admin_listen: str
    regions: list[RegionConfig]
    links: list[LinkConfig]


def links_config(venue: Venue) -> LinksConfig | None:
    """The configuration of the venue's links, in the order of its file; ``None`` where it has no interconnect."""
    if not venue.interconnects:
        return None
    return LinksConfig(
        venue=venue.name,
        admin_listen=ANY_PORT,
        regions=[RegionConfig(name=name, listen=ANY_PORT, addresses=[]) for name in venue.regions],
        links=[_link(link) for link in venue.interconnects],
    )


def _link(link: Interconnect) -> LinkConfig:
    return LinkConfig(
        between=list(link.between),
        latency_us=microseconds(link.latency_ns),
        jitter_us=microseconds(link.jitter_ns),
        bandwidth_bps=link.bandwidth_bps,
        loss_ppm=link.loss_ppm,
    )

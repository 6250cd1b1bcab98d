"""The ports of a region's engine nodes: what firewalls and load balancers open, and nothing else.

They are what the workloads bind that run on these clusters. On one machine every port is the system's choice instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from rialto_platform.clouds.errors import CloudError

MOST_MARKETS = 32
"""How many markets of a node the ranges below hold, one port each."""


@dataclass(frozen=True, slots=True)
class Ports:
    """A range of TCP ports, both ends included."""

    first: int
    last: int
    use: str
    """In a few words, for the description of a rule."""

    def __str__(self) -> str:
        """As Google Cloud and Azure write a range: ``7100-7131``, or the port alone."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def __contains__(self, port: int) -> bool:
        """Whether the port is one of them."""
        return self.first <= port <= self.last

    @property
    def count(self) -> int:
        """How many there are."""
        return self.last - self.first + 1

    def of_market(self, number: int) -> int:
        """The port of a market by its place in the venue file, counted from 1.

        Raises:
            CloudError: there are more markets than ports.
        """
        if not 1 <= number <= self.count:
            raise CloudError("markets", f"{number} markets; a node has {self.count} ports for {self.use}", "use fewer")
        return self.first + number - 1


REPLICATION = Ports(7000, 7000, "replication of the journals")
"""Between nodes, within a region and over the interconnects."""
ORDER_SESSIONS = Ports(7100, 7100 + MOST_MARKETS - 1, "order sessions")
"""SoupBinTCP with OUCH, one port a market in the order of the venue file; the only ones that the internet reaches."""
MARKET_DATA = Ports(7200, 7200 + MOST_MARKETS - 1, "market data")
"""SoupBinTCP with ITCH, one port a market in the order of the venue file."""
ADMIN = Ports(7300, 7300, "admin API")
"""HTTP: health, metrics, an operator's verbs; reached from inside the cluster and through operators' access."""

BETWEEN_REGIONS = (REPLICATION,)
"""What one region's nodes open to the nodes of the others."""
HTTPS = 443
"""Private endpoints, the clusters' API, health checks of an entry."""

"""What a region's firewall lets through: everything else is denied, in both directions.

Source: Cloud NGFW, "VPC firewall rules". The rules that clients, their health checks and operators need stand with the
parts that need them (`entry`, `access`); GKE adds its own between its nodes and pods.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, TypeAlias

from rialto_platform.clouds import ports
from rialto_platform.clouds.addresses import Addresses

Direction: TypeAlias = Literal["INGRESS", "EGRESS"]
Pool: TypeAlias = Literal["engine", "system"]

EVERYWHERE = "0.0.0.0/0"
ALLOWED = 1000
BASE = 65_000
"""The base stands behind every other rule, and before the implied one that lets all traffic out."""
KONNECTIVITY = 8132
"""Nodes dial the control plane, which calls back through that connection.

Source: GKE, "Automatically created firewall rules".
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One firewall rule."""

    role: str
    why: str
    direction: Direction
    ranges: tuple[str, ...]
    """Where from (ingress), or where to (egress)."""
    tcp: tuple[str, ...] = ()
    """Ports; none: every protocol."""
    pools: tuple[Pool, ...] = ()
    """Whose nodes it is for; none: everything in the network."""
    denies: bool = False

    @property
    def priority(self) -> int:
        """A lower number is looked at first."""
        return BASE if self.denies else ALLOWED


def rules(own: Addresses, peers: Iterable[Addresses], endpoint: IPv4Address) -> tuple[Rule, ...]:
    """The rules of a region; `peers` are the regions it replicates with, `endpoint` is the address of Google's APIs."""
    inside = _texts([own.all_nodes, own.pods])
    outside = tuple(text for peer in peers for text in _texts([peer.all_nodes, peer.pods]))
    between = tuple(str(port) for port in ports.BETWEEN_REGIONS)
    found = [
        Rule("deny-in", "Nothing comes in unless a rule says so.", "INGRESS", (EVERYWHERE,), denies=True),
        Rule("deny-out", "Nothing goes out unless a rule says so.", "EGRESS", (EVERYWHERE,), denies=True),
        Rule(
            "engine-in",
            "Replication, market data and the admin API, from this region's own nodes and pods.",
            "INGRESS",
            inside,
            (str(ports.REPLICATION), str(ports.MARKET_DATA), str(ports.ADMIN)),
            ("engine",),
        ),
        Rule("inside-out", "Between this region's own nodes and pods.", "EGRESS", inside),
        Rule(
            "control-plane-out",
            "Nodes dial the cluster's control plane at its private addresses.",
            "EGRESS",
            (str(own.control_plane),),
            (str(ports.HTTPS), str(KONNECTIVITY)),
        ),
        Rule(
            "google-apis-out",
            "Storage, registry, keys, logs and metrics, at their private endpoint.",
            "EGRESS",
            (f"{endpoint}/32",),
            (str(ports.HTTPS),),
        ),
        Rule(
            "internet-out",
            "HTTPS of the system pool, through NAT; the engine's nodes have no way to the internet.",
            "EGRESS",
            (EVERYWHERE,),
            (str(ports.HTTPS),),
            ("system",),
        ),
    ]
    if outside:
        found += [
            Rule("peers-in", "Replication from the other regions' nodes.", "INGRESS", outside, between, ("engine",)),
            Rule("peers-out", "Replication to the other regions' nodes.", "EGRESS", outside, between, ("engine",)),
        ]
    return tuple(found)


def _texts(networks: Iterable[IPv4Network]) -> tuple[str, ...]:
    return tuple(str(network) for network in networks)

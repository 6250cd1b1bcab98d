"""What a region's security groups let through: each rule with its reason, and nothing else either way.

Nodes don't share EKS' own cluster group, which lets everything through between its members; they have groups of their
own and the few rules between them and the control plane. Link-local services (instance metadata, time, the VPC's
resolver) need no rule.

Sources: Amazon EKS User Guide, "View Amazon EKS security group requirements for clusters" (443 to the control plane,
10250 to kubelets, 53 between nodes) and "Restricting cluster traffic"; Elastic Load Balancing, "Update the security
groups for your Network Load Balancer".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal, TypeAlias

from rialto_platform.clouds import ports
from rialto_platform.clouds.ports import Ports

Group: TypeAlias = Literal["control", "engine", "system", "endpoints", "entry", "operators"]

GROUPS: Mapping[Group, str] = {
    "control": "Control plane of the cluster",
    "engine": "Nodes that run the engine",
    "system": "Nodes that run what serves the cluster and the control room",
    "endpoints": "Private endpoints of AWS services",
    "entry": "Load balancer of the order sessions",
    "operators": "VPN of the operators",
}
"""What each group is of."""

EVERYWHERE = IPv4Network("0.0.0.0/0")
HTTPS = Ports(ports.HTTPS, ports.HTTPS, "HTTPS")
KUBELET = Ports(10250, 10250, "kubelets")
WEBHOOKS = Ports(9443, 9443, "admission webhooks")
DNS = Ports(53, 53, "names inside the cluster")
ALL = Ports(-1, -1, "everything")


@dataclass(frozen=True, slots=True)
class S3:
    """S3's addresses, which AWS keeps as a prefix list."""


Peer: TypeAlias = "Group | IPv4Network | S3"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one group."""

    group: Group
    direction: Literal["in", "out"]
    peer: Peer
    ports: Ports
    why: str
    protocol: Literal["tcp", "udp", "-1"] = "tcp"

    @property
    def role(self) -> str:
        """A name that no other rule has: `engine-in-peers-10-32-0-0-16-7000`."""
        peer = self.peer
        text = "s3" if isinstance(peer, S3) else str(peer).replace(".", "-").replace("/", "-")
        port = "all" if self.ports is ALL else str(self.ports)
        return f"{self.group}-{self.direction}-{text}-{self.protocol if self.protocol == 'udp' else port}"


def rules(peers: Mapping[str, IPv4Network], *, operated: bool) -> tuple[Rule, ...]:
    """The rules of a region; `peers` are the other regions' ranges, `operated` says whether operators have a VPN."""
    found = [*_control(), *_names(), *_inside(), *_entry(), *_services()]
    for name, cidr in peers.items():
        for between in ports.BETWEEN_REGIONS:
            found.append(Rule("engine", "in", cidr, between, f"{between.use} from {name}"))
            found.append(Rule("engine", "out", cidr, between, f"{between.use} to {name}"))
    if operated:
        found += _both("operators", "control", HTTPS, "Operators use the cluster's API")
        found += _both("operators", "engine", ports.ADMIN, "Operators use the nodes' admin API")
    return tuple(found)


def _both(source: Group, target: Group, span: Ports, why: str, protocol: Literal["tcp", "udp"] = "tcp") -> list[Rule]:
    """A way from one group to another: out of the one, into the other."""
    return [Rule(source, "out", target, span, why, protocol), Rule(target, "in", source, span, why, protocol)]


def _control() -> Iterator[Rule]:
    for nodes in ("engine", "system"):
        yield from _both(nodes, "control", HTTPS, f"Kubelets and pods of {nodes} nodes use the cluster's API")
        yield from _both("control", nodes, KUBELET, f"The control plane reaches the kubelets of {nodes} nodes")
    yield from _both("control", "system", WEBHOOKS, "The control plane calls admission webhooks")


def _names() -> Iterator[Rule]:
    yield from _both("engine", "system", DNS, "The cluster's DNS runs on system nodes")
    yield from _both("engine", "system", DNS, "The cluster's DNS runs on system nodes", "udp")


def _inside() -> Iterator[Rule]:
    yield from _both("engine", "engine", ports.REPLICATION, "Replication between zones")
    for span in (ports.ORDER_SESSIONS, ports.MARKET_DATA, ports.ADMIN, KUBELET):
        yield from _both("system", "engine", span, f"The control room, metrics and consumers use {span.use}")
    for direction in ("in", "out"):
        yield Rule("system", direction, "system", ALL, "Between the pods of system nodes", "-1")


def _entry() -> Iterator[Rule]:
    span = ports.ORDER_SESSIONS
    yield Rule("entry", "in", EVERYWHERE, span, "Members' order sessions come over the internet and log in by OUCH")
    yield from _both("entry", "engine", span, "Order sessions, passed on")
    yield from _both("entry", "engine", ports.ADMIN, "Health of the nodes behind the load balancer")


def _services() -> Iterator[Rule]:
    for nodes in ("engine", "system"):
        yield from _both(nodes, "endpoints", HTTPS, f"Services of AWS, privately, for {nodes} nodes")
        yield Rule(nodes, "out", S3(), HTTPS, "Layers of images, and backups, by S3's gateway endpoint")
    yield Rule("system", "out", EVERYWHERE, HTTPS, "What AWS has no private endpoint for, through NAT")

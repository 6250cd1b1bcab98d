"""What the network security groups let through: as data, decided without an SDK.

A group's own rules close what Azure opens by default: everything between networks that know a way to each other, and
everything out. Lower numbers come first; `DENY` ends each group.

Sources: Virtual Network, "Network security groups", "Service tags"; AKS, "API Server VNet Integration" ("NSG security
rules"), "Outbound network and FQDN rules"; Traffic Manager, "Endpoint monitoring" (probes come from the internet to the
very ports that members use); Azure Load Balancer, "Floating IP configuration" (a packet keeps the public address).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

from rialto_platform.clouds import ports
from rialto_platform.clouds.azure.ranges import Ranges
from rialto_platform.clouds.ports import Ports

ANY = "*"
INTERNET = "Internet"
LOAD_BALANCER = "AzureLoadBalancer"
"""Azure's own health probes."""
FIRST_PRIORITY = 100
LAST_PRIORITY = 4096
_API_PORTS = ("443", "4443")
_API_PROBE_PORT = "9988"
_NTP_PORT = "123"
_DNS_PORT = "53"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a group."""

    name: str
    why: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    """None: the static addresses of the region's entry."""
    ports: tuple[str, ...]
    protocol: Literal["Tcp", "Udp", "*"] = "Tcp"
    access: Literal["Allow", "Deny"] = "Allow"
    direction: Literal["Inbound", "Outbound"] = "Inbound"


DENY_IN = Rule("deny-in", "nothing else comes in", (ANY,), (ANY,), (ANY,), "*", "Deny")
DENY_OUT = Rule("deny-out", "nothing else goes out", (ANY,), (ANY,), (ANY,), "*", "Deny", "Outbound")


def order_ports(markets: int) -> Ports:
    """The ports of the venue's own markets, of those set aside.

    Raises:
        ValueError: there are more markets than ports.
    """
    if not 1 <= markets <= ports.MOST_MARKETS:
        raise ValueError(f"{markets} markets; a node has ports for 1 to {ports.MOST_MARKETS}")
    first = ports.ORDER_SESSIONS.first
    return Ports(first, first + markets - 1, ports.ORDER_SESSIONS.use)


def nodes(ranges: Ranges, peers: Sequence[IPv4Network], markets: int) -> tuple[Rule, ...]:
    """Of the nodes' subnets."""
    return (
        Rule(
            "order-sessions-in",
            "members' order sessions come over the internet",
            (INTERNET,),
            (),
            (str(order_ports(markets)),),
        ),
        *_cluster(ranges, peers),
    )


def pods(ranges: Ranges, peers: Sequence[IPv4Network]) -> tuple[Rule, ...]:
    """Of the pods' subnets: members reach pods by their nodes alone."""
    return _cluster(ranges, peers)


def api_server(ranges: Ranges) -> tuple[Rule, ...]:
    """Of the cluster's API."""
    here = _texts(ranges.api_server)
    return (
        Rule("cluster-in", "nodes and pods call the API", _texts(*ranges.cluster), here, _API_PORTS),
        Rule("operators-in", "operators call the API by private link", _texts(ranges.link), here, ("443",)),
        Rule("probes-in", "the load balancer asks whether the API lives", (LOAD_BALANCER,), here, (_API_PROBE_PORT,)),
        Rule("within-in", "the API's replicas call each other", here, here, (ANY,), "*"),
        DENY_IN,
    )


def endpoints(ranges: Ranges) -> tuple[Rule, ...]:
    """Of the private endpoints: asked by the cluster, and they ask nobody."""
    callers = _texts(*ranges.cluster, ranges.api_server)
    return (
        Rule(
            "cluster-in",
            "storage, registry and keys serve the cluster",
            callers,
            _texts(ranges.endpoints),
            (str(ports.HTTPS),),
        ),
        DENY_IN,
        DENY_OUT,
    )


def access_endpoint(ranges: Ranges) -> tuple[Rule, ...]:
    """Of the private endpoint that operators call the API by."""
    access = ranges.access
    return (
        Rule("operators-in", "operators call the API", _texts(access.clients), _texts(access.endpoint), ("443",)),
        DENY_IN,
        DENY_OUT,
    )


def access_resolver(ranges: Ranges) -> tuple[Rule, ...]:
    """Of the resolver that operators ask for the API's name."""
    access = ranges.access
    return (
        Rule("names-in", "operators ask for names", _texts(access.clients), _texts(access.resolver), (_DNS_PORT,), "*"),
        DENY_IN,
    )


def _cluster(ranges: Ranges, peers: Sequence[IPv4Network]) -> tuple[Rule, ...]:
    """What nodes and pods have in common."""
    cluster = _texts(*ranges.cluster)
    replication = tuple(str(between) for between in ports.BETWEEN_REGIONS)
    between = (
        (
            Rule("replication-in", "the other regions' nodes replicate", _texts(*peers), cluster, replication),
            Rule(
                "replication-out",
                "nodes replicate to the other regions",
                cluster,
                _texts(*peers),
                replication,
                direction="Outbound",
            ),
        )
        if peers
        else ()
    )
    return (
        Rule("cluster-in", "nodes and pods of the cluster talk", cluster, cluster, (ANY,), "*"),
        Rule("api-in", "the API calls kubelets and webhooks", _texts(ranges.api_server), cluster, (ANY,)),
        Rule("probes-in", "the load balancer asks which nodes serve", (LOAD_BALANCER,), cluster, (ANY,)),
        *between,
        DENY_IN,
        Rule("cluster-out", "nodes and pods of the cluster talk", cluster, cluster, (ANY,), "*", direction="Outbound"),
        Rule(
            "api-out",
            "nodes and pods call the API",
            cluster,
            _texts(ranges.api_server),
            _API_PORTS,
            direction="Outbound",
        ),
        Rule(
            "endpoints-out",
            "the cluster uses storage, registry and keys",
            cluster,
            _texts(ranges.endpoints),
            (str(ports.HTTPS),),
            direction="Outbound",
        ),
        Rule(
            "https-out",
            "AKS fetches its images and speaks to Azure by the NAT gateway",
            cluster,
            (INTERNET,),
            (str(ports.HTTPS),),
            direction="Outbound",
        ),
        Rule("time-out", "nodes set their clocks", cluster, (INTERNET,), (_NTP_PORT,), "Udp", direction="Outbound"),
        DENY_OUT,
    )


def _texts(*networks: IPv4Network) -> tuple[str, ...]:
    return tuple(str(network) for network in networks)

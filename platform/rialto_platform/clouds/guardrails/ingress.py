"""Nothing comes in from everywhere, but order sessions at the entry, with a reason beside the rule.

Everywhere is 0.0.0.0/0 and ::/0, Azure's `Internet` and `*`, and any range that is wider than /8: two halves of the
internet are the internet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from rialto_platform.clouds.guardrails.resource import UNKNOWN, Resource, get, is_set, items, text
from rialto_platform.clouds.guardrails.rules import Rules

_WIDEST = 8
_ANYBODY = frozenset({"*", "any", "internet"})
_TCP = frozenset({"tcp", "6"})
_ALL = range(0x1_0000)


@dataclass(frozen=True, slots=True)
class Opening:
    """What one rule lets in."""

    where: str
    """The rule within its resource."""
    sources: tuple[object, ...]
    protocol: str
    """In lower case; a name or a number."""
    ports: tuple[range, ...]
    reason: str
    """What its description says."""


def open_ingress(resource: Resource, rules: Rules) -> Iterator[str]:
    """No rule lets everybody in, except to the order sessions' ports, saying why."""
    for opening in OPENINGS.get(resource.type, _none)(resource):
        wide = sorted({text(source) for source in opening.sources if everywhere(source)})
        if not wide:
            continue
        at = f"{opening.where} lets in {', '.join(wide)}"
        if (
            opening.protocol not in _TCP
            or not opening.ports
            or any(
                port.start not in rules.open_ports or port.stop - 1 not in rules.open_ports for port in opening.ports
            )
        ):
            yield f"{at}; name the ranges that need it: only order sessions (TCP {rules.open_ports}) are open to all"
        elif not opening.reason:
            yield f"{at} and states no reason; say in its description why"


def everywhere(source: object) -> bool:
    """Whether a source is the internet, or most of it."""
    said = text(source).strip().lower()
    if said in _ANYBODY:
        return True
    try:
        network = ip_network(said, strict=False)
    except ValueError:
        return False
    return network.prefixlen < _WIDEST


def _none(_resource: Resource) -> Iterator[Opening]:
    return iter(())


def _ranged(first: object, last: object) -> tuple[range, ...]:
    """From both ends; every port where they are not given, as clouds read it."""
    if UNKNOWN in (first, last):
        return ()
    low, high = _number(first), _number(last)
    return (_ALL,) if low is None or high is None or low < 0 else (range(low, high + 1),)


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    return int(text(value)) if text(value).isdigit() else None


def _written(value: object) -> range:
    """``7100-7131``, ``443`` or ``*``."""
    first, dash, last = text(value).partition("-")
    return next(iter(_ranged(first, last if dash else first)), _ALL)


def _aws_rule(rule: object, where: str) -> Opening:
    sources = (
        *items(get(rule, "cidrBlocks")),
        *items(get(rule, "ipv6CidrBlocks")),
        get(rule, "cidrIpv4"),
        get(rule, "cidrIpv6"),
        get(rule, "cidrBlock"),
    )
    protocol = text(get(rule, "protocol")) or text(get(rule, "ipProtocol"))
    ports = _ranged(get(rule, "fromPort"), get(rule, "toPort"))
    return Opening(where, sources, protocol.lower(), ports, text(get(rule, "description")))


def _security_group(resource: Resource) -> Iterator[Opening]:
    for index, rule in enumerate(items(get(resource.props, "ingress"))):
        yield _aws_rule(rule, f"ingress[{index}]")


def _security_group_rule(resource: Resource) -> Iterator[Opening]:
    if get(resource.props, "type") != "egress":
        yield _aws_rule(resource.props, "the rule")


def _eks_api(resource: Resource) -> Iterator[Opening]:
    config = get(resource.props, "vpcConfig")
    if get(config, "endpointPublicAccess") not in (False, UNKNOWN):
        sources = items(get(config, "publicAccessCidrs")) or ("0.0.0.0/0",)
        yield Opening("its API's public endpoint", sources, "tcp", (range(443, 444),), "")


def _gcp_openings(rule: object, where: str, sources: tuple[object, ...]) -> Iterator[Opening]:
    reason = text(get(rule, "description"))
    allowed = items(get(rule, "allows")) or items(get(rule, "match", "layer4Configs"))
    for one in allowed:
        protocol = text(get(one, "protocol")) or text(get(one, "ipProtocol"))
        ports = tuple(_written(port) for port in items(get(one, "ports"))) or (_ALL,)
        yield Opening(where, sources, protocol.lower(), ports, reason)


def _gcp_firewall(resource: Resource) -> Iterator[Opening]:
    props = resource.props
    if get(props, "direction") == "EGRESS":
        return
    sources = items(get(props, "sourceRanges"))
    narrowed = is_set(get(props, "sourceTags")) or is_set(get(props, "sourceServiceAccounts"))
    # A rule that names no source means everybody.
    yield from _gcp_openings(props, "the rule", sources or (() if narrowed else ("0.0.0.0/0",)))


def _gcp_policy_rule(resource: Resource) -> Iterator[Opening]:
    props = resource.props
    if get(props, "direction") == "EGRESS" or get(props, "action") in ("deny", "goto_next"):
        return
    match = get(props, "match")
    narrowed = any(
        is_set(get(match, key))
        for key in ("srcSecureTags", "srcAddressGroups", "srcRegionCodes", "srcFqdns", "srcNetworks", "srcNetworkScope")
    )
    sources = items(get(match, "srcIpRanges")) or (() if narrowed else ("0.0.0.0/0",))
    yield from _gcp_openings(props, "the rule", sources)


def _gke_api(resource: Resource) -> Iterator[Opening]:
    blocks = items(get(resource.props, "masterAuthorizedNetworksConfig", "cidrBlocks"))
    sources = tuple(get(block, "cidrBlock") for block in blocks)
    yield Opening("masterAuthorizedNetworksConfig", sources, "tcp", (range(443, 444),), "")


def _azure_rule(rule: object, where: str) -> Iterator[Opening]:
    if get(rule, "direction") == "Outbound" or get(rule, "access") == "Deny":
        return
    sources = (get(rule, "sourceAddressPrefix"), *items(get(rule, "sourceAddressPrefixes")))
    named = (get(rule, "destinationPortRange"), *items(get(rule, "destinationPortRanges")))
    ports = tuple(_written(port) for port in named if is_set(port))
    yield Opening(where, sources, text(get(rule, "protocol")).lower(), ports, text(get(rule, "description")))


def _azure_group(resource: Resource) -> Iterator[Opening]:
    for index, rule in enumerate(items(get(resource.props, "securityRules"))):
        yield from _azure_rule(rule, f"securityRules[{index}]")


def _azure_single(resource: Resource) -> Iterator[Opening]:
    yield from _azure_rule(resource.props, "the rule")


def _aks_api(resource: Resource) -> Iterator[Opening]:
    profile = get(resource.props, "apiServerAccessProfile")
    if get(profile, "enablePrivateCluster") in (None, False):
        sources = items(get(profile, "authorizedIPRanges")) or ("0.0.0.0/0",)
        yield Opening("its API's public endpoint", sources, "tcp", (range(443, 444),), "")


OPENINGS: Mapping[str, Callable[[Resource], Iterator[Opening]]] = {
    "aws:ec2/securityGroup:SecurityGroup": _security_group,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _security_group,
    "aws:ec2/securityGroupRule:SecurityGroupRule": _security_group_rule,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _security_group_rule,
    "aws:eks/cluster:Cluster": _eks_api,
    "gcp:compute/firewall:Firewall": _gcp_firewall,
    "gcp:compute/firewallPolicyRule:FirewallPolicyRule": _gcp_policy_rule,
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule": _gcp_policy_rule,
    "gcp:compute/regionNetworkFirewallPolicyRule:RegionNetworkFirewallPolicyRule": _gcp_policy_rule,
    "gcp:container/cluster:Cluster": _gke_api,
    "azure-native:network:NetworkSecurityGroup": _azure_group,
    "azure-native:network:SecurityRule": _azure_single,
    "azure-native:containerservice:ManagedCluster": _aks_api,
}
"""Types that let somebody in, and how to read them."""

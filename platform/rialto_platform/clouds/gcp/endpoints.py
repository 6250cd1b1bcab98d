"""The private endpoint of Google's APIs (storage, registry, keys, logs, metrics) and the names that lead to it.

Sources: VPC, "Access Google APIs through endpoints" (Private Service Connect: the address is of no subnet, the
endpoint's name has at most 20 letters and digits, the bundle `all-apis`); "Configure Private Google Access" (zones).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place

ZONES = {"googleapis": "googleapis.com", "container-registry": "gcr.io", "artifact-registry": "pkg.dev"}
"""What nodes and workloads call, by the role of its zone; GKE's own images come from the last two."""
_TTL_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointsArgs:
    """The private way to Google's APIs."""

    place: Place
    project: pulumi.Input[str]
    dns_project: pulumi.Input[str]
    directory_project: pulumi.Input[str]
    """The project again, as what endpoints are registered in."""
    network: gcp.compute.Network
    address: IPv4Address
    """In the region's range, but of no subnet."""


class Endpoints(pulumi.ComponentResource):
    """One Private Service Connect endpoint for all of Google's APIs, and private zones whose names lead to it."""

    address: gcp.compute.GlobalAddress

    def __init__(self, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """The endpoint, then one zone a domain."""
        place = args.place
        super().__init__("rialto:gcp:Endpoints", place.of("endpoints"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._args = args
        self.address = gcp.compute.GlobalAddress(
            place.of("google-apis"),
            name=place.of("google-apis"),
            project=args.project,
            address=str(args.address),
            address_type="INTERNAL",
            purpose="PRIVATE_SERVICE_CONNECT",
            network=args.network.id,
            labels=place.labels("google-apis"),
            opts=self._child,
        )
        gcp.compute.GlobalForwardingRule(
            place.of("google-apis"),
            name=place.names.plain("apis", place.owner, 20),
            # Each such endpoint is written into Service Directory.
            project=args.directory_project,
            target="all-apis",
            # Google's APIs are behind no load balancer of ours: the scheme is empty, not absent.
            load_balancing_scheme="",
            network=args.network.id,
            ip_address=self.address.id,
            labels=place.labels("google-apis"),
            opts=self._child,
        )
        for role, domain in ZONES.items():
            self._zone(role, domain)
        gcp.dns.Policy(
            place.of("queries"),
            name=place.of("queries"),
            description="Logs every name that is looked up in the network",
            project=args.dns_project,
            enable_logging=True,
            networks=[gcp.dns.PolicyNetworkArgs(network_url=args.network.id)],
            opts=self._child,
        )
        self.register_outputs({"address": self.address.address})

    def _zone(self, role: str, domain: str) -> None:
        args, place = self._args, self._args.place
        zone = gcp.dns.ManagedZone(
            place.of(role),
            name=place.of(role),
            description=f"{domain} leads to the private endpoint of Google's APIs",
            project=args.dns_project,
            dns_name=f"{domain}.",
            visibility="private",
            private_visibility_config=gcp.dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[gcp.dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=args.network.id)]
            ),
            labels=place.labels(role),
            opts=self._child,
        )
        gcp.dns.RecordSet(
            place.of(role),
            name=zone.dns_name,
            project=args.dns_project,
            managed_zone=zone.name,
            type="A",
            ttl=_TTL_S,
            rrdatas=[self.address.address],
            opts=self._child,
        )
        gcp.dns.RecordSet(
            place.of(f"{role}-any"),
            name=zone.dns_name.apply(lambda name: f"*.{name}"),
            project=args.dns_project,
            managed_zone=zone.name,
            type="CNAME",
            ttl=_TTL_S,
            rrdatas=[zone.dns_name],
            opts=self._child,
        )

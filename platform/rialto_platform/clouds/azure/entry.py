"""The region's part of the entry: a static address for order sessions, and names that lead to the nearest living
region.

Traffic Manager asks every region's order sessions for a connection and answers a member with the nearest that takes
one; it stands in no region. Each cloud runs such a part of its own, so the loss of a cloud leaves the others.

Sources: Azure public IP addresses, "Availability zone" (an address in all zones is zone-redundant); Traffic Manager,
"Routing methods" (performance), "Endpoint types", "Endpoint monitoring" (TCP; an interval of 10 s is the fast one);
Azure DNS, "Alias records"; AKS, "Use a static public IP address" (addresses of another resource group by annotation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import dns, network, resources, trafficmanager

from rialto_platform.clouds import ports
from rialto_platform.clouds.azure.endpoints import GLOBAL
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.public import static_address
from rialto_platform.clouds.azure.sinks import Sinks

HEALTH_PATH = "/healthz"
"""What AKS's load balancer asks a node whether it has a pod of the service."""
PROBE_INTERVAL_S = 10
PROBE_TIMEOUT_S = 5
PROBES_MISSED = 2
"""Tolerated; the next one takes a region's entry away, half a minute after it fell silent."""
ANSWER_TTL_S = 10
_OWN = "Microsoft.Network/trafficManagerProfiles/azureEndpoints"
_OTHER = "Microsoft.Network/trafficManagerProfiles/externalEndpoints"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another region's entry."""

    addresses: Sequence[str]
    near: str
    """The Azure region that latency is measured from."""


@dataclass(frozen=True, slots=True)
class EntryArgs:
    """A region's entry."""

    place: Place
    domain: str | None
    """The venue's; without one there is Traffic Manager's own name alone."""
    others: Mapping[str, Elsewhere]
    """Those of the other regions that are known, by region."""
    sinks: Sinks


class Entry(pulumi.ComponentResource):
    """Address, Traffic Manager profile and DNS zone."""

    group: resources.ResourceGroup
    """Of the address alone: the cluster may use what is in it, and nothing beside it."""
    address: network.PublicIPAddress
    profile: trafficmanager.Profile
    zone: dns.Zone | None
    name: pulumi.Output[str]
    """What members connect to."""

    def __init__(self, args: EntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """The address outlives a mistake: members have it in their firewalls."""
        place = args.place
        super().__init__("rialto:azure:Entry", place.of("entry"), None, opts)
        self._args = args
        self.group = resources.ResourceGroup(
            place.of("entry"),
            resource_group_name=place.of("entry"),
            location=place.location,
            tags=place.tags("entry"),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        self.address = static_address(
            place.within(self.group.name),
            "entry",
            pulumi.ResourceOptions(parent=self, protect=True),
            name=place.of("entry"),
            # Traffic Manager takes an address of Azure by its name.
            dns=network.PublicIPAddressDnsSettingsArgs(domain_name_label=place.names.shared("entry", place.owner)),
        )
        self.profile = self._profile()
        self.zone = self._zone(args.domain) if args.domain else None
        self.name = self._entered_by()
        args.sinks.watch("entry", self.address.id, self)
        args.sinks.watch("entry-profile", self.profile.id, self)
        self.register_outputs({"address": self.address.ip_address})

    @property
    def listed(self) -> list[pulumi.Output[str]]:
        """The addresses of the region's order sessions."""
        return [self.address.ip_address.apply(lambda address: address or "")]

    def _profile(self) -> trafficmanager.Profile:
        place = self._args.place
        return trafficmanager.Profile(
            place.of("entry"),
            resource_group_name=place.group,
            location=GLOBAL,
            profile_status=trafficmanager.ProfileStatus.ENABLED,
            traffic_routing_method=trafficmanager.TrafficRoutingMethod.PERFORMANCE,
            dns_config=trafficmanager.DnsConfigArgs(
                relative_name=place.names.shared("orders", place.owner), ttl=ANSWER_TTL_S
            ),
            monitor_config=trafficmanager.MonitorConfigArgs(
                protocol=trafficmanager.MonitorProtocol.TCP,
                port=ports.ORDER_SESSIONS.first,
                interval_in_seconds=PROBE_INTERVAL_S,
                timeout_in_seconds=PROBE_TIMEOUT_S,
                tolerated_number_of_failures=PROBES_MISSED,
            ),
            endpoints=[
                trafficmanager.EndpointArgs(
                    name=place.names.region,
                    type=_OWN,
                    target_resource_id=self.address.id,
                    endpoint_status=trafficmanager.EndpointStatus.ENABLED,
                ),
                *(
                    trafficmanager.EndpointArgs(
                        name=f"{region}-{number}",
                        type=_OTHER,
                        target=address,
                        endpoint_location=there.near,
                        endpoint_status=trafficmanager.EndpointStatus.ENABLED,
                    )
                    for region, there in self._args.others.items()
                    for number, address in enumerate(there.addresses, 1)
                ),
            ],
            tags=place.tags("entry"),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _zone(self, domain: str) -> dns.Zone:
        """`orders` leads to the nearest living region, `direct` to this one."""
        place = self._args.place
        zone = dns.Zone(
            place.of("entry"),
            zone_name=f"{place.names.region}.{domain}",
            resource_group_name=place.group,
            location=GLOBAL,
            zone_type=dns.ZoneType.PUBLIC,
            tags=place.tags("entry"),
            # Another one would have other name servers, and the parent domain names these.
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        for name, kind, target in (("orders", "CNAME", self.profile.id), ("direct", "A", self.address.id)):
            dns.RecordSet(
                place.of(name),
                zone_name=zone.name,
                relative_record_set_name=name,
                record_type=kind,
                resource_group_name=place.group,
                ttl=ANSWER_TTL_S,
                target_resource=dns.SubResourceArgs(id=target),
                opts=pulumi.ResourceOptions(parent=self),
            )
        return zone

    def _entered_by(self) -> pulumi.Output[str]:
        if self.zone is not None:
            return pulumi.Output.concat("orders.", self.zone.name)
        return self.profile.dns_config.apply(lambda config: config.fqdn if config else "")

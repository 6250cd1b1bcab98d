"""This cloud's share of the global entry: a public zone whose one name leads to the nearest region that is well.

Each cloud has a share that knows the entries of all regions, so the loss of a cloud takes its own share alone.

Sources: Cloud DNS, "DNS routing policies and health checks" (geolocation falls over to the next nearest place; external
endpoints are checked from exactly three Google Cloud regions), API reference, `RRSetRoutingPolicy` (a signed zone takes
one checked address a place).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds import ports
from rialto_platform.clouds.gcp.place import Place

CHECKED_FROM = ("us-east1", "europe-west1", "asia-southeast1")
"""One place a continent, so that a broken path between two of them is not taken for a broken entry."""
TTL_S = 30
CHECK_INTERVAL_S = 30
"""The shortest that checks from several places take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalEntryArgs:
    """A region's share of the entry."""

    place: Place
    project: pulumi.Input[str]
    dns_project: pulumi.Input[str]
    domain: str
    """The venue's; the zone is the region's own name under it."""
    entries: Mapping[str, pulumi.Input[Sequence[str]]]
    """The addresses of the regions' entries, by the Google Cloud region nearest to each."""


class GlobalEntry(pulumi.ComponentResource):
    """A public zone, a name with routing by place, and the health check that takes a region out of it."""

    zone: gcp.dns.ManagedZone
    name: str
    """Without the last dot."""

    def __init__(self, args: GlobalEntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Somebody must delegate the zone in the domain of the venue: to `zone.name_servers`."""
        place = args.place
        super().__init__("rialto:gcp:GlobalEntry", place.of("names"), None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.zone = gcp.dns.ManagedZone(
            place.of("entry"),
            name=place.of("entry"),
            description=f"Entry by region {place.names.region} of venue {place.names.venue}",
            project=args.dns_project,
            dns_name=f"{place.names.region}.{args.domain}.",
            visibility="public",
            # Not signed: a signed zone takes one checked address a place, and a region has one a zone.
            dnssec_config=gcp.dns.ManagedZoneDnssecConfigArgs(state="off"),
            cloud_logging_config=gcp.dns.ManagedZoneCloudLoggingConfigArgs(enable_logging=True),
            force_destroy=False,
            labels=place.labels("entry"),
            # Made again, it has other name servers, and the delegation leads nowhere until a person changes it.
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        self.name = f"orders.{place.names.region}.{args.domain}"
        health = gcp.compute.HealthCheck(
            place.of("names"),
            name=place.of("names"),
            description="Whether an entry takes connections of order sessions",
            project=args.project,
            check_interval_sec=CHECK_INTERVAL_S,
            timeout_sec=5,
            healthy_threshold=1,
            unhealthy_threshold=2,
            source_regions=list(CHECKED_FROM),
            tcp_health_check=gcp.compute.HealthCheckTcpHealthCheckArgs(port=ports.ORDER_SESSIONS.first),
            log_config=gcp.compute.HealthCheckLogConfigArgs(enable=True),
            opts=child,
        )
        gcp.dns.RecordSet(
            place.of("names"),
            name=self.zone.dns_name.apply(lambda zone: f"orders.{zone}"),
            project=args.dns_project,
            managed_zone=self.zone.name,
            type="A",
            ttl=TTL_S,
            routing_policy=gcp.dns.RecordSetRoutingPolicyArgs(
                # Without a fence, a region whose addresses all fail is passed over for the next nearest.
                enable_geo_fencing=False,
                health_check=health.id,
                geos=[
                    gcp.dns.RecordSetRoutingPolicyGeoArgs(
                        location=location,
                        health_checked_targets=gcp.dns.RecordSetRoutingPolicyGeoHealthCheckedTargetsArgs(
                            external_endpoints=addresses
                        ),
                    )
                    for location, addresses in args.entries.items()
                ],
            ),
            opts=child,
        )
        self.register_outputs({"name": self.name})

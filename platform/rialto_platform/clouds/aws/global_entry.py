"""The region's share of the venue's entry: a DNS zone that answers with the nearest region that is healthy.

Each cloud serves such a zone of its own, with all regions' addresses in it, so that the loss of one cloud leaves the
others. Who holds the parent domain delegates the zone to its name servers.

Sources: Amazon Route 53 Developer Guide, "Latency-based routing", "Creating Amazon Route 53 health checks",
"Monitoring other health checks (calculated health checks)".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds import ports
from rialto_platform.clouds.aws.place import Place

TTL_S = 30


@dataclass(frozen=True, slots=True)
class GlobalEntryArgs:
    """What the zone answers with."""

    place: Place
    domain: str
    """The venue's."""
    entries: Mapping[str, Mapping[str, Sequence[pulumi.Input[str]]]]
    """Addresses by AWS region and region of the venue; two of these may be nearest to one of those."""


class GlobalEntry(pulumi.ComponentResource):
    """Zone, health checks, and one record an AWS region."""

    zone: aws.route53.Zone
    name: str
    """What clients look up."""

    def __init__(self, args: GlobalEntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """A record is left out of the answers while none of its addresses takes a connection."""
        place = args.place
        self._place = place
        super().__init__("rialto:aws:GlobalEntry", place.of("global-entry"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.zone = aws.route53.Zone(
            place.of("zone"),
            name=f"{place.names.region}.{args.domain}",
            comment=f"{place.of('')}: the entry, as this cloud serves it",
            force_destroy=False,
            tags=place.tags("zone"),
            # Its name servers stand in the parent domain.
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        self.name = f"orders.{place.names.region}.{args.domain}"
        for location, regions in args.entries.items():
            aws.route53.Record(
                place.of(f"entry-from-{location}"),
                zone_id=self.zone.zone_id,
                name=self.name,
                type=aws.route53.RecordType.A,
                ttl=TTL_S,
                records=[address for addresses in regions.values() for address in addresses],
                set_identifier=location,
                latency_routing_policies=[aws.route53.RecordLatencyRoutingPolicyArgs(region=location)],
                health_check_id=self._health(location, regions).id,
                opts=self._child,
            )
        self.register_outputs({})

    def _health(self, location: str, regions: Mapping[str, Sequence[pulumi.Input[str]]]) -> aws.route53.HealthCheck:
        """Healthy while any of its addresses takes a connection for order sessions."""
        place, role = self._place, f"health-{location}"
        checks = [
            aws.route53.HealthCheck(
                place.of(f"health-{region}-{number}"),
                type="TCP",
                ip_address=address,
                port=ports.ORDER_SESSIONS.first,
                request_interval=10,
                failure_threshold=2,
                tags=place.tags(f"health-{region}-{number}"),
                opts=self._child,
            )
            for region, addresses in regions.items()
            for number, address in enumerate(addresses, start=1)
        ]
        return aws.route53.HealthCheck(
            place.of(role),
            type="CALCULATED",
            child_healthchecks=[check.id for check in checks],
            child_health_threshold=1,
            tags=place.tags(role),
            opts=self._child,
        )

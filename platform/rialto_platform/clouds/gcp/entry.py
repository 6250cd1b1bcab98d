"""The entry: for each zone a static address and a load balancer for order sessions.

A client lists a region's addresses and logs in at the one that leads, as it does among the nodes of one machine: a
connection is never moved, so a load balancer over all zones would send it to nodes that don't lead.

Sources: Cloud Load Balancing, "Backend service-based external passthrough Network Load Balancer overview", "Firewall
rules" (where probes come from; packets keep the address of the forwarding rule).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds import ports
from rialto_platform.clouds.gcp.firewall import logged
from rialto_platform.clouds.gcp.place import Place, zonal

HEALTH_PATH = "/healthz"
PROBES = ("35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22")
"""Where health checks of external passthrough load balancers come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryArgs:
    """A region's entry."""

    place: Place
    project: pulumi.Input[str]
    network: gcp.compute.Network
    instance_groups: Mapping[str, pulumi.Output[str]]
    """Of the engine's nodes, by zone."""
    engine_account: pulumi.Output[str]


class Entry(pulumi.ComponentResource):
    """Static addresses that order sessions are opened at."""

    addresses: Mapping[str, gcp.compute.Address]
    """By zone."""

    def __init__(self, args: EntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """What is public here is the order sessions' ports of these addresses."""
        place = args.place
        super().__init__("rialto:gcp:Entry", place.of("entry"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._args = args
        self._health = gcp.compute.RegionHealthCheck(
            place.of("entry"),
            name=place.of("entry"),
            description="The node's own health",
            project=args.project,
            region=place.location,
            check_interval_sec=1,
            timeout_sec=1,
            healthy_threshold=1,
            unhealthy_threshold=2,
            http_health_check=gcp.compute.RegionHealthCheckHttpHealthCheckArgs(
                port=ports.ADMIN.first, request_path=HEALTH_PATH
            ),
            log_config=gcp.compute.RegionHealthCheckLogConfigArgs(enable=True),
            opts=self._child,
        )
        self.addresses = {zone: self._zone(zone, group) for zone, group in args.instance_groups.items()}
        self._firewall("clients-in", "Order sessions, from clients anywhere: public on purpose.", ["0.0.0.0/0"])
        self._firewall("probes-in", "The node's health, for the load balancers.", list(PROBES))
        self.register_outputs({"addresses": self.listed})

    @property
    def listed(self) -> pulumi.Output[list[str]]:
        """The addresses in the order of the zones."""
        return pulumi.Output.all(*(address.address for address in self.addresses.values())).apply(list)

    def _zone(self, zone: str, group: pulumi.Output[str]) -> gcp.compute.Address:
        args, place = self._args, self._args.place
        role = zonal("entry", zone)
        # Clients and the other clouds' entries have it written down: losing it is an outage that no program ends.
        address = gcp.compute.Address(
            place.of(role),
            name=place.of(role),
            description=f"Order sessions of {zone}",
            project=args.project,
            region=place.location,
            address_type="EXTERNAL",
            network_tier="PREMIUM",
            labels=place.labels("entry"),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        backend = gcp.compute.RegionBackendService(
            place.of(role),
            name=place.of(role),
            description=f"Engine nodes of {zone}",
            project=args.project,
            region=place.location,
            load_balancing_scheme="EXTERNAL",
            protocol="TCP",
            health_checks=self._health.self_link,
            backends=[gcp.compute.RegionBackendServiceBackendArgs(group=group, balancing_mode="CONNECTION")],
            connection_draining_timeout_sec=30,
            log_config=gcp.compute.RegionBackendServiceLogConfigArgs(enable=True, sample_rate=1.0),
            opts=self._child,
        )
        gcp.compute.ForwardingRule(
            place.of(role),
            name=place.of(role),
            description=f"Order sessions of {zone}",
            project=args.project,
            region=place.location,
            load_balancing_scheme="EXTERNAL",
            ip_address=address.self_link,
            ip_protocol="TCP",
            port_range=str(ports.ORDER_SESSIONS),
            backend_service=backend.self_link,
            network_tier="PREMIUM",
            labels=place.labels("entry"),
            opts=self._child,
        )
        return address

    def _firewall(self, role: str, why: str, sources: list[str]) -> None:
        args, place = self._args, self._args.place
        port = ports.ORDER_SESSIONS if role == "clients-in" else ports.ADMIN
        gcp.compute.Firewall(
            place.of(role),
            name=place.of(role),
            description=why,
            project=args.project,
            network=args.network.self_link,
            direction="INGRESS",
            priority=1000,
            source_ranges=sources,
            destination_ranges=[address.address for address in self.addresses.values()],
            target_service_accounts=[args.engine_account],
            allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=[str(port)])],
            log_config=logged(),
            opts=self._child,
        )

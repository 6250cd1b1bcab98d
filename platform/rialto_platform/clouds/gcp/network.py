"""The network: a VPC of its own, a subnet for nodes with ranges for pods and services, one for the control plane, NAT.

Sources: VPC, "VPC networks", "Use VPC Flow Logs"; GKE, "About VPC-native clusters"; Cloud NAT, "Overview".
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.addresses import Addresses
from rialto_platform.clouds.gcp.place import Place

PODS = "pods"
SERVICES = "services"
MTU = 1460
"""What the VPN between clouds carries too, so that nothing changes when traffic moves from the circuits to it."""
NAT_ADDRESSES = 2
"""So that one can be drained while the other works; static, so that others may list them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArgs:
    """A region's network."""

    place: Place
    project: pulumi.Input[str]
    addresses: Addresses


class Network(pulumi.ComponentResource):
    """A custom VPC with private subnets, flow logs and NAT."""

    vpc: gcp.compute.Network
    nodes: gcp.compute.Subnetwork
    control_plane: gcp.compute.Subnetwork

    def __init__(self, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Nothing in it has an external address but NAT."""
        place = args.place
        super().__init__("rialto:gcp:Network", place.of("network"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._args = args
        self.vpc = gcp.compute.Network(
            place.of("network"),
            name=place.of("network"),
            description=f"Region {place.names.region} of venue {place.names.venue}",
            project=args.project,
            auto_create_subnetworks=False,
            # The route to the internet is declared below, not left behind by the network's creation.
            delete_default_routes_on_create=True,
            mtu=MTU,
            # A circuit may end in a neighbouring Google Cloud region; the nodes learn its routes all the same.
            routing_mode="GLOBAL",
            opts=self._child,
        )
        self.nodes = self._subnet(
            "nodes",
            str(args.addresses.all_nodes),
            [
                gcp.compute.SubnetworkSecondaryIpRangeArgs(range_name=PODS, ip_cidr_range=str(args.addresses.pods)),
                gcp.compute.SubnetworkSecondaryIpRangeArgs(
                    range_name=SERVICES, ip_cidr_range=str(args.addresses.services)
                ),
            ],
        )
        self.control_plane = self._subnet("control-plane", str(args.addresses.control_plane), [])
        gcp.compute.Route(
            place.of("internet"),
            name=place.of("internet"),
            description="What NAT and the answers of the load balancer take",
            project=args.project,
            network=self.vpc.self_link,
            dest_range="0.0.0.0/0",
            next_hop_gateway="default-internet-gateway",
            opts=self._child,
        )
        self._nat()
        self.register_outputs({"id": self.vpc.id})

    def _subnet(
        self, role: str, cidr: str, secondary: list[gcp.compute.SubnetworkSecondaryIpRangeArgs]
    ) -> gcp.compute.Subnetwork:
        args, place = self._args, self._args.place
        return gcp.compute.Subnetwork(
            place.of(role),
            name=place.of(role),
            project=args.project,
            region=place.location,
            network=self.vpc.id,
            ip_cidr_range=cidr,
            secondary_ip_ranges=secondary,
            private_ip_google_access=True,
            log_config=gcp.compute.SubnetworkLogConfigArgs(
                aggregation_interval="INTERVAL_5_SEC", flow_sampling=0.5, metadata="INCLUDE_ALL_METADATA"
            ),
            opts=self._child,
        )

    def _nat(self) -> None:
        args, place = self._args, self._args.place
        router = gcp.compute.Router(
            place.of("nat"),
            name=place.of("nat"),
            project=args.project,
            region=place.location,
            network=self.vpc.id,
            opts=self._child,
        )
        addresses = [
            gcp.compute.Address(
                place.of(f"nat-{number}"),
                name=place.of(f"nat-{number}"),
                project=args.project,
                region=place.location,
                address_type="EXTERNAL",
                network_tier="PREMIUM",
                labels=place.labels("nat"),
                opts=self._child,
            )
            for number in range(1, NAT_ADDRESSES + 1)
        ]
        gcp.compute.RouterNat(
            place.of("nat"),
            name=place.of("nat"),
            project=args.project,
            region=place.location,
            router=router.name,
            nat_ip_allocate_option="MANUAL_ONLY",
            nat_ips=[address.self_link for address in addresses],
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[
                gcp.compute.RouterNatSubnetworkArgs(
                    name=self.nodes.id,
                    source_ip_ranges_to_nats=["PRIMARY_IP_RANGE", "LIST_OF_SECONDARY_IP_RANGES"],
                    secondary_ip_range_names=[PODS],
                )
            ],
            enable_endpoint_independent_mapping=False,
            enable_dynamic_port_allocation=True,
            min_ports_per_vm=64,
            max_ports_per_vm=4096,
            log_config=gcp.compute.RouterNatLogConfigArgs(enable=True, filter="ERRORS_ONLY"),
            opts=self._child,
        )

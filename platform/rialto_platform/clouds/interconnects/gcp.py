"""A region's attachment on Google Cloud: interconnects, VLAN attachments, HA VPN gateway, a Cloud Router for each way.

Sources: Cloud Interconnect, "Dedicated Interconnect overview", "Create VLAN attachments", "MACsec for Cloud
Interconnect"; Cloud Router, "Use MD5 authentication", "BGP route policies", "Bidirectional Forwarding Detection"; Cloud
VPN, "Overview".
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place
from rialto_platform.clouds.interconnects import bgp, routes, secrets, sizes
from rialto_platform.clouds.interconnects.attachment import Attachment, AttachmentArgs
from rialto_platform.clouds.outputs import GcpNetwork
from rialto_platform.venue import Circuit

KEEPALIVE_S = 20
"""The session is given up after three of them; BFD sees a cut line within seconds."""
BFD_MS = 1000
BFD_MULTIPLIER = 5
"""The carrier's router is taken for gone after so many intervals: the least that Cloud Router takes of both."""


class GcpAttachment(Attachment):
    """Dedicated Interconnect and HA VPN to a region's network."""

    interconnects: Mapping[str, gcp.compute.Interconnect]
    """By circuit."""
    gateway: gcp.compute.HaVpnGateway | None
    """None while no interconnect of the region has a VPN."""
    vpn_router: gcp.compute.Router | None

    def __init__(self, args: AttachmentArgs, network: GcpNetwork, opts: pulumi.ResourceOptions | None = None) -> None:
        """Everything of the region's end; the tunnels are their pair's.

        Raises:
            CloudError: the venue file lacks a BGP number.
        """
        super().__init__("rialto:gcp:Attachment", args, opts)
        self._network = network
        self._place = Place(args.names, args.owner, args.region.location)
        provider = gcp.Provider(
            self._place.of("gcp"),
            project=args.owner,
            region=args.region.location,
            add_pulumi_attribution_label=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=provider)
        self._lasting = pulumi.ResourceOptions(parent=self, provider=provider, protect=True)
        self.interconnects = {name: self._interconnect(name, circuit) for name, circuit in args.circuits.items()}
        if args.circuits:
            router = self._router("circuits")
            for name, circuit in args.circuits.items():
                if name in args.delivered:
                    self._attach(name, circuit, router)
        self.gateway, self.vpn_router = (self._gateway(), self._router("vpn")) if args.has_vpn else (None, None)
        self.register_outputs({})

    def _interconnect(self, name: str, circuit: Circuit) -> gcp.compute.Interconnect:
        """The port at Google's end of the line; what it becomes depends on people, so nothing deletes it in passing."""
        args, place = self.args, self._place
        link_type, links = sizes.gcp_links(circuit.bandwidth_bps)
        return gcp.compute.Interconnect(
            place.of(name),
            name=place.of(name),
            description=f"To {args.provider_of(name)}, router {circuit.router}",
            project=args.owner,
            interconnect_type="DEDICATED",
            link_type=link_type,
            requested_link_count=links,
            location=f"https://www.googleapis.com/compute/v1/projects/{args.owner}/global/interconnectLocations/{circuit.facility}",
            customer_name=args.customer,
            noc_contact_email=_mail(args),
            admin_enabled=True,
            requested_features=["IF_MACSEC"] if circuit.macsec else None,
            # Google makes the key; without it the line carries nothing.
            macsec_enabled=circuit.macsec,
            macsec=gcp.compute.InterconnectMacsecArgs(
                fail_open=False,
                pre_shared_keys=[gcp.compute.InterconnectMacsecPreSharedKeyArgs(name="first")],
            )
            if circuit.macsec
            else None,
            labels=place.labels(name),
            opts=self._lasting,
        )

    def _router(self, role: str) -> gcp.compute.Router:
        """Circuits and VPN have one each, so that the MED alone decides between them (`routes`)."""
        args, place = self.args, self._place
        return gcp.compute.Router(
            place.of(role),
            name=place.of(role),
            description=f"{args.names.of()}: {role}",
            project=args.owner,
            region=args.region.location,
            network=self._network.self_link,
            bgp=gcp.compute.RouterBgpArgs(
                asn=bgp.region_number(args.name, args.region),
                advertise_mode="CUSTOM",
                # Not the subnets that there happen to be: circuits and VPN announce the same, whatever is added.
                advertised_groups=[],
                advertised_ip_ranges=[
                    gcp.compute.RouterBgpAdvertisedIpRangeArgs(range=str(prefix), description=args.name)
                    for prefix in bgp.announced(args.name, args.region)
                ],
                keepalive_interval=KEEPALIVE_S,
            ),
            opts=self._child,
        )

    def _attach(self, name: str, circuit: Circuit, router: gcp.compute.Router) -> None:
        args, place = self.args, self._place
        [session] = args.sessions(name)
        attachment = gcp.compute.InterconnectAttachment(
            place.of(name),
            name=place.of(name),
            project=args.owner,
            region=args.region.location,
            type="DEDICATED",
            interconnect=self.interconnects[name].id,
            router=router.id,
            bandwidth=sizes.gcp_bandwidth(circuit.bandwidth_bps),
            vlan_tag8021q=session.vlan,
            candidate_subnets=[str(session.prefix)],
            subnet_length=session.prefix.prefixlen,
            stack_type="IPV4_ONLY",
            mtu="1460",
            admin_enabled=True,
            labels=place.labels(name),
            opts=self._child,
        )
        interface = gcp.compute.RouterInterface(
            place.of(name),
            name=place.of(name),
            project=args.owner,
            region=args.region.location,
            router=router.name,
            interconnect_attachment=attachment.self_link,
            ip_range=attachment.cloud_router_ip_address,
            opts=self._child,
        )
        policy = import_policy(
            place,
            f"{name}-heard",
            router.name,
            session.router.within,
            routes.circuit_med(circuit.preference),
            self._child,
        )
        gcp.compute.RouterPeer(
            place.of(name),
            name=place.of(name),
            project=args.owner,
            region=args.region.location,
            router=router.name,
            interface=interface.name,
            peer_ip_address=attachment.customer_router_ip_address.apply(lambda address: address.partition("/")[0]),
            peer_asn=session.router.asn,
            advertised_route_priority=routes.circuit_med(circuit.preference),
            import_policies=[policy.name],
            md5_authentication_key=gcp.compute.RouterPeerMd5AuthenticationKeyArgs(
                name=place.of(name), key=args.secret(secrets.md5(name))
            )
            if circuit.md5
            else None,
            bfd=gcp.compute.RouterPeerBfdArgs(
                session_initialization_mode="ACTIVE",
                min_receive_interval=BFD_MS,
                min_transmit_interval=BFD_MS,
                multiplier=BFD_MULTIPLIER,
            ),
            opts=self._child,
        )

    def _gateway(self) -> gcp.compute.HaVpnGateway:
        args, place = self.args, self._place
        return gcp.compute.HaVpnGateway(
            place.of("vpn"),
            name=place.of("vpn"),
            description=f"{args.names.of()}: to the other regions",
            project=args.owner,
            region=args.region.location,
            network=self._network.self_link,
            stack_type="IPV4_ONLY",
            labels=place.labels("vpn"),
            opts=self._child,
        )

    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What the stack exports."""
        vpn = None
        if self.gateway is not None and self.vpn_router is not None:
            addresses = self.gateway.vpn_interfaces.apply(lambda interfaces: [each.ip_address for each in interfaces])
            vpn = {"gateway": self.gateway.self_link, "router": self.vpn_router.name, "addresses": addresses}
        return {"circuits": {name: each.name for name, each in self.interconnects.items()}, "vpn": vpn}


def import_policy(
    place: Place,
    role: str,
    router: pulumi.Input[str],
    own: tuple[IPv4Network, ...],
    med: int,
    opts: pulumi.ResourceOptions,
) -> gcp.compute.RouterRoutePolicy:
    """What a peer may tell a Cloud Router, and with which MED (`routes.import_terms`)."""
    return gcp.compute.RouterRoutePolicy(
        place.of(role),
        name=place.of(role),
        project=place.owner,
        region=place.location,
        router=router,
        type="ROUTE_POLICY_TYPE_IMPORT",
        terms=[
            gcp.compute.RouterRoutePolicyTermArgs(
                priority=priority,
                match=gcp.compute.RouterRoutePolicyTermMatchArgs(expression=match),
                actions=[gcp.compute.RouterRoutePolicyTermActionArgs(expression=action) for action in actions],
            )
            for priority, (match, actions) in enumerate(routes.import_terms(own, med), 1)
        ],
        opts=opts,
    )


def _mail(args: AttachmentArgs) -> str | None:
    """The first of the operators that is an e-mail address: Google tells it of maintenance."""
    operators = args.venue.access.operators if args.venue.access else ()
    return next((operator for operator in operators if "@" in operator), None)

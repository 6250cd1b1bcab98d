"""A region on AWS: the parts, and what each takes of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds import locations, machines
from rialto_platform.clouds.aws.access import Access, AccessArgs
from rialto_platform.clouds.aws.backups import Backups
from rialto_platform.clouds.aws.cluster import Cluster, ClusterArgs
from rialto_platform.clouds.aws.endpoints import Endpoints, EndpointsArgs
from rialto_platform.clouds.aws.entry import HEALTH_PATH, Entry, EntryArgs
from rialto_platform.clouds.aws.firewall import Firewall, FirewallArgs
from rialto_platform.clouds.aws.global_entry import GlobalEntry, GlobalEntryArgs
from rialto_platform.clouds.aws.identities import Identities, IdentitiesArgs
from rialto_platform.clouds.aws.keys import Keys
from rialto_platform.clouds.aws.nearest import nearest
from rialto_platform.clouds.aws.network import Network, NetworkArgs
from rialto_platform.clouds.aws.place import Place
from rialto_platform.clouds.aws.pools import Pools, PoolsArgs
from rialto_platform.clouds.aws.registry import Registry
from rialto_platform.clouds.aws.rules import rules
from rialto_platform.clouds.aws.sinks import Sinks
from rialto_platform.clouds.ground import Ground, GroundArgs

CERTIFICATE = "accessCertificate"
"""The stack's configuration: the ARN of the VPN's certificate."""


class AwsGround(Ground):
    """A region's ground in one AWS account."""

    network: Network
    firewall: Firewall
    cluster: Cluster
    pools: Pools
    keys: Keys
    backups: Backups
    registry: Registry
    entry: Entry
    global_entry: GlobalEntry | None
    """None while the venue has no domain."""
    access: Access | None
    """None while nobody operates the venue, or the VPN has no certificate."""
    sinks: Sinks
    identities: Identities

    def __init__(self, args: GroundArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Everything of the region, by one provider of its own.

        Raises:
            CloudError: the venue asks for a machine type, a place or a range that AWS doesn't have.
        """
        super().__init__("rialto:aws:Ground", args, opts)
        region, ranges = args.region, args.addresses
        locations.check(args.name, region)
        machine = machines.engine(args.name, region)
        place = Place(args.names, args.owner, region.location)
        provider = aws.Provider(
            place.of("aws"),
            region=region.location,
            # Credentials of another account are refused before anything is made there.
            allowed_account_ids=[args.owner],
            opts=pulumi.ResourceOptions(parent=self),
        )
        part = pulumi.ResourceOptions(parent=self, providers=[provider])
        peers = {name: peer.cidr for name, peer in args.peers.items()}
        certificate = self._certificate()

        self.keys = Keys(place, part)
        self.sinks = Sinks(place, self.keys, part)
        self.network = Network(
            NetworkArgs(place, region.zones, ranges, peers, region.asn, self.sinks.logs["flows"]), part
        )
        self.firewall = Firewall(
            FirewallArgs(place, self.network.vpc.id, rules(peers, operated=certificate is not None)), part
        )
        endpoints = Endpoints(EndpointsArgs(place, self.network, self.firewall.group_id("endpoints")), part)
        self.firewall.open_s3(endpoints.s3.prefix_list_id)
        self.cluster = Cluster(
            ClusterArgs(
                place,
                self.network.nodes,
                self.firewall.group_id("control"),
                ranges.services,
                self.keys.arn("secrets"),
                self.sinks.logs["cluster"],
            ),
            part,
        )
        self.pools = Pools(
            PoolsArgs(
                place,
                self.cluster,
                region.zones,
                self.network.nodes,
                machine,
                machines.SYSTEMS["aws"],
                self.firewall.group_id("engine"),
                self.firewall.group_id("system"),
                self.keys.arn("data"),
            ),
            part,
        )
        self.cluster.names([self.pools.system])
        self.registry = Registry(place, self.keys, part)
        self.backups = Backups(place, self.keys.arn("backups"), part)
        self.identities = Identities(
            IdentitiesArgs(
                place,
                self.cluster.cluster,
                self.backups.bucket,
                self.keys.arn("backups"),
                self.sinks.logs["engine"],
                self.sinks.metrics,
            ),
            part,
        )
        self.entry = Entry(
            EntryArgs(
                place,
                self.network.vpc.id,
                self.network.entry,
                self.firewall.group_id("entry"),
                self.pools.engine,
                tuple(args.venue.markets),
            ),
            part,
        )
        domain = args.venue.domain
        self.global_entry = GlobalEntry(GlobalEntryArgs(place, domain, self._entries()), part) if domain else None
        self.access = (
            Access(
                AccessArgs(
                    place,
                    ranges,
                    self.network.vpc.id,
                    self.network.nodes,
                    self.firewall.group_id("operators"),
                    self.cluster.cluster,
                    self.sinks.logs["access"],
                    certificate,
                    [one for one in (args.venue.access.operators if args.venue.access else ()) if _is_arn(one)],
                ),
                part,
            )
            if certificate
            else None
        )
        self.register_outputs({})

    def _certificate(self) -> str | None:
        """The VPN's certificate; a person makes it, so the ground stands without it, and says so."""
        if self.args.venue.access is None:
            return None
        certificate = pulumi.Config().get(CERTIFICATE)
        if certificate is None:
            pulumi.log.warn(
                f"Operators have no way in: the VPN needs a certificate. Import one into AWS Certificate Manager, then "
                f"`pulumi config set {CERTIFICATE} ARN` and `pulumi up` again.",
                self,
            )
        return certificate

    def _entries(self) -> Mapping[str, Mapping[str, Sequence[pulumi.Input[str]]]]:
        """All regions' addresses by the nearest AWS region: the own by output, the others' as told."""
        args = self.args
        entries: dict[str, dict[str, Sequence[pulumi.Input[str]]]] = {
            args.region.location: {args.name: self.entry.listed}
        }
        for name, region in args.peers.items():
            if known := args.others.get(name):
                entries.setdefault(nearest(name, region), {})[name] = list(known)
        return entries

    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What the region's stack exports."""
        cluster, network = self.cluster.cluster, self.network
        return {
            "network": {
                "id": network.vpc.id,
                "vpcId": network.vpc.id,
                "transitGatewayId": network.transit.id,
                "transitRouteTableId": network.transit_table.id,
            },
            "cluster": {
                "name": cluster.name,
                "endpoint": cluster.endpoint,
                "identityIssuer": self.cluster.issuer,
            },
            "keys": {
                "id": self.keys.arn("data"),
                "backups": self.keys.arn("backups"),
                "secrets": self.keys.arn("secrets"),
            },
            "backups": {"bucket": self.backups.bucket.bucket, "location": self.args.region.location},
            "registry": {"url": self.registry.url},
            "entry": {
                "addresses": self.entry.listed,
                "dnsName": self.global_entry.name if self.global_entry else self.entry.balancer.dns_name,
                "nameServers": self.global_entry.zone.name_servers if self.global_entry else [],
                "healthPath": HEALTH_PATH,
            },
            "sinks": {"logs": self.sinks.logs["engine"].name, "metrics": self.sinks.metrics.prometheus_endpoint},
            "identities": {"engine": self.identities.engine.arn, "backups": self.identities.backups.arn},
        }


def _is_arn(principal: str) -> bool:
    """Groups of e-mail addresses mean nothing to AWS' own identities."""
    return principal.startswith("arn:aws:iam::")

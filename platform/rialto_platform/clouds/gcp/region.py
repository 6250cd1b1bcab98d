"""A region on Google Cloud: the parts, and what each takes of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.addresses import addresses
from rialto_platform.clouds.gcp.access import Access, AccessArgs
from rialto_platform.clouds.gcp.accounts import Accounts, AccountsArgs
from rialto_platform.clouds.gcp.apis import Apis
from rialto_platform.clouds.gcp.backups import Backups, BackupsArgs
from rialto_platform.clouds.gcp.cluster import Cluster, ClusterArgs
from rialto_platform.clouds.gcp.endpoints import Endpoints, EndpointsArgs
from rialto_platform.clouds.gcp.entry import HEALTH_PATH, Entry, EntryArgs
from rialto_platform.clouds.gcp.firewall import Firewall, FirewallArgs
from rialto_platform.clouds.gcp.global_entry import GlobalEntry, GlobalEntryArgs
from rialto_platform.clouds.gcp.identities import Identities, IdentitiesArgs
from rialto_platform.clouds.gcp.keys import AGENTS, Keys, KeysArgs
from rialto_platform.clouds.gcp.nearest import nearest
from rialto_platform.clouds.gcp.network import Network, NetworkArgs
from rialto_platform.clouds.gcp.place import Place
from rialto_platform.clouds.gcp.pools import Pools, PoolsArgs
from rialto_platform.clouds.gcp.principals import members
from rialto_platform.clouds.gcp.registry import Registry, RegistryArgs
from rialto_platform.clouds.gcp.rules import rules
from rialto_platform.clouds.gcp.sinks import Sinks, SinksArgs
from rialto_platform.clouds.ground import Ground, GroundArgs
from rialto_platform.clouds.machines import engine


class GcpGround(Ground):
    """A region's ground in one Google Cloud project."""

    network: Network
    cluster: Cluster
    keys: Keys
    backups: Backups
    registry: Registry
    entry: Entry
    global_entry: GlobalEntry | None
    """None while the venue has no domain."""
    sinks: Sinks
    identities: Identities

    def __init__(self, args: GroundArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Everything of the region, by one provider of its own.

        Raises:
            CloudError: the venue asks for a machine type, a place or operators that Google Cloud doesn't have.
        """
        super().__init__("rialto:gcp:Ground", args, opts)
        region, ranges = args.region, args.addresses
        machine = engine(args.name, region)
        operators = members(args.venue.access.operators) if args.venue.access else ()
        place = Place(args.names, args.owner, region.location)
        provider = gcp.Provider(
            place.of("gcp"),
            project=args.owner,
            region=region.location,
            # Labels are the venue's own, by its convention.
            add_pulumi_attribution_label=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        part = pulumi.ResourceOptions(parent=self, providers=[provider])

        apis = Apis(place, part)
        compute, grants = apis.project("compute"), apis.project("cloudresourcemanager")
        accounts = Accounts(AccountsArgs(place=place, project=apis.project("iam"), grants_project=grants), part)
        self.keys = Keys(
            KeysArgs(
                place=place,
                project=apis.project("cloudkms"),
                agent_projects={agent: apis.project(agent) for agent in AGENTS},
            ),
            part,
        )
        self.network = Network(NetworkArgs(place=place, project=compute, addresses=ranges), part)
        endpoints = Endpoints(
            EndpointsArgs(
                place=place,
                project=compute,
                dns_project=apis.project("dns"),
                directory_project=apis.project("servicedirectory"),
                network=self.network.vpc,
                address=ranges.all_endpoints[1],
            ),
            part,
        )
        peers = [addresses(peer.cidr, len(peer.zones)) for peer in args.peers.values()]
        firewall = Firewall(
            FirewallArgs(
                place=place,
                project=compute,
                network=self.network.vpc,
                accounts=accounts.emails,
                rules=rules(ranges, peers, ranges.all_endpoints[1]),
            ),
            part,
        )
        self.cluster = Cluster(
            ClusterArgs(
                place=place,
                project=apis.project("container"),
                addresses=ranges,
                zones=region.zones,
                network=self.network,
                secrets_key=self.keys.granted("secrets"),
                disks_key=self.keys.granted("disks"),
                node_account=accounts.emails["system"],
                operated=bool(operators),
            ),
            [self.network, endpoints, firewall],
            part,
        )
        pools = Pools(
            PoolsArgs(
                place=place,
                project=apis.project("container"),
                compute_project=compute,
                cluster=self.cluster.cluster,
                zones=region.zones,
                machine=machine,
                accounts=accounts.emails,
                disks_key=self.keys.granted("disks"),
            ),
            part,
        )
        self.registry = Registry(
            RegistryArgs(
                place=place,
                project=apis.project("artifactregistry"),
                key=self.keys.granted("images"),
                readers=accounts.members,
            ),
            part,
        )
        self.backups = Backups(
            BackupsArgs(place=place, project=apis.project("storage"), key=self.keys.granted("backups")), part
        )
        self.identities = Identities(
            IdentitiesArgs(
                place=place,
                project=apis.project("iam"),
                workload_pool=self.cluster.workload_pool,
                bucket=self.backups.bucket.name,
            ),
            part,
        )
        self.sinks = Sinks(
            SinksArgs(
                place=place,
                project=apis.project("logging"),
                metrics_project=apis.project("monitoring"),
                key=self.keys.granted("logs"),
            ),
            part,
        )
        self.entry = Entry(
            EntryArgs(
                place=place,
                project=compute,
                network=self.network.vpc,
                instance_groups=pools.instance_groups,
                engine_account=accounts.emails["engine"],
            ),
            part,
        )
        self.global_entry = None
        if args.venue.domain:
            self.global_entry = GlobalEntry(
                GlobalEntryArgs(
                    place=place,
                    project=compute,
                    dns_project=apis.project("dns"),
                    domain=args.venue.domain,
                    entries=self._entries(),
                ),
                part,
            )
        if operators:
            Access(
                AccessArgs(
                    place=place,
                    project=compute,
                    roles_project=apis.project("iam"),
                    grants_project=grants,
                    proxy_project=apis.project("iap"),
                    network=self.network.vpc,
                    engine_account=accounts.emails["engine"],
                    members=operators,
                ),
                part,
            )
        self.register_outputs({})

    def _entries(self) -> Mapping[str, pulumi.Input[Sequence[str]]]:
        """All regions' addresses by the nearest Google Cloud region: the own by output, the others' as told."""
        args = self.args
        told: dict[str, list[pulumi.Input[Sequence[str]]]] = {args.region.location: [self.entry.listed]}
        for name, region in args.peers.items():
            if known := args.others.get(name):
                told.setdefault(nearest(name, region), []).append(list(known))
        return {
            location: pulumi.Output.all(*lists).apply(lambda parts: [address for part in parts for address in part])
            for location, lists in told.items()
        }

    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What the region's stack exports."""
        cluster, vpc = self.cluster.cluster, self.network.vpc
        return {
            "network": {"id": vpc.id, "selfLink": vpc.self_link, "name": vpc.name},
            "cluster": {
                "name": cluster.name,
                "endpoint": cluster.endpoint,
                "identityIssuer": self.cluster.issuer,
            },
            "keys": {
                "id": self.keys.ring.id,
                "backups": self.keys.key("backups"),
                "secrets": self.keys.key("secrets"),
            },
            "backups": {"bucket": self.backups.bucket.name, "location": self.backups.bucket.location},
            "registry": {"url": self.registry.repository.registry_uri},
            "entry": {
                "addresses": self.entry.listed,
                "dnsName": self.global_entry.name if self.global_entry else "",
                "nameServers": self.global_entry.zone.name_servers if self.global_entry else [],
                "healthPath": HEALTH_PATH,
            },
            "sinks": {"logs": self.sinks.bucket.id, "metrics": self.sinks.metrics},
            "identities": {"engine": self.identities.engine.email, "backups": self.identities.backups.email},
        }

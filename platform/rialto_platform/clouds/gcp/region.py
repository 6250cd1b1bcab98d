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
from rialto_platform.clouds.gcp.keys import Keys, KeysArgs
from rialto_platform.clouds.gcp.nearest import nearest
from rialto_platform.clouds.gcp.network import Network, NetworkArgs
from rialto_platform.clouds.gcp.nodes import DEFAULT, engine_machine
from rialto_platform.clouds.gcp.place import Place
from rialto_platform.clouds.gcp.pools import Pools, PoolsArgs
from rialto_platform.clouds.gcp.principals import members
from rialto_platform.clouds.gcp.registry import Registry, RegistryArgs
from rialto_platform.clouds.gcp.rules import rules
from rialto_platform.clouds.gcp.sinks import Sinks, SinksArgs
from rialto_platform.clouds.ground import Ground, GroundArgs


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
        machine = engine_machine(f"regions.{args.name}.machine", region.machine or DEFAULT)
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
        accounts = Accounts(AccountsArgs(place, apis.project("iam"), apis.project("cloudresourcemanager")), part)
        self.keys = Keys(
            KeysArgs(
                place,
                apis.project("cloudkms"),
                {
                    "container": apis.project("container"),
                    "storage": apis.project("storage"),
                    "artifactregistry": apis.project("artifactregistry"),
                    "logging": apis.project("logging"),
                },
            ),
            part,
        )
        compute, dns = apis.project("compute"), apis.project("dns")
        self.network = Network(NetworkArgs(place, compute, ranges), part)
        endpoint = ranges.all_endpoints[1]
        endpoints = Endpoints(EndpointsArgs(place, compute, dns, self.network.vpc, endpoint), part)
        peers = [addresses(peer.cidr, len(peer.zones)) for peer in args.peers.values()]
        firewall = Firewall(
            FirewallArgs(place, compute, self.network.vpc, accounts.emails, rules(ranges, peers, endpoint)), part
        )
        self.cluster = Cluster(
            ClusterArgs(
                place,
                apis.project("container"),
                ranges,
                region.zones,
                self.network,
                self.keys.granted("secrets"),
                self.keys.granted("disks"),
                accounts.emails["system"],
                operated=bool(operators),
            ),
            [self.network, endpoints, firewall],
            part,
        )
        pools = Pools(
            PoolsArgs(
                place,
                apis.project("container"),
                compute,
                self.cluster.cluster,
                region.zones,
                machine,
                accounts.emails,
                self.keys.granted("disks"),
            ),
            part,
        )
        self.registry = Registry(
            RegistryArgs(place, apis.project("artifactregistry"), self.keys.granted("images"), accounts.members), part
        )
        self.backups = Backups(BackupsArgs(place, apis.project("storage"), self.keys.granted("backups")), part)
        self.identities = Identities(
            IdentitiesArgs(place, apis.project("iam"), self.cluster.workload_pool, self.backups.bucket.name), part
        )
        self.sinks = Sinks(
            SinksArgs(place, apis.project("logging"), apis.project("monitoring"), self.keys.granted("logs")), part
        )
        self.entry = Entry(
            EntryArgs(place, compute, self.network.vpc, pools.instance_groups, accounts.emails["engine"]), part
        )
        domain = args.venue.domain
        self.global_entry = (
            GlobalEntry(GlobalEntryArgs(place, compute, dns, domain, self._entries()), part) if domain else None
        )
        if operators:
            Access(
                AccessArgs(
                    place,
                    compute,
                    apis.project("iam"),
                    apis.project("cloudresourcemanager"),
                    apis.project("iap"),
                    self.network.vpc,
                    accounts.emails["engine"],
                    operators,
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

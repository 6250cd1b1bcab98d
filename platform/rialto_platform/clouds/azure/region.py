"""A region on Azure: the parts, and what each takes of the others."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import Provider, resources

from rialto_platform.clouds import locations
from rialto_platform.clouds.azure.access import Access, AccessArgs
from rialto_platform.clouds.azure.backups import Backups, BackupsArgs
from rialto_platform.clouds.azure.cluster import Cluster, ClusterArgs
from rialto_platform.clouds.azure.endpoints import Endpoints, EndpointsArgs, Service
from rialto_platform.clouds.azure.entry import HEALTH_PATH, Elsewhere, Entry, EntryArgs
from rialto_platform.clouds.azure.flow_logs import FlowLogs
from rialto_platform.clouds.azure.identities import Identities, IdentitiesArgs
from rialto_platform.clouds.azure.keys import Keys
from rialto_platform.clouds.azure.nearest import nearest
from rialto_platform.clouds.azure.network import Network, NetworkArgs
from rialto_platform.clouds.azure.operators import groups
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.pools import Pools, PoolsArgs
from rialto_platform.clouds.azure.ranges import ranges
from rialto_platform.clouds.azure.registry import Registry, RegistryArgs
from rialto_platform.clouds.azure.sinks import Sinks
from rialto_platform.clouds.ground import Ground, GroundArgs
from rialto_platform.clouds.machines import engine


class AzureGround(Ground):
    """A region's ground in one Azure subscription."""

    group: resources.ResourceGroup
    sinks: Sinks
    keys: Keys
    entry: Entry
    network: Network
    backups: Backups
    registry: Registry
    cluster: Cluster
    identities: Identities

    def __init__(self, args: GroundArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Everything of the region, by one provider of its own.

        Raises:
            CloudError: the venue asks for a machine type, a range, a place or operators that Azure doesn't have.
        """
        super().__init__("rialto:azure:Ground", args, opts)
        region = args.region
        locations.check(args.name, region)
        divided = ranges(f"regions.{args.name}.cidr", region.cidr, len(region.zones))
        machine = engine(args.name, region)
        operators = groups(args.venue.access.operators) if args.venue.access else ()
        others = {
            name: Elsewhere(known, nearest(name, peer))
            for name, peer in args.peers.items()
            if (known := args.others.get(name))
        }
        provider = Provider(
            args.names.of("azure"),
            subscription_id=args.owner,
            location=region.location,
            opts=pulumi.ResourceOptions(parent=self),
        )
        part = pulumi.ResourceOptions(parent=self, providers=[provider])
        self.group = resources.ResourceGroup(
            args.names.of("group"),
            resource_group_name=args.names.of(),
            location=region.location,
            tags=args.names.tags("group"),
            # Whoever deletes it deletes the backups.
            opts=pulumi.ResourceOptions(parent=self, provider=provider, protect=True, retain_on_delete=True),
        )
        place = Place(args.names, args.owner, region.location, region.zones, self.group.name)

        self.sinks = Sinks(place, part)
        self.keys = Keys(place, self.sinks, part)
        self.entry = Entry(EntryArgs(place, args.venue.domain, others, self.sinks), part)
        self.network = Network(
            NetworkArgs(
                place,
                divided,
                [peer.cidr for peer in args.peers.values()],
                len(args.venue.markets),
                self.entry.listed,
                self.sinks,
                FlowLogs(place, self.keys, part),
            ),
            part,
        )
        endpoints = Endpoints(EndpointsArgs(place, self.network.vnet, self.network.endpoints), part)
        vault_reachable = endpoints.connect(Service.VAULT, self.keys.vault.id)
        self.backups = Backups(BackupsArgs(place, self.keys, endpoints, self.sinks), part)
        self.registry = Registry(RegistryArgs(place, self.keys, endpoints, self.sinks), part)
        self.cluster = Cluster(
            ClusterArgs(
                place,
                divided,
                self.network,
                self.keys,
                vault_reachable,
                self.registry,
                self.entry.group.id,
                operators,
                self.sinks,
            ),
            part,
        )
        Pools(PoolsArgs(place, self.cluster.cluster, self.network, machine), part)
        self.identities = Identities(IdentitiesArgs(place, self.group.id, self.cluster.issuer, self.backups), part)
        if operators:
            Access(
                AccessArgs(place, divided, self.keys.tenant, self.cluster.cluster, self.network.link, self.sinks),
                part,
            )
        self.register_outputs({})

    def outputs(self) -> Mapping[str, pulumi.Input[object]]:
        """What the region's stack exports."""
        cluster, vnet, zone = self.cluster.cluster, self.network.vnet, self.entry.zone
        return {
            "network": {
                "id": vnet.id,
                "resourceGroup": self.group.name,
                "vnetName": vnet.name,
                "vnetId": vnet.id,
                "gatewaySubnetId": self.network.gateways.id,
            },
            "cluster": {
                "name": cluster.name,
                "endpoint": pulumi.Output.concat("https://", cluster.private_fqdn),
                "identityIssuer": self.cluster.issuer,
            },
            "keys": {
                "id": self.keys.vault.id,
                "backups": self.keys.backups.key.key_uri,
                "secrets": self.keys.secrets.key.key_uri,
            },
            "backups": {"bucket": self.backups.url, "location": self.backups.account.location},
            "registry": {"url": self.registry.registry.login_server},
            "entry": {
                "addresses": self.entry.listed,
                "dnsName": self.entry.name,
                "nameServers": zone.name_servers if zone else [],
                "healthPath": HEALTH_PATH,
                "resourceGroup": self.entry.group.name,
            },
            "sinks": {"logs": self.sinks.logs.id, "metrics": self.sinks.metrics.id},
            "identities": {
                "engine": self.identities.engine.client_id,
                "backups": self.identities.backups.client_id,
            },
        }

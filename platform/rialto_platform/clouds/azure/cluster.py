"""The cluster: AKS with a private API inside the network, secrets encrypted by the region's key, no local accounts.

The API stands in the network itself (API Server VNet Integration): the only way in which AKS reaches a private vault's
key.

Sources: AKS, "Use KMS etcd encryption" (private key vault), "API Server VNet Integration", "Private clusters" (AKS
links the zone of the API's name to the network itself), "Configure Azure CNI networking for dynamic allocation of IPs",
"Customize cluster egress with outbound types", "Use Azure role-based access control for Kubernetes authorization",
"Workload identity", "Use a user-assigned managed identity".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, compute, containerservice, managedidentity, monitor

from rialto_platform.clouds.azure.endpoints import private_zone
from rialto_platform.clouds.azure.keys import Keys
from rialto_platform.clouds.azure.network import Network
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.pools import first_system_pool
from rialto_platform.clouds.azure.ranges import Ranges
from rialto_platform.clouds.azure.registry import Registry
from rialto_platform.clouds.azure.roles import Role, grant, identity
from rialto_platform.clouds.azure.sinks import Sinks

AUDIT_LOGS = ("audit",)
"""What was asked of the API by whom; its other logs are a flood."""


@dataclass(frozen=True, slots=True)
class ClusterArgs:
    """A region's cluster."""

    place: Place
    ranges: Ranges
    network: Network
    keys: Keys
    vault_reachable: pulumi.Resource
    registry: Registry
    entry_group: pulumi.Input[str]
    """The id of the resource group that holds the entry's addresses."""
    operators: Sequence[str]
    """Object ids of Entra groups."""
    sinks: Sinks


def api_zone(location: str) -> str:
    """The private DNS zone of the names of a location's APIs."""
    return f"private.{location}.azmk8s.io"


class Cluster(pulumi.ComponentResource):
    """A cluster with its first system pool: see `pools` for the others."""

    cluster: containerservice.ManagedCluster
    issuer: pulumi.Output[str]
    """The issuer of the pods' tokens."""

    def __init__(self, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Its identities exist, and may do what they must, before it does."""
        place, keys = args.place, args.keys
        super().__init__("rialto:azure:Cluster", place.of("cluster"), None, opts)
        self._args = args
        zone = private_zone(place, "api", api_zone(place.location), self, None)
        kubelet = identity(place, "kubelet", self)
        disks = self._disks()
        grants = self._grants(zone.id, disks.id, kubelet)
        self.cluster = containerservice.ManagedCluster(
            place.of("cluster"),
            resource_name_=place.of("aks"),
            resource_group_name=place.group,
            location=place.location,
            node_resource_group=place.of("nodes"),
            fqdn_subdomain=place.names.of(),
            sku=containerservice.ManagedClusterSKUArgs(
                name=containerservice.ManagedClusterSKUName.BASE, tier=containerservice.ManagedClusterSKUTier.STANDARD
            ),
            identity=containerservice.ManagedClusterIdentityArgs(
                type=containerservice.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[keys.secrets.user.id],
            ),
            identity_profile={
                "kubeletidentity": containerservice.UserAssignedIdentityArgs(
                    resource_id=kubelet.id, client_id=kubelet.client_id, object_id=kubelet.principal_id
                )
            },
            api_server_access_profile=containerservice.ManagedClusterAPIServerAccessProfileArgs(
                enable_private_cluster=True,
                enable_private_cluster_public_fqdn=False,
                enable_vnet_integration=True,
                subnet_id=args.network.api_server.id,
                private_dns_zone=zone.id,
                # It would lead round the network.
                disable_run_command=True,
            ),
            network_profile=containerservice.ContainerServiceNetworkProfileArgs(
                network_plugin=containerservice.NetworkPlugin.AZURE,
                network_dataplane=containerservice.NetworkDataplane.CILIUM,
                network_policy=containerservice.NetworkPolicy.CILIUM,
                outbound_type=containerservice.OutboundType.USER_ASSIGNED_NAT_GATEWAY,
                load_balancer_sku=containerservice.LoadBalancerSku.STANDARD,
                service_cidr=str(args.ranges.services),
                dns_service_ip=str(args.ranges.cluster_dns),
            ),
            disk_encryption_set_id=disks.id,
            disable_local_accounts=True,
            enable_rbac=True,
            aad_profile=containerservice.ManagedClusterAADProfileArgs(
                managed=True, enable_azure_rbac=True, tenant_id=keys.tenant
            ),
            oidc_issuer_profile=containerservice.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            security_profile=containerservice.ManagedClusterSecurityProfileArgs(
                workload_identity=containerservice.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
                azure_key_vault_kms=containerservice.AzureKeyVaultKmsArgs(
                    enabled=True,
                    # With its version: the next `pulumi up` after a rotation takes the new one.
                    key_id=keys.secrets.key.key_uri_with_version,
                    key_vault_network_access=containerservice.KeyVaultNetworkAccessTypes.PRIVATE,
                    key_vault_resource_id=keys.vault.id,
                ),
            ),
            # Upgrades are an operator's, outside trading hours.
            auto_upgrade_profile=containerservice.ManagedClusterAutoUpgradeProfileArgs(
                upgrade_channel=containerservice.UpgradeChannel.NONE,
                node_os_upgrade_channel=containerservice.NodeOSUpgradeChannel.NONE,
            ),
            azure_monitor_profile=containerservice.ManagedClusterAzureMonitorProfileArgs(
                metrics=containerservice.ManagedClusterAzureMonitorProfileMetricsArgs(enabled=True)
            ),
            agent_pool_profiles=[first_system_pool(place, args.network)],
            tags=place.tags("cluster"),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=True,
                # No output says that identities may do their part by now, nor that names lead to private endpoints.
                depends_on=[*grants, keys.secrets.grant, args.vault_reachable, args.registry.reachable],
            ),
        )
        self.issuer = self.cluster.oidc_issuer_profile.apply(lambda profile: profile.issuer_url if profile else "")
        self._operators()
        monitor.DataCollectionRuleAssociation(
            place.of("metrics"),
            association_name=place.of("metrics"),
            resource_uri=self.cluster.id,
            data_collection_rule_id=args.sinks.rule.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        args.sinks.watch("cluster", self.cluster.id, self, AUDIT_LOGS)
        self.register_outputs({"name": self.cluster.name})

    def _disks(self) -> compute.DiskEncryptionSet:
        place, use = self._args.place, self._args.keys.disks
        return compute.DiskEncryptionSet(
            place.of("disks"),
            resource_group_name=place.group,
            location=place.location,
            identity=compute.EncryptionSetIdentityArgs(
                type=compute.DiskEncryptionSetIdentityType.USER_ASSIGNED, user_assigned_identities=[use.user.id]
            ),
            encryption_type=compute.DiskEncryptionSetType.ENCRYPTION_AT_REST_WITH_CUSTOMER_KEY,
            active_key=compute.KeyForDiskEncryptionSetArgs(key_url=use.key.key_uri_with_version),
            rotation_to_latest_key_version_enabled=True,
            tags=place.tags("disks"),
            # No output says that the identity may use the key by now.
            opts=pulumi.ResourceOptions(parent=self, protect=True, depends_on=[use.grant]),
        )

    def _grants(
        self, zone: pulumi.Input[str], disks: pulumi.Input[str], kubelet: managedidentity.UserAssignedIdentity
    ) -> list[authorization.RoleAssignment]:
        args, place, me = self._args, self._args.place, self._args.keys.secrets.user.principal_id
        return [
            # The whole network: AKS links the API's zone to it, and places balancers in its subnets.
            grant(place, "cluster-network", Role.NETWORK_CONTRIBUTOR, me, args.network.vnet.id, self),
            grant(place, "cluster-entry", Role.NETWORK_CONTRIBUTOR, me, args.entry_group, self),
            grant(place, "cluster-zone", Role.PRIVATE_DNS_CONTRIBUTOR, me, zone, self),
            grant(place, "cluster-vault", Role.VAULT_CONTRIBUTOR, me, args.keys.vault.id, self),
            grant(place, "cluster-disks", Role.READER, me, disks, self),
            grant(place, "cluster-kubelet", Role.IDENTITY_OPERATOR, me, kubelet.id, self),
            grant(place, "kubelet-registry", Role.ACR_PULL, kubelet.principal_id, args.registry.registry.id, self),
        ]

    def _operators(self) -> None:
        """Operators sign in as themselves; what they may do is Azure's to say, as nobody has a certificate."""
        for group in self._args.operators:
            for name, role in (("user", Role.CLUSTER_USER), ("writer", Role.CLUSTER_WRITER)):
                grant(
                    self._args.place,
                    f"operators-{group[:8]}-{name}",
                    role,
                    group,
                    self.cluster.id,
                    self,
                    authorization.PrincipalType.GROUP,
                )

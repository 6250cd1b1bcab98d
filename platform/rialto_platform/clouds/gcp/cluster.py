"""The cluster: GKE, regional, with a private API.

Sources: GKE, "Harden your cluster's security", "Customize your network isolation", "About GKE Dataplane V2", "Encrypt
secrets at the application layer", "Maintenance windows and exclusions".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.addresses import Addresses
from rialto_platform.clouds.gcp.network import PODS, SERVICES, Network
from rialto_platform.clouds.gcp.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterArgs:
    """A region's cluster."""

    place: Place
    project: pulumi.Input[str]
    addresses: Addresses
    zones: Sequence[str]
    network: Network
    secrets_key: pulumi.Input[str]
    disks_key: pulumi.Input[str]
    node_account: pulumi.Input[str]
    """Of the pool that GKE makes and removes at once."""
    operated: bool
    """Whether operators reach the API through the endpoint that IAM guards; else only the network does."""


class Cluster(pulumi.ComponentResource):
    """A regional cluster without node pools: see `pools`."""

    cluster: gcp.container.Cluster
    workload_pool: pulumi.Output[str]
    """Whose identities its pods have; known once the cluster is there, since IAM knows no pool before."""
    issuer: pulumi.Output[str]
    """The issuer of the pods' tokens."""

    def __init__(
        self, args: ClusterArgs, waits_for: Sequence[pulumi.Resource], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`waits_for` is what no output carries: nodes need the way to Google's APIs and the firewall's openings."""
        place = args.place
        super().__init__("rialto:gcp:Cluster", place.of("cluster"), None, opts)
        pool = pulumi.Output.from_input(args.project).apply(lambda project: f"{project}.svc.id.goog")
        self.cluster = gcp.container.Cluster(
            place.of("cluster"),
            # At most 40 characters.
            name=place.of("gke"),
            description=f"Region {place.names.region} of venue {place.names.venue}",
            project=args.project,
            location=place.location,
            node_locations=list(args.zones),
            network=args.network.vpc.self_link,
            subnetwork=args.network.nodes.self_link,
            networking_mode="VPC_NATIVE",
            ip_allocation_policy=gcp.container.ClusterIpAllocationPolicyArgs(
                cluster_secondary_range_name=PODS, services_secondary_range_name=SERVICES
            ),
            datapath_provider="ADVANCED_DATAPATH",
            private_cluster_config=gcp.container.ClusterPrivateClusterConfigArgs(
                enable_private_nodes=True,
                enable_private_endpoint=True,
                private_endpoint_subnetwork=args.network.control_plane.self_link,
                master_global_access_config=gcp.container.ClusterPrivateClusterConfigMasterGlobalAccessConfigArgs(
                    enabled=False
                ),
            ),
            master_authorized_networks_config=gcp.container.ClusterMasterAuthorizedNetworksConfigArgs(
                cidr_blocks=[
                    gcp.container.ClusterMasterAuthorizedNetworksConfigCidrBlockArgs(
                        cidr_block=str(args.addresses.pods), display_name="pods of this region"
                    )
                ],
                gcp_public_cidrs_access_enabled=False,
                private_endpoint_enforcement_enabled=True,
            ),
            control_plane_endpoints_config=gcp.container.ClusterControlPlaneEndpointsConfigArgs(
                dns_endpoint_config=gcp.container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
                    allow_external_traffic=args.operated,
                    # A certificate would be an identity that IAM doesn't know.
                    enable_k8s_certs_via_dns=False,
                    enable_k8s_tokens_via_dns=False,
                ),
                ip_endpoints_config=gcp.container.ClusterControlPlaneEndpointsConfigIpEndpointsConfigArgs(enabled=True),
            ),
            workload_identity_config=gcp.container.ClusterWorkloadIdentityConfigArgs(workload_pool=pool),
            database_encryption=gcp.container.ClusterDatabaseEncryptionArgs(
                state="ENCRYPTED", key_name=args.secrets_key
            ),
            enable_shielded_nodes=True,
            enable_legacy_abac=False,
            master_auth=gcp.container.ClusterMasterAuthArgs(
                client_certificate_config=gcp.container.ClusterMasterAuthClientCertificateConfigArgs(
                    issue_client_certificate=False
                )
            ),
            anonymous_authentication_config=gcp.container.ClusterAnonymousAuthenticationConfigArgs(mode="LIMITED"),
            rbac_binding_config=gcp.container.ClusterRbacBindingConfigArgs(
                enable_insecure_binding_system_authenticated=False,
                enable_insecure_binding_system_unauthenticated=False,
            ),
            service_external_ips_config=gcp.container.ClusterServiceExternalIpsConfigArgs(enabled=False),
            security_posture_config=gcp.container.ClusterSecurityPostureConfigArgs(
                mode="BASIC", vulnerability_mode="VULNERABILITY_DISABLED"
            ),
            logging_config=gcp.container.ClusterLoggingConfigArgs(
                enable_components=["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"]
            ),
            monitoring_config=gcp.container.ClusterMonitoringConfigArgs(
                enable_components=["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"],
                managed_prometheus=gcp.container.ClusterMonitoringConfigManagedPrometheusArgs(enabled=True),
                advanced_datapath_observability_config=(
                    gcp.container.ClusterMonitoringConfigAdvancedDatapathObservabilityConfigArgs(
                        enable_metrics=True, enable_relay=False
                    )
                ),
            ),
            release_channel=gcp.container.ClusterReleaseChannelArgs(channel="STABLE"),
            maintenance_policy=gcp.container.ClusterMaintenancePolicyArgs(recurring_window=_weekends()),
            # GKE makes no cluster without a pool; this one goes at once, and meanwhile has no default account.
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config=gcp.container.ClusterNodeConfigArgs(
                service_account=args.node_account,
                boot_disk_kms_key=args.disks_key,
                oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
                shielded_instance_config=gcp.container.ClusterNodeConfigShieldedInstanceConfigArgs(
                    enable_secure_boot=True, enable_integrity_monitoring=True
                ),
            ),
            deletion_protection=True,
            resource_labels=place.labels("cluster"),
            opts=pulumi.ResourceOptions(
                parent=self,
                # All of it could be made again, but not without an outage of the region.
                protect=True,
                depends_on=list(waits_for),
                # Of the removed pool: from then on GKE answers with that of another one.
                ignore_changes=["nodeConfig"],
            ),
        )
        self.workload_pool = self.cluster.workload_identity_config.apply(lambda config: config.workload_pool or "")
        self.issuer = self.cluster.id.apply(lambda identity: f"https://container.googleapis.com/v1/{identity}")
        self.register_outputs({"name": self.cluster.name})


def _weekends() -> gcp.container.ClusterMaintenancePolicyRecurringWindowArgs:
    """When GKE may upgrade: no market trades. It asks for 48 hours in any 32 days."""
    return gcp.container.ClusterMaintenancePolicyRecurringWindowArgs(
        start_time="2026-01-03T00:00:00Z", end_time="2026-01-03T12:00:00Z", recurrence="FREQ=WEEKLY;BYDAY=SA,SU"
    )

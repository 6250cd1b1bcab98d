"""Operators' access: Identity-Aware Proxy to the engine's admin API, and the cluster's API by IAM; no bastion.

Sources: Identity-Aware Proxy, "Using IAP for TCP forwarding" (its range of addresses; conditions on
`destination.port`); GKE, "Customize your network isolation" (the DNS-based endpoint asks IAM for
`container.clusters.connect`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds import ports
from rialto_platform.clouds.gcp.firewall import logged
from rialto_platform.clouds.gcp.place import Place

PROXY_RANGE = "35.235.240.0/20"
"""Where Identity-Aware Proxy's TCP forwarding comes from."""
PERMISSIONS = (
    "compute.instances.get",
    "compute.instances.list",
    "compute.projects.get",
    "container.clusters.connect",
    "container.clusters.get",
    "container.clusters.list",
)
"""Finds nodes and cluster, and connects; what an operator may do inside the cluster is Kubernetes' own RBAC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessArgs:
    """Who operates a region."""

    place: Place
    project: pulumi.Input[str]
    roles_project: pulumi.Input[str]
    grants_project: pulumi.Input[str]
    proxy_project: pulumi.Input[str]
    network: gcp.compute.Network
    engine_account: pulumi.Output[str]
    members: Sequence[str]
    """As IAM writes them: `group:operators@example.com`."""


class Access(pulumi.ComponentResource):
    """The way in for operators: every connection is someone's, checked by IAM, and logged."""

    def __init__(self, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """The proxy reaches the admin API's port of engine nodes, and nothing else."""
        place = args.place
        super().__init__("rialto:gcp:Access", place.of("access"), None, opts)
        child = pulumi.ResourceOptions(parent=self)
        gcp.compute.Firewall(
            place.of("operators-in"),
            name=place.of("operators-in"),
            description="The admin API, for operators through Identity-Aware Proxy.",
            project=args.project,
            network=args.network.self_link,
            direction="INGRESS",
            priority=1000,
            source_ranges=[PROXY_RANGE],
            target_service_accounts=[args.engine_account],
            allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=[str(ports.ADMIN)])],
            log_config=logged(),
            opts=child,
        )
        role = gcp.projects.IAMCustomRole(
            place.of("operator"),
            role_id=place.custom_role("operator"),
            title=f"Operators of region {place.names.region} of venue {place.names.venue}",
            description="Finds the cluster and its nodes, and connects to the cluster's API",
            project=args.roles_project,
            permissions=list(PERMISSIONS),
            opts=child,
        )
        for number, member in enumerate(args.members, 1):
            gcp.projects.IAMMember(
                place.of(f"operator-{number}"), project=args.grants_project, role=role.name, member=member, opts=child
            )
            gcp.iap.TunnelIamMember(
                place.of(f"operator-{number}"),
                project=args.proxy_project,
                role="roles/iap.tunnelResourceAccessor",
                member=member,
                condition=gcp.iap.TunnelIamMemberConditionArgs(
                    title="admin API",
                    description="Only the engine's admin API",
                    expression=f"destination.port == {ports.ADMIN}",
                ),
                opts=child,
            )
        self.register_outputs({})

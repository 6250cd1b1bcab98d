"""Who the workloads are: service accounts that pods of one Kubernetes service account act as, and what those may do.

Sources: GKE, "Workload Identity Federation for GKE"; Cloud Storage, "IAM permissions", "Object Retention Lock".
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place

NAMESPACE = "rialto"
"""Where the workloads run, under a Kubernetes service account of the identity's name."""
BACKUP_PERMISSIONS = (
    "storage.buckets.get",
    "storage.objects.create",
    "storage.objects.get",
    "storage.objects.list",
    "storage.objects.setRetention",
)
"""Writes, locks and reads; deletes nothing and shortens no lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitiesArgs:
    """The workloads' identities."""

    place: Place
    project: pulumi.Input[str]
    workload_pool: pulumi.Input[str]
    bucket: pulumi.Input[str]


class Identities(pulumi.ComponentResource):
    """The engine's identity, which may do nothing to the cloud, and that of backups."""

    engine: gcp.serviceaccount.Account
    backups: gcp.serviceaccount.Account

    def __init__(self, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """A pod without one of them has no identity at all: the node's is out of its reach."""
        place = args.place
        super().__init__("rialto:gcp:Identities", place.of("identities"), None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.engine = self._account("engine")
        self.backups = self._account("backups")
        role = gcp.projects.IAMCustomRole(
            place.of("backups"),
            role_id=place.custom_role("backups"),
            title=f"Backups of region {place.names.region} of venue {place.names.venue}",
            description="Writes, locks and reads backups; deletes none",
            project=args.project,
            permissions=list(BACKUP_PERMISSIONS),
            opts=self._child,
        )
        gcp.storage.BucketIAMMember(
            place.of("backups"), bucket=args.bucket, role=role.name, member=self.backups.member, opts=self._child
        )
        self.register_outputs({})

    def _account(self, role: str) -> gcp.serviceaccount.Account:
        args, place = self._args, self._args.place
        account = gcp.serviceaccount.Account(
            place.of(role),
            account_id=place.account(role),
            project=args.project,
            display_name=f"Pods of {role}, region {place.names.region} of venue {place.names.venue}",
            opts=self._child,
        )
        gcp.serviceaccount.IAMMember(
            place.of(role),
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=pulumi.Output.concat("serviceAccount:", args.workload_pool, f"[{NAMESPACE}/{role}]"),
            opts=self._child,
        )
        return account

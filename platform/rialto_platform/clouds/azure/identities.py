"""Who the workloads are: identities that pods of one Kubernetes service account act as, and what those may do.

Sources: AKS, "Use Microsoft Entra Workload ID"; Azure Storage, "Azure built-in roles for blob data" and "Permissions
for calling blob and queue data operations"; Azure RBAC, "Azure custom roles".
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, managedidentity

from rialto_platform.clouds.azure.backups import Backups
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.roles import grant, identity

NAMESPACE = "rialto"
"""Where the workloads run, under a Kubernetes service account of the identity's name."""
AUDIENCE = "api://AzureADTokenExchange"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
BACKUP_ACTIONS = (f"{_CONTAINERS}/read",)
BACKUP_DATA_ACTIONS = (f"{_CONTAINERS}/blobs/read", f"{_CONTAINERS}/blobs/add/action", f"{_CONTAINERS}/blobs/write")
"""Writes and reads; deletes nothing, and changes no immutability. No built-in role is so narrow."""


@dataclass(frozen=True, slots=True)
class IdentitiesArgs:
    """The workloads' identities."""

    place: Place
    group: pulumi.Input[str]
    """The id of the region's resource group."""
    issuer: pulumi.Input[str]
    backups: Backups


class Identities(pulumi.ComponentResource):
    """The engine's identity, which may do nothing to the cloud, and that of backups."""

    engine: managedidentity.UserAssignedIdentity
    backups: managedidentity.UserAssignedIdentity

    def __init__(self, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """A pod without one of them has no identity in Azure at all."""
        place = args.place
        super().__init__("rialto:azure:Identities", place.of("identities"), None, opts)
        self._args = args
        self.engine = self._identity("engine")
        self.backups = self._identity("backups")
        role = authorization.RoleDefinition(
            place.of("backups"),
            role_name=f"Backups of region {place.names.region} of venue {place.names.venue} ({place.owner})",
            description="Writes and reads backups; deletes none",
            role_type="CustomRole",
            scope=args.group,
            assignable_scopes=[args.group],
            permissions=[
                authorization.PermissionArgs(actions=list(BACKUP_ACTIONS), data_actions=list(BACKUP_DATA_ACTIONS))
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        grant(place, "backups", role.id, self.backups.principal_id, args.backups.container.id, self)
        self.register_outputs({})

    def _identity(self, role: str) -> managedidentity.UserAssignedIdentity:
        args, place = self._args, self._args.place
        made = identity(place, role, self)
        managedidentity.FederatedIdentityCredential(
            place.of(role),
            federated_identity_credential_resource_name="aks",
            resource_name_=made.name,
            resource_group_name=place.group,
            issuer=args.issuer,
            subject=f"system:serviceaccount:{NAMESPACE}:{role}",
            audiences=[AUDIENCE],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made

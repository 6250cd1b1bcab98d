"""Azure's built-in roles that a region grants, how one is granted, and the identities that act by them.

Source: Azure RBAC, "Azure built-in roles" (their ids are the same in every directory).
"""

from __future__ import annotations

from enum import Enum

import pulumi
from pulumi_azure_native import authorization, managedidentity

from rialto_platform.clouds.azure.place import Place


class Role(Enum):
    """A built-in role."""

    ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    CLUSTER_USER = "4abbcc35-e782-43d8-92c5-2d3f1bd2253f"
    """Azure Kubernetes Service Cluster User Role: fetches a kubeconfig without a credential in it."""
    CLUSTER_WRITER = "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb"
    """Azure Kubernetes Service RBAC Writer: workloads, but neither roles nor bindings."""
    IDENTITY_OPERATOR = "f1a07417-d97a-45cb-824c-7a7467783830"
    """Managed Identity Operator: lets machines be an identity."""
    KEY_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
    """Key Vault Crypto Service Encryption User: reads, wraps and unwraps."""
    KEY_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
    """Key Vault Crypto User: encrypts and decrypts too, as the API server's key service does."""
    NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    PRIVATE_DNS_CONTRIBUTOR = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
    READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    STORAGE_BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"
    """Key Vault Contributor: makes private links to the vault, and reaches nothing in it."""

    def id(self, subscription: str) -> str:
        """The role's definition, as a subscription sees it."""
        return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{self.value}"


def identity(place: Place, role: str, parent: pulumi.Resource) -> managedidentity.UserAssignedIdentity:
    """An identity of the region's own, that may do nothing until it is granted something."""
    return managedidentity.UserAssignedIdentity(
        place.of(role),
        resource_name_=place.of(role),
        resource_group_name=place.group,
        location=place.location,
        tags=place.tags(role),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def grant(
    place: Place,
    name: str,
    role: Role | pulumi.Input[str],
    principal: pulumi.Input[str],
    scope: pulumi.Input[str],
    parent: pulumi.Resource,
    kind: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
) -> authorization.RoleAssignment:
    """Lets a principal act as a role within a scope, and nowhere else; `role` may be a definition's id."""
    return authorization.RoleAssignment(
        place.of(name),
        principal_id=principal,
        # Said, so that Azure doesn't look for a principal that is new and not everywhere yet.
        principal_type=kind,
        role_definition_id=role.id(place.owner) if isinstance(role, Role) else role,
        scope=scope,
        opts=pulumi.ResourceOptions(parent=parent),
    )

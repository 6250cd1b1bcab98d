"""The region's keys: a vault that only private endpoints and Azure's trusted services reach, and one key a purpose.

Each key has one user: an identity that may use this key and no other.

Sources: Key Vault, "Azure Key Vault soft-delete overview", "Configure cryptographic key auto-rotation", "Azure RBAC
guide"; AKS, "Use KMS etcd encryption" (both the old and the new version of a key must stay valid, so no version
expires); Azure Storage, "Customer-managed keys for Azure Storage encryption"; Container Registry, "Customer-managed
keys".
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault, managedidentity

from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.roles import Role, grant, identity
from rialto_platform.clouds.azure.sinks import Sinks

ROTATED_AFTER = "P90D"
RECOVERABLE_DAYS = 90
"""The longest there is."""
_KEY_BITS = 3072
_USERS = ("cluster", "backups-key", "registry-key", "disks-key", "flows-key")


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key and who uses it."""

    key: keyvault.Key
    user: managedidentity.UserAssignedIdentity
    grant: pulumi.Resource
    """What lets it: a user that comes first is refused."""


class Keys(pulumi.ComponentResource):
    """Vault, keys and the identities that use them."""

    vault: keyvault.Vault
    secrets: KeyUse
    """The cluster's: its secrets in etcd."""
    backups: KeyUse
    registry: KeyUse
    disks: KeyUse
    """Of the nodes' system disks, and of volumes."""
    flows: KeyUse
    """Of the flow logs."""
    tenant: pulumi.Output[str]
    """The Entra directory of the subscription."""

    def __init__(self, place: Place, sinks: Sinks, opts: pulumi.ResourceOptions | None = None) -> None:
        """Vault and keys outlive the stack: without them backups can't be read."""
        super().__init__("rialto:azure:Keys", place.of("keys"), None, opts)
        self._place = place
        users = {
            role: identity(place, role, self)
            for role in ("cluster", "backups-key", "registry-key", "disks-key", "flows-key")
        }
        # An identity says what directory it is in; asking for it would take credentials, which a plan has not.
        self.tenant = users["cluster"].tenant_id
        self.vault = keyvault.Vault(
            place.of("keys"),
            vault_name=place.names.shared("keys", place.owner, 24),
            resource_group_name=place.group,
            location=place.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=self.tenant,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.PREMIUM),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=RECOVERABLE_DAYS,
                enable_purge_protection=True,
                public_network_access="disabled",
                # Storage and registry use their keys as trusted services.
                network_acls=keyvault.NetworkRuleSetArgs(
                    default_action=keyvault.NetworkRuleAction.DENY,
                    bypass=keyvault.NetworkRuleBypassOptions.AZURE_SERVICES,
                ),
            ),
            tags=place.tags("keys"),
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        self.secrets = self._use("secrets", Role.KEY_USER, users["cluster"])
        self.backups = self._use("backups", Role.KEY_ENCRYPTION_USER, users["backups-key"])
        self.registry = self._use("registry", Role.KEY_ENCRYPTION_USER, users["registry-key"])
        self.disks = self._use("disks", Role.KEY_ENCRYPTION_USER, users["disks-key"])
        self.flows = self._use("flows", Role.KEY_ENCRYPTION_USER, users["flows-key"])
        sinks.watch("keys", self.vault.id, self)
        self.register_outputs({"id": self.vault.id})

    def _use(self, role: str, may: Role, user: managedidentity.UserAssignedIdentity) -> KeyUse:
        place = self._place
        key = keyvault.Key(
            place.of(role),
            key_name=role,
            vault_name=self.vault.name,
            resource_group_name=place.group,
            properties=keyvault.KeyPropertiesArgs(
                kty=keyvault.JsonWebKeyType.RS_A_HSM,
                key_size=_KEY_BITS,
                rotation_policy=keyvault.RotationPolicyArgs(
                    lifetime_actions=[
                        keyvault.LifetimeActionArgs(
                            action=keyvault.ActionArgs(type=keyvault.KeyRotationPolicyActionType.ROTATE),
                            trigger=keyvault.TriggerArgs(time_after_create=ROTATED_AFTER),
                        )
                    ]
                ),
            ),
            tags=place.tags(role),
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        # The key's own resource id as the scope: the vault's would open the other keys too.
        return KeyUse(key, user, grant(place, f"{role}-key", may, user.principal_id, key.id, self))

"""Storage accounts that nobody reaches from the internet, or by a shared key.

Sources: Azure Storage, "Security recommendations for Blob storage", "Prevent Shared Key authorization",
"Customer-managed keys for Azure Storage encryption", "Version-level WORM policies for immutable blob data".
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import storage

from rialto_platform.clouds.azure.keys import Keys, KeyUse
from rialto_platform.clouds.azure.place import Place


def closed_account(
    place: Place,
    role: str,
    keys: Keys,
    use: KeyUse,
    parent: pulumi.Resource,
    *,
    bypass: storage.Bypass = storage.Bypass.NONE,
    immutable: storage.ImmutableStorageAccountArgs | None = None,
) -> storage.StorageAccount:
    """An account in all zones, encrypted by the key that `use` names; `bypass` lets Azure's trusted services in."""
    return storage.StorageAccount(
        place.of(role),
        account_name=place.names.plain(role, place.owner),
        resource_group_name=place.group,
        location=place.location,
        kind=storage.Kind.STORAGE_V2,
        sku=storage.SkuArgs(name=storage.SkuName.STANDARD_ZRS),
        access_tier=storage.AccessTier.HOT,
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        enable_https_traffic_only=True,
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        public_network_access=storage.PublicNetworkAccess.DISABLED,
        network_rule_set=storage.NetworkRuleSetArgs(default_action=storage.DefaultAction.DENY, bypass=bypass),
        identity=storage.IdentityArgs(type=storage.IdentityType.USER_ASSIGNED, user_assigned_identities=[use.user.id]),
        encryption=storage.EncryptionArgs(
            key_source=storage.KeySource.MICROSOFT_KEYVAULT,
            # Without a version: the account follows the key's rotation.
            key_vault_properties=storage.KeyVaultPropertiesArgs(
                key_name=use.key.name, key_vault_uri=keys.vault.properties.apply(lambda of: of.vault_uri)
            ),
            encryption_identity=storage.EncryptionIdentityArgs(encryption_user_assigned_identity=use.user.id),
            require_infrastructure_encryption=True,
        ),
        immutable_storage_with_versioning=immutable,
        tags=place.tags(role),
        opts=pulumi.ResourceOptions(
            parent=parent,
            protect=True,
            retain_on_delete=True,
            # No output says that the identity may use the key by now.
            depends_on=[use.grant],
            # A person locks the policy; locked, it stays so.
            ignore_changes=["immutableStorageWithVersioning.immutabilityPolicy.state"] if immutable else None,
        ),
    )

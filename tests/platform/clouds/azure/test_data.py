"""Keys, backups, registry and sinks of a region on Azure."""

from __future__ import annotations

import pytest

from rialto_platform.clouds.azure.roles import Role
from rialto_platform.clouds.guardrails.resource import get, items
from rialto_platform.clouds.recorder import Recording, Registration

ACCOUNT = "azure-native:storage:StorageAccount"
KEY = "azure-native:keyvault:Key"
GRANT = "azure-native:authorization:RoleAssignment"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"


def named(recording: Recording, kind: str, role: str) -> Registration:
    """A resource by its role."""
    return recording.one(kind, f"three-clouds-europe-{role}")


def test_the_vault_is_private_and_cannot_be_purged(europe: Recording) -> None:
    """What may be done with keys is Azure's RBAC to say."""
    properties = europe.one("azure-native:keyvault:Vault").inputs["properties"]
    assert get(properties, "enablePurgeProtection") is True
    assert get(properties, "softDeleteRetentionInDays") == 90
    assert get(properties, "enableRbacAuthorization") is True
    assert get(properties, "publicNetworkAccess") == "disabled"
    assert get(properties, "networkAcls", "defaultAction") == "Deny"
    assert get(properties, "sku", "name") == "premium"


@pytest.mark.parametrize("role", ["secrets", "backups", "registry", "disks", "flows"])
def test_every_key_is_rotated_and_never_expires(europe: Recording, role: str) -> None:
    """What an older version has encrypted must stay readable."""
    properties = named(europe, KEY, role).inputs["properties"]
    assert get(properties, "kty") == "RSA-HSM"
    [action] = items(get(properties, "rotationPolicy", "lifetimeActions"))
    assert get(action, "action", "type") == "rotate"
    assert get(action, "trigger", "timeAfterCreate") == "P90D"
    assert get(properties, "rotationPolicy", "attributes") is None
    assert get(properties, "attributes") is None


@pytest.mark.parametrize(
    ("key", "user", "may"),
    [
        ("secrets", "cluster", Role.KEY_USER),
        ("backups", "backups-key", Role.KEY_ENCRYPTION_USER),
        ("registry", "registry-key", Role.KEY_ENCRYPTION_USER),
        ("disks", "disks-key", Role.KEY_ENCRYPTION_USER),
        ("flows", "flows-key", Role.KEY_ENCRYPTION_USER),
    ],
)
def test_every_key_has_one_user(europe: Recording, key: str, user: str, may: Role) -> None:
    """Within the key, not the vault."""
    granted = [each for each in europe.of_type(GRANT) if named(europe, KEY, key) in europe.sources(each, "scope")]
    [one] = granted
    assert europe.sources(one, "scope") == (named(europe, KEY, key),)
    assert europe.sources(one, "principalId") == (named(europe, IDENTITY, user),)
    assert str(one.inputs["roleDefinitionId"]).endswith(may.value)


@pytest.mark.parametrize("role", ["backups", "flows"])
def test_no_account_is_open(europe: Recording, role: str) -> None:
    """To the internet, to a shared key, to old TLS; each stands in all zones."""
    inputs = named(europe, ACCOUNT, role).inputs
    assert inputs["allowBlobPublicAccess"] is False
    assert inputs["allowSharedKeyAccess"] is False
    assert inputs["allowCrossTenantReplication"] is False
    assert inputs["publicNetworkAccess"] == "Disabled"
    assert inputs["minimumTlsVersion"] == "TLS1_2"
    assert inputs["enableHttpsTrafficOnly"] is True
    assert get(inputs, "networkRuleSet", "defaultAction") == "Deny"
    assert get(inputs, "sku", "name") == "Standard_ZRS"


@pytest.mark.parametrize("role", ["backups", "flows"])
def test_accounts_are_encrypted_by_keys_of_the_region(europe: Recording, role: str) -> None:
    """Without a version, so that they follow rotation; by an identity that may already."""
    account = named(europe, ACCOUNT, role)
    encryption = account.inputs["encryption"]
    assert get(encryption, "keySource") == "Microsoft.Keyvault"
    assert get(encryption, "requireInfrastructureEncryption") is True
    assert get(encryption, "keyVaultProperties", "keyName") == named(europe, KEY, role).outputs["name"]
    assert get(encryption, "keyVaultProperties", "keyVersion") is None
    assert named(europe, KEY, role) in europe.sources(account, "encryption")
    assert europe.one("azure-native:keyvault:Vault") in europe.sources(account, "encryption")
    assert europe.sources(account, "identity") == (named(europe, IDENTITY, f"{role}-key"),)
    assert named(europe, GRANT, f"{role}-key").urn in account.dependencies


def test_backups_are_immutable_for_a_time(europe: Recording) -> None:
    """Azure's equal of object lock; a person locks the policy, and Pulumi lets it be."""
    account = named(europe, ACCOUNT, "backups")
    lock = account.inputs["immutableStorageWithVersioning"]
    assert get(lock, "enabled") is True
    assert get(lock, "immutabilityPolicy", "state") == "Unlocked"
    assert get(lock, "immutabilityPolicy", "immutabilityPeriodSinceCreationInDays") == 35
    assert get(lock, "immutabilityPolicy", "allowProtectedAppendWrites") is False
    assert account.ignore_changes == ("immutableStorageWithVersioning.immutabilityPolicy.state",)


def test_backups_have_versions_and_come_back_after_a_deletion(europe: Recording) -> None:
    """Blobs and containers."""
    service = europe.one("azure-native:storage:BlobServiceProperties")
    assert service.inputs["isVersioningEnabled"] is True
    for key in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        assert service.inputs[key] == {"enabled": True, "days": 90}
    assert europe.sources(service, "accountName") == (named(europe, ACCOUNT, "backups"),)
    assert europe.one("azure-native:storage:BlobContainer").inputs["publicAccess"] == "None"


def test_backups_move_to_colder_storage_by_age(europe: Recording) -> None:
    """Cool, then cold: an account in all zones has no archive. Current ones are never deleted."""
    [rule] = items(get(europe.one("azure-native:storage:ManagementPolicy").inputs, "policy", "rules"))
    actions = get(rule, "definition", "actions")
    assert get(actions, "baseBlob") == {
        "tierToCool": {"daysAfterModificationGreaterThan": 30},
        "tierToCold": {"daysAfterModificationGreaterThan": 90},
    }
    assert get(actions, "version", "delete") == {"daysAfterCreationGreaterThan": 400}
    assert get(actions, "version", "tierToCold") == {"daysAfterCreationGreaterThan": 90}


def test_the_registry_is_private_premium_and_in_all_zones(europe: Recording) -> None:
    """Opened by no password, encrypted by its own key."""
    registry = europe.one("azure-native:containerregistry:Registry")
    assert get(registry.inputs, "sku", "name") == "Premium"
    assert registry.inputs["publicNetworkAccess"] == "Disabled"
    assert registry.inputs["adminUserEnabled"] is False
    assert registry.inputs["anonymousPullEnabled"] is False
    assert registry.inputs["zoneRedundancy"] == "Enabled"
    assert get(registry.inputs, "encryption", "status") == "enabled"
    key, user = named(europe, KEY, "registry"), named(europe, IDENTITY, "registry-key")
    assert europe.sources(registry, "encryption") == (key, user)
    assert get(registry.inputs, "encryption", "keyVaultProperties", "keyIdentifier") == key.outputs["keyUri"]
    assert get(registry.inputs, "identity", "userAssignedIdentities") == {user.id: {}}
    assert named(europe, GRANT, "registry-key").urn in registry.dependencies


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("keys", "azure-native:keyvault:Vault"),
        ("backups", ACCOUNT),
        ("registry", "azure-native:containerregistry:Registry"),
        ("cluster", "azure-native:containerservice:ManagedCluster"),
        ("network", "azure-native:network:VirtualNetwork"),
        ("entry", "azure-native:network:PublicIPAddress"),
        ("entry-profile", "azure-native:trafficmanager:Profile"),
        ("access", "azure-native:network:VirtualNetworkGateway"),
    ],
)
def test_what_it_says_of_itself_goes_to_the_logs(europe: Recording, role: str, kind: str) -> None:
    """By a diagnostic setting under the part that it watches."""
    setting = named(europe, "azure-native:monitor:DiagnosticSetting", role)
    assert [each.type for each in europe.sources(setting, "resourceUri")] == [kind]
    assert europe.sources(setting, "workspaceId") == (europe.one("azure-native:operationalinsights:Workspace"),)


def test_the_logs_take_no_shared_key(europe: Recording) -> None:
    """And are kept for a quarter."""
    workspace = europe.one("azure-native:operationalinsights:Workspace")
    assert get(workspace.inputs, "features", "disableLocalAuth") is True
    assert workspace.inputs["retentionInDays"] == 90


def test_the_clusters_metrics_go_to_a_workspace_for_prometheus(europe: Recording) -> None:
    """Collected by a rule that the cluster is associated with."""
    rule = europe.one("azure-native:monitor:DataCollectionRule")
    assert europe.sources(rule, "destinations") == (europe.one("azure-native:monitor:AzureMonitorWorkspace"),)
    assert europe.sources(rule, "dataCollectionEndpointId") == (
        europe.one("azure-native:monitor:DataCollectionEndpoint"),
    )
    association = europe.one("azure-native:monitor:DataCollectionRuleAssociation")
    cluster = europe.one("azure-native:containerservice:ManagedCluster")
    assert europe.sources(association, "dataCollectionRuleId") == (rule,)
    assert europe.sources(association, "resourceUri") == (cluster,)
    assert get(cluster.inputs, "azureMonitorProfile", "metrics", "enabled") is True

"""The workloads' identities of a region on Azure."""

from __future__ import annotations

import pytest

from rialto_platform.clouds.guardrails.resource import get, items
from rialto_platform.clouds.recorder import Recording, Registration

IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
GRANT = "azure-native:authorization:RoleAssignment"


def identity(recording: Recording, role: str) -> Registration:
    """A workload's."""
    return recording.one(IDENTITY, f"three-clouds-europe-{role}")


@pytest.mark.parametrize("role", ["engine", "backups"])
def test_pods_of_one_service_account_are_an_identity(europe: Recording, role: str) -> None:
    """By tokens of the cluster's issuer alone."""
    credential = europe.one("azure-native:managedidentity:FederatedIdentityCredential", f"three-clouds-europe-{role}")
    cluster = europe.one("azure-native:containerservice:ManagedCluster")
    assert europe.sources(credential, "resourceName") == (identity(europe, role),)
    assert europe.sources(credential, "issuer") == (cluster,)
    assert credential.inputs["issuer"] == get(cluster.outputs, "oidcIssuerProfile", "issuerURL")
    assert credential.inputs["subject"] == f"system:serviceaccount:rialto:{role}"
    assert credential.inputs["audiences"] == ["api://AzureADTokenExchange"]


def test_the_engine_may_do_nothing_to_the_cloud(europe: Recording) -> None:
    """No role at all."""
    engine = identity(europe, "engine")
    assert not [each for each in europe.of_type(GRANT) if engine in europe.sources(each, "principalId")]


def test_backups_are_written_and_read_and_never_deleted(europe: Recording) -> None:
    """Within the container alone, by a role narrower than any of Azure's own."""
    [granted] = [
        each for each in europe.of_type(GRANT) if identity(europe, "backups") in europe.sources(each, "principalId")
    ]
    assert europe.sources(granted, "scope") == (europe.one("azure-native:storage:BlobContainer"),)
    definition = europe.one("azure-native:authorization:RoleDefinition")
    assert europe.sources(granted, "roleDefinitionId") == (definition,)
    [permission] = items(definition.inputs["permissions"])
    allowed = [str(each) for each in (*items(get(permission, "actions")), *items(get(permission, "dataActions")))]
    assert allowed
    assert not [each for each in allowed if "*" in each or "delete" in each or "immutab" in each.lower()]


def test_no_role_reaches_beyond_the_region(europe: Recording) -> None:
    """Each scope is an output of a resource of this stack."""
    for each in europe.of_type(GRANT):
        assert europe.sources(each, "scope"), each.name
        assert "/resourceGroups/" in str(each.inputs["scope"]), each.name

"""Who nodes and workloads are on Google Cloud, and what they may do."""

from __future__ import annotations

from typing import cast

import pytest

from rialto_platform.clouds.recorder import Recording

ACCOUNT = "gcp:serviceaccount/account:Account"
BINDING = "gcp:serviceaccount/iAMMember:IAMMember"
GRANT = "gcp:projects/iAMMember:IAMMember"


def test_nodes_of_each_pool_have_an_account_that_writes_logs_and_metrics(asia: Recording) -> None:
    """And nothing else in the project."""
    for pool in ("engine", "system"):
        grant = asia.one(GRANT, f"three-clouds-asia-nodes-{pool}")
        assert grant.inputs["role"] == "roles/container.defaultNodeServiceAccount"
        assert asia.sources(grant, "member") == (asia.one(ACCOUNT, f"three-clouds-asia-nodes-{pool}"),)


@pytest.mark.parametrize("role", ["engine", "backups"])
def test_a_workload_acts_as_its_account_by_workload_identity(asia: Recording, role: str) -> None:
    """Bound to one Kubernetes service account, once the cluster's pool of identities is there."""
    binding = asia.one(BINDING, f"three-clouds-asia-{role}")
    assert binding.inputs["role"] == "roles/iam.workloadIdentityUser"
    assert binding.inputs["member"] == f"serviceAccount:rialto-example.svc.id.goog[rialto/{role}]"
    assert asia.one("gcp:container/cluster:Cluster") in asia.sources(binding, "member")
    assert asia.sources(binding, "serviceAccountId") == (asia.one(ACCOUNT, f"three-clouds-asia-{role}"),)


def test_backups_are_written_locked_and_read_but_never_deleted(asia: Recording) -> None:
    """In one bucket, by a role of its own."""
    role = asia.one("gcp:projects/iAMCustomRole:IAMCustomRole", "three-clouds-asia-backups")
    permissions = cast("list[str]", role.inputs["permissions"])
    assert "storage.objects.create" in permissions
    assert not [each for each in permissions if "delete" in each or "override" in each or "Iam" in each]
    member = asia.one("gcp:storage/bucketIAMMember:BucketIAMMember")
    assert asia.sources(member, "bucket") == (asia.one("gcp:storage/bucket:Bucket"),)
    assert asia.sources(member, "role") == (role,)
    assert asia.sources(member, "member") == (asia.one(ACCOUNT, "three-clouds-asia-backups"),)


def test_the_engine_may_do_nothing_to_the_cloud(asia: Recording) -> None:
    """No grant names its account."""
    engine = asia.one(ACCOUNT, "three-clouds-asia-engine")
    granted = [each for each in asia.resources if engine in asia.sources(each, "member")]
    assert granted == []


def test_no_role_is_a_basic_one_or_for_everybody(asia: Recording) -> None:
    """Owner, editor and viewer reach over the whole project."""
    basic = {"roles/owner", "roles/editor", "roles/viewer"}
    grants = [each for each in asia.resources if "member" in each.inputs and "role" in each.inputs]
    assert len(grants) >= 12
    for grant in grants:
        assert grant.inputs["role"] not in basic
        assert grant.inputs["member"] not in {"allUsers", "allAuthenticatedUsers"}


def test_there_are_no_keys_of_service_accounts(asia: Recording) -> None:
    """Whoever holds one is that account, from anywhere."""
    assert not asia.of_type("gcp:serviceaccount/key:Key")

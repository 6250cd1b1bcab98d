"""What holds data on AWS: keys, backups, images."""

from __future__ import annotations

from clouds_aws import OWNER, kind, named, source_names, statements

from rialto_platform.clouds.recorder import Recording
from rialto_platform.clouds.wire import mapping, sequence


def test_keys_are_rotated_protected_and_kept(ground: Recording) -> None:
    """Without them, what they encrypt is noise."""
    keys = kind(ground, "kms/key:Key")
    assert len(keys) == 3
    for key in keys:
        assert key.inputs["enableKeyRotation"] is True
        assert key.inputs["deletionWindowInDays"] == 30
        assert (key.protect, key.retain_on_delete) == (True, True)
        account = statements(key.inputs["policy"])["Account"]
        assert account["Principal"] == {"AWS": f"arn:aws:iam::{OWNER}:root"}


def test_who_but_the_account_uses_a_key_is_bound_to_what_for(ground: Recording) -> None:
    """Logs of this account, disks of its instances; the other keys are the account's alone."""
    data = statements(named(ground, "kms/key:Key", "key-data").inputs["policy"])
    assert set(data) == {"Account", "Disks", "DisksOfInstances", "Logs"}
    assert all("Condition" in statement for name, statement in data.items() if name != "Account")
    for role in ("key-secrets", "key-backups"):
        assert set(statements(named(ground, "kms/key:Key", role).inputs["policy"])) == {"Account"}


def test_the_backup_bucket_is_versioned_locked_cold_private_and_encrypted(ground: Recording) -> None:
    """Each by a resource that takes the bucket from it."""
    bucket = ground.one("aws:s3/bucket:Bucket")
    assert (bucket.protect, bucket.retain_on_delete) == (True, True)
    assert (bucket.inputs["objectLockEnabled"], bucket.inputs["forceDestroy"]) == (True, False)
    versions = ground.one("aws:s3/bucketVersioning:BucketVersioning")
    assert mapping(versions.inputs["versioningConfiguration"])["status"] == "Enabled"
    lock = ground.one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert mapping(lock.inputs["rule"])["defaultRetention"] == {"mode": "COMPLIANCE", "days": 30}
    assert source_names(ground, lock, "bucket") == ["backups-versions"]
    lifecycle = ground.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    cold = mapping(sequence(lifecycle.inputs["rules"])[0])
    classes = [mapping(each)["storageClass"] for each in sequence(cold["transitions"])]
    assert classes == ["GLACIER_IR", "DEEP_ARCHIVE"]
    encryption = ground.one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    assert source_names(ground, encryption, "rules") == ["key-backups"]
    block = ground.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert source_names(ground, block, "bucket") == ["backups"]
    for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        assert block.inputs[key] is True


def test_the_backup_bucket_is_reached_over_tls_alone(ground: Recording) -> None:
    """By a denial that holds for everybody."""
    policy = ground.one("aws:s3/bucketPolicy:BucketPolicy")
    tls = statements(policy.inputs["policy"])["TlsAlone"]
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", {"AWS": "*"}, ["s3:*"])
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(sequence(tls["Resource"])) == 2


def test_images_have_tags_that_never_move_are_scanned_and_encrypted(ground: Recording) -> None:
    """In each repository."""
    for repository in kind(ground, "ecr/repository:Repository"):
        assert repository.inputs["imageTagMutability"] == "IMMUTABLE"
        assert repository.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        (encryption,) = sequence(repository.inputs["encryptionConfigurations"])
        assert mapping(encryption)["encryptionType"] == "KMS"
        assert source_names(ground, repository, "encryptionConfigurations") == ["key-data"]

"""Keys, and what holds data on Google Cloud: backups, images, logs."""

from __future__ import annotations

import re

import pytest

from rialto_platform.clouds.gcp.sinks import log_filter
from rialto_platform.clouds.recorder import Recording

RING = "gcp:kms/keyRing:KeyRing"
KEY = "gcp:kms/cryptoKey:CryptoKey"
GRANT = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
AGENT = "gcp:projects/serviceIdentity:ServiceIdentity"
BUCKET = "gcp:storage/bucket:Bucket"
PURPOSES = ("secrets", "disks", "backups", "images", "logs")


def test_each_kind_of_data_has_a_key_that_rotates(asia: Recording) -> None:
    """Every ninety days, in hardware; a destroyed version can be restored for thirty."""
    assert asia.one(RING).inputs["location"] == "asia-east1"
    assert {str(key.inputs["name"]) for key in asia.of_type(KEY)} == set(PURPOSES)
    for key in asia.of_type(KEY):
        assert asia.sources(key, "keyRing") == (asia.one(RING),)
        assert key.inputs["rotationPeriod"] == "7776000s"
        assert key.inputs["destroyScheduledDuration"] == "2592000s"
        assert key.inputs["versionTemplate"] == {
            "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
            "protectionLevel": "HSM",
        }


@pytest.mark.parametrize(
    ("purpose", "agent"),
    [("secrets", "container"), ("backups", "storage"), ("images", "artifactregistry"), ("logs", "logging")],
)
def test_each_key_is_used_by_one_service_alone(asia: Recording, purpose: str, agent: str) -> None:
    """By the service's own agent, and only to encrypt and decrypt."""
    grant = asia.one(GRANT, f"three-clouds-asia-key-{purpose}")
    assert grant.inputs["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter"
    assert asia.sources(grant, "cryptoKeyId") == (asia.one(KEY, f"three-clouds-asia-key-{purpose}"),)
    assert asia.sources(grant, "member") == (asia.one(AGENT, f"three-clouds-asia-agent-{agent}"),)
    assert len([each for each in asia.of_type(GRANT) if each.inputs["cryptoKeyId"] == grant.inputs["cryptoKeyId"]]) == 1


def test_disks_are_encrypted_by_compute_engines_agent(asia: Recording) -> None:
    """Its address is made of the number that the other agents' addresses hold."""
    grant = asia.one(GRANT, "three-clouds-asia-key-disks")
    email = str(asia.one(AGENT, "three-clouds-asia-agent-container").outputs["email"])
    number = email.partition("@")[0].removeprefix("service-")
    assert grant.inputs["member"] == f"serviceAccount:service-{number}@compute-system.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (RING, True),
        (KEY, True),
        (BUCKET, True),
        ("gcp:logging/projectBucketConfig:ProjectBucketConfig", True),
        ("gcp:artifactregistry/repository:Repository", False),
    ],
)
def test_what_holds_data_is_protected(asia: Recording, kind: str, *, kept: bool) -> None:
    """And what can't be made again outlives the stack."""
    assert asia.of_type(kind)
    for resource in asia.of_type(kind):
        assert resource.protect
        assert resource.retain_on_delete is kept


def test_the_backup_bucket_is_versioned_and_locks_objects(asia: Recording) -> None:
    """Object by object, since a retention policy of the bucket and versions exclude each other."""
    bucket = asia.one(BUCKET)
    assert bucket.inputs["versioning"] == {"enabled": True}
    assert bucket.inputs["enableObjectRetention"] is True
    assert "retentionPolicy" not in bucket.inputs
    assert bucket.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 7_776_000}
    assert bucket.inputs["forceDestroy"] is False


def test_the_backup_bucket_is_nobodys_but_the_venues(asia: Recording) -> None:
    """Access by IAM alone, never public, in the region, by a key of the region that storage may use."""
    bucket = asia.one(BUCKET)
    assert bucket.inputs["uniformBucketLevelAccess"] is True
    assert bucket.inputs["publicAccessPrevention"] == "enforced"
    assert bucket.inputs["location"] == "asia-east1"
    assert asia.sources(bucket, "encryption") == (asia.one(GRANT, "three-clouds-asia-key-backups"),)


def test_backups_move_to_cold_storage_and_nothing_current_is_deleted(asia: Recording) -> None:
    """Coldline after thirty days, archive after ninety."""
    assert asia.one(BUCKET).inputs["lifecycleRules"] == [
        {"action": {"type": "SetStorageClass", "storageClass": "COLDLINE"}, "condition": {"age": 30}},
        {"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 90}},
        {"action": {"type": "Delete"}, "condition": {"withState": "ARCHIVED", "daysSinceNoncurrentTime": 400}},
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
    ]


def test_tags_of_images_never_move(asia: Recording) -> None:
    """The registry is in the region, encrypted by a key of it, and read by its nodes alone."""
    repository = asia.one("gcp:artifactregistry/repository:Repository")
    assert repository.inputs["dockerConfig"] == {"immutableTags": True}
    assert repository.inputs["location"] == "asia-east1"
    assert asia.sources(repository, "kmsKeyName") == (asia.one(GRANT, "three-clouds-asia-key-images"),)
    readers = asia.of_type("gcp:artifactregistry/repositoryIamMember:RepositoryIamMember")
    assert {str(reader.inputs["role"]) for reader in readers} == {"roles/artifactregistry.reader"}
    assert {source.name for reader in readers for source in asia.sources(reader, "member")} == {
        "three-clouds-asia-nodes-engine",
        "three-clouds-asia-nodes-system",
    }
    assert all(repository in asia.sources(reader, "repository") for reader in readers)


def test_logs_go_to_a_bucket_of_the_regions_own(asia: Recording) -> None:
    """Kept for 400 days in the region, encrypted by a key of it; a sink routes into it."""
    bucket = asia.one("gcp:logging/projectBucketConfig:ProjectBucketConfig")
    assert (bucket.inputs["location"], bucket.inputs["retentionDays"]) == ("asia-east1", 400)
    assert asia.sources(bucket, "cmekSettings") == (asia.one(GRANT, "three-clouds-asia-key-logs"),)
    sink = asia.one("gcp:logging/projectSink:ProjectSink")
    assert sink.inputs["destination"] == f"logging.googleapis.com/{bucket.id}"
    assert asia.sources(sink, "destination") == (bucket,)
    assert sink.inputs["filter"] == log_filter("asia-east1")


@pytest.mark.parametrize(
    ("place", "taken"),
    [("asia-east1", True), ("asia-east1-a", True), ("asia-east10", False), ("asia-east2", False), ("global", False)],
)
def test_the_sinks_filter_takes_the_region_and_its_zones(place: str, *, taken: bool) -> None:
    """And no region whose name begins alike."""
    patterns = re.findall(r'=~"([^"]+)"', log_filter("asia-east1"))
    assert len(patterns) == 3
    assert all(bool(re.search(pattern, place)) is taken for pattern in patterns)

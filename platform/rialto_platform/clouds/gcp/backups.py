"""The backup bucket: versioned, each object locked, encrypted by a key of the region, moved to cold storage by age.

Sources: Cloud Storage, "Object Retention Lock" (per object, and with versioning; a bucket's retention policy and
versioning exclude each other), "Soft delete", "Object Lifecycle Management", "Public access prevention".
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place

COLD_AFTER_DAYS = 30
ARCHIVED_AFTER_DAYS = 90
SUPERSEDED_DAYS = 400
"""How long a version is kept that a newer one, or a deletion, has replaced."""
SOFT_DELETED_S = 90 * 86_400
"""How long whatever is deleted, lock or no lock, can still be restored: the longest there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupsArgs:
    """A region's backups."""

    place: Place
    project: pulumi.Input[str]
    key: pulumi.Input[str]


class Backups(pulumi.ComponentResource):
    """The bucket that journals and checkpoints are shipped to."""

    bucket: gcp.storage.Bucket

    def __init__(self, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """It outlives the stack."""
        place = args.place
        super().__init__("rialto:gcp:Backups", place.of("backups"), None, opts)
        self.bucket = gcp.storage.Bucket(
            place.of("backups"),
            name=place.names.shared("backups", place.owner),
            project=args.project,
            location=place.location,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=gcp.storage.BucketVersioningArgs(enabled=True),
            enable_object_retention=True,
            soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(retention_duration_seconds=SOFT_DELETED_S),
            encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=args.key),
            lifecycle_rules=[
                _colder("COLDLINE", COLD_AFTER_DAYS),
                _colder("ARCHIVE", ARCHIVED_AFTER_DAYS),
                gcp.storage.BucketLifecycleRuleArgs(
                    action=gcp.storage.BucketLifecycleRuleActionArgs(type="Delete"),
                    condition=gcp.storage.BucketLifecycleRuleConditionArgs(
                        with_state="ARCHIVED", days_since_noncurrent_time=SUPERSEDED_DAYS
                    ),
                ),
                gcp.storage.BucketLifecycleRuleArgs(
                    action=gcp.storage.BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
                    condition=gcp.storage.BucketLifecycleRuleConditionArgs(age=7),
                ),
            ],
            force_destroy=False,
            labels=place.labels("backups"),
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        self.register_outputs({"bucket": self.bucket.name})


def _colder(storage_class: str, age_days: int) -> gcp.storage.BucketLifecycleRuleArgs:
    return gcp.storage.BucketLifecycleRuleArgs(
        action=gcp.storage.BucketLifecycleRuleActionArgs(type="SetStorageClass", storage_class=storage_class),
        condition=gcp.storage.BucketLifecycleRuleConditionArgs(age=age_days),
    )

"""The bucket of the backups: versioned, locked for a time, moved to cold storage, reached over TLS alone.

Sources: Amazon S3 User Guide, "Locking objects with Object Lock", "Managing the lifecycle of objects", "Blocking public
access", "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys", "Security best practices" (`aws:SecureTransport`).
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws import policy
from rialto_platform.clouds.aws.place import Place

LOCKED_DAYS = 30
"""Nobody deletes a version before, whatever they may do otherwise."""
COLD_DAYS = 30
FROZEN_DAYS = 120
"""Glacier Instant Retrieval bills 90 days at least, so what goes there stays so long."""
OLD_VERSIONS_DAYS = 400


class Backups(pulumi.ComponentResource):
    """One bucket, and everything that makes it safe."""

    bucket: aws.s3.Bucket

    def __init__(self, place: Place, key: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        """`key` is the ARN of the key for backups."""
        super().__init__("rialto:aws:Backups", place.of("backups"), None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            place.of("backups"),
            bucket=place.names.shared("backups", place.owner),
            object_lock_enabled=True,
            force_destroy=False,
            tags=place.tags("backups"),
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        versioning = aws.s3.BucketVersioning(
            place.of("backups-versions"),
            bucket=self.bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        aws.s3.BucketObjectLockConfiguration(
            place.of("backups-lock"),
            # By the versioning, without which S3 refuses a lock.
            bucket=versioning.bucket,
            rule=aws.s3.BucketObjectLockConfigurationRuleArgs(
                default_retention=aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                    mode="COMPLIANCE", days=LOCKED_DAYS
                )
            ),
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            place.of("backups-encryption"),
            bucket=self.bucket.id,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=(
                        aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                            sse_algorithm="aws:kms", kms_master_key_id=key
                        )
                    ),
                    bucket_key_enabled=True,
                )
            ],
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            place.of("backups-lifecycle"),
            bucket=versioning.bucket,
            rules=[_cold(), _old_versions()],
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            place.of("backups-owner"),
            bucket=self.bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        blocked = aws.s3.BucketPublicAccessBlock(
            place.of("backups-private"),
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketPolicy(
            place.of("backups-policy"),
            # By the block: S3 refuses two changes of a bucket's access at one time.
            bucket=blocked.bucket,
            policy=_policy(self.bucket.arn, key),
            opts=child,
        )
        self.register_outputs({})


def _cold() -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="cold",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        transitions=[
            aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(days=COLD_DAYS, storage_class="GLACIER_IR"),
            aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(days=FROZEN_DAYS, storage_class="DEEP_ARCHIVE"),
        ],
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=7
        ),
    )


def _old_versions() -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="old-versions",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=OLD_VERSIONS_DAYS
        ),
    )


def _policy(arn: pulumi.Output[str], key: pulumi.Input[str]) -> pulumi.Output[str]:
    objects = pulumi.Output.concat(arn, "/*")
    return policy.document(
        policy.statement(
            "TlsAlone",
            ("s3:*",),
            (arn, objects),
            effect="Deny",
            principal={"AWS": "*"},
            condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
        policy.statement(
            "NoOtherKey",
            ("s3:PutObject",),
            (objects,),
            effect="Deny",
            principal={"AWS": "*"},
            condition={
                "StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key},
                "Null": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "false"},
            },
        ),
    )

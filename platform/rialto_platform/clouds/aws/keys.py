"""The region's keys: one for what lies on disks and in logs, one for the cluster's secrets, one for backups.

Sources: AWS KMS Developer Guide, "Key policies in AWS KMS"; Amazon CloudWatch Logs, "Encrypt log data in CloudWatch
Logs using AWS KMS"; Amazon EC2 Auto Scaling, "Required AWS KMS key policy for use with encrypted volumes".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws import policy
from rialto_platform.clouds.aws.place import Place

Use: TypeAlias = Literal["data", "secrets", "backups"]

_USE = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
)
DELETION_DAYS = 30
"""The longest that KMS waits before it deletes a key."""


class Keys(pulumi.ComponentResource):
    """Rotated each year, and kept when the stack is destroyed: without them backups are noise."""

    keys: Mapping[Use, aws.kms.Key]

    def __init__(self, place: Place, opts: pulumi.ResourceOptions | None = None) -> None:
        """A key and an alias for each use."""
        super().__init__("rialto:aws:Keys", place.of("keys"), None, opts)
        account = policy.statement(
            "Account", ("kms:*",), policy.EVERYTHING, principal={"AWS": f"arn:aws:iam::{place.owner}:root"}
        )
        documents = {
            "data": policy.document(account, *_disks(place), _logs(place)),
            "secrets": policy.document(account),
            "backups": policy.document(account),
        }
        about = {"data": "disks, images, logs and metrics", "secrets": "the cluster's secrets", "backups": "backups"}
        uses: tuple[Use, ...] = ("data", "secrets", "backups")
        self.keys = {use: self._key(place, use, about[use], documents[use]) for use in uses}
        self.register_outputs({})

    def arn(self, use: Use) -> pulumi.Output[str]:
        """The ARN of a key."""
        return self.keys[use].arn

    def _key(self, place: Place, use: Use, about: str, document: pulumi.Output[str]) -> aws.kms.Key:
        role = f"key-{use}"
        key = aws.kms.Key(
            place.of(role),
            description=f"{place.of('')}: {about}",
            policy=document,
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_DAYS,
            tags=place.tags(role),
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        aws.kms.Alias(
            place.of(f"{role}-alias"),
            name=f"alias/{place.of(use)}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key


def _disks(place: Place) -> tuple[policy.Statement, policy.Statement]:
    # By a condition, not as the principal: KMS refuses a policy that names a role which isn't there yet, and AWS makes
    # this one with the account's first group of instances.
    role = f"arn:aws:iam::{place.owner}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    only: dict[str, policy.Text] = {"aws:PrincipalArn": role, "kms:CallerAccount": place.owner}
    return (
        policy.statement(
            "Disks", _USE, policy.EVERYTHING, principal={"AWS": "*"}, condition={"StringEquals": dict(only)}
        ),
        policy.statement(
            "DisksOfInstances",
            ("kms:CreateGrant",),
            policy.EVERYTHING,
            principal={"AWS": "*"},
            condition={"StringEquals": dict(only), "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _logs(place: Place) -> policy.Statement:
    return policy.statement(
        "Logs",
        _USE,
        policy.EVERYTHING,
        principal={"Service": f"logs.{place.location}.amazonaws.com"},
        condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": place.arn("logs", "log-group:*")}},
    )

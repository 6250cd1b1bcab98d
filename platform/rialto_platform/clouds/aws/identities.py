"""Who the workloads are: a role each for the engine and the backups, taken by their service accounts alone.

Source: Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"; IAM User Guide, "Apply
least-privilege permissions".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws import policy
from rialto_platform.clouds.aws.place import Place

NAMESPACE = "rialto"
"""The namespace of the venue's workloads; a service account has its role's name."""


@dataclass(frozen=True, slots=True)
class IdentitiesArgs:
    """What the roles are about."""

    place: Place
    cluster: aws.eks.Cluster
    bucket: aws.s3.Bucket
    backups_key: pulumi.Input[str]
    logs: aws.cloudwatch.LogGroup
    metrics: aws.amp.Workspace


class Identities(pulumi.ComponentResource):
    """The engine writes its logs and metrics; backups write and read the bucket, and delete nothing."""

    engine: aws.iam.Role
    backups: aws.iam.Role

    def __init__(self, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Each with its policy and its service account."""
        self._args = args
        super().__init__("rialto:aws:Identities", args.place.of("identities"), None, opts)
        log_streams = pulumi.Output.concat(args.logs.arn, ":*")
        self.engine = self._identity(
            "engine",
            "Runs the engine",
            [
                policy.statement("Logs", ("logs:CreateLogStream", "logs:PutLogEvents"), (log_streams,)),
                policy.statement("Metrics", ("aps:RemoteWrite",), (args.metrics.arn,)),
            ],
        )
        objects = pulumi.Output.concat(args.bucket.arn, "/*")
        self.backups = self._identity(
            "backups",
            "Writes backups, and reads them to prove them",
            [
                policy.statement("Bucket", ("s3:ListBucket", "s3:ListBucketVersions"), (args.bucket.arn,)),
                policy.statement(
                    "Objects",
                    ("s3:PutObject", "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"),
                    (objects,),
                ),
                policy.statement("Unfinished", ("s3:AbortMultipartUpload",), (objects,)),
                policy.statement("Key", ("kms:GenerateDataKey", "kms:Decrypt"), (args.backups_key,)),
            ],
        )
        self.register_outputs({})

    def _identity(self, name: str, about: str, statements: Sequence[policy.Statement]) -> aws.iam.Role:
        args, child = self._args, pulumi.ResourceOptions(parent=self)
        place = args.place
        role = aws.iam.Role(
            place.of(f"identity-{name}"),
            name=place.of(f"workload-{name}"),
            description=about,
            assume_role_policy=policy.trust(policy.POD_IDENTITY, place.owner, args.cluster.arn, tagged=True),
            tags=place.tags(f"identity-{name}"),
            opts=child,
        )
        aws.iam.RolePolicy(
            place.of(f"identity-{name}-policy"), role=role.id, policy=policy.document(*statements), opts=child
        )
        aws.eks.PodIdentityAssociation(
            place.of(f"identity-{name}-account"),
            cluster_name=args.cluster.name,
            namespace=NAMESPACE,
            service_account=name,
            role_arn=role.arn,
            tags=place.tags(f"identity-{name}-account"),
            opts=child,
        )
        return role

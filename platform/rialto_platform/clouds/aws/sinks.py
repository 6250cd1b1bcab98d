"""Where logs and metrics go: log groups and a workspace for Prometheus, encrypted with the region's own key.

Sources: Amazon CloudWatch Logs User Guide, "Working with log groups and log streams"; Amazon Managed Service for
Prometheus User Guide, "Encryption at rest" and "Monitor workspace errors and warnings with CloudWatch Logs".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws.keys import Keys
from rialto_platform.clouds.aws.place import Place

Log: TypeAlias = Literal["cluster", "engine", "flows", "access", "metrics"]

RETENTION_DAYS = 400
"""A little more than a year."""


def cluster_name(place: Place) -> str:
    """The cluster's name, which is part of the name of its log group."""
    return place.of("cluster")


class Sinks(pulumi.ComponentResource):
    """Log groups by what writes them, and the metrics' workspace."""

    logs: Mapping[Log, aws.cloudwatch.LogGroup]
    metrics: aws.amp.Workspace

    def __init__(self, place: Place, keys: Keys, opts: pulumi.ResourceOptions | None = None) -> None:
        """All of it, with the key for data."""
        super().__init__("rialto:aws:Sinks", place.of("sinks"), None, opts)
        names: dict[Log, str] = {
            # EKS writes to a group of this name and no other (Amazon EKS User Guide, "Send control plane logs").
            "cluster": f"/aws/eks/{cluster_name(place)}/cluster",
            "engine": f"/rialto/{place.names.venue}/{place.names.region}/engine",
            "flows": f"/rialto/{place.names.venue}/{place.names.region}/flows",
            "access": f"/rialto/{place.names.venue}/{place.names.region}/access",
            "metrics": f"/aws/vendedlogs/prometheus/{place.of('metrics')}",
        }
        self.logs = {
            log: aws.cloudwatch.LogGroup(
                place.of(f"logs-{log}"),
                name=name,
                kms_key_id=keys.arn("data"),
                retention_in_days=RETENTION_DAYS,
                tags=place.tags(f"logs-{log}"),
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
            )
            for log, name in names.items()
        }
        self.metrics = aws.amp.Workspace(
            place.of("metrics"),
            alias=place.of("metrics"),
            kms_key_arn=keys.arn("data"),
            logging_configuration=aws.amp.WorkspaceLoggingConfigurationArgs(
                log_group_arn=self.logs["metrics"].arn.apply(lambda arn: f"{arn}:*")
            ),
            tags=place.tags("metrics"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

"""Where logs and metrics go: a log bucket of the region's own, and Managed Service for Prometheus.

Sources: Cloud Logging, "Configure log buckets", "Configure CMEK for log buckets"; Cloud Monitoring, "Managed Service
for Prometheus". A project's metrics are in its own metrics scope.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place

KEPT_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class SinksArgs:
    """A region's logs and metrics."""

    place: Place
    project: pulumi.Input[str]
    metrics_project: pulumi.Input[str]
    key: pulumi.Input[str]


class Sinks(pulumi.ComponentResource):
    """The log bucket, what is routed into it, and where metrics are asked for."""

    bucket: gcp.logging.ProjectBucketConfig
    metrics: pulumi.Output[str]

    def __init__(self, args: SinksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Logs outlive the stack."""
        place = args.place
        super().__init__("rialto:gcp:Sinks", place.of("sinks"), None, opts)
        self.bucket = gcp.logging.ProjectBucketConfig(
            place.of("logs"),
            bucket_id=place.of("logs"),
            description=f"Logs of region {place.names.region} of venue {place.names.venue}",
            project=args.project,
            location=place.location,
            retention_days=KEPT_DAYS,
            enable_analytics=True,
            cmek_settings=gcp.logging.ProjectBucketConfigCmekSettingsArgs(kms_key_name=args.key),
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        gcp.logging.ProjectSink(
            place.of("logs"),
            name=place.of("logs"),
            description="Everything that is logged in the region",
            project=args.project,
            destination=pulumi.Output.concat("logging.googleapis.com/", self.bucket.id),
            filter=log_filter(place.location),
            unique_writer_identity=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.metrics = pulumi.Output.concat(
            "https://monitoring.googleapis.com/v1/projects/", args.metrics_project, "/location/global/prometheus"
        )
        self.register_outputs({"logs": self.bucket.id, "metrics": self.metrics})


def log_filter(location: str) -> str:
    """What is logged in a Google Cloud region or one of its zones (Cloud Logging, "Logging query language").

    Services call it differently: clusters, keys, buckets and flow logs `location`, NAT `region`, machines `zone`.
    """
    place = f'"^{location}(-[a-z])?$"'
    return " OR ".join(f"resource.labels.{label}=~{place}" for label in ("location", "region", "zone"))

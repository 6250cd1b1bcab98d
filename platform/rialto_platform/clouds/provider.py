"""Chooses a region's provider by its cloud, and imports the SDK of no other."""

from __future__ import annotations

from rialto_platform.clouds.ground import Ground, GroundArgs


def ground(args: GroundArgs) -> Ground:
    """The region's ground, in the cloud that the venue file names."""
    match args.region.cloud:
        case "aws":
            from rialto_platform.clouds.aws.region import AwsGround

            return AwsGround(args)
        case "gcp":
            from rialto_platform.clouds.gcp.region import GcpGround

            return GcpGround(args)
        case "azure":
            from rialto_platform.clouds.azure.region import AzureGround

            return AzureGround(args)

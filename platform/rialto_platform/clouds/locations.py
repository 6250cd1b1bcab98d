"""Places of the three clouds where a region can be: those with three zones, and how zones are named there.

Sources: AWS, "AWS Regions and Availability Zones"; Google Cloud, "Regions and zones"; Azure, "List of Azure regions"
(those with availability zones). A place that is newer than this table is added here, with its zones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import Region
from rialto_platform.venue.model import Cloud

AWS = frozenset(
    [
        "af-south-1",
        "ap-east-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ]
)
GCP = frozenset(
    [
        "africa-south1",
        "asia-east1",
        "asia-east2",
        "asia-northeast1",
        "asia-northeast2",
        "asia-northeast3",
        "asia-south1",
        "asia-south2",
        "asia-southeast1",
        "asia-southeast2",
        "australia-southeast1",
        "australia-southeast2",
        "europe-central2",
        "europe-north1",
        "europe-north2",
        "europe-southwest1",
        "europe-west1",
        "europe-west10",
        "europe-west12",
        "europe-west2",
        "europe-west3",
        "europe-west4",
        "europe-west6",
        "europe-west8",
        "europe-west9",
        "me-central1",
        "me-central2",
        "me-west1",
        "northamerica-northeast1",
        "northamerica-northeast2",
        "northamerica-south1",
        "southamerica-east1",
        "southamerica-west1",
        "us-central1",
        "us-east1",
        "us-east4",
        "us-east5",
        "us-south1",
        "us-west1",
        "us-west2",
        "us-west3",
        "us-west4",
    ]
)
AZURE = frozenset(
    [
        "australiaeast",
        "austriaeast",
        "brazilsouth",
        "canadacentral",
        "centralindia",
        "centralus",
        "chilecentral",
        "eastasia",
        "eastus",
        "eastus2",
        "francecentral",
        "germanywestcentral",
        "indonesiacentral",
        "israelcentral",
        "italynorth",
        "japaneast",
        "japanwest",
        "koreacentral",
        "malaysiawest",
        "mexicocentral",
        "newzealandnorth",
        "northeurope",
        "norwayeast",
        "polandcentral",
        "qatarcentral",
        "southafricanorth",
        "southcentralus",
        "southeastasia",
        "spaincentral",
        "swedencentral",
        "switzerlandnorth",
        "uaenorth",
        "uksouth",
        "westeurope",
        "westus2",
        "westus3",
    ]
)
LOCATIONS: Mapping[Cloud, frozenset[str]] = {"aws": AWS, "gcp": GCP, "azure": AZURE}
"""By cloud."""

GLOBAL: Mapping[Cloud, frozenset[str]] = {
    "aws": frozenset({"global"}),
    "gcp": frozenset({"global", "us", "eu", "asia"}),
    "azure": frozenset({"global"}),
}
"""What a cloud calls a resource that is in no one place."""


def is_location(cloud: Cloud, location: str) -> bool:
    """Whether the cloud has such a place."""
    return location in LOCATIONS[cloud]


def is_zone(cloud: Cloud, location: str, zone: str) -> bool:
    """Whether a zone's name is one of the place: ``us-east-1a``, ``asia-east1-b``, ``3``."""
    if cloud == "azure":
        return zone in ("1", "2", "3")
    gap = "-" if cloud == "gcp" else ""
    return re.fullmatch(re.escape(location) + gap + "[a-f]", zone) is not None


def check(name: str, region: Region) -> None:
    """Refuses a region that is in no place of its cloud, or in zones that the place doesn't have.

    Raises:
        CloudError: the first thing that is wrong; ``name`` is the region's, for the message.
    """
    for said in wrong(region.cloud, region.location, region.zones):
        raise CloudError(f"regions.{name}", said, "use another, or add it to rialto_platform/clouds/locations.py")


def wrong(cloud: Cloud, location: str, zones: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with a region's place and zones; a sentence each."""
    if not is_location(cloud, location):
        yield f"{location} is not a place of {cloud} with three zones"
    for zone in zones:
        if not is_zone(cloud, location, zone):
            yield f"{zone} is not a zone of {location} ({cloud})"

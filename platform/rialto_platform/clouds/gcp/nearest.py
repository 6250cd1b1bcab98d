"""Which Google Cloud region stands for a place: Cloud DNS knows no other names of places.

Sources: Cloud DNS, "DNS routing policies and health checks" (a geolocation item is a Google Cloud region); the places
are those in Compute Engine, "Regions and zones", Amazon EC2, "Regions and Zones", and Azure, "Azure regions list".
"""

from __future__ import annotations

from rialto_platform.clouds.near import near
from rialto_platform.venue import Region

_AWS = {
    "af-south-1": "africa-south1",
    "ap-east-1": "asia-east2",
    "ap-northeast-1": "asia-northeast1",
    "ap-northeast-2": "asia-northeast3",
    "ap-northeast-3": "asia-northeast2",
    "ap-south-1": "asia-south1",
    "ap-southeast-1": "asia-southeast1",
    "ap-southeast-2": "australia-southeast1",
    "ap-southeast-3": "asia-southeast2",
    "ap-southeast-4": "australia-southeast2",
    "ca-central-1": "northamerica-northeast1",
    "eu-central-1": "europe-west3",
    "eu-central-2": "europe-west6",
    "eu-north-1": "europe-north1",
    "eu-south-1": "europe-west8",
    "eu-south-2": "europe-southwest1",
    "eu-west-1": "europe-west2",
    "eu-west-2": "europe-west2",
    "eu-west-3": "europe-west9",
    "il-central-1": "me-west1",
    "me-central-1": "me-central1",
    "me-south-1": "me-central1",
    "sa-east-1": "southamerica-east1",
    "us-east-1": "us-east4",
    "us-east-2": "us-east5",
    "us-west-1": "us-west2",
    "us-west-2": "us-west1",
}
_AZURE = {
    "australiaeast": "australia-southeast1",
    "australiasoutheast": "australia-southeast2",
    "brazilsouth": "southamerica-east1",
    "canadacentral": "northamerica-northeast2",
    "canadaeast": "northamerica-northeast1",
    "centralindia": "asia-south1",
    "centralus": "us-central1",
    "eastasia": "asia-east2",
    "eastus": "us-east4",
    "eastus2": "us-east4",
    "francecentral": "europe-west9",
    "germanywestcentral": "europe-west3",
    "israelcentral": "me-west1",
    "italynorth": "europe-west8",
    "japaneast": "asia-northeast1",
    "japanwest": "asia-northeast2",
    "koreacentral": "asia-northeast3",
    "northcentralus": "us-central1",
    "northeurope": "europe-west2",
    "norwayeast": "europe-north1",
    "polandcentral": "europe-central2",
    "qatarcentral": "me-central1",
    "southafricanorth": "africa-south1",
    "southcentralus": "us-south1",
    "southeastasia": "asia-southeast1",
    "spaincentral": "europe-southwest1",
    "swedencentral": "europe-north1",
    "switzerlandnorth": "europe-west6",
    "uaenorth": "me-central1",
    "uksouth": "europe-west2",
    "westeurope": "europe-west4",
    "westus": "us-west2",
    "westus2": "us-west1",
    "westus3": "us-west4",
}


def nearest(name: str, region: Region) -> str:
    """The Google Cloud region nearest to a region of the venue; itself, where it is one.

    Raises:
        CloudError: no nearest region is known.
    """
    wrong = f"Cloud DNS can't route to {region.location} ({region.cloud}): no Google Cloud region is known to be near"
    return near(name, region, "gcp", {"aws": _AWS, "azure": _AZURE}, wrong)

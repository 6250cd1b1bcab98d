"""Which AWS region stands for a place: a latency record of Route 53 knows no other names of places.

Sources: Amazon Route 53 Developer Guide, "Values specific for latency records" (a record is for an AWS region, one a
name and region); the places are those of `locations`.
"""

from __future__ import annotations

from rialto_platform.clouds.near import near
from rialto_platform.venue import Region

_GCP = {
    "africa-south1": "af-south-1",
    "asia-east1": "ap-east-1",
    "asia-east2": "ap-east-1",
    "asia-northeast1": "ap-northeast-1",
    "asia-northeast2": "ap-northeast-3",
    "asia-northeast3": "ap-northeast-2",
    "asia-south1": "ap-south-1",
    "asia-south2": "ap-south-2",
    "asia-southeast1": "ap-southeast-1",
    "asia-southeast2": "ap-southeast-3",
    "australia-southeast1": "ap-southeast-2",
    "australia-southeast2": "ap-southeast-4",
    "europe-central2": "eu-central-1",
    "europe-north1": "eu-north-1",
    "europe-north2": "eu-north-1",
    "europe-southwest1": "eu-south-2",
    "europe-west1": "eu-west-3",
    "europe-west10": "eu-central-1",
    "europe-west12": "eu-south-1",
    "europe-west2": "eu-west-2",
    "europe-west3": "eu-central-1",
    "europe-west4": "eu-central-1",
    "europe-west6": "eu-central-2",
    "europe-west8": "eu-south-1",
    "europe-west9": "eu-west-3",
    "me-central1": "me-central-1",
    "me-central2": "me-south-1",
    "me-west1": "il-central-1",
    "northamerica-northeast1": "ca-central-1",
    "northamerica-northeast2": "ca-central-1",
    "northamerica-south1": "mx-central-1",
    "southamerica-east1": "sa-east-1",
    "southamerica-west1": "sa-east-1",
    "us-central1": "us-east-2",
    "us-east1": "us-east-1",
    "us-east4": "us-east-1",
    "us-east5": "us-east-2",
    "us-south1": "us-east-2",
    "us-west1": "us-west-2",
    "us-west2": "us-west-1",
    "us-west3": "us-west-2",
    "us-west4": "us-west-1",
}
_AZURE = {
    "australiaeast": "ap-southeast-2",
    "austriaeast": "eu-central-1",
    "brazilsouth": "sa-east-1",
    "canadacentral": "ca-central-1",
    "centralindia": "ap-south-1",
    "centralus": "us-east-2",
    "chilecentral": "sa-east-1",
    "eastasia": "ap-east-1",
    "eastus": "us-east-1",
    "eastus2": "us-east-1",
    "francecentral": "eu-west-3",
    "germanywestcentral": "eu-central-1",
    "indonesiacentral": "ap-southeast-3",
    "israelcentral": "il-central-1",
    "italynorth": "eu-south-1",
    "japaneast": "ap-northeast-1",
    "japanwest": "ap-northeast-3",
    "koreacentral": "ap-northeast-2",
    "malaysiawest": "ap-southeast-5",
    "mexicocentral": "mx-central-1",
    "newzealandnorth": "ap-southeast-2",
    "northeurope": "eu-west-1",
    "norwayeast": "eu-north-1",
    "polandcentral": "eu-central-1",
    "qatarcentral": "me-south-1",
    "southafricanorth": "af-south-1",
    "southcentralus": "us-east-2",
    "southeastasia": "ap-southeast-1",
    "spaincentral": "eu-south-2",
    "swedencentral": "eu-north-1",
    "switzerlandnorth": "eu-central-2",
    "uaenorth": "me-central-1",
    "uksouth": "eu-west-2",
    "westeurope": "eu-central-1",
    "westus2": "us-west-2",
    "westus3": "us-west-1",
}


def nearest(name: str, region: Region) -> str:
    """The AWS region nearest to a region of the venue; itself, where it is one.

    Raises:
        CloudError: no nearest region is known.
    """
    wrong = f"no AWS region is known to be near {region.location} ({region.cloud}), so Route 53 can't route to it"
    return near(name, region, "aws", {"gcp": _GCP, "azure": _AZURE}, wrong)

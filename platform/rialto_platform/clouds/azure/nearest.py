"""Which Azure region stands for a place: Traffic Manager measures latency from Azure regions alone.

Sources: Traffic Manager, "Traffic routing methods" (performance: an external endpoint names the nearest Azure region);
the places are those in Azure, "Azure regions list", Amazon EC2, "Regions and Zones", and Compute Engine, "Regions and
zones".
"""

from __future__ import annotations

from rialto_platform.clouds.near import near
from rialto_platform.venue import Region

_AWS = {
    "af-south-1": "southafricanorth",
    "ap-east-1": "eastasia",
    "ap-northeast-1": "japaneast",
    "ap-northeast-2": "koreacentral",
    "ap-northeast-3": "japanwest",
    "ap-south-1": "centralindia",
    "ap-south-2": "southindia",
    "ap-southeast-1": "southeastasia",
    "ap-southeast-2": "australiaeast",
    "ap-southeast-3": "indonesiacentral",
    "ap-southeast-4": "australiasoutheast",
    "ap-southeast-5": "malaysiawest",
    "ca-central-1": "canadaeast",
    "ca-west-1": "westus2",
    "eu-central-1": "germanywestcentral",
    "eu-central-2": "switzerlandnorth",
    "eu-north-1": "swedencentral",
    "eu-south-1": "italynorth",
    "eu-south-2": "spaincentral",
    "eu-west-1": "northeurope",
    "eu-west-2": "uksouth",
    "eu-west-3": "francecentral",
    "il-central-1": "israelcentral",
    "me-central-1": "uaenorth",
    "me-south-1": "qatarcentral",
    "mx-central-1": "mexicocentral",
    "sa-east-1": "brazilsouth",
    "us-east-1": "eastus",
    "us-east-2": "northcentralus",
    "us-west-1": "westus",
    "us-west-2": "westus2",
}
_GCP = {
    "africa-south1": "southafricanorth",
    "asia-east1": "eastasia",
    "asia-east2": "eastasia",
    "asia-northeast1": "japaneast",
    "asia-northeast2": "japanwest",
    "asia-northeast3": "koreacentral",
    "asia-south1": "centralindia",
    "asia-south2": "centralindia",
    "asia-southeast1": "southeastasia",
    "asia-southeast2": "indonesiacentral",
    "australia-southeast1": "australiaeast",
    "australia-southeast2": "australiasoutheast",
    "europe-central2": "polandcentral",
    "europe-north1": "swedencentral",
    "europe-north2": "swedencentral",
    "europe-southwest1": "spaincentral",
    "europe-west1": "westeurope",
    "europe-west10": "germanynorth",
    "europe-west12": "italynorth",
    "europe-west2": "uksouth",
    "europe-west3": "germanywestcentral",
    "europe-west4": "westeurope",
    "europe-west6": "switzerlandnorth",
    "europe-west8": "italynorth",
    "europe-west9": "francecentral",
    "me-central1": "qatarcentral",
    "me-central2": "qatarcentral",
    "me-west1": "israelcentral",
    "northamerica-northeast1": "canadaeast",
    "northamerica-northeast2": "canadacentral",
    "northamerica-south1": "mexicocentral",
    "southamerica-east1": "brazilsouth",
    "southamerica-west1": "chilecentral",
    "us-central1": "centralus",
    "us-east1": "eastus",
    "us-east4": "eastus",
    "us-east5": "northcentralus",
    "us-south1": "southcentralus",
    "us-west1": "westus2",
    "us-west2": "westus",
    "us-west3": "westcentralus",
    "us-west4": "westus3",
}


def nearest(name: str, region: Region) -> str:
    """The Azure region nearest to a region of the venue; itself, where it is one.

    Raises:
        CloudError: no nearest region is known.
    """
    wrong = f"no Azure region is known near {region.location} ({region.cloud}), so Traffic Manager can't route there"
    return near(name, region, "azure", {"aws": _AWS, "gcp": _GCP}, wrong)

"""What holds data is not deleted by a slip: Pulumi protects it, and the cloud does.

Sources: Pulumi, "protect"; AWS KMS, "Deleting KMS keys"; Google Cloud, "Bucket Lock" and "Deletion protection";
Microsoft, "Azure Key Vault recovery management with soft delete and purge protection".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rialto_platform.clouds.guardrails.resource import UNKNOWN, Resource, get, may_be
from rialto_platform.clouds.guardrails.rules import Rules

HOLDS_DATA = frozenset(
    {
        "aws:s3/bucket:Bucket",
        "aws:kms/key:Key",
        "aws:dynamodb/table:Table",
        "aws:rds/instance:Instance",
        "gcp:storage/bucket:Bucket",
        "gcp:kms/keyRing:KeyRing",
        "gcp:kms/cryptoKey:CryptoKey",
        "gcp:sql/databaseInstance:DatabaseInstance",
        "azure-native:storage:StorageAccount",
        "azure-native:storage:BlobContainer",
        "azure-native:keyvault:Vault",
        "azure-native:keyvault:Key",
    }
)
"""Types whose loss is a loss of data: of the data itself, or of the key that reads it."""

_LEAST_WINDOW_DAYS = 30


def deletion(resource: Resource, rules: Rules) -> Iterator[str]:
    """What holds data has `protect`, and the cloud's own protection where it has one."""
    del rules
    if resource.type in HOLDS_DATA and not resource.protect:
        yield "it holds data and is not protected; give it ResourceOptions(protect=True)"
    yield from _OWN.get(resource.type, _nothing)(resource)


def _nothing(_resource: Resource) -> Iterator[str]:
    return iter(())


def _bucket(resource: Resource) -> Iterator[str]:
    if get(resource.props, "forceDestroy") is True:
        yield "it is deleted with all that is in it; set forceDestroy to false"


def _aws_key(resource: Resource) -> Iterator[str]:
    window = get(resource.props, "deletionWindowInDays")
    # Absent means 30 days, the most there is.
    if isinstance(window, int | float) and window < _LEAST_WINDOW_DAYS:
        yield f"it is gone {window:g} days after its deletion; set deletionWindowInDays to {_LEAST_WINDOW_DAYS}"


def _gke(resource: Resource) -> Iterator[str]:
    if get(resource.props, "deletionProtection") is False:
        yield "it may be deleted at once; set deletionProtection to true"


def _vault(resource: Resource) -> Iterator[str]:
    properties = get(resource.props, "properties")
    if not may_be(get(properties, "enablePurgeProtection"), wanted=True):
        yield "its keys may be purged; set properties.enablePurgeProtection to true"
    if properties is not UNKNOWN and get(properties, "enableSoftDelete") is False:
        yield "its keys are gone once deleted; set properties.enableSoftDelete to true"


_OWN: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "aws:s3/bucket:Bucket": _bucket,
    "aws:kms/key:Key": _aws_key,
    "gcp:storage/bucket:Bucket": _bucket,
    "gcp:container/cluster:Cluster": _gke,
    "azure-native:keyvault:Vault": _vault,
}

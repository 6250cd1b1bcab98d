"""Everything at rest is encrypted by a key of the venue, and what crosses a network by TLS where the cloud offers it.

Sources: AWS, "Encryption of data at rest" of each service's guide; Google Cloud, "Customer-managed encryption keys";
Microsoft, "Azure encryption overview" and "Host-based encryption on AKS".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from rialto_platform.clouds.guardrails.resource import UNKNOWN, Resource, get, is_set, items, may_be, text
from rialto_platform.clouds.guardrails.rules import Rules

_BUCKET_ENCRYPTION = re.compile(
    r"aws:s3/bucketServerSideEncryptionConfiguration(V2)?:BucketServerSideEncryptionConfiguration(V2)?"
)
_LONGEST_ROTATION_S = 366 * 24 * 3600


def encryption(resource: Resource, rules: Rules) -> Iterator[str]:
    """What holds data names the key that encrypts it; keys are rotated."""
    del rules
    yield from _CHECKS.get(resource.type, _nothing)(resource)
    if _BUCKET_ENCRYPTION.fullmatch(resource.type):
        yield from _bucket_encryption(resource)
    for path in KEYS.get(resource.type, ()):
        if not is_set(get(resource.props, *path)):
            yield f"{_written(path)} is not set; name a key of the venue"


def unencrypted_buckets(resources: Sequence[Resource], rules: Rules) -> Iterator[tuple[Resource, str]]:
    """Each S3 bucket has an encryption configuration of its own, or one within."""
    del rules
    encrypted = frozenset[str]().union(
        *(one.sources.get("bucket", frozenset()) for one in resources if _BUCKET_ENCRYPTION.fullmatch(one.type))
    )
    for resource in resources:
        within = is_set(get(resource.props, "serverSideEncryptionConfiguration"))
        if resource.type == "aws:s3/bucket:Bucket" and resource.urn not in encrypted and not within:
            yield resource, "no key of the venue encrypts it; add a BucketServerSideEncryptionConfiguration"


def _written(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)


def _nothing(_resource: Resource) -> Iterator[str]:
    return iter(())


def _bucket_encryption(resource: Resource) -> Iterator[str]:
    for rule in items(get(resource.props, "rules")):
        default = get(rule, "applyServerSideEncryptionByDefault")
        if text(get(default, "sseAlgorithm")) not in ("aws:kms", "aws:kms:dsse"):
            yield 'its objects are encrypted by a key of S3; set sseAlgorithm to "aws:kms"'
        elif not is_set(get(default, "kmsMasterKeyId")):
            yield "its objects are encrypted by a key of AWS; set kmsMasterKeyId to a key of the venue"


def _aws_key(resource: Resource) -> Iterator[str]:
    symmetric = get(resource.props, "customerMasterKeySpec") in (None, "SYMMETRIC_DEFAULT")
    if symmetric and not may_be(get(resource.props, "enableKeyRotation"), wanted=True):
        yield "it is never rotated; set enableKeyRotation to true"


def _gcp_key(resource: Resource) -> Iterator[str]:
    if get(resource.props, "purpose") not in (None, "ENCRYPT_DECRYPT"):
        return
    period = get(resource.props, "rotationPeriod")
    seconds = re.fullmatch(r"(\d+)(\.\d+)?s", text(period))
    if period is not UNKNOWN and (seconds is None or int(seconds[1]) > _LONGEST_ROTATION_S):
        yield "it is not rotated within a year; set rotationPeriod, such as 7776000s"


def _volumes(resource: Resource) -> Iterator[str]:
    for index, device in enumerate(items(get(resource.props, "blockDeviceMappings"))):
        volume = get(device, "ebs")
        if volume is not None and get(volume, "encrypted") not in (True, "true", UNKNOWN):
            yield f"blockDeviceMappings[{index}] is not encrypted; set ebs.encrypted to true"
        elif volume is not None and not is_set(get(volume, "kmsKeyId")):
            yield f"blockDeviceMappings[{index}] is encrypted by a key of AWS; set ebs.kmsKeyId"


def _volume(resource: Resource) -> Iterator[str]:
    if not may_be(get(resource.props, "encrypted"), wanted=True):
        yield "it is not encrypted; set encrypted to true"


def _eks(resource: Resource) -> Iterator[str]:
    config = get(resource.props, "encryptionConfig")
    known = config is not UNKNOWN and get(config, "resources") is not UNKNOWN
    if known and ("secrets" not in items(get(config, "resources")) or not is_set(get(config, "provider", "keyArn"))):
        yield "its secrets are not encrypted by a key of the venue; set encryptionConfig for `secrets`"


def _ecr(resource: Resource) -> Iterator[str]:
    given = get(resource.props, "encryptionConfigurations")
    configurations = items(given)
    if given is not UNKNOWN and not any(
        get(one, "encryptionType") == "KMS" and is_set(get(one, "kmsKey")) for one in configurations
    ):
        yield "its images are encrypted by a key of AWS; set encryptionConfigurations to KMS with a key of the venue"


def _gke(resource: Resource) -> Iterator[str]:
    database = get(resource.props, "databaseEncryption")
    if not may_be(get(database, "state"), "ENCRYPTED") or not is_set(get(database, "keyName")):
        yield "its secrets are not encrypted by a key of the venue; set databaseEncryption"


def _storage_account(resource: Resource) -> Iterator[str]:
    encryption = get(resource.props, "encryption")
    if not may_be(get(encryption, "keySource"), "Microsoft.Keyvault"):
        yield "its blobs are encrypted by a key of Azure; set encryption.keySource to Microsoft.Keyvault"
    elif not is_set(get(encryption, "keyVaultProperties", "keyName")):
        yield "encryption.keyVaultProperties names no key; name one of the venue"
    # Absent means true since 2019; said otherwise, clients may speak plain HTTP.
    if get(resource.props, "enableHttpsTrafficOnly") is False:
        yield "it takes plain HTTP; set enableHttpsTrafficOnly to true"
    if get(resource.props, "minimumTlsVersion") not in ("TLS1_2", "TLS1_3", UNKNOWN):
        yield "it takes old versions of TLS; set minimumTlsVersion to TLS1_2"


def _aks(resource: Resource) -> Iterator[str]:
    service = get(resource.props, "securityProfile", "azureKeyVaultKms")
    if not may_be(get(service, "enabled"), wanted=True) or not is_set(get(service, "keyId")):
        yield "its secrets are not encrypted by a key of the venue; set securityProfile.azureKeyVaultKms"
    for index, pool in enumerate(items(get(resource.props, "agentPoolProfiles"))):
        if not may_be(get(pool, "enableEncryptionAtHost"), wanted=True):
            yield f"agentPoolProfiles[{index}] keeps temporary disks plain; set enableEncryptionAtHost to true"


def _agent_pool(resource: Resource) -> Iterator[str]:
    if not may_be(get(resource.props, "enableEncryptionAtHost"), wanted=True):
        yield "its nodes keep temporary disks plain; set enableEncryptionAtHost to true"


def _acr(resource: Resource) -> Iterator[str]:
    if not may_be(get(resource.props, "encryption", "status"), "enabled"):
        yield "its images are encrypted by a key of Azure; set encryption.status to enabled with a key of the venue"


_CHECKS: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "aws:kms/key:Key": _aws_key,
    "aws:ec2/launchTemplate:LaunchTemplate": _volumes,
    "aws:ebs/volume:Volume": _volume,
    "aws:eks/cluster:Cluster": _eks,
    "aws:ecr/repository:Repository": _ecr,
    "gcp:kms/cryptoKey:CryptoKey": _gcp_key,
    "gcp:container/cluster:Cluster": _gke,
    "azure-native:storage:StorageAccount": _storage_account,
    "azure-native:containerservice:ManagedCluster": _aks,
    "azure-native:containerservice:AgentPool": _agent_pool,
    "azure-native:containerregistry:Registry": _acr,
}

KEYS: Mapping[str, tuple[tuple[str | int, ...], ...]] = {
    "aws:ebs/volume:Volume": (("kmsKeyId",),),
    "aws:cloudwatch/logGroup:LogGroup": (("kmsKeyId",),),
    "aws:sns/topic:Topic": (("kmsMasterKeyId",),),
    "aws:sqs/queue:Queue": (("kmsMasterKeyId",),),
    "aws:dynamodb/table:Table": (("serverSideEncryption", "kmsKeyArn"),),
    "aws:amp/workspace:Workspace": (("kmsKeyArn",),),
    "gcp:storage/bucket:Bucket": (("encryption", "defaultKmsKeyName"),),
    "gcp:artifactregistry/repository:Repository": (("kmsKeyName",),),
    "gcp:container/nodePool:NodePool": (("nodeConfig", "bootDiskKmsKey"),),
    "gcp:compute/disk:Disk": (("diskEncryptionKey", "kmsKeySelfLink"),),
    "gcp:pubsub/topic:Topic": (("kmsKeyName",),),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": (("cmekSettings", "kmsKeyName"),),
    "azure-native:compute:DiskEncryptionSet": (("activeKey", "keyUrl"),),
    "azure-native:containerservice:ManagedCluster": (("diskEncryptionSetID",),),
}
"""Where a type names its key; nothing more than its presence is asked."""

TYPES = frozenset({*_CHECKS, *KEYS})
"""Every type that is looked at, besides the encryption of a bucket of S3."""

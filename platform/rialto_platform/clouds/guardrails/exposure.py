"""No bucket, registry or cluster is public, and no address without a stated reason.

Sources: Amazon S3 User Guide, "Blocking public access"; Google Cloud, "Public access prevention"; Microsoft, "Prevent
anonymous read access to blob data"; each cloud's pages on private clusters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from rialto_platform.clouds.guardrails.resource import UNKNOWN, Resource, get, is_set, items, may_be, text
from rialto_platform.clouds.guardrails.rules import Rules

_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read", "aws-exec-read"})
_EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_POLICIES = frozenset(
    {
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sqs/queuePolicy:QueuePolicy",
        "aws:kms/key:Key",
        "aws:kms/keyPolicy:KeyPolicy",
    }
)


def public_data(resource: Resource, rules: Rules) -> Iterator[str]:
    """Buckets, registries, key vaults and clusters' APIs are reached from within alone."""
    del rules
    yield from _DATA.get(resource.type, _nothing)(resource)
    if resource.type in _POLICIES:
        yield from _policy_document(resource)
    if resource.cloud == "gcp" and "iam" in resource.type.lower():
        members = [get(resource.props, "member"), *items(get(resource.props, "members"))]
        for member in sorted(_EVERYBODY.intersection(text(one) for one in members)):
            yield f"it grants a role to {member}; name who needs it"


def unblocked_buckets(resources: Sequence[Resource], rules: Rules) -> Iterator[tuple[Resource, str]]:
    """Each S3 bucket has a block of public access of its own."""
    del rules
    blocked = frozenset[str]().union(
        *(
            one.sources.get("bucket", frozenset())
            for one in resources
            if one.type == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
        )
    )
    for resource in resources:
        if resource.type == "aws:s3/bucket:Bucket" and resource.urn not in blocked:
            yield resource, "nothing blocks public access to it; add a BucketPublicAccessBlock with all four settings"


def public_addresses(resource: Resource, rules: Rules) -> Iterator[str]:
    """A public address, or a load balancer that has one, says by its role or its tag `reason` why it is."""
    what = _ADDRESSES.get(resource.type, _never)(resource)
    if what and not resource.tags_unknown and not (rules.reason(resource.role) or is_set(resource.tags.get("reason"))):
        known = ", ".join(sorted(rules.reasons))
        yield f"{what} and states no reason; make it private, or tag it with a role of {known}, or with `reason`"


def _nothing(_resource: Resource) -> Iterator[str]:
    return iter(())


def _never(_resource: Resource) -> str:
    return ""


def _acl(resource: Resource) -> Iterator[str]:
    acl = text(get(resource.props, "acl"))
    if acl in _PUBLIC_ACLS:
        yield f"its ACL is {acl}; remove it, and let policies say who reads"


def _access_block(resource: Resource) -> Iterator[str]:
    for key in _BLOCKS:
        if not may_be(get(resource.props, key), wanted=True):
            yield f"{key} is not true; set all four"


def _eks(resource: Resource) -> Iterator[str]:
    # What is not said is public: EKS opens the endpoint unless told otherwise.
    if not may_be(get(resource.props, "vpcConfig", "endpointPublicAccess"), wanted=False):
        yield "its API has a public endpoint; set vpcConfig.endpointPublicAccess to false"


def _aws_subnet(resource: Resource) -> Iterator[str]:
    if get(resource.props, "mapPublicIpOnLaunch") is True:
        yield "what starts in it gets a public address; set mapPublicIpOnLaunch to false"


def _launched(resource: Resource) -> Iterator[str]:
    interfaces = items(get(resource.props, "networkInterfaces"))
    given = [get(one, "associatePublicIpAddress") for one in interfaces]
    if any(one in (True, "true") for one in (*given, get(resource.props, "associatePublicIpAddress"))):
        yield "its nodes get public addresses; set associatePublicIpAddress to false"


def _gcs(resource: Resource) -> Iterator[str]:
    if not may_be(get(resource.props, "publicAccessPrevention"), "enforced"):
        yield 'it may become public; set publicAccessPrevention to "enforced"'
    if not may_be(get(resource.props, "uniformBucketLevelAccess"), wanted=True):
        yield "single objects may be made public; set uniformBucketLevelAccess to true"


def _gke(resource: Resource) -> Iterator[str]:
    private = get(resource.props, "privateClusterConfig")
    endpoints = get(resource.props, "controlPlaneEndpointsConfig", "ipEndpointsConfig")
    closed = get(endpoints, "enabled") is False or get(endpoints, "enablePublicEndpoint") is False
    if not closed and not may_be(get(private, "enablePrivateEndpoint"), wanted=True):
        yield "its API has a public endpoint; set privateClusterConfig.enablePrivateEndpoint to true"
    nodes = (get(private, "enablePrivateNodes"), get(resource.props, "networkConfig", "enablePrivateNodes"))
    if not any(may_be(one, wanted=True) for one in nodes):
        yield "its nodes get public addresses; set enablePrivateNodes to true"


def _gce(resource: Resource) -> Iterator[str]:
    for index, interface in enumerate(items(get(resource.props, "networkInterfaces"))):
        if is_set(get(interface, "accessConfigs")):
            yield f"networkInterfaces[{index}] has a public address; remove its accessConfigs"


def _storage_account(resource: Resource) -> Iterator[str]:
    if not may_be(get(resource.props, "allowBlobPublicAccess"), wanted=False):
        yield "its containers may be made public; set allowBlobPublicAccess to false"
    if not may_be(get(resource.props, "publicNetworkAccess"), "Disabled"):
        yield "it is reached from the internet; set publicNetworkAccess to Disabled and use private endpoints"


def _blob_container(resource: Resource) -> Iterator[str]:
    access = get(resource.props, "publicAccess")
    if is_set(access) and not may_be(access, "None"):
        yield f"its publicAccess is {access}; set it to None"


def _aks(resource: Resource) -> Iterator[str]:
    if not may_be(get(resource.props, "apiServerAccessProfile", "enablePrivateCluster"), wanted=True):
        yield "its API has a public endpoint; set apiServerAccessProfile.enablePrivateCluster to true"
    for index, pool in enumerate(items(get(resource.props, "agentPoolProfiles"))):
        if get(pool, "enableNodePublicIP") is True:
            yield f"agentPoolProfiles[{index}] gives its nodes public addresses; set enableNodePublicIP to false"


def _agent_pool(resource: Resource) -> Iterator[str]:
    if get(resource.props, "enableNodePublicIP") is True:
        yield "its nodes get public addresses; set enableNodePublicIP to false"


def _acr(resource: Resource) -> Iterator[str]:
    if not may_be(get(resource.props, "publicNetworkAccess"), "Disabled"):
        yield "it is reached from the internet; set publicNetworkAccess to Disabled and use private endpoints"
    for key in ("anonymousPullEnabled", "adminUserEnabled"):
        if get(resource.props, key) is True:
            yield f"{key} is true; set it to false, and let identities pull"


def _vault(resource: Resource) -> Iterator[str]:
    reach = get(resource.props, "properties", "publicNetworkAccess")
    if reach is not UNKNOWN and text(reach).lower() != "disabled":
        yield "it is reached from the internet; set properties.publicNetworkAccess to Disabled"


def _policy_document(resource: Resource) -> Iterator[str]:
    try:
        document = cast("object", json.loads(text(get(resource.props, "policy")) or "{}"))
    except ValueError as error:
        yield f"its policy is not JSON ({error}); write a JSON document"
        return
    statements = get(document, "Statement")
    for statement in items(statements) or (statements,):
        if get(statement, "Effect") == "Allow" and not is_set(get(statement, "Condition")) and _anybody(statement):
            yield f"{text(get(statement, 'Sid')) or 'a statement'} lets anybody in; name principals, or add a condition"


def _anybody(statement: object) -> bool:
    principal = get(statement, "Principal")
    accounts = principal if isinstance(principal, str) else get(principal, "AWS")
    return "*" in (accounts, *items(accounts))


def _gcp_address(resource: Resource) -> str:
    external = get(resource.props, "addressType") in (None, "EXTERNAL")
    return "it is a public address" if external else ""


def _forwarding_rule(resource: Resource) -> str:
    # An empty scheme is a private endpoint's (Private Service Connect).
    scheme = get(resource.props, "loadBalancingScheme")
    return "it takes connections from the internet" if scheme is None or text(scheme).startswith("EXTERNAL") else ""


_DATA: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "aws:s3/bucket:Bucket": _acl,
    "aws:s3/bucketAcl:BucketAcl": _acl,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _access_block,
    "aws:eks/cluster:Cluster": _eks,
    "aws:ec2/subnet:Subnet": _aws_subnet,
    "aws:ec2/instance:Instance": _launched,
    "aws:ec2/launchTemplate:LaunchTemplate": _launched,
    "gcp:storage/bucket:Bucket": _gcs,
    "gcp:container/cluster:Cluster": _gke,
    "gcp:compute/instance:Instance": _gce,
    "gcp:compute/instanceTemplate:InstanceTemplate": _gce,
    "azure-native:storage:StorageAccount": _storage_account,
    "azure-native:storage:BlobContainer": _blob_container,
    "azure-native:containerservice:ManagedCluster": _aks,
    "azure-native:containerservice:AgentPool": _agent_pool,
    "azure-native:containerregistry:Registry": _acr,
    "azure-native:keyvault:Vault": _vault,
}

_ADDRESSES: Mapping[str, Callable[[Resource], str]] = {
    "aws:ec2/eip:Eip": lambda _: "it is a public address",
    "aws:lb/loadBalancer:LoadBalancer": lambda one: (
        "" if may_be(get(one.props, "internal"), wanted=True) else "it takes connections from the internet"
    ),
    "aws:globalaccelerator/accelerator:Accelerator": lambda _: "it has public addresses",
    "gcp:compute/address:Address": _gcp_address,
    "gcp:compute/globalAddress:GlobalAddress": _gcp_address,
    "gcp:compute/forwardingRule:ForwardingRule": _forwarding_rule,
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": _forwarding_rule,
    "azure-native:network:PublicIPAddress": lambda _: "it is a public address",
    "azure-native:network:PublicIPPrefix": lambda _: "it holds public addresses",
}

TYPES = frozenset({*_DATA, *_ADDRESSES, *_POLICIES})
"""Every type that is looked at."""

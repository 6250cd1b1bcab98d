"""Which resource types take tags, and under which key.

Source: the schemas of the SDKs that the stacks are built with; a test holds this table against them for every type
that the programs use.
"""

from __future__ import annotations

from collections.abc import Mapping

TAGGED: Mapping[str, str] = {
    "aws:directconnect/connection:Connection": "tags",
    "aws:ec2/eip:Eip": "tags",
    "aws:ec2/securityGroup:SecurityGroup": "tags",
    "aws:ec2/subnet:Subnet": "tags",
    "aws:ec2/vpc:Vpc": "tags",
    "aws:eks/cluster:Cluster": "tags",
    "aws:kms/key:Key": "tags",
    "aws:s3/bucket:Bucket": "tags",
    "azure-native:containerservice:ManagedCluster": "tags",
    "azure-native:network:PublicIPAddress": "tags",
    "azure-native:network:VirtualNetwork": "tags",
    "azure-native:storage:StorageAccount": "tags",
    "gcp:compute/address:Address": "labels",
    "gcp:container/cluster:Cluster": "resourceLabels",
    "gcp:kms/cryptoKey:CryptoKey": "labels",
    "gcp:storage/bucket:Bucket": "labels",
}

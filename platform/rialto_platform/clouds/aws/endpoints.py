"""Private endpoints: nodes reach AWS' services without leaving the VPC, and by them this account's resources alone.

Sources: AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink" and "Control access to VPC
endpoints using endpoint policies"; Amazon ECR User Guide, "Amazon ECR interface VPC endpoints" (layers lie in AWS'
own bucket); Amazon EKS User Guide, "Deploy private clusters with limited internet access" (which services nodes
need).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws import policy
from rialto_platform.clouds.aws.network import Network
from rialto_platform.clouds.aws.place import Place

SERVICES: Mapping[str, str] = {
    "ecr.api": "registry",
    "ecr.dkr": "images",
    "kms": "keys",
    "sts": "identities",
    "logs": "logs",
    "aps-workspaces": "metrics",
    "ec2": "addresses of pods",
    "eks": "the cluster's own description",
    "eks-auth": "pod identities",
}
"""Interface endpoints by the service's name, and what nodes need them for; S3 has a gateway endpoint."""


@dataclass(frozen=True, slots=True)
class EndpointsArgs:
    """Where the endpoints are and who reaches them."""

    place: Place
    network: Network
    group: pulumi.Input[str]
    """The endpoints' security group."""


class Endpoints(pulumi.ComponentResource):
    """S3 by a gateway in the nodes' routes, the others by addresses in the endpoints' subnets."""

    s3: aws.ec2.VpcEndpoint

    def __init__(self, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """One of each service."""
        place, network = args.place, args.network
        super().__init__("rialto:aws:Endpoints", place.of("endpoints"), None, opts)
        child = pulumi.ResourceOptions(parent=self)
        own: policy.Condition = {
            "StringEquals": {"aws:PrincipalAccount": place.owner, "aws:ResourceAccount": place.owner}
        }
        self.s3 = aws.ec2.VpcEndpoint(
            place.of("endpoint-s3"),
            vpc_id=network.vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{place.location}.s3",
            route_table_ids=[table.id for table in network.node_tables],
            policy=policy.document(
                policy.statement("Own", ("s3:*",), policy.EVERYTHING, principal={"AWS": "*"}, condition=own),
                policy.statement(
                    "LayersOfImages",
                    ("s3:GetObject",),
                    (f"arn:aws:s3:::prod-{place.location}-starport-layer-bucket/*",),
                    principal={"AWS": "*"},
                ),
            ),
            tags=place.tags("endpoint-s3"),
            opts=child,
        )
        for service in SERVICES:
            role = f"endpoint-{service.replace('.', '-')}"
            aws.ec2.VpcEndpoint(
                place.of(role),
                vpc_id=network.vpc.id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{place.location}.{service}",
                subnet_ids=[subnet.id for subnet in network.endpoints],
                security_group_ids=[args.group],
                private_dns_enabled=True,
                # Who calls is of this account; what is called may be AWS' own (images of the cluster's add-ons).
                policy=policy.document(
                    policy.statement(
                        "Own",
                        ("*",),
                        policy.EVERYTHING,
                        principal={"AWS": "*"},
                        condition={"StringEquals": {"aws:PrincipalAccount": place.owner}},
                    )
                )
                if service not in _WITHOUT_POLICY
                else None,
                tags=place.tags(role),
                opts=child,
            )
        self.register_outputs({})


_WITHOUT_POLICY = frozenset({"eks-auth"})
"""A pod's identity is asked for before there is any principal (Amazon EKS User Guide, "How EKS Pod Identity works")."""

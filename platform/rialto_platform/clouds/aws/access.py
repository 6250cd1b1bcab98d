"""Operators' way in: AWS Client VPN to the cluster's API and the nodes' admin API, and a role of their own. No bastion.

Sources: AWS Client VPN Administrator Guide, "Rules and best practices" (a client range is /12 to /22 and apart from
the VPC's), "Mutual authentication", "Connection logging"; Amazon EKS User Guide, "Review access policy permissions";
IAM User Guide, "Configuring MFA-protected API access".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.addresses import Addresses
from rialto_platform.clouds.aws import policy
from rialto_platform.clouds.aws.place import Place

CLIENT_PREFIX = 22
"""The smallest range that Client VPN takes."""
SESSION_HOURS = 8


@dataclass(frozen=True, slots=True)
class AccessArgs:
    """Who comes in, and where to."""

    place: Place
    ranges: Addresses
    vpc_id: pulumi.Input[str]
    subnets: Sequence[aws.ec2.Subnet]
    group: pulumi.Input[str]
    cluster: aws.eks.Cluster
    logs: aws.cloudwatch.LogGroup
    certificate: pulumi.Input[str]
    """Of the VPN's server in AWS Certificate Manager; its chain is the one that operators' certificates are of."""
    principals: Sequence[str]
    """The ARNs that may take the operators' role; none: whom the account's own policies let."""


def client_range(ranges: Addresses) -> IPv4Network:
    """What clients have for addresses: of the pods' range, since pods have addresses of the nodes' here."""
    return next(ranges.pods.subnets(new_prefix=max(CLIENT_PREFIX, ranges.pods.prefixlen)))


class Access(pulumi.ComponentResource):
    """VPN endpoint in every zone, the operators' role, and what it may do in the cluster."""

    endpoint: aws.ec2clientvpn.Endpoint
    role: aws.iam.Role

    def __init__(self, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Both are needed: the VPN to reach the API, the role to use it."""
        self._args, self._place = args, args.place
        super().__init__("rialto:aws:Access", args.place.of("access"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.endpoint = self._vpn()
        self.role = self._operators()
        self.register_outputs({})

    def _vpn(self) -> aws.ec2clientvpn.Endpoint:
        args, place = self._args, self._place
        stream = aws.cloudwatch.LogStream(
            place.of("access-connections"), name="connections", log_group_name=args.logs.name, opts=self._child
        )
        endpoint = aws.ec2clientvpn.Endpoint(
            place.of("access"),
            description=f"{place.of('')}: operators",
            vpc_id=args.vpc_id,
            server_certificate_arn=args.certificate,
            client_cidr_block=str(client_range(args.ranges)),
            authentication_options=[
                aws.ec2clientvpn.EndpointAuthenticationOptionArgs(
                    type="certificate-authentication", root_certificate_chain_arn=args.certificate
                )
            ],
            connection_log_options=aws.ec2clientvpn.EndpointConnectionLogOptionsArgs(
                enabled=True, cloudwatch_log_group=args.logs.name, cloudwatch_log_stream=stream.name
            ),
            security_group_ids=[args.group],
            # Nothing but what is for the region comes this way.
            split_tunnel=True,
            transport_protocol="udp",
            vpn_port=443,
            session_timeout_hours=SESSION_HOURS,
            disconnect_on_session_timeout=True,
            self_service_portal="disabled",
            tags=place.tags("access"),
            opts=self._child,
        )
        for index, subnet in enumerate(args.subnets, start=1):
            aws.ec2clientvpn.NetworkAssociation(
                place.of(f"access-{index}"),
                client_vpn_endpoint_id=endpoint.id,
                subnet_id=subnet.id,
                opts=self._child,
            )
        aws.ec2clientvpn.AuthorizationRule(
            place.of("access-to-nodes"),
            client_vpn_endpoint_id=endpoint.id,
            # Its security group says which ports: the cluster's API and the nodes' admin API.
            target_network_cidr=str(args.ranges.all_nodes),
            authorize_all_groups=True,
            description="Whoever has a certificate of the operators",
            opts=self._child,
        )
        return endpoint

    def _operators(self) -> aws.iam.Role:
        args, place = self._args, self._place
        who = list(args.principals) or [f"arn:aws:iam::{place.owner}:root"]
        role = aws.iam.Role(
            place.of("operators-role"),
            name=place.of("operators"),
            description="Operators of the venue",
            assume_role_policy=policy.document(
                policy.statement(
                    "Operators",
                    ("sts:AssumeRole",),
                    principal={"AWS": who},
                    condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                )
            ),
            max_session_duration=SESSION_HOURS * 3600,
            tags=place.tags("operators-role"),
            opts=self._child,
        )
        aws.iam.RolePolicy(
            place.of("operators-policy"),
            role=role.id,
            policy=policy.document(
                policy.statement("FindTheCluster", ("eks:DescribeCluster",), (args.cluster.arn,)),
                policy.statement("ReadLogs", ("logs:FilterLogEvents", "logs:GetLogEvents"), (self._venue_logs(),)),
            ),
            opts=self._child,
        )
        entry = aws.eks.AccessEntry(
            place.of("operators-entry"),
            cluster_name=args.cluster.name,
            principal_arn=role.arn,
            type="STANDARD",
            tags=place.tags("operators-entry"),
            opts=self._child,
        )
        aws.eks.AccessPolicyAssociation(
            place.of("operators-rights"),
            cluster_name=args.cluster.name,
            # By the entry, without which there is nobody to give rights to.
            principal_arn=entry.principal_arn,
            policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=self._child,
        )
        return role

    def _venue_logs(self) -> str:
        names = self._place.names
        return self._place.arn("logs", f"log-group:/rialto/{names.venue}/{names.region}/*")

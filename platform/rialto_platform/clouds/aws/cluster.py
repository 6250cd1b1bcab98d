"""The Kubernetes cluster: an API with private addresses alone, secrets encrypted with the region's own key.

Sources: Amazon EKS User Guide, "Cluster API server endpoint", "Encrypt Kubernetes secrets with KMS", "Grant IAM users
access to Kubernetes with EKS access entries", "Learn how EKS Pod Identity grants pods access to AWS services".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws import policy
from rialto_platform.clouds.aws.place import Place
from rialto_platform.clouds.aws.sinks import cluster_name

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@dataclass(frozen=True, slots=True)
class ClusterArgs:
    """What the cluster stands in."""

    place: Place
    subnets: Sequence[aws.ec2.Subnet]
    group: pulumi.Input[str]
    """The control plane's security group."""
    services: IPv4Network
    secrets_key: pulumi.Input[str]
    logs: aws.cloudwatch.LogGroup


class Cluster(pulumi.ComponentResource):
    """The control plane, and the add-ons that nodes need to join."""

    cluster: aws.eks.Cluster
    network_addon: aws.eks.Addon
    """Nodes are ready once it runs, so they wait for it."""

    def __init__(self, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """The Kubernetes version is EKS' default at the first `up`; later ones are an operator's step, never an
        update's."""
        place = args.place
        self._place = place
        super().__init__("rialto:aws:Cluster", place.of("cluster"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        role = self._role("control", policy.service_trust("eks.amazonaws.com"), "Runs the cluster's control plane")
        granted = self._attach("control", role, "AmazonEKSClusterPolicy")
        self.cluster = aws.eks.Cluster(
            place.of("cluster"),
            # From the log group, which must be there first: else EKS makes one of its own, without a key.
            name=args.logs.name.apply(lambda _: cluster_name(place)),
            role_arn=role.arn,
            enabled_cluster_log_types=list(LOGS),
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=[subnet.id for subnet in args.subnets],
                security_group_ids=[args.group],
                endpoint_private_access=True,
                endpoint_public_access=False,
            ),
            access_config=aws.eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=args.secrets_key), resources=["secrets"]
            ),
            kubernetes_network_config=aws.eks.ClusterKubernetesNetworkConfigArgs(
                ip_family="ipv4", service_ipv4_cidr=str(args.services)
            ),
            # Its own add-ons below take their place.
            bootstrap_self_managed_addons=False,
            upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            zonal_shift_config=aws.eks.ClusterZonalShiftConfigArgs(enabled=True),
            deletion_protection=True,
            tags=place.tags("cluster"),
            # The role's ARN is there before the role may do anything.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted]),
        )
        agent = self._addon("eks-pod-identity-agent")
        self._addon("kube-proxy")
        self.network_addon = self._network_addon(agent)
        self.register_outputs({})

    @property
    def issuer(self) -> pulumi.Output[str]:
        """Whose tokens say who a pod is (OpenID Connect)."""
        return self.cluster.identities[0].oidcs[0].issuer.apply(lambda issuer: issuer or "")

    def names(self, nodes: Sequence[pulumi.Resource]) -> None:
        """The cluster's DNS, once there are nodes that it may run on: those of the system."""
        self._addon("coredns", waits=nodes, settings={"nodeSelector": {"rialto-pool": "system"}})

    def _network_addon(self, agent: aws.eks.Addon) -> aws.eks.Addon:
        """Gives pods addresses of the VPC; its identity is its own, so that nodes need none for it."""
        place = self._place
        trust = policy.trust(policy.POD_IDENTITY, place.owner, self.cluster.arn, tagged=True)
        role = self._role("pod-network", trust, "Gives pods addresses of the VPC")
        granted = self._attach("pod-network", role, "AmazonEKS_CNI_Policy")
        return self._addon(
            "vpc-cni",
            waits=[agent, granted],
            identity=aws.eks.AddonPodIdentityAssociationArgs(role_arn=role.arn, service_account="aws-node"),
            settings={"enableNetworkPolicy": "true"},
        )

    def _addon(
        self,
        name: str,
        *,
        waits: Sequence[pulumi.Resource] = (),
        identity: aws.eks.AddonPodIdentityAssociationArgs | None = None,
        settings: dict[str, object] | None = None,
    ) -> aws.eks.Addon:
        return aws.eks.Addon(
            self._place.of(f"addon-{name}"),
            cluster_name=self.cluster.name,
            addon_name=name,
            pod_identity_associations=[identity] if identity else None,
            configuration_values=json.dumps(settings, sort_keys=True) if settings else None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=self._place.tags(f"addon-{name}"),
            # Add-ons and their identities act inside the cluster, where no output tells that they run.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(waits)),
        )

    def _role(self, role: str, trust: pulumi.Input[str], about: str) -> aws.iam.Role:
        place = self._place
        return aws.iam.Role(
            place.of(f"{role}-role"),
            name=place.of(role),
            description=about,
            assume_role_policy=trust,
            tags=place.tags(f"{role}-role"),
            opts=self._child,
        )

    def _attach(self, role: str, to: aws.iam.Role, managed: str) -> aws.iam.RolePolicyAttachment:
        return aws.iam.RolePolicyAttachment(
            self._place.of(f"{role}-policy"),
            role=to.name,
            policy_arn=f"arn:aws:iam::aws:policy/{managed}",
            opts=self._child,
        )

"""The cluster's nodes: a system pool over all zones, and an engine pool a zone, in a cluster placement group of its
own.

An engine node has local NVMe: each disk is mounted by itself, under /mnt/k8s-disks, so that journals share none with
images and logs.

Sources: Amazon EKS User Guide, "Simplify node lifecycle with managed node groups" and "Customize managed nodes with
launch templates" (what a template may say); AL2023's nodeadm, "NodeConfig" (`localStorage`); Amazon EC2 User Guide,
"Placement strategies" (cluster: one zone, instances close together) and "Use the Instance Metadata Service".
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws import policy
from rialto_platform.clouds.aws.cluster import Cluster
from rialto_platform.clouds.aws.place import Place
from rialto_platform.clouds.machines import Machine

LABEL = "rialto-pool"
AMI = "AL2023_x86_64_STANDARD"
DISK_GB = 100
"""Of the root volume: the system, images, logs."""
NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")

NODE_CONFIG = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="rialto"

--rialto
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: Mount

--rialto--
"""


@dataclass(frozen=True, slots=True)
class PoolsArgs:
    """What nodes are made of."""

    place: Place
    cluster: Cluster
    zones: Sequence[str]
    subnets: Sequence[aws.ec2.Subnet]
    """One a zone."""
    engine: Machine
    system: Machine
    engine_group: pulumi.Input[str]
    system_group: pulumi.Input[str]
    disks_key: pulumi.Input[str]


class Pools(pulumi.ComponentResource):
    """One system pool, and one engine pool a zone."""

    system: aws.eks.NodeGroup
    engine: Sequence[aws.eks.NodeGroup]

    def __init__(self, args: PoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Nodes share a role that lets them join and pull images, and nothing else."""
        place = args.place
        self._args, self._place = args, place
        super().__init__("rialto:aws:Pools", place.of("pools"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._role = aws.iam.Role(
            place.of("nodes-role"),
            name=place.of("nodes"),
            description="Lets nodes join the cluster and pull images",
            assume_role_policy=policy.service_trust("ec2.amazonaws.com"),
            tags=place.tags("nodes-role"),
            opts=self._child,
        )
        self._granted = [
            aws.iam.RolePolicyAttachment(
                place.of(f"nodes-policy-{number}"),
                role=self._role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{managed}",
                opts=self._child,
            )
            for number, managed in enumerate(NODE_POLICIES, start=1)
        ]
        self.system = self._system()
        self.engine = [self._engine(index) for index in range(len(args.zones))]
        self.register_outputs({})

    def _system(self) -> aws.eks.NodeGroup:
        args = self._args
        template = self._template("system", args.system_group, None, None)
        size = len(args.zones)
        return self._pool(
            "system", "system", args.system, [subnet.id for subnet in args.subnets], template, (size, size, 2 * size)
        )

    def _engine(self, index: int) -> aws.eks.NodeGroup:
        args, role = self._args, f"engine-{index + 1}"
        group = aws.ec2.PlacementGroup(
            self._place.of(f"{role}-placement"),
            name=self._place.of(role),
            strategy=aws.ec2.PlacementStrategy.CLUSTER,
            tags=self._place.tags(f"{role}-placement"),
            opts=self._child,
        )
        template = self._template(role, args.engine_group, group, base64.b64encode(NODE_CONFIG.encode()).decode())
        # Room for a second one, so that a new node is there before an old one goes.
        return self._pool(role, "engine", args.engine, [args.subnets[index].id], template, (1, 1, 2))

    def _template(
        self,
        role: str,
        group: pulumi.Input[str],
        placement: aws.ec2.PlacementGroup | None,
        user_data: str | None,
    ) -> aws.ec2.LaunchTemplate:
        place, name = self._place, f"{role}-template"
        return aws.ec2.LaunchTemplate(
            place.of(name),
            name=place.of(name),
            description=f"{place.of('')}: {role} nodes",
            update_default_version=True,
            vpc_security_group_ids=[group],
            user_data=user_data,
            placement=aws.ec2.LaunchTemplatePlacementArgs(group_name=placement.name) if placement else None,
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled",
                http_tokens="required",
                # Pods don't reach it: a node's role is no pod's.
                http_put_response_hop_limit=1,
            ),
            block_device_mappings=[
                aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
                    device_name="/dev/xvda",
                    ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                        volume_size=DISK_GB,
                        volume_type="gp3",
                        encrypted="true",
                        kms_key_id=self._args.disks_key,
                        delete_on_termination="true",
                    ),
                )
            ],
            monitoring=aws.ec2.LaunchTemplateMonitoringArgs(enabled=True),
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=place.tags(role))
                for kind in ("instance", "volume", "network-interface")
            ],
            tags=place.tags(name),
            opts=self._child,
        )

    def _pool(
        self,
        role: str,
        pool: str,
        machine: Machine,
        subnets: Sequence[pulumi.Input[str]],
        template: aws.ec2.LaunchTemplate,
        sizes: tuple[int, int, int],
    ) -> aws.eks.NodeGroup:
        place, cluster = self._place, self._args.cluster
        least, wanted, most = sizes
        taint = aws.eks.NodeGroupTaintArgs(key=LABEL, value="engine", effect="NO_SCHEDULE")
        return aws.eks.NodeGroup(
            place.of(f"{role}-pool"),
            cluster_name=cluster.cluster.name,
            node_group_name=place.of(role),
            node_role_arn=self._role.arn,
            subnet_ids=list(subnets),
            ami_type=AMI,
            capacity_type="ON_DEMAND",
            instance_types=[machine.name],
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(min_size=least, desired_size=wanted, max_size=most),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            labels={LABEL: pool},
            taints=[taint] if pool == "engine" else None,
            tags=place.tags(role),
            # The role's ARN is there before it may join, and nodes are ready once pods get addresses.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self._granted, cluster.network_addon]),
        )

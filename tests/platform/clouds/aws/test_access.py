"""Operators, sinks and identities on AWS."""

from __future__ import annotations

from clouds_aws import CERTIFICATE, OWNER, kind, named, source_names, statements
from clouds_recording import (
    recorded_region,
)

from rialto_platform.clouds.aws.region import AwsGround
from rialto_platform.clouds.recorder import Recording
from rialto_platform.clouds.wire import mapping, sequence, text
from rialto_platform.venue import Venue


def test_operators_come_in_by_a_vpn_with_certificates_and_no_bastion(ground: Recording) -> None:
    """To what its group lets through, each connection logged; no machine waits for them anywhere."""
    vpn = ground.one("aws:ec2clientvpn/endpoint:Endpoint")
    (way,) = sequence(vpn.inputs["authenticationOptions"])
    assert mapping(way) == {"type": "certificate-authentication", "rootCertificateChainArn": CERTIFICATE}
    assert vpn.inputs["splitTunnel"] is True
    assert source_names(ground, vpn, "securityGroupIds") == ["operators-group"]
    assert source_names(ground, vpn, "connectionLogOptions") == ["logs-access", "access-connections"]
    associations = kind(ground, "ec2clientvpn/networkAssociation:NetworkAssociation")
    assert [source_names(ground, each, "subnetId") for each in associations] == [[f"nodes-{n}"] for n in (1, 2, 3)]
    assert ground.of_type("aws:ec2/instance:Instance") == ()


def test_operators_have_a_role_that_asks_for_a_second_factor(ground: Recording) -> None:
    """And rights in the cluster by it; addresses of e-mail are no principals of AWS."""
    role = named(ground, "iam/role:Role", "operators-role")
    trust = statements(role.inputs["assumeRolePolicy"])["Operators"]
    assert trust["Principal"] == {"AWS": [f"arn:aws:iam::{OWNER}:root"]}
    assert trust["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    entry = ground.one("aws:eks/accessEntry:AccessEntry")
    assert source_names(ground, entry, "principalArn") == ["operators-role"]
    rights = ground.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert source_names(ground, rights, "principalArn") == ["operators-entry"]


def test_without_a_certificate_operators_have_no_way_in_and_are_told(venue: Venue) -> None:
    """The rest stands; nothing is opened for them."""
    found = recorded_region(venue, "us", AwsGround)
    assert found.of_type("aws:ec2clientvpn/endpoint:Endpoint") == ()
    (said,) = found.messages
    assert said.severity == "warning"
    assert "pulumi config set accessCertificate" in said.text
    assert not [each for each in found.of_type("aws:ec2/securityGroup:SecurityGroup") if "operators" in each.name]


def test_logs_and_metrics_have_sinks_that_are_encrypted(ground: Recording) -> None:
    """Log groups by who writes them, and a workspace for Prometheus."""
    for group in kind(ground, "cloudwatch/logGroup:LogGroup"):
        assert source_names(ground, group, "kmsKeyId") == ["key-data"]
        assert group.inputs["retentionInDays"] == 400
        assert group.retain_on_delete
    metrics = ground.one("aws:amp/workspace:Workspace")
    assert source_names(ground, metrics, "kmsKeyArn") == ["key-data"]
    assert source_names(ground, metrics, "loggingConfiguration") == ["logs-metrics"]


def test_the_engine_may_write_its_logs_and_metrics_and_nothing_else(ground: Recording) -> None:
    """Each named by an edge."""
    policy = named(ground, "iam/rolePolicy:RolePolicy", "identity-engine-policy")
    assert source_names(ground, policy, "policy") == ["metrics", "logs-engine"]
    allowed = statements(policy.inputs["policy"])
    actions = {text(action) for each in allowed.values() for action in sequence(each["Action"])}
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents", "aps:RemoteWrite"}


def test_backups_write_and_read_the_bucket_and_delete_nothing(ground: Recording) -> None:
    """Nor do they get round the lock."""
    policy = named(ground, "iam/rolePolicy:RolePolicy", "identity-backups-policy")
    assert source_names(ground, policy, "policy") == ["key-backups", "backups"]
    actions = {
        text(action) for each in statements(policy.inputs["policy"]).values() for action in sequence(each["Action"])
    }
    assert not [action for action in actions if "Delete" in action or "Bypass" in action or "*" in action]


def test_no_policy_of_ours_allows_every_action_on_everything(ground: Recording) -> None:
    """But to the account itself on its keys, and by a condition through the private endpoints."""
    for each in ground.resources:
        for key in ("policy", "assumeRolePolicy"):
            if not isinstance(each.inputs.get(key), str) or "Statement" not in text(each.inputs[key]):
                continue
            for name, statement in statements(each.inputs[key]).items():
                wide = statement["Effect"] == "Allow" and any("*" in text(one) for one in sequence(statement["Action"]))
                bound = "Condition" in statement or (each.type == "aws:kms/key:Key" and name == "Account")
                assert not wide or bound, f"{each.name} {name}"


def test_a_role_is_taken_by_its_own_cluster_alone(ground: Recording) -> None:
    """By the service account of its name."""
    for name in ("engine", "backups"):
        role = named(ground, "iam/role:Role", f"identity-{name}")
        trust = statements(role.inputs["assumeRolePolicy"])["Service"]
        cluster = ground.one("aws:eks/cluster:Cluster")
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": OWNER},
            "ArnEquals": {"aws:SourceArn": cluster.outputs["arn"]},
        }
        account = named(ground, "eks/podIdentityAssociation:PodIdentityAssociation", f"identity-{name}-account")
        assert (account.inputs["namespace"], account.inputs["serviceAccount"]) == ("rialto", name)
        assert source_names(ground, account, "roleArn") == [f"identity-{name}"]

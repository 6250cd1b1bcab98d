"""A region's network on AWS: subnets, routes, NAT, endpoints, flow logs, transit gateway, security groups."""

from __future__ import annotations

from clouds_aws import OWNER, kind, named, source_names, statements
from clouds_recording import (
    constants,
)

from rialto_platform.clouds.aws.endpoints import SERVICES
from rialto_platform.clouds.recorder import Recording
from rialto_platform.clouds.wire import text


def test_each_zone_has_private_subnets_with_a_way_out_of_its_own(ground: Recording) -> None:
    """Nodes go out by the NAT of their zone, which stands in the zone's public subnet."""
    for number, zone in enumerate("abc", start=1):
        nodes = named(ground, "ec2/subnet:Subnet", f"nodes-{number}")
        assert nodes.inputs["availabilityZone"] == f"us-east-1{zone}"
        assert nodes.inputs["mapPublicIpOnLaunch"] is False
        nat = named(ground, "ec2/natGateway:NatGateway", f"nat-{number}")
        assert source_names(ground, nat, "subnetId") == [f"entry-{number}"]
        assert source_names(ground, nat, "allocationId") == [f"nat-{number}-address"]
        out = named(ground, "ec2/route:Route", f"nodes-{number}-to-nat")
        assert source_names(ground, out, "natGatewayId") == [f"nat-{number}"]
        routed = named(ground, "ec2/routeTableAssociation:RouteTableAssociation", f"nodes-{number}-routed")
        assert source_names(ground, routed, "subnetId") == [f"nodes-{number}"]
        assert source_names(ground, routed, "routeTableId") == [f"nodes-{number}-routes"]


def test_only_the_entrys_subnets_have_a_route_to_the_internet(ground: Recording) -> None:
    """Through the internet gateway; endpoints have no way out at all."""
    routes = [each for each in kind(ground, "ec2/route:Route") if "gatewayId" in each.inputs]
    assert [source_names(ground, each, "routeTableId") for each in routes] == [["entry-routes"]]
    tables = {source_names(ground, each, "routeTableId")[0] for each in kind(ground, "ec2/route:Route")}
    assert "endpoints-routes" not in tables


def test_a_subnet_waits_for_the_range_that_it_is_in(ground: Recording) -> None:
    """AWS refuses it before."""
    for role in ("entry", "endpoints"):
        for number in (1, 2, 3):
            subnet = named(ground, "ec2/subnet:Subnet", f"{role}-{number}")
            assert source_names(ground, subnet, "vpcId") == [f"{role}-range"]


def test_storage_registry_keys_identities_and_logs_have_private_endpoints(ground: Recording) -> None:
    """S3 in the nodes' routes, the others in every zone, reached over HTTPS from nodes alone."""
    endpoints = {
        text(each.inputs["serviceName"]).rpartition("us-east-1.")[2]: each
        for each in kind(ground, "ec2/vpcEndpoint:VpcEndpoint")
    }
    assert set(endpoints) == {"s3", *SERVICES}
    assert set(endpoints) >= {"s3", "ecr.api", "ecr.dkr", "kms", "sts", "logs"}
    assert source_names(ground, endpoints["s3"], "routeTableIds") == [f"nodes-{n}-routes" for n in (1, 2, 3)]
    for service in SERVICES:
        endpoint = endpoints[service]
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert source_names(ground, endpoint, "subnetIds") == [f"endpoints-{n}" for n in (1, 2, 3)]
        assert source_names(ground, endpoint, "securityGroupIds") == ["endpoints-group"]
    own = statements(endpoints["s3"].inputs["policy"])
    assert own["Own"]["Condition"] == {"StringEquals": {"aws:PrincipalAccount": OWNER, "aws:ResourceAccount": OWNER}}
    assert own["LayersOfImages"]["Action"] == ["s3:GetObject"]


def test_all_traffic_is_in_flow_logs(ground: Recording) -> None:
    """Written by a role that may write there and nowhere else."""
    log = ground.one("aws:ec2/flowLog:FlowLog")
    assert (log.inputs["trafficType"], log.inputs["maxAggregationInterval"]) == ("ALL", 60)
    assert source_names(ground, log, "vpcId") == ["vpc"]
    assert source_names(ground, log, "logDestination") == ["logs-flows"]
    policy = named(ground, "iam/rolePolicy:RolePolicy", "flow-logs-policy")
    assert source_names(ground, policy, "policy") == ["logs-flows"]
    assert policy.urn in log.dependencies


def test_the_default_security_group_lets_nothing_through(ground: Recording) -> None:
    """What forgets its group is cut off, instead of open."""
    group = ground.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert "ingress" not in group.inputs
    assert "egress" not in group.inputs


def test_routes_to_the_other_regions_wait_for_the_transit_gateways_attachment(ground: Recording) -> None:
    """From each zone to each peer's range."""
    wanted = {"asia": "10.32.0.0/16", "europe": "10.48.0.0/16"}
    for region, cidr in wanted.items():
        for number in (1, 2, 3):
            route = named(ground, "ec2/route:Route", f"nodes-{number}-to-{region}")
            assert route.inputs["destinationCidrBlock"] == cidr
            assert source_names(ground, route, "transitGatewayId") == ["transit-vpc"]


def test_the_transit_gateway_has_the_regions_asn_and_routes_by_declaration_alone(ground: Recording) -> None:
    """No default table: an attachment gets the routes that are declared for it."""
    transit = ground.one("aws:ec2transitgateway/transitGateway:TransitGateway")
    assert transit.inputs["amazonSideAsn"] == 64601
    assert transit.inputs["defaultRouteTableAssociation"] == "disable"
    assert transit.inputs["defaultRouteTablePropagation"] == "disable"
    attachment = ground.one("aws:ec2transitgateway/vpcAttachment:VpcAttachment")
    assert source_names(ground, attachment, "subnetIds") == [f"endpoints-{n}" for n in (1, 2, 3)]
    for short in ("routeTableAssociation:RouteTableAssociation", "routeTablePropagation:RouteTablePropagation"):
        part = ground.one(f"aws:ec2transitgateway/{short}")
        assert source_names(ground, part, "transitGatewayAttachmentId") == ["transit-vpc"]
        assert source_names(ground, part, "transitGatewayRouteTableId") == ["transit-routes"]


def test_every_rule_of_a_security_group_names_groups_by_edges(ground: Recording) -> None:
    """A rule's own group always, the other side unless it is a range."""
    for short in ("Ingress", "Egress"):
        for rule in kind(ground, f"vpc/securityGroup{short}Rule:SecurityGroup{short}Rule"):
            assert constants(rule, "securityGroupId") == []
            if "cidrIpv4" not in rule.inputs:
                assert constants(rule, "referencedSecurityGroupId") == [] or constants(rule, "prefixListId") == []
            assert rule.inputs["description"]


def test_nothing_comes_in_from_everywhere_but_order_sessions(ground: Recording) -> None:
    """At the load balancer's group."""
    rules = kind(ground, "vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    (opened,) = (rule for rule in rules if rule.inputs.get("cidrIpv4") == "0.0.0.0/0")
    assert source_names(ground, opened, "securityGroupId") == ["entry-group"]
    assert (opened.inputs["fromPort"], opened.inputs["toPort"], opened.inputs["ipProtocol"]) == (7100, 7131, "tcp")


def test_peers_reach_replication_alone(ground: Recording) -> None:
    """Port 7000 of engine nodes."""
    rules = kind(ground, "vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    peers = [rule for rule in rules if rule.inputs.get("cidrIpv4") in ("10.32.0.0/16", "10.48.0.0/16")]
    assert len(peers) == 2
    for rule in peers:
        assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (7000, 7000)
        assert source_names(ground, rule, "securityGroupId") == ["engine-group"]


def test_s3_is_reached_by_the_prefix_list_of_its_endpoint(ground: Recording) -> None:
    """Which the rule takes from there."""
    for nodes in ("engine", "system"):
        rule = named(ground, "vpc/securityGroupEgressRule:SecurityGroupEgressRule", f"{nodes}-out-s3-443")
        assert source_names(ground, rule, "prefixListId") == ["endpoint-s3"]

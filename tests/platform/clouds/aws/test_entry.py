"""A region's entry on AWS: static addresses, listeners, latency and health."""

from __future__ import annotations

from clouds_aws import kind, named, source_names
from clouds_recording import (
    OTHERS,
    recorded_region,
)

from rialto_platform.clouds.aws.region import AwsGround
from rialto_platform.clouds.recorder import Recording
from rialto_platform.clouds.wire import mapping, sequence, text
from rialto_platform.venue import Venue


def test_order_sessions_have_a_static_address_a_zone(ground: Recording) -> None:
    """At the load balancer's place in that zone; kept from deletion, since members have them in their firewalls."""
    balancer = ground.one("aws:lb/loadBalancer:LoadBalancer")
    addresses = [named(ground, "ec2/eip:Eip", f"entry-{number}-address") for number in (1, 2, 3)]
    assert all(address.protect for address in addresses)
    mapped = [mapping(each)["allocationId"] for each in sequence(balancer.inputs["subnetMappings"])]
    assert mapped == [address.outputs["allocationId"] for address in addresses]
    assert source_names(ground, balancer, "subnetMappings") == [
        *(f"entry-{n}-address" for n in (1, 2, 3)),
        *(f"entry-{n}" for n in (1, 2, 3)),
    ]
    assert balancer.inputs["loadBalancerType"] == "network"
    assert balancer.inputs["enableDeletionProtection"] is True
    assert source_names(ground, balancer, "securityGroups") == ["entry-group"]


def test_an_address_leads_to_the_node_of_its_zone(ground: Recording) -> None:
    """A client lists them all and logs in at the leader; what crosses zones would hide which is which."""
    assert ground.one("aws:lb/loadBalancer:LoadBalancer").inputs["enableCrossZoneLoadBalancing"] is False


def test_each_market_has_a_listener_and_all_engine_nodes_as_targets(ground: Recording, venue: Venue) -> None:
    """On the port that its place in the venue file gives it, by the nodes' own health."""
    for number, market in enumerate(venue.markets):
        targets = named(ground, "lb/targetGroup:TargetGroup", f"entry-{market}")
        assert targets.inputs["port"] == 7100 + number
        health = mapping(targets.inputs["healthCheck"])
        assert (health["protocol"], health["port"], health["path"]) == ("HTTP", "7300", "/healthz")
        listener = named(ground, "lb/listener:Listener", f"entry-{market}-listener")
        assert listener.inputs["port"] == 7100 + number
        assert source_names(ground, listener, "loadBalancerArn") == ["entry"]
        assert source_names(ground, listener, "defaultActions") == [f"entry-{market}"]
        for zone in (1, 2, 3):
            joined = named(ground, "autoscaling/attachment:Attachment", f"entry-{market}-engine-{zone}")
            assert source_names(ground, joined, "autoscalingGroupName") == [f"engine-{zone}-pool"]
            assert source_names(ground, joined, "lbTargetGroupArn") == [f"entry-{market}"]


def test_the_zone_answers_with_every_region_by_latency_and_health(ground: Recording) -> None:
    """The own region by its outputs, the others by the addresses that the outputs file has."""
    zone = ground.one("aws:route53/zone:Zone")
    assert zone.inputs["name"] == "us.venue.example.com"
    assert zone.protect
    records = {text(each.inputs["setIdentifier"]): each for each in kind(ground, "route53/record:Record")}
    assert set(records) == {"us-east-1", "ap-east-1", "eu-central-1"}
    for location, record in records.items():
        assert record.inputs["latencyRoutingPolicies"] == [{"region": location}]
        assert source_names(ground, record, "zoneId") == ["zone"]
        assert source_names(ground, record, "healthCheckId") == [f"health-{location}"]
    own = source_names(ground, records["us-east-1"], "records")
    assert own == [f"entry-{number}-address" for number in (1, 2, 3)]
    assert records["ap-east-1"].inputs["records"] == list(OTHERS["asia"])
    assert records["eu-central-1"].inputs["records"] == list(OTHERS["europe"])


def test_a_region_is_healthy_while_one_of_its_addresses_takes_connections(ground: Recording) -> None:
    """So the loss of a zone costs the region nothing, and the loss of the region fails over to another cloud."""
    whole = named(ground, "route53/healthCheck:HealthCheck", "health-us-east-1")
    assert (whole.inputs["type"], whole.inputs["childHealthThreshold"]) == ("CALCULATED", 1)
    assert source_names(ground, whole, "childHealthchecks") == [f"health-us-{number}" for number in (1, 2, 3)]
    for number in (1, 2, 3):
        check = named(ground, "route53/healthCheck:HealthCheck", f"health-us-{number}")
        assert (check.inputs["type"], check.inputs["port"]) == ("TCP", 7100)
        assert source_names(ground, check, "ipAddress") == [f"entry-{number}-address"]


def test_before_the_outputs_file_a_region_answers_with_itself(venue: Venue) -> None:
    """The first `up` knows no other."""
    first = recorded_region(venue, "us", AwsGround, others={})
    assert [each.inputs["setIdentifier"] for each in kind(first, "route53/record:Record")] == ["us-east-1"]


def test_regions_that_are_nearest_to_one_aws_region_share_its_record(venue: Venue) -> None:
    """Route 53 takes one latency record a region."""
    europe = venue.regions["europe"].model_copy(update={"location": "eastus"})
    moved = venue.model_copy(update={"regions": {**venue.regions, "europe": europe}})
    found = recorded_region(moved, "us", AwsGround)
    (record,) = (each for each in kind(found, "route53/record:Record") if each.inputs["setIdentifier"] == "us-east-1")
    assert len(sequence(record.inputs["records"])) == 4

"""How clients and operators come in on Google Cloud."""

from __future__ import annotations

from typing import cast

import pytest
from clouds_recording import OTHERS

from rialto_platform.clouds.recorder import Recording

ADDRESS = "gcp:compute/address:Address"
RULE = "gcp:compute/forwardingRule:ForwardingRule"
BACKEND = "gcp:compute/regionBackendService:RegionBackendService"
RECORD = "gcp:dns/recordSet:RecordSet"
ENTRIES = [f"three-clouds-asia-entry-{letter}" for letter in "abc"]


@pytest.mark.parametrize("name", ENTRIES)
def test_each_zone_has_a_passthrough_load_balancer_at_a_static_address(asia: Recording, name: str) -> None:
    """Order sessions' ports, to the engine nodes of that zone."""
    rule, backend, address = asia.one(RULE, name), asia.one(BACKEND, name), asia.one(ADDRESS, name)
    assert (rule.inputs["loadBalancingScheme"], rule.inputs["ipProtocol"]) == ("EXTERNAL", "TCP")
    assert rule.inputs["portRange"] == "7100-7131"
    assert asia.sources(rule, "ipAddress") == (address,)
    assert asia.sources(rule, "backendService") == (backend,)
    assert (backend.inputs["loadBalancingScheme"], backend.inputs["protocol"]) == ("EXTERNAL", "TCP")
    pool = asia.one("gcp:container/nodePool:NodePool", name.replace("entry", "engine"))
    assert asia.sources(backend, "backends") == (pool,)
    assert asia.sources(backend, "healthChecks") == (asia.one("gcp:compute/regionHealthCheck:RegionHealthCheck"),)
    assert address.inputs["addressType"] == "EXTERNAL"
    assert address.protect


def test_a_node_is_well_by_its_own_word(asia: Recording) -> None:
    """Asked every second at its admin API."""
    check = asia.one("gcp:compute/regionHealthCheck:RegionHealthCheck")
    assert check.inputs["httpHealthCheck"] == {"port": 7300, "requestPath": "/healthz"}
    assert check.inputs["checkIntervalSec"] == 1


def test_clients_and_probes_reach_the_entrys_addresses_alone(asia: Recording) -> None:
    """Packets of a passthrough load balancer keep its address, so rules name it."""
    for name in ("clients-in", "probes-in"):
        rule = asia.one("gcp:compute/firewall:Firewall", f"three-clouds-asia-{name}")
        assert [each.name for each in asia.sources(rule, "destinationRanges")] == ENTRIES


def test_nothing_else_has_an_external_address(asia: Recording) -> None:
    """NAT and the entry, each with a role that says why."""
    public = [each for each in asia.of_type(ADDRESS) if each.inputs["addressType"] == "EXTERNAL"]
    assert {cast("dict[str, str]", each.inputs["labels"])["role"] for each in public} == {"entry", "nat"}


def test_the_regions_share_of_the_entry_is_a_zone_of_its_own(asia: Recording) -> None:
    """Under the venue's domain; a person delegates it, so it is protected."""
    zone = asia.one("gcp:dns/managedZone:ManagedZone", "three-clouds-asia-entry")
    assert (zone.inputs["dnsName"], zone.inputs["visibility"]) == ("asia.venue.example.com.", "public")
    assert zone.protect
    assert asia.outputs["entry"] == {
        "addresses": [asia.one(ADDRESS, name).outputs["address"] for name in ENTRIES],
        "dnsName": "orders.asia.venue.example.com",
        "nameServers": zone.outputs["nameServers"],
        "healthPath": "/healthz",
    }


def test_its_name_leads_to_the_nearest_region_that_is_well(asia: Recording) -> None:
    """Its own addresses by output, the others' as the outputs file has them, all checked, without a fence."""
    record = asia.one(RECORD, "three-clouds-asia-names")
    health = asia.one("gcp:compute/healthCheck:HealthCheck")
    assert record.inputs["name"] == "orders.asia.venue.example.com."
    assert record.inputs["ttl"] == 30
    own = [asia.one(ADDRESS, name).outputs["address"] for name in ENTRIES]
    assert record.inputs["routingPolicy"] == {
        "enableGeoFencing": False,
        "healthCheck": health.id,
        "geos": [
            {"location": location, "healthCheckedTargets": {"externalEndpoints": list(addresses)}}
            for location, addresses in (
                ("asia-east1", own),
                ("us-east4", OTHERS["us"]),
                ("europe-west4", OTHERS["europe"]),
            )
        ],
    }
    assert {each.name for each in asia.sources(record, "routingPolicy")} == {health.name, *ENTRIES}


def test_entries_are_checked_from_three_continents(asia: Recording) -> None:
    """Cloud DNS takes exactly three places, TCP, and thirty seconds at the least."""
    health = asia.one("gcp:compute/healthCheck:HealthCheck")
    assert health.inputs["sourceRegions"] == ["us-east1", "europe-west1", "asia-southeast1"]
    assert health.inputs["tcpHealthCheck"] == {"port": 7100}
    assert health.inputs["checkIntervalSec"] == 30


def test_without_a_domain_there_are_addresses_alone(alone: Recording) -> None:
    """No zone, no name, no check from outside."""
    assert not alone.of_type("rialto:gcp:GlobalEntry")
    assert not alone.of_type("gcp:compute/healthCheck:HealthCheck")
    entry = cast("dict[str, object]", alone.outputs["entry"])
    assert (entry["dnsName"], entry["nameServers"]) == ("", [])
    assert len(cast("list[str]", entry["addresses"])) == 3


def test_operators_come_by_identity_aware_proxy(asia: Recording) -> None:
    """From its range to the admin API's port, and IAM lets the operators' group through to that port alone."""
    rule = asia.one("gcp:compute/firewall:Firewall", "three-clouds-asia-operators-in")
    assert rule.inputs["sourceRanges"] == ["35.235.240.0/20"]
    assert rule.inputs["allows"] == [{"protocol": "tcp", "ports": ["7300"]}]
    tunnel = asia.one("gcp:iap/tunnelIamMember:TunnelIamMember")
    assert tunnel.inputs["member"] == "group:operators@example.com"
    assert tunnel.inputs["role"] == "roles/iap.tunnelResourceAccessor"
    assert cast("dict[str, str]", tunnel.inputs["condition"])["expression"] == "destination.port == 7300"


def test_operators_connect_to_the_cluster_and_change_nothing_by_iam(asia: Recording) -> None:
    """A role of their own: to find, and to connect."""
    role = asia.one("gcp:projects/iAMCustomRole:IAMCustomRole", "three-clouds-asia-operator")
    permissions = cast("list[str]", role.inputs["permissions"])
    assert "container.clusters.connect" in permissions
    assert not [each for each in permissions if each.endswith((".create", ".update", ".delete", ".setMetadata"))]
    grant = asia.one("gcp:projects/iAMMember:IAMMember", "three-clouds-asia-operator-1")
    assert asia.sources(grant, "role") == (role,)


def test_there_is_no_bastion(asia: Recording) -> None:
    """No machine but the nodes."""
    assert not [each.name for each in asia.resources if each.type.startswith("gcp:compute/instance")]

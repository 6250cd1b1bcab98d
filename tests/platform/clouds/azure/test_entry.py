"""The entry of a region on Azure: address, Traffic Manager, DNS."""

from __future__ import annotations

from clouds_recording import OTHERS, recorded_region

from rialto_platform.clouds.azure.region import AzureGround
from rialto_platform.clouds.guardrails.resource import get, items
from rialto_platform.clouds.recorder import Recording, Registration
from rialto_platform.venue import Venue

ADDRESS = "azure-native:network:PublicIPAddress"
PROFILE = "azure-native:trafficmanager:Profile"


def address(recording: Recording) -> Registration:
    """The region's."""
    return recording.one(ADDRESS, "three-clouds-europe-entry")


def test_order_sessions_have_a_static_address_in_all_zones(europe: Recording) -> None:
    """That a slip can't give away: members have it in their firewalls."""
    made = address(europe)
    assert made.inputs["zones"] == ["1", "2", "3"]
    assert made.inputs["publicIPAllocationMethod"] == "Static"
    assert get(made.inputs, "sku") == {"name": "Standard", "tier": "Regional"}
    assert get(made.inputs, "dnsSettings", "domainNameLabel")
    assert made.protect
    assert [each.name for each in europe.sources(made, "resourceGroupName")] == ["three-clouds-europe-entry"]


def test_members_are_led_to_the_nearest_region_that_takes_connections(europe: Recording) -> None:
    """Performance routing over all regions' entries, with probes of the order sessions' port."""
    profile = europe.one(PROFILE)
    assert profile.inputs["trafficRoutingMethod"] == "Performance"
    probe = profile.inputs["monitorConfig"]
    assert (get(probe, "protocol"), get(probe, "port")) == ("TCP", 7100)
    assert (get(probe, "intervalInSeconds"), get(probe, "timeoutInSeconds")) == (10, 5)
    assert get(profile.inputs, "dnsConfig", "ttl") == 10
    own, *others = items(profile.inputs["endpoints"])
    assert get(own, "targetResourceId") == address(europe).id
    assert str(get(own, "type")).endswith("/azureEndpoints")
    assert europe.sources(profile, "endpoints") == (address(europe),)
    targets = [(get(one, "name"), get(one, "target"), get(one, "endpointLocation")) for one in others]
    assert targets == [
        ("us-1", OTHERS["us"][0], "eastus"),
        ("us-2", OTHERS["us"][1], "eastus"),
        ("us-3", OTHERS["us"][2], "eastus"),
        ("asia-1", OTHERS["asia"][0], "eastasia"),
    ]
    assert all(str(get(one, "type")).endswith("/externalEndpoints") for one in others)


def test_the_first_region_knows_no_other(whole: Venue) -> None:
    """Before any outputs were collected it lists its own address alone."""
    recording = recorded_region(whole, "europe", AzureGround, others={})
    assert len(items(recording.one(PROFILE).inputs["endpoints"])) == 1


def test_the_regions_share_of_the_domain_leads_to_both(europe: Recording) -> None:
    """`orders` to the nearest living region, `direct` to this one: aliases that follow what they name."""
    zone = europe.one("azure-native:dns:Zone")
    assert zone.inputs["zoneName"] == "europe.venue.example.com"
    assert zone.protect
    for name, kind, target in (("orders", "CNAME", europe.one(PROFILE)), ("direct", "A", address(europe))):
        record = europe.one("azure-native:dns:RecordSet", f"three-clouds-europe-{name}")
        assert (record.inputs["relativeRecordSetName"], record.inputs["recordType"]) == (name, kind)
        assert europe.sources(record, "targetResource") == (target,)
        assert europe.sources(record, "zoneName") == (zone,)


def test_the_cluster_waits_for_the_address_it_serves(europe: Recording) -> None:
    """By what it may do with the group that holds it."""
    granted = europe.one("azure-native:authorization:RoleAssignment", "three-clouds-europe-cluster-entry")
    assert europe.sources(granted, "scope") == europe.sources(address(europe), "resourceGroupName")

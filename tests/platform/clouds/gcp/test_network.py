"""Network, endpoints and firewall of a region on Google Cloud."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from clouds_recording import constants

from rialto_platform.clouds.recorder import Recording
from rialto_platform.venue import Venue

NETWORK = "gcp:compute/network:Network"
SUBNET = "gcp:compute/subnetwork:Subnetwork"
FIREWALL = "gcp:compute/firewall:Firewall"
ZONE = "gcp:dns/managedZone:ManagedZone"
RECORD = "gcp:dns/recordSet:RecordSet"


def test_the_vpc_is_custom_and_its_default_route_is_declared(asia: Recording) -> None:
    """No subnet and no route comes by itself."""
    vpc = asia.one(NETWORK)
    assert vpc.inputs["autoCreateSubnetworks"] is False
    assert vpc.inputs["deleteDefaultRoutesOnCreate"] is True
    route = asia.one("gcp:compute/route:Route")
    assert (route.inputs["destRange"], route.inputs["nextHopGateway"]) == ("0.0.0.0/0", "default-internet-gateway")
    assert vpc in asia.sources(route, "network")


def test_the_nodes_subnet_has_secondary_ranges_for_pods_and_services(asia: Recording) -> None:
    """As the region's range is divided everywhere."""
    nodes = asia.one(SUBNET, "three-clouds-asia-nodes")
    assert nodes.inputs["ipCidrRange"] == "10.32.0.0/17"
    assert nodes.inputs["secondaryIpRanges"] == [
        {"rangeName": "pods", "ipCidrRange": "10.32.128.0/18"},
        {"rangeName": "services", "ipCidrRange": "10.32.192.0/20"},
    ]


def test_ranges_lie_in_the_regions_own_and_do_not_overlap(asia: Recording, whole: Venue) -> None:
    """Subnets, secondary ranges and the endpoint of Google's APIs."""
    ranges: list[IPv4Network] = []
    for subnet in asia.of_type(SUBNET):
        ranges.append(IPv4Network(str(subnet.inputs["ipCidrRange"])))
        secondary = subnet.inputs.get("secondaryIpRanges", [])
        assert isinstance(secondary, list)
        for one in secondary:
            assert isinstance(one, dict)
            ranges.append(IPv4Network(str(one["ipCidrRange"])))
    ranges.append(IPv4Network(str(asia.one("gcp:compute/globalAddress:GlobalAddress").inputs["address"])))
    assert all(one.subnet_of(whole.regions["asia"].cidr) for one in ranges)
    assert not [(one, other) for one in ranges for other in ranges if one is not other and one.overlaps(other)]


def test_every_subnet_is_private_and_logs_its_flows(asia: Recording) -> None:
    """Google's APIs are reached without an external address."""
    subnets = asia.of_type(SUBNET)
    assert len(subnets) == 2
    for subnet in subnets:
        assert subnet.inputs["privateIpGoogleAccess"] is True
        assert subnet.inputs["logConfig"] == {
            "aggregationInterval": "INTERVAL_5_SEC",
            "flowSampling": 0.5,
            "metadata": "INCLUDE_ALL_METADATA",
        }
        assert asia.sources(subnet, "network") == (asia.one(NETWORK),)


def test_nat_is_on_a_router_and_has_static_addresses(asia: Recording) -> None:
    """For nodes and pods of the nodes' subnet, and for nothing else."""
    nat = asia.one("gcp:compute/routerNat:RouterNat")
    assert asia.sources(nat, "router") == (asia.one("gcp:compute/router:Router"),)
    assert [each.name for each in asia.sources(nat, "natIps")] == ["three-clouds-asia-nat-1", "three-clouds-asia-nat-2"]
    assert nat.inputs["natIpAllocateOption"] == "MANUAL_ONLY"
    assert nat.inputs["sourceSubnetworkIpRangesToNat"] == "LIST_OF_SUBNETWORKS"
    assert asia.sources(nat, "subnetworks") == (asia.one(SUBNET, "three-clouds-asia-nodes"),)


def test_google_apis_have_a_private_service_connect_endpoint(asia: Recording) -> None:
    """In the region's range, but of no subnet."""
    address = asia.one("gcp:compute/globalAddress:GlobalAddress")
    assert address.inputs["purpose"] == "PRIVATE_SERVICE_CONNECT"
    assert asia.sources(address, "network") == (asia.one(NETWORK),)
    endpoint = asia.one("gcp:compute/globalForwardingRule:GlobalForwardingRule")
    assert (endpoint.inputs["target"], endpoint.inputs["loadBalancingScheme"]) == ("all-apis", "")
    assert asia.sources(endpoint, "ipAddress") == (address,)
    name = str(endpoint.inputs["name"])
    assert name.isalnum()
    assert len(name) <= 20


def test_private_zones_lead_storage_registry_and_keys_to_the_endpoint(asia: Recording) -> None:
    """The domain itself, and every name under it."""
    address = asia.one("gcp:compute/globalAddress:GlobalAddress")
    private = [zone for zone in asia.of_type(ZONE) if zone.inputs["visibility"] == "private"]
    assert {str(zone.inputs["dnsName"]) for zone in private} == {"googleapis.com.", "gcr.io.", "pkg.dev."}
    for zone in private:
        assert asia.sources(zone, "privateVisibilityConfig") == (asia.one(NETWORK),)
        whole, below = asia.one(RECORD, zone.name), asia.one(RECORD, f"{zone.name}-any")
        assert (whole.inputs["type"], whole.inputs["name"]) == ("A", zone.inputs["dnsName"])
        assert asia.sources(whole, "rrdatas") == (address,)
        assert (below.inputs["type"], below.inputs["name"]) == ("CNAME", f"*.{zone.inputs['dnsName']}")
        assert below.inputs["rrdatas"] == [zone.inputs["dnsName"]]
        assert asia.sources(whole, "managedZone") == asia.sources(below, "managedZone") == (zone,)


def test_lookups_are_logged(asia: Recording) -> None:
    """Of the whole network."""
    policy = asia.one("gcp:dns/policy:Policy")
    assert policy.inputs["enableLogging"] is True
    assert asia.sources(policy, "networks") == (asia.one(NETWORK),)


def test_what_comes_in_is_what_the_venue_needs(asia: Recording) -> None:
    """Every opening of the region, and who it is for."""
    openings = {
        rule.name.removeprefix("three-clouds-asia-"): (
            rule.inputs["sourceRanges"],
            rule.inputs["allows"],
            [source.name for source in asia.sources(rule, "targetServiceAccounts")],
        )
        for rule in asia.of_type(FIREWALL)
        if rule.inputs["direction"] == "INGRESS" and "allows" in rule.inputs
    }
    engine = ["three-clouds-asia-nodes-engine"]

    def tcp(*ports: str) -> object:
        return [{"protocol": "tcp", "ports": list(ports)}]

    assert openings == {
        "engine-in": (["10.32.0.0/17", "10.32.128.0/18"], tcp("7000", "7200-7231", "7300"), engine),
        "peers-in": (["10.16.0.0/17", "10.16.128.0/18", "10.48.0.0/17", "10.48.128.0/18"], tcp("7000"), engine),
        "clients-in": (["0.0.0.0/0"], tcp("7100-7131"), engine),
        "probes-in": (["35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"], tcp("7300"), engine),
        "operators-in": (["35.235.240.0/20"], tcp("7300"), engine),
    }


def test_both_directions_are_denied_at_the_base(asia: Recording) -> None:
    """And every rule is logged, for this network, and says why it is there."""
    rules = asia.of_type(FIREWALL)
    base = {
        rule.inputs["direction"]: (rule.inputs.get("sourceRanges"), rule.inputs.get("destinationRanges"))
        for rule in rules
        if rule.inputs.get("denies") == [{"protocol": "all"}] and rule.inputs["priority"] == 65_000
    }
    assert base == {"INGRESS": (["0.0.0.0/0"], None), "EGRESS": (None, ["0.0.0.0/0"])}
    for rule in rules:
        assert rule.inputs["logConfig"] == {"metadata": "INCLUDE_ALL_METADATA"}
        assert rule.inputs["description"]
        assert constants(rule, "network", "project") == []


def test_a_venue_of_one_region_opens_nothing_for_peers(alone: Recording) -> None:
    """Nor for operators, where nobody is named."""
    names = {rule.name.removeprefix("three-clouds-asia-") for rule in alone.of_type(FIREWALL)}
    assert not names & {"peers-in", "peers-out", "operators-in"}


def test_the_endpoint_and_its_rule_are_one_address(asia: Recording) -> None:
    """The firewall lets nodes reach where the private zones lead."""
    address = IPv4Address(str(asia.one("gcp:compute/globalAddress:GlobalAddress").inputs["address"]))
    assert asia.one(FIREWALL, "three-clouds-asia-google-apis-out").inputs["destinationRanges"] == [f"{address}/32"]

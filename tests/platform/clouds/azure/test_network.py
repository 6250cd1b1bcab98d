"""Network, NAT, security groups, routes, flow logs and private endpoints of a region on Azure."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rialto_platform.clouds.azure.endpoints import Service
from rialto_platform.clouds.guardrails.resource import get, items
from rialto_platform.clouds.recorder import Recording, Registration

SUBNET = "azure-native:network:Subnet"
GROUP = "azure-native:network:NetworkSecurityGroup"
NAT = "azure-native:network:NatGateway"
VNET = "azure-native:network:VirtualNetwork"
LINK = "azure-native:privatedns:VirtualNetworkLink"


def named(recording: Recording, kind: str, role: str) -> Registration:
    """A resource by its role."""
    return recording.one(kind, f"three-clouds-europe-{role}")


def test_the_region_has_a_subnet_for_nodes_and_pods_in_each_zone(europe: Recording) -> None:
    """As the region's range is divided everywhere; pods by eights, so that zones may be added."""
    ranges = {each.name.removeprefix("three-clouds-europe-"): each.inputs["addressPrefix"] for each in _own(europe)}
    assert ranges == {
        "nodes-1": "10.48.0.0/20",
        "nodes-2": "10.48.16.0/20",
        "nodes-3": "10.48.32.0/20",
        "pods-1": "10.48.128.0/21",
        "pods-2": "10.48.136.0/21",
        "pods-3": "10.48.144.0/21",
        "endpoints": "10.48.224.0/21",
        "link": "10.48.232.0/21",
        "gateways": "10.48.240.0/24",
        "api-server": "10.48.242.0/28",
    }
    assert named(europe, SUBNET, "gateways").inputs["subnetName"] == "GatewaySubnet"


def test_subnets_are_made_one_after_the_other(europe: Recording) -> None:
    """Azure refuses two changes of a network at once."""
    for vnet in europe.of_type(VNET):
        subnets = [each for each in europe.of_type(SUBNET) if vnet in europe.sources(each, "virtualNetworkName")]
        for before, subnet in pairwise(subnets):
            assert before.urn in subnet.dependencies, subnet.name


@pytest.mark.parametrize("zone", ["1", "2", "3"])
def test_each_zone_leaves_by_a_nat_gateway_of_its_own(europe: Recording, zone: str) -> None:
    """With a static address in the same zone."""
    nat = named(europe, NAT, f"nat-{zone}")
    assert nat.inputs["zones"] == [zone]
    [address] = europe.sources(nat, "publicIpAddresses")
    assert address.inputs["zones"] == [zone]
    assert address.inputs["publicIPAllocationMethod"] == "Static"
    assert get(address.inputs, "sku", "name") == get(nat.inputs, "sku", "name") == "Standard"
    for role in (f"nodes-{zone}", f"pods-{zone}"):
        assert europe.sources(named(europe, SUBNET, role), "natGateway") == (nat,)


def test_no_subnet_has_another_way_out(europe: Recording) -> None:
    """Azure's own default is off; nobody but nodes and pods has a NAT gateway."""
    for subnet in europe.of_type(SUBNET):
        assert subnet.inputs["defaultOutboundAccess"] is False
        roles = ("nodes-", "pods-")
        leaves = subnet.name.removeprefix("three-clouds-europe-").startswith(roles)
        assert bool(subnet.inputs.get("natGateway")) is leaves, subnet.name


def test_every_subnet_but_gateways_and_link_has_a_security_group(europe: Recording) -> None:
    """By output, so that no subnet is open while its group is made."""
    without = {each.name for each in europe.of_type(SUBNET) if not europe.sources(each, "networkSecurityGroup")}
    assert without == {
        "three-clouds-europe-gateways",
        "three-clouds-europe-link",
        "three-clouds-europe-access-gatewaysubnet",
    }


def test_members_reach_the_nodes_at_the_entrys_addresses_alone(europe: Recording) -> None:
    """The address is the load balancer's by output; the ports are those of the venue's three markets."""
    group = named(europe, GROUP, "nodes")
    [rule] = [each for each in items(group.inputs["securityRules"]) if get(each, "sourceAddressPrefix") == "Internet"]
    address = named(europe, "azure-native:network:PublicIPAddress", "entry")
    assert address in europe.sources(group, "securityRules")
    assert get(rule, "destinationAddressPrefix") == address.outputs["ipAddress"]
    assert get(rule, "destinationPortRange") == "7100-7102"
    assert get(rule, "description") == "members' order sessions come over the internet"


def test_rules_have_priorities_of_their_own_and_refusals_the_last(europe: Recording) -> None:
    """Azure refuses two rules of one direction with one priority."""
    for group in europe.of_type(GROUP):
        rules = items(group.inputs["securityRules"])
        ranked = [(get(rule, "direction"), get(rule, "priority")) for rule in rules]
        assert len(set(ranked)) == len(ranked), group.name
        for rule in rules:
            assert (get(rule, "priority") == 4096) is (get(rule, "access") == "Deny")
            for side in ("sourceAddressPrefix", "destinationAddressPrefix", "destinationPortRange"):
                several = "destinationPortRanges" if side.endswith("Range") else f"{side}es"
                assert (get(rule, side) is None) is not (get(rule, several) is None), (group.name, side)


def test_peers_replicate_in_and_out(europe: Recording, alone: Recording) -> None:
    """From and to the other regions' ranges; a region alone has no rule for anybody else."""
    rules = items(named(europe, GROUP, "nodes").inputs["securityRules"])
    [inward] = [rule for rule in rules if get(rule, "name") == "replication-in"]
    assert get(inward, "sourceAddressPrefixes") == ["10.16.0.0/16", "10.32.0.0/16"]
    assert get(inward, "destinationPortRange") == "7000"
    names = [get(rule, "name") for rule in items(named(alone, GROUP, "nodes").inputs["securityRules"])]
    assert "replication-in" not in names


def test_private_ranges_that_nobody_announces_go_nowhere(europe: Recording) -> None:
    """Nodes and pods take the other regions' routes by BGP; endpoints take none."""
    for role, closed in (("nodes", False), ("endpoints", True)):
        table = named(europe, "azure-native:network:RouteTable", role)
        assert table.inputs["disableBgpRoutePropagation"] is closed
        routes = {(get(route, "addressPrefix"), get(route, "nextHopType")) for route in items(table.inputs["routes"])}
        assert routes == {(cidr, "None") for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")}
    for subnet in ("nodes-1", "pods-3"):
        [table] = europe.sources(named(europe, SUBNET, subnet), "routeTable")
        assert table.name == "three-clouds-europe-nodes"


def test_the_network_leaves_out_services_and_operators(europe: Recording) -> None:
    """Azure wants both apart from it."""
    space = items(get(named(europe, VNET, "network").inputs, "addressSpace", "addressPrefixes"))
    assert space == ("10.48.0.0/17", "10.48.128.0/18", "10.48.224.0/20", "10.48.240.0/24", "10.48.242.0/28")


def test_flow_logs_of_the_whole_network_go_to_an_account_and_to_analytics(europe: Recording) -> None:
    """Written by an identity that may, in place of a shared key."""
    log = europe.one("azure-native:network:FlowLog")
    assert europe.sources(log, "targetResourceId") == (named(europe, VNET, "network"),)
    assert europe.sources(log, "storageId") == (named(europe, "azure-native:storage:StorageAccount", "flows"),)
    writer = named(europe, "azure-native:managedidentity:UserAssignedIdentity", "flows-writer")
    assert europe.sources(log, "identity") == (writer,)
    granted = named(europe, "azure-native:authorization:RoleAssignment", "flows-writer")
    assert granted.urn in log.dependencies
    workspace = europe.one("azure-native:operationalinsights:Workspace")
    assert europe.sources(log, "flowAnalyticsConfiguration") == (workspace,)
    assert log.inputs["enabled"] is True
    assert get(log.inputs, "retentionPolicy", "days") == 30
    assert log.inputs["networkWatcherName"] == "NetworkWatcher_westeurope"


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        (Service.BLOB, "azure-native:storage:StorageAccount"),
        (Service.REGISTRY, "azure-native:containerregistry:Registry"),
        (Service.VAULT, "azure-native:keyvault:Vault"),
    ],
)
def test_storage_registry_and_vault_have_private_endpoints_with_names(
    europe: Recording, service: Service, kind: str
) -> None:
    """Endpoint in the endpoints' subnet, name in a private zone that the network sees."""
    endpoint = named(europe, "azure-native:network:PrivateEndpoint", f"{service.part}-endpoint")
    assert europe.sources(endpoint, "subnet") == (named(europe, SUBNET, "endpoints"),)
    [target] = europe.sources(endpoint, "privateLinkServiceConnections")
    assert target.type == kind
    assert get(endpoint.inputs, "privateLinkServiceConnections", 0, "groupIds") == [service.part]
    named_by = named(europe, "azure-native:network:PrivateDnsZoneGroup", f"{service.part}-endpoint")
    assert europe.sources(named_by, "privateEndpointName") == (endpoint,)
    [zone] = europe.sources(named_by, "privateDnsZoneConfigs")
    assert zone.inputs["privateZoneName"] == service.zone
    link = named(europe, LINK, f"{service.part}-zone")
    assert europe.sources(link, "privateZoneName") == (zone,)
    assert europe.sources(link, "virtualNetwork") == (named(europe, VNET, "network"),)


def _own(recording: Recording) -> list[Registration]:
    """The subnets of the region's network: not those of the operators'."""
    vnet = named(recording, VNET, "network")
    return [each for each in recording.of_type(SUBNET) if vnet in recording.sources(each, "virtualNetworkName")]

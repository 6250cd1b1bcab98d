"""ExpressRoute and the VPN gateway as they are asked for: circuit, peering, gateways, connection."""

from __future__ import annotations

import pathlib

import pytest
from clouds_links import attached, redundant

from rialto_platform.clouds.recording import Recording
from rialto_platform.venue import Venue

CIRCUIT = "azure-native:network:ExpressRouteCircuit"
PEERING = "azure-native:network:ExpressRouteCircuitPeering"
GATEWAY = "azure-native:network:VirtualNetworkGateway"
CONNECTION = "azure-native:network:VirtualNetworkGatewayConnection"
ADDRESS = "azure-native:network:PublicIPAddress"
EXPRESS_ROUTE = "three-clouds-europe-circuits"
VPN = "three-clouds-europe-vpn"


@pytest.fixture(scope="module")
def europe(whole: Venue) -> Recording:
    """The attachment of the region on Azure."""
    return attached(whole, "europe")


def test_the_circuit_is_premium_metered_at_equinix_in_london_with_ten_gigabits(europe: Recording) -> None:
    """As the issue names it."""
    inputs = europe.one(CIRCUIT).inputs
    assert inputs["sku"] == {"name": "Premium_MeteredData", "tier": "Premium", "family": "MeteredData"}
    assert inputs["serviceProviderProperties"] == {
        "serviceProviderName": "Equinix",
        "peeringLocation": "London",
        "bandwidthInMbps": 10_000,
    }


def test_the_private_peering_is_both_sessions_of_the_table(europe: Recording) -> None:
    """Prefixes of primary and secondary, tag, the router's number, and MD5 with a key that is a secret."""
    peering = europe.one(PEERING)
    assert europe.sources(peering, "circuitName") == (europe.one(CIRCUIT),)
    assert peering.inputs["peeringType"] == "AzurePrivatePeering"
    assert peering.inputs["peerASN"] == 64703
    assert peering.inputs["vlanId"] == 301
    assert peering.inputs["primaryPeerAddressPrefix"] == "192.168.240.0/30"
    assert peering.inputs["secondaryPeerAddressPrefix"] == "192.168.240.4/30"
    assert peering.inputs["sharedKey"] == "value of md5-europe-1"
    assert "sharedKey" in peering.secret_inputs


def test_the_express_route_gateway_stands_in_every_zone_and_carries_the_circuit(europe: Recording) -> None:
    """ErGw3AZ is the one that carries 10 Gbit/s; its address is of all zones too."""
    gateway = europe.one(GATEWAY, EXPRESS_ROUTE)
    assert gateway.inputs["gatewayType"] == "ExpressRoute"
    assert gateway.inputs["sku"] == {"name": "ErGw3AZ", "tier": "ErGw3AZ"}
    assert europe.sources(gateway, "ipConfigurations") == (europe.one(ADDRESS, EXPRESS_ROUTE),)
    assert all(each.inputs["zones"] == ["1", "2", "3"] for each in europe.of_type(ADDRESS))


def test_the_connection_joins_circuit_and_gateway_behind_the_peering(europe: Recording) -> None:
    """By ids; and only when the peering is there, which no output carries."""
    connection = europe.one(CONNECTION)
    assert connection.inputs["connectionType"] == "ExpressRoute"
    assert europe.sources(connection, "virtualNetworkGateway1") == (europe.one(GATEWAY, EXPRESS_ROUTE),)
    assert europe.sources(connection, "peer") == (europe.one(CIRCUIT),)
    assert europe.one(PEERING).urn in connection.dependencies
    assert connection.inputs["routingWeight"] == 300
    assert connection.inputs["expressRouteGatewayBypass"] is True


def test_the_first_circuit_weighs_more_than_the_second(venues: pathlib.Path) -> None:
    """Higher goes first on Azure; a gateway for both together."""
    recording = attached(redundant(venues), "europe")
    weights = {each.name: each.inputs["routingWeight"] for each in recording.of_type(CONNECTION)}
    assert weights == {"three-clouds-europe-europe-1": 300, "three-clouds-europe-europe-2": 200}
    assert recording.one(GATEWAY, EXPRESS_ROUTE).inputs["sku"] == {"name": "ErGw3AZ", "tier": "ErGw3AZ"}


def test_the_vpn_gateway_is_active_active_with_bgp(europe: Recording) -> None:
    """The region's number, two addresses, several zones, what the tunnels of all pairs carry."""
    gateway = europe.one(GATEWAY, VPN)
    assert gateway.inputs["gatewayType"] == "Vpn"
    assert gateway.inputs["vpnType"] == "RouteBased"
    assert gateway.inputs["activeActive"] is True
    assert gateway.inputs["enableBgp"] is True
    assert gateway.inputs["sku"] == {"name": "VpnGw5AZ", "tier": "VpnGw5AZ"}
    assert [each.name for each in europe.sources(gateway, "ipConfigurations")] == [f"{VPN}-1", f"{VPN}-2"]


def test_the_vpn_gateway_has_an_address_in_each_tunnel(europe: Recording) -> None:
    """Tunnels 1 and 2 of the pair with AWS at the first instance, 3 and 4 at the second; one each with Google Cloud."""
    settings = europe.one(GATEWAY, VPN).inputs["bgpSettings"]
    assert isinstance(settings, dict)
    assert settings["asn"] == 64603
    where = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/three-clouds-europe/providers"
    gateway = f"{where}/Microsoft.Network/virtualNetworkGateways/{VPN}"
    assert settings["bgpPeeringAddresses"] == [
        {
            "ipconfigurationId": f"{gateway}/ipConfigurations/instance-1",
            "customBgpIpAddresses": ["169.254.21.2", "169.254.21.6", "169.254.22.2"],
        },
        {
            "ipconfigurationId": f"{gateway}/ipConfigurations/instance-2",
            "customBgpIpAddresses": ["169.254.21.10", "169.254.21.14", "169.254.22.6"],
        },
    ]


def test_gateways_of_one_subnet_are_made_one_after_the_other(europe: Recording) -> None:
    """Azure refuses two at a time; nothing of one goes into the other."""
    assert europe.one(GATEWAY, EXPRESS_ROUTE).urn in europe.one(GATEWAY, VPN).dependencies


def test_service_keys_are_secret(europe: Recording) -> None:
    """Whoever has one may connect to the network."""
    assert "serviceKeys" in europe.secret_outputs

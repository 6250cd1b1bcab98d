"""Direct Connect as it is asked for: connection, MACsec, gateway, association, transit virtual interface."""

from __future__ import annotations

import pathlib

import pytest
from clouds_links import attached, redundant

from rialto_platform.clouds.recording import Recording
from rialto_platform.venue import Venue

CONNECTION = "aws:directconnect/connection:Connection"
GATEWAY = "aws:directconnect/gateway:Gateway"
ASSOCIATION = "aws:directconnect/gatewayAssociation:GatewayAssociation"
INTERFACE = "aws:directconnect/transitVirtualInterface:TransitVirtualInterface"
MACSEC = "aws:directconnect/macsecKeyAssociation:MacsecKeyAssociation"


@pytest.fixture(scope="module")
def us(whole: Venue) -> Recording:
    """The attachment of the region on AWS."""
    return attached(whole, "us")


def test_the_connection_carries_ten_gigabits_at_the_declared_place(us: Recording) -> None:
    """With MACsec asked for when it is ordered: it can't be added later."""
    connection = us.one(CONNECTION)
    assert connection.inputs["bandwidth"] == "10Gbps"
    assert connection.inputs["location"] == "EqDC2"
    assert connection.inputs["requestMacsec"] is True
    assert connection.inputs["encryptionMode"] == "must_encrypt"


def test_a_line_is_encrypted_from_when_it_is_there(whole: Venue) -> None:
    """Before, there is nobody to agree on a key with; the key itself is given at once."""
    ordered = attached(whole, "us", delivered=())
    assert "encryptionMode" not in ordered.one(CONNECTION).inputs
    assert ordered.one(MACSEC)


def test_the_macsec_key_is_a_secret_of_the_stack(us: Recording) -> None:
    """Both halves, on the connection that it is for."""
    key = us.one(MACSEC)
    assert key.inputs["ckn"] == "value of macsec-ckn-us-1"
    assert key.inputs["cak"] == "value of macsec-cak-us-1"
    assert {"ckn", "cak"} <= set(key.secret_inputs)
    assert us.sources(key, "connectionId") == (us.one(CONNECTION),)


def test_the_gateway_has_a_number_of_its_own(us: Recording) -> None:
    """Another than the transit gateway's, which AWS refuses to associate it with otherwise."""
    assert us.one(GATEWAY).inputs["amazonSideAsn"] == "64611"


def test_the_gateway_is_associated_with_the_regions_transit_gateway(us: Recording) -> None:
    """Announcing the VPC's blocks, which are what the VPN announces."""
    association = us.one(ASSOCIATION)
    assert us.sources(association, "dxGatewayId") == (us.one(GATEWAY),)
    assert association.inputs["associatedGatewayId"] == "tgw-1"
    assert association.inputs["allowedPrefixes"] == ["10.16.0.0/17", "10.16.224.0/20", "10.16.208.0/20"]


@pytest.mark.parametrize("kind", ["Association", "Propagation"])
def test_the_transit_gateway_routes_what_the_circuits_say(us: Recording, kind: str) -> None:
    """By the attachment that the association made, in the region's table."""
    entry = us.one(f"aws:ec2transitgateway/routeTable{kind}:RouteTable{kind}")
    assert us.sources(entry, "transitGatewayAttachmentId") == (us.one(ASSOCIATION),)
    assert entry.inputs["transitGatewayRouteTableId"] == "tgw-rtb-1"


def test_the_transit_interface_is_the_session_of_the_table(us: Recording) -> None:
    """Tag, both addresses, the router's number, and MD5 with a key that is a secret."""
    interface = us.one(INTERFACE)
    assert us.sources(interface, "connectionId") == (us.one(CONNECTION),)
    assert us.sources(interface, "dxGatewayId") == (us.one(GATEWAY),)
    assert interface.inputs["vlan"] == 101
    assert interface.inputs["customerAddress"] == "169.254.240.1/30"
    assert interface.inputs["amazonAddress"] == "169.254.240.2/30"
    assert interface.inputs["bgpAsnLong"] == "64701"
    assert interface.inputs["bgpAuthKey"] == "value of md5-us-1"
    assert "bgpAuthKey" in interface.secret_inputs
    assert interface.inputs["mtu"] == 1500


def test_two_circuits_share_one_gateway(venues: pathlib.Path) -> None:
    """Each with an interface on its own connection, the second without MACsec since it asks for none."""
    recording = attached(redundant(venues), "us")
    assert len(recording.of_type(GATEWAY)) == len(recording.of_type(ASSOCIATION)) == 1
    interfaces = {each.name: recording.sources(each, "connectionId") for each in recording.of_type(INTERFACE)}
    assert {name: [source.name for source in sources] for name, sources in interfaces.items()} == {
        "three-clouds-us-us-1": ["three-clouds-us-us-1"],
        "three-clouds-us-us-2": ["three-clouds-us-us-2"],
    }
    assert [each.name for each in recording.of_type(MACSEC)] == ["three-clouds-us-us-1-macsec"]


def test_the_account_is_the_one_that_was_named(us: Recording) -> None:
    """Whatever credentials are at hand."""
    assert us.one("pulumi:providers:aws").inputs["allowedAccountIds"] == '["123456789012"]'

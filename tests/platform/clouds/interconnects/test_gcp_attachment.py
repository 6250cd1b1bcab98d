"""Dedicated Interconnect and HA VPN as they are asked for: interconnect, attachment, Cloud Routers, peers, gateway."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from clouds_links import attached

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.recording import Recording
from rialto_platform.clouds.stand_ins import Asked
from rialto_platform.clouds.wire import Value
from rialto_platform.venue import Venue

INTERCONNECT = "gcp:compute/interconnect:Interconnect"
ATTACHMENT = "gcp:compute/interconnectAttachment:InterconnectAttachment"
ROUTER = "gcp:compute/router:Router"
INTERFACE = "gcp:compute/routerInterface:RouterInterface"
PEER = "gcp:compute/routerPeer:RouterPeer"
POLICY = "gcp:compute/routerRoutePolicy:RouterRoutePolicy"
GATEWAY = "gcp:compute/haVpnGateway:HaVpnGateway"
CIRCUITS = "three-clouds-asia-circuits"
VPN = "three-clouds-asia-vpn"


@pytest.fixture(scope="module")
def asia(whole: Venue) -> Recording:
    """The attachment of the region on Google Cloud."""
    return attached(whole, "asia")


def test_the_interconnect_is_dedicated_and_of_ten_gigabits(asia: Recording) -> None:
    """At the declared facility, on a port that can encrypt, and encrypting."""
    inputs = asia.one(INTERCONNECT).inputs
    assert inputs["interconnectType"] == "DEDICATED"
    assert (inputs["linkType"], inputs["requestedLinkCount"]) == ("LINK_TYPE_ETHERNET_10G_LR", 1)
    assert str(inputs["location"]).endswith("/interconnectLocations/hkg-zone1-1118")
    assert inputs["requestedFeatures"] == ["IF_MACSEC"]
    assert inputs["macsecEnabled"] is True
    assert inputs["macsec"] == {"failOpen": False, "preSharedKeys": [{"name": "first"}]}


def test_the_letter_names_the_customer_and_the_contact(asia: Recording) -> None:
    """From the stack's configuration and the venue's operators."""
    inputs = asia.one(INTERCONNECT).inputs
    assert inputs["customerName"] == "Example Exchange"
    assert inputs["nocContactEmail"] == "operators@example.com"


def test_the_attachment_is_dedicated_with_vlan_1234(asia: Recording) -> None:
    """Ten gigabits, within the declared /29, on the interconnect and the circuits' router."""
    attachment = asia.one(ATTACHMENT)
    assert attachment.inputs["type"] == "DEDICATED"
    assert attachment.inputs["vlanTag8021q"] == 1234
    assert attachment.inputs["bandwidth"] == "BPS_10G"
    assert attachment.inputs["candidateSubnets"] == ["169.254.241.0/29"]
    assert asia.sources(attachment, "interconnect") == (asia.one(INTERCONNECT),)
    assert asia.sources(attachment, "router") == (asia.one(ROUTER, CIRCUITS),)


def test_each_way_has_a_cloud_router_of_its_own(asia: Recording) -> None:
    """One for circuits, one for the VPN, both with the region's number, announcing the region's range alone."""
    routers = {router.name: router.inputs["bgp"] for router in asia.of_type(ROUTER)}
    assert set(routers) == {CIRCUITS, VPN}
    for bgp in routers.values():
        assert bgp == {
            "asn": 64602,
            "advertiseMode": "CUSTOM",
            "advertisedGroups": [],
            "advertisedIpRanges": [{"range": "10.32.0.0/16", "description": "asia"}],
            "keepaliveInterval": 20,
        }


def test_the_interface_has_the_address_that_google_chose(asia: Recording) -> None:
    """By the attachment's output, not by what the table expects."""
    interface = asia.one(INTERFACE)
    assert asia.sources(interface, "ipRange") == (asia.one(ATTACHMENT),)
    assert asia.sources(interface, "interconnectAttachment") == (asia.one(ATTACHMENT),)
    assert asia.sources(interface, "router") == (asia.one(ROUTER, CIRCUITS),)


def test_the_peer_is_the_carriers_router_with_md5(asia: Recording) -> None:
    """Its number, its address by output, a key that is a secret, and BFD for cut lines."""
    peer = asia.one(PEER)
    assert peer.inputs["peerAsn"] == 64702
    assert asia.sources(peer, "peerIpAddress") == (asia.one(ATTACHMENT),)
    assert asia.sources(peer, "interface") == (asia.one(INTERFACE),)
    assert peer.inputs["md5AuthenticationKey"] == {"name": "three-clouds-asia-asia-1", "key": "value of md5-asia-1"}
    assert any(path.startswith("md5AuthenticationKey") for path in peer.secret_inputs)
    assert peer.inputs["bfd"] == {
        "sessionInitializationMode": "ACTIVE",
        "minReceiveInterval": 1000,
        "minTransmitInterval": 1000,
        "multiplier": 5,
    }


def test_the_peers_address_has_no_prefix_length(whole: Venue) -> None:
    """The attachment's output has one; a peer's address must not."""

    def chosen(asked: Asked) -> Mapping[str, Value]:
        return {"customerRouterIpAddress": "169.254.241.2/29"} if asked.type == ATTACHMENT else {}

    recording = attached(whole, "asia", outputs_for=chosen)
    assert recording.one(PEER).inputs["peerIpAddress"] == "169.254.241.2"


def test_what_is_heard_is_preferred_by_a_policy(asia: Recording) -> None:
    """A MED below the VPN's, for the other regions' ranges; anything else is dropped."""
    policy = asia.one(POLICY)
    assert asia.sources(asia.one(PEER), "importPolicies") == (policy,)
    assert policy.inputs["type"] == "ROUTE_POLICY_TYPE_IMPORT"
    terms = policy.inputs["terms"]
    assert terms == [
        {
            "priority": number,
            "match": {"expression": f"destination.inAnyRange(prefix('{network}').orLonger())"},
            "actions": [{"expression": action} for action in actions],
        }
        for number, network, actions in (
            (1, "10.16.0.0/16", ["med.set(100)", "accept()"]),
            (2, "10.48.0.0/16", ["med.set(100)", "accept()"]),
            (3, "0.0.0.0/0", ["drop()"]),
        )
    ]


def test_the_ha_vpn_gateway_has_two_interfaces(asia: Recording) -> None:
    """Whose addresses go to the pairs, with the Cloud Router of the tunnels."""
    gateway = asia.one(GATEWAY)
    assert asia.outputs["vpn"] == {
        "gateway": gateway.outputs["selfLink"],
        "router": VPN,
        "addresses": ["198.51.100.1", "198.51.100.2"],
    }


def test_no_circuit_goes_without_a_customer(whole: Venue) -> None:
    """Google's letter of authorisation names one; the error says what to type."""
    with pytest.raises(CloudError, match=r"no customer.*pulumi config set --stack asia customer"):
        attached(whole, "asia", config={"interconnect:customer": ""})


def test_delivered_must_be_a_list(whole: Venue) -> None:
    """The error says how to write one."""
    with pytest.raises(CloudError, match=r"no list of circuits.*--path 'delivered\[0\]'"):
        attached(whole, "asia", config={"interconnect:delivered": '"asia-1"'})

"""The IPsec of each pair: both ends of every tunnel agree, and carry nobody else's secrets or resources."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from clouds_links import ends, outputs, paired
from clouds_recording import unnamed, without_provider, without_tags
from pydantic import JsonValue

from rialto_platform.clouds import schema_check, value_checks
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.interconnects.ends import AwsEnd, AzureEnd, GcpEnd, end
from rialto_platform.clouds.recording import Recording, Registration
from rialto_platform.venue import Venue

CONNECTION = "aws:ec2/vpnConnection:VpnConnection"
CUSTOMER = "aws:ec2/customerGateway:CustomerGateway"
EXTERNAL = "gcp:compute/externalVpnGateway:ExternalVpnGateway"
TUNNEL = "gcp:compute/vPNTunnel:VPNTunnel"
INTERFACE = "gcp:compute/routerInterface:RouterInterface"
PEER = "gcp:compute/routerPeer:RouterPeer"
POLICY = "gcp:compute/routerRoutePolicy:RouterRoutePolicy"
LOCAL = "azure-native:network:LocalNetworkGateway"
AZURE = "azure-native:network:VirtualNetworkGatewayConnection"
PAIRS = {
    ("us", "asia"): {"aws", "gcp"},
    ("us", "europe"): {"aws", "azure-native"},
    ("asia", "europe"): {"gcp", "azure-native"},
}


@pytest.fixture(scope="module")
def us_asia(whole: Venue) -> Recording:
    """AWS and Google Cloud."""
    return paired(whole, "us", "asia")


@pytest.fixture(scope="module")
def us_europe(whole: Venue) -> Recording:
    """AWS and Azure."""
    return paired(whole, "us", "europe")


@pytest.fixture(scope="module")
def asia_europe(whole: Venue) -> Recording:
    """Google Cloud and Azure."""
    return paired(whole, "asia", "europe")


@pytest.fixture(scope="module", params=list(PAIRS), ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Each pair in turn."""
    return request.param


@pytest.fixture
def recording(pair: tuple[str, str], us_asia: Recording, us_europe: Recording, asia_europe: Recording) -> Recording:
    """Its tunnels."""
    return {("us", "asia"): us_asia, ("us", "europe"): us_europe, ("asia", "europe"): asia_europe}[pair]


def ordered(recording: Recording, kind: str) -> list[Registration]:
    """All of a type, by name: the order of the tunnels."""
    return sorted(recording.of_type(kind), key=lambda each: each.name)


def test_every_input_is_one_that_the_sdk_knows(recording: Recording) -> None:
    """Names, types, required ones, choices; and the names that clouds take."""
    assert schema_check.check(recording) == []
    assert value_checks.check(recording) == []


def test_a_pair_touches_its_two_clouds_alone(recording: Recording, pair: tuple[str, str]) -> None:
    """So that the third may be down."""
    packages = {each.package for each in recording.resources if each.custom and not each.is_provider}
    assert packages == PAIRS[pair]


def test_each_end_is_made_by_a_provider_of_its_own_under_its_own_component(recording: Recording) -> None:
    """Both under the pair."""
    assert without_provider(recording) == []
    [top] = [each for each in recording.resources if each.parent in ("", recording.stack)]
    assert top.type == "rialto:interconnects:Tunnels"
    assert len(recording.children(top.urn)) == 2
    for each in recording.resources:
        if each.custom and not each.is_provider:
            assert recording.by_urn[each.provider].parent == each.parent


def test_everything_is_named_and_tagged_by_the_convention(recording: Recording, pair: tuple[str, str]) -> None:
    """By the pair's name, so that two pairs of a region don't meet."""
    assert unnamed(recording, f"three-clouds-{'-'.join(pair)}") == []
    assert without_tags(recording) == []


def test_a_preview_without_any_cloud_comes_to_the_same_resources(
    recording: Recording, whole: Venue, pair: tuple[str, str]
) -> None:
    """Nothing depends on a value that a cloud chooses."""
    preview = paired(whole, *pair, preview=True)
    assert {(each.type, each.name) for each in preview.resources} == {
        (each.type, each.name) for each in recording.resources
    }


@pytest.mark.parametrize(
    ("recorded", "addresses", "asn"),
    [
        ("us_asia", ["203.0.113.11", "203.0.113.12"], "64602"),
        ("us_europe", ["198.51.100.21", "198.51.100.22"], "64603"),
    ],
)
def test_aws_has_a_customer_gateway_for_each_address_of_the_other(
    request: pytest.FixtureRequest, recorded: str, addresses: list[str], asn: str
) -> None:
    """With the other region's number, and a connection of two tunnels to each."""
    recording: Recording = request.getfixturevalue(recorded)
    gateways = ordered(recording, CUSTOMER)
    assert [each.inputs["ipAddress"] for each in gateways] == addresses
    assert [each.inputs["bgpAsn"] for each in gateways] == [asn, asn]
    for gateway, connection in zip(gateways, ordered(recording, CONNECTION), strict=True):
        assert recording.sources(connection, "customerGatewayId") == (gateway,)
        assert connection.inputs["transitGatewayId"] == "tgw-1"
        assert connection.inputs["staticRoutesOnly"] is False


def test_a_four_byte_number_goes_where_aws_takes_it(whole: Venue) -> None:
    """Above 31 bits it has another name."""
    asia = whole.regions["asia"].model_copy(update={"asn": 4_200_000_001})
    recording = paired(whole.model_copy(update={"regions": {**whole.regions, "asia": asia}}), "us", "asia")
    for gateway in recording.of_type(CUSTOMER):
        assert "bgpAsn" not in gateway.inputs
        assert gateway.inputs["bgpAsnExtended"] == "4200000001"


@pytest.mark.parametrize("recorded", ["us_asia", "us_europe"])
def test_aws_makes_the_keys_and_takes_one_proposal(request: pytest.FixtureRequest, recorded: str) -> None:
    """IKEv2 with AES-256-GCM, group 20; no key is given."""
    recording: Recording = request.getfixturevalue(recorded)
    inside = [
        connection.inputs[f"tunnel{number}InsideCidr"]
        for connection in ordered(recording, CONNECTION)
        for number in (1, 2)
    ]
    block = "169.254.20" if recorded == "us_asia" else "169.254.21"
    assert inside == [f"{block}.{4 * number}/30" for number in range(4)]
    for connection in ordered(recording, CONNECTION):
        for number in (1, 2):
            assert f"tunnel{number}PresharedKey" not in connection.inputs
            assert connection.inputs[f"tunnel{number}IkeVersions"] == ["ikev2"]
            for phase in (1, 2):
                prefix = f"tunnel{number}Phase{phase}"
                assert connection.inputs[f"{prefix}EncryptionAlgorithms"] == ["AES256-GCM-16"]
                assert connection.inputs[f"{prefix}IntegrityAlgorithms"] == ["SHA2-384"]
                assert connection.inputs[f"{prefix}DhGroupNumbers"] == [20]


@pytest.mark.parametrize("recorded", ["us_asia", "us_europe"])
@pytest.mark.parametrize("kind", ["Association", "Propagation"])
def test_the_transit_gateway_routes_what_the_tunnels_say(
    request: pytest.FixtureRequest, recorded: str, kind: str
) -> None:
    """In the region's table, by the attachment that each connection made."""
    recording: Recording = request.getfixturevalue(recorded)
    entries = ordered(recording, f"aws:ec2transitgateway/routeTable{kind}:RouteTable{kind}")
    connections = ordered(recording, CONNECTION)
    for entry, connection in zip(entries, connections, strict=True):
        assert recording.sources(entry, "transitGatewayAttachmentId") == (connection,)
        assert entry.inputs["transitGatewayRouteTableId"] == "tgw-rtb-1"


def test_google_knows_four_addresses_of_aws(us_asia: Recording) -> None:
    """By output of both connections."""
    external = us_asia.one(EXTERNAL)
    assert external.inputs["redundancyType"] == "FOUR_IPS_REDUNDANCY"
    assert us_asia.sources(external, "interfaces") == tuple(ordered(us_asia, CONNECTION))


def test_google_has_four_tunnels_to_aws_with_keys_of_aws(us_asia: Recording) -> None:
    """Two from each interface, each to its own of AWS' four, with its key by output and as a secret."""
    tunnels = ordered(us_asia, TUNNEL)
    assert [(each.inputs["vpnGatewayInterface"], each.inputs["peerExternalGatewayInterface"]) for each in tunnels] == [
        (0, 0),
        (0, 1),
        (1, 2),
        (1, 3),
    ]
    one, two = ordered(us_asia, CONNECTION)
    keys = [one.outputs["tunnel1PresharedKey"], one.outputs["tunnel2PresharedKey"]]
    keys += [two.outputs["tunnel1PresharedKey"], two.outputs["tunnel2PresharedKey"]]
    assert [each.inputs["sharedSecret"] for each in tunnels] == keys
    for each, connection in zip(tunnels, (one, one, two, two), strict=True):
        assert us_asia.sources(each, "sharedSecret") == (connection,)
        assert "sharedSecret" in each.secret_inputs


def test_google_takes_the_same_proposal(us_asia: Recording, asia_europe: Recording) -> None:
    """IKEv2 with AES-256-GCM, group 20."""
    for each in (*us_asia.of_type(TUNNEL), *asia_europe.of_type(TUNNEL)):
        assert each.inputs["ikeVersion"] == 2
        assert each.inputs["cipherSuite"] == {
            "phase1": {"encryptions": ["AES-GCM-16-256"], "prves": ["PRF-HMAC-SHA2-384"], "dhs": ["Group-20"]},
            "phase2": {"encryptions": ["AES-GCM-16-256"], "pfs": ["Group-20"]},
        }


@pytest.mark.parametrize(
    ("recorded", "addresses", "asn"),
    [
        ("us_asia", [(f"169.254.20.{4 * n + 2}", f"169.254.20.{4 * n + 1}") for n in range(4)], 64601),
        ("asia_europe", [(f"169.254.22.{4 * n + 1}", f"169.254.22.{4 * n + 2}") for n in range(2)], 64603),
    ],
)
def test_google_speaks_bgp_in_each_tunnel(
    request: pytest.FixtureRequest, recorded: str, addresses: list[tuple[str, str]], asn: int
) -> None:
    """With the table's addresses and number, behind the circuits."""
    recording: Recording = request.getfixturevalue(recorded)
    interfaces, peers = ordered(recording, INTERFACE), ordered(recording, PEER)
    tunnels = ordered(recording, TUNNEL)
    assert [each.inputs["ipRange"] for each in interfaces] == [f"{own}/30" for own, _ in addresses]
    assert [(each.inputs["ipAddress"], each.inputs["peerIpAddress"]) for each in peers] == addresses
    assert all(each.inputs["peerAsn"] == asn for each in peers)
    assert all(each.inputs["advertisedRoutePriority"] == 1000 for each in peers)
    for tunnel, interface, peer in zip(tunnels, interfaces, peers, strict=True):
        assert recording.sources(interface, "vpnTunnel") == (tunnel,)
        assert recording.sources(peer, "interface") == (interface,)
        assert recording.sources(peer, "importPolicies") == (recording.one(POLICY),)


@pytest.mark.parametrize(("recorded", "network"), [("us_asia", "10.16.0.0/16"), ("asia_europe", "10.48.0.0/16")])
def test_google_takes_the_peers_own_range_and_no_more(
    request: pytest.FixtureRequest, recorded: str, network: str
) -> None:
    """So that nothing goes round by a third region."""
    recording: Recording = request.getfixturevalue(recorded)
    terms = recording.one(POLICY).inputs["terms"]
    assert isinstance(terms, list)
    matches = [
        term["match"]["expression"] for term in terms if isinstance(term, dict) and isinstance(term["match"], dict)
    ]
    assert matches == [
        f"destination.inAnyRange(prefix('{network}').orLonger())",
        "destination.inAnyRange(prefix('0.0.0.0/0').orLonger())",
    ]


def test_azure_knows_each_tunnel_of_aws_by_a_gateway_of_its_own(us_europe: Recording) -> None:
    """Its outer address by output, its number, its address inside."""
    gateways = ordered(us_europe, LOCAL)
    one, two = ordered(us_europe, CONNECTION)
    for number, (gateway, connection) in enumerate(zip(gateways, (one, one, two, two), strict=True)):
        assert us_europe.sources(gateway, "gatewayIpAddress") == (connection,)
        address = f"169.254.21.{4 * number + 1}"
        assert gateway.inputs["bgpSettings"] == {"asn": 64601, "bgpPeeringAddress": address}
        assert gateway.inputs["localNetworkAddressSpace"] == {"addressPrefixes": [f"{address}/32"]}
    outer = [gateway.inputs["gatewayIpAddress"] for gateway in gateways]
    assert outer == us_europe.outputs["tunnels"]
    assert len(set(map(str, outer))) == 4


def test_azure_has_four_connections_to_aws_with_keys_of_aws(us_europe: Recording) -> None:
    """Each key by output of its own connection, as a secret."""
    one, two = ordered(us_europe, CONNECTION)
    keys = [one.outputs["tunnel1PresharedKey"], one.outputs["tunnel2PresharedKey"]]
    keys += [two.outputs["tunnel1PresharedKey"], two.outputs["tunnel2PresharedKey"]]
    connections = ordered(us_europe, AZURE)
    assert [each.inputs["sharedKey"] for each in connections] == keys
    for each, source, gateway in zip(connections, (one, one, two, two), ordered(us_europe, LOCAL), strict=True):
        assert us_europe.sources(each, "sharedKey") == (source,)
        assert us_europe.sources(each, "localNetworkGateway2") == (gateway,)
        assert "sharedKey" in each.secret_inputs


def test_azure_takes_the_same_proposal(us_europe: Recording, asia_europe: Recording) -> None:
    """IKEv2 with AES-256-GCM, the 384-bit curve, BGP on."""
    for each in (*us_europe.of_type(AZURE), *asia_europe.of_type(AZURE)):
        assert each.inputs["connectionType"] == "IPsec"
        assert each.inputs["connectionProtocol"] == "IKEv2"
        assert each.inputs["enableBgp"] is True
        [policy] = each.inputs["ipsecPolicies"] if isinstance(each.inputs["ipsecPolicies"], list) else []
        assert policy == {
            "ikeEncryption": "GCMAES256",
            "ikeIntegrity": "SHA384",
            "dhGroup": "ECP384",
            "ipsecEncryption": "GCMAES256",
            "ipsecIntegrity": "GCMAES256",
            "pfsGroup": "ECP384",
            "saLifeTimeSeconds": 3600,
            "saDataSizeKilobytes": 102_400_000,
        }


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("us_europe", [("21.2", "21.10"), ("21.6", "21.10"), ("21.2", "21.10"), ("21.2", "21.14")]),
        ("asia_europe", [("22.2", "22.6"), ("22.2", "22.6")]),
    ],
)
def test_azure_gives_each_connection_an_address_of_both_instances(
    request: pytest.FixtureRequest, recorded: str, expected: list[tuple[str, str]]
) -> None:
    """The tunnel's own at its instance, the instance's first in this pair at the other, which stays unused."""
    recording: Recording = request.getfixturevalue(recorded)
    found: list[tuple[str, ...]] = []
    for each in ordered(recording, AZURE):
        given = each.inputs["gatewayCustomBgpIpAddresses"]
        assert isinstance(given, list)
        rows = [row for row in given if isinstance(row, dict)]
        assert [str(row["ipConfigurationId"])[-1] for row in rows] == ["1", "2"]
        found.append(tuple(str(row["customBgpIpAddress"]).removeprefix("169.254.") for row in rows))
    assert found == expected


def test_google_and_azure_are_joined_by_two_tunnels_with_the_stacks_keys(asia_europe: Recording) -> None:
    """From each interface to its like; both ends of a tunnel have one key, which is a secret."""
    assert asia_europe.one(EXTERNAL).inputs["redundancyType"] == "TWO_IPS_REDUNDANCY"
    tunnels, connections = ordered(asia_europe, TUNNEL), ordered(asia_europe, AZURE)
    assert [(each.inputs["vpnGatewayInterface"], each.inputs["peerExternalGatewayInterface"]) for each in tunnels] == [
        (0, 0),
        (1, 1),
    ]
    keys = ["value of psk-asia-europe-1", "value of psk-asia-europe-2"]
    assert [each.inputs["sharedSecret"] for each in tunnels] == keys
    assert [each.inputs["sharedKey"] for each in connections] == keys
    assert all("sharedSecret" in each.secret_inputs for each in tunnels)
    assert all("sharedKey" in each.secret_inputs for each in connections)
    assert [each.inputs["gatewayIpAddress"] for each in ordered(asia_europe, LOCAL)] == ["203.0.113.11", "203.0.113.12"]


def test_no_key_is_exported(recording: Recording) -> None:
    """Addresses alone."""
    assert set(recording.outputs) == {"version", "venue", "between", "tunnels"}
    assert recording.secret_outputs == ()


def test_ends_are_read_from_what_attachments_exported(whole: Venue) -> None:
    """Each as its cloud's."""
    read = outputs(whole, ends(whole, "us", "asia", "europe"))
    assert isinstance(end(read, "us"), AwsEnd)
    assert isinstance(end(read, "asia"), GcpEnd)
    assert isinstance(end(read, "europe"), AzureEnd)


def test_an_end_that_was_not_collected_is_named_with_what_to_type(whole: Venue) -> None:
    """Missing, without a VPN gateway, or without a part."""
    read = outputs(whole, {})
    with pytest.raises(CloudError, match="no outputs of interconnect/asia"):
        end(read, "asia")
    given = dict(ends(whole, "asia"))
    without: Mapping[str, JsonValue] = {**given["interconnect/asia"], "vpn": None}
    with pytest.raises(CloudError, match=r"no VPN gateway.*pulumi up --stack asia"):
        end(outputs(whole, {"interconnect/asia": without}), "asia")
    less: Mapping[str, JsonValue] = {**given["interconnect/asia"], "vpn": {"gateway": "g", "router": "r"}}
    with pytest.raises(CloudError, match="addresses"):
        end(outputs(whole, {"interconnect/asia": less}), "asia")

"""Which way goes first, what must be ordered, which sizes and which secrets: decided without any SDK."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from ipaddress import IPv4Network

import pytest
from clouds_links import redundant

from rialto_platform import venue as venue_files
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.interconnects import checklist, routes, secrets, sizes
from rialto_platform.venue import Venue

GBIT = 10**9


def test_circuits_go_first_and_the_vpn_behind(whole: Venue) -> None:
    """On every interconnect."""
    for link in whole.interconnects:
        assert [(way.kind, way.carrier) for way in routes.ways(whole, link)] == [("circuits", "fabric"), ("vpn", "")]


def test_what_each_way_carries(whole: Venue) -> None:
    """The narrower end's first circuits; 1.25 Gbit/s a tunnel."""
    bandwidths = [[way.bandwidth_bps for way in routes.ways(whole, link)] for link in whole.interconnects]
    assert bandwidths == [[10 * GBIT, 5 * GBIT], [10 * GBIT, 5 * GBIT], [10 * GBIT, 2_500_000_000]]


def test_a_circuit_of_lower_preference_waits(venues: pathlib.Path) -> None:
    """It adds nothing to what is carried while the first is there."""
    venue = redundant(venues)
    assert routes.ways(venue, venue.interconnects[1])[0].bandwidth_bps == 5 * GBIT


@pytest.mark.parametrize("preference", [1, 2])
def test_each_cloud_prefers_the_lower_preference_in_its_own_terms(preference: int) -> None:
    """Lower MED on Google Cloud, higher weight on Azure, higher local preference at the carrier and at AWS."""
    assert routes.circuit_med(preference) < routes.circuit_med(preference + 1) < routes.VPN_MED
    assert routes.azure_weight(preference) > routes.azure_weight(preference + 1) > 0
    assert routes.carrier_preference(preference) > routes.carrier_preference(preference + 1) > 0
    assert routes.AWS_COMMUNITIES[preference] > routes.AWS_COMMUNITIES[preference + 1]


def test_an_import_policy_takes_a_peers_ranges_and_drops_the_rest() -> None:
    """So nothing goes round by a third region."""
    assert routes.import_terms((IPv4Network("10.16.0.0/16"),), 1000) == (
        ("destination.inAnyRange(prefix('10.16.0.0/16').orLonger())", ("med.set(1000)", "accept()")),
        ("destination.inAnyRange(prefix('0.0.0.0/0').orLonger())", ("drop()",)),
    )


def test_the_checklist_has_every_order_in_its_order(whole: Venue) -> None:
    """Routers and transport first, then region by region; each step after those that it needs."""
    steps = checklist.steps(whole)
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(before < step.number for step in steps for before in step.after)
    assert [(step.region, step.who, step.what) for step in steps] == [
        ("", "Equinix", "order the virtual router ashburn"),
        ("", "Equinix", "order the virtual router hong-kong"),
        ("", "Equinix", "order the virtual router london"),
        ("", "Equinix", "order transport between its routers, BGP between them"),
        ("us", "you", "set the secrets of the stack, in stacks/interconnect"),
        ("us", "you", "order the cloud's end of the circuits, in stacks/interconnect"),
        ("us", "AWS", "fetch the LOA-CFA of us-1"),
        ("us", "Equinix", "order the cross connect of us-1"),
        ("us", "Equinix", "have the line of us-1 encrypted (MACsec)"),
        ("us", "you", "mark us-1 as delivered, in stacks/interconnect"),
        ("us", "Equinix", "have BGP set up on ashburn for us-1"),
        ("asia", "you", "set the secrets of the stack, in stacks/interconnect"),
        ("asia", "you", "order the cloud's end of the circuits, in stacks/interconnect"),
        ("asia", "Google Cloud", "fetch the LOA-CFA of asia-1"),
        ("asia", "Equinix", "order the cross connect of asia-1"),
        ("asia", "Equinix", "have the line of asia-1 encrypted (MACsec)"),
        ("asia", "you", "mark asia-1 as delivered, in stacks/interconnect"),
        ("asia", "Equinix", "have BGP set up on hong-kong for asia-1"),
        ("europe", "you", "set the secrets of the stack, in stacks/interconnect"),
        ("europe", "you", "order the cloud's end of the circuits, in stacks/interconnect"),
        ("europe", "Equinix", "give the service key of europe-1, and have the circuit provisioned"),
        ("europe", "you", "mark europe-1 as delivered, in stacks/interconnect"),
        ("europe", "Equinix", "have BGP set up on london for europe-1"),
    ]


def test_an_order_has_the_values_to_give(whole: Venue) -> None:
    """Numbers, tags, addresses and prefixes as the venue file declares them; keys never themselves."""
    by_what = {step.what: step.values for step in checklist.steps(whole)}
    assert by_what["order the virtual router ashburn"] == {
        "name": "ashburn",
        "facility": "Equinix DC2, Ashburn",
        "ASN": "64701",
    }
    assert by_what["order transport between its routers, BGP between them"] == {
        "ashburn - hong-kong": "10 Gbit/s",
        "ashburn - london": "10 Gbit/s",
        "hong-kong - london": "10 Gbit/s",
    }
    hong_kong = by_what["have BGP set up on hong-kong for asia-1"]
    assert hong_kong["session 1"] == (
        "VLAN 1234, router 169.254.241.2/29 (AS 64702), cloud 169.254.241.1/29 (AS 64602)"
    )
    assert hong_kong["accept"] == "10.32.0.0/16"
    ashburn = by_what["have BGP set up on ashburn for us-1"]
    assert ashburn["community on what it announces"] == "7224:7300"
    assert ashburn["MD5 key"].startswith("as set under md5-us-1")
    london = by_what["have BGP set up on london for europe-1"]
    assert [key for key in london if key.startswith("session")] == ["session 1", "session 2"]
    assert "community on what it announces" not in london


def test_no_circuit_no_orders(venues: pathlib.Path) -> None:
    """A VPN needs nobody."""
    whole = venue_files.load(venues / "three-clouds.yaml")
    assert checklist.steps(whole.model_copy(update={"circuits": {}, "carriers": {}})) == ()


def test_a_second_circuit_is_the_second_to_be_marked(venues: pathlib.Path) -> None:
    """`delivered` is one list a stack."""
    commands = [
        step.values["command"] for step in checklist.steps(redundant(venues)) if step.what.startswith("mark us")
    ]
    assert commands == [
        "pulumi config set --stack us --path 'delivered[0]' us-1",
        "pulumi config set --stack us --path 'delivered[1]' us-2",
    ]


def test_secrets_are_asked_for_where_no_cloud_makes_them(whole: Venue) -> None:
    """MD5 everywhere, MACsec on AWS alone; tunnel keys only where AWS has no end."""
    assert [secret.key for secret in secrets.of_region(whole, "us")] == [
        "md5-us-1",
        "macsec-ckn-us-1",
        "macsec-cak-us-1",
    ]
    assert [secret.key for secret in secrets.of_region(whole, "asia")] == ["md5-asia-1"]
    assert [secret.key for secret in secrets.of_region(whole, "europe")] == ["md5-europe-1"]
    assert secrets.of_pair(whole, "us", "asia") == secrets.of_pair(whole, "us", "europe") == ()
    keys = ["psk-asia-europe-1", "psk-asia-europe-2"]
    assert [secret.key for secret in secrets.of_pair(whole, "asia", "europe")] == keys
    # In either order, under the name that the stack has.
    assert [secret.key for secret in secrets.of_pair(whole, "europe", "asia")] == keys


def test_a_circuit_without_md5_needs_no_key(whole: Venue) -> None:
    """Where the carrier can't."""
    plain = whole.circuits["asia-1"].model_copy(update={"md5": False})
    assert secrets.of_region(whole.model_copy(update={"circuits": {"asia-1": plain}}), "asia") == ()


@pytest.mark.parametrize(
    ("bandwidth_bps", "aws", "gcp", "links", "azure"),
    [
        (GBIT, "1Gbps", "BPS_1G", ("LINK_TYPE_ETHERNET_10G_LR", 1), 1_000),
        (10 * GBIT, "10Gbps", "BPS_10G", ("LINK_TYPE_ETHERNET_10G_LR", 1), 10_000),
        (20 * GBIT, "20Gbps", "BPS_20G", ("LINK_TYPE_ETHERNET_10G_LR", 2), 20_000),
        (100 * GBIT, "100Gbps", "BPS_100G", ("LINK_TYPE_ETHERNET_100G_LR", 1), 100_000),
    ],
)
def test_a_bandwidth_in_each_clouds_words(
    bandwidth_bps: int, aws: str, gcp: str, links: tuple[str, int], azure: int
) -> None:
    """As their APIs write it."""
    assert sizes.aws_bandwidth(bandwidth_bps) == aws
    assert sizes.gcp_bandwidth(bandwidth_bps) == gcp
    assert sizes.gcp_links(bandwidth_bps) == links
    assert sizes.azure_bandwidth(bandwidth_bps) == azure


def test_half_a_gigabit_is_written_in_megabits() -> None:
    """Google Cloud's smaller attachments."""
    assert sizes.gcp_bandwidth(500_000_000) == "BPS_500M"


def test_an_azure_product_in_azures_words() -> None:
    """Name, tier and family."""
    assert sizes.azure_sku("premium-metered") == ("Premium_MeteredData", "Premium", "MeteredData")
    assert sizes.azure_sku("standard-unlimited") == ("Standard_UnlimitedData", "Standard", "UnlimitedData")


def test_the_smallest_gateway_that_carries_it() -> None:
    """Of both kinds; more than any carries is refused for circuits, and served by the largest behind them."""
    assert sizes.express_route_gateway("here", 10 * GBIT) == "ErGw3AZ"
    assert sizes.express_route_gateway("here", GBIT) == "ErGw1AZ"
    with pytest.raises(CloudError, match="no gateway carries more than 10 Gbit/s"):
        sizes.express_route_gateway("here", 11 * GBIT)
    assert sizes.vpn_gateway(7_500_000_000) == "VpnGw5AZ"
    assert sizes.vpn_gateway(5 * GBIT) == "VpnGw4AZ"
    assert sizes.vpn_gateway(50 * GBIT) == "VpnGw5AZ"


def test_decisions_import_no_sdk() -> None:
    """In an interpreter of its own."""
    names = ("bgp", "routes", "ipsec", "sizes", "secrets", "checklist", "ends")
    program = (
        f"from rialto_platform.clouds.interconnects import {', '.join(names)}; import sys; "
        "print(*[name for name in sys.modules if name.partition('.')[0].startswith('pulumi')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

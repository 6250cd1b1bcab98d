"""The BGP table: every session with both sides' numbers, addresses and announcements, by each cloud's rules."""

from __future__ import annotations

import itertools
import pathlib
from ipaddress import IPv4Address, IPv4Network

import pytest
from clouds_links import redundant

from rialto_platform import venue as venue_files
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.interconnects import bgp
from rialto_platform.venue import Venue


def test_the_table_of_three_clouds(whole: Venue) -> None:
    """One session for each circuit, two for Azure's; four tunnels where AWS has an end, two between the others."""
    rows = [
        (row.session, row.vlan, str(row.prefix), row.one.name, row.one.asn, row.other.name, row.other.asn, row.signed)
        for row in bgp.table(whole)
    ]
    assert rows == [
        ("us-1/1", 101, "169.254.240.0/30", "us", 64611, "ashburn", 64701, True),
        ("asia-1/1", 1234, "169.254.241.0/29", "asia", 64602, "hong-kong", 64702, True),
        ("europe-1/1", 301, "192.168.240.0/30", "europe", 12076, "london", 64703, True),
        ("europe-1/2", 301, "192.168.240.4/30", "europe", 12076, "london", 64703, True),
        *((f"us-asia/{n}", None, f"169.254.20.{4 * n - 4}/30", "us", 64601, "asia", 64602, False) for n in range(1, 5)),
        *(
            (f"us-europe/{n}", None, f"169.254.21.{4 * n - 4}/30", "us", 64601, "europe", 64603, False)
            for n in range(1, 5)
        ),
        *(
            (f"asia-europe/{n}", None, f"169.254.22.{4 * n - 4}/30", "asia", 64602, "europe", 64603, False)
            for n in range(1, 3)
        ),
    ]


def test_circuits_peer_with_the_carrier_and_never_with_each_other(whole: Venue) -> None:
    """Every session of a circuit has a region on one side and a router on the other."""
    routers = whole.carriers["fabric"].routers
    sessions = [session for region in whole.regions for session in bgp.circuit_sessions(whole, region)]
    assert {session.region.name for session in sessions} == set(whole.regions)
    assert {session.router.name for session in sessions} == set(routers)


def test_both_sides_of_every_session_have_distinct_numbers(whole: Venue) -> None:
    """And no two speakers of the venue share one, but for Microsoft's own on every ExpressRoute circuit."""
    for row in bgp.table(whole):
        assert row.one.asn != row.other.asn
    speakers = {(speaker.name, speaker.asn) for row in bgp.table(whole) for speaker in (row.one, row.other)}
    numbers = [asn for _, asn in speakers]
    assert len(numbers) == len(set(numbers)) == 8


def test_who_has_which_address_is_the_clouds_rule(whole: Venue) -> None:
    """The carrier first on AWS and Azure, Google first on its own; AWS first in a tunnel, Google before Azure."""
    [us], [asia], [one, two] = (bgp.circuit_sessions(whole, name) for name in ("us", "asia", "europe"))
    assert (us.router.address, us.region.address) == (IPv4Address("169.254.240.1"), IPv4Address("169.254.240.2"))
    assert (asia.region.address, asia.router.address) == (IPv4Address("169.254.241.1"), IPv4Address("169.254.241.2"))
    assert (one.router.address, one.region.address) == (IPv4Address("192.168.240.1"), IPv4Address("192.168.240.2"))
    assert (two.router.address, two.region.address) == (IPv4Address("192.168.240.5"), IPv4Address("192.168.240.6"))
    firsts = {
        link.between: min(bgp.tunnels(whole, link)[0].one, bgp.tunnels(whole, link)[0].other, key=lambda s: s.address)
        for link in whole.interconnects
    }
    assert {pair: speaker.name for pair, speaker in firsts.items()} == {
        ("us", "asia"): "us",
        ("us", "europe"): "us",
        ("asia", "europe"): "asia",
    }


def test_no_range_of_a_session_or_region_overlaps_another(whole: Venue) -> None:
    """Proven over the whole table, with every region's range."""
    ranges = [row.prefix for row in bgp.table(whole)] + [region.cidr for region in whole.regions.values()]
    assert [(one, other) for one, other in itertools.combinations(ranges, 2) if one.overlaps(other)] == []


def test_a_tag_stands_once_at_a_router(venues: pathlib.Path) -> None:
    """Of the redundant venue too."""
    rows = [row for row in bgp.table(redundant(venues)) if row.vlan is not None and row.session.endswith("/1")]
    tags = [(row.other.name, row.vlan) for row in rows]
    assert len(tags) == len(set(tags)) == 5


def test_circuits_and_vpn_announce_the_same_prefixes(whole: Venue) -> None:
    """Else the longer one would win, whatever is preferred: AWS and Azure announce blocks, so the circuits do too."""
    for region in whole.regions:
        by_circuit = {session.region.announces for session in bgp.circuit_sessions(whole, region)}
        by_vpn = {
            tunnel.end(region).announces for link in bgp.vpn_links(whole, region) for tunnel in bgp.tunnels(whole, link)
        }
        assert by_circuit == by_vpn
        assert len(by_circuit) == 1


@pytest.mark.parametrize(
    ("region", "announced"),
    [
        ("us", ["10.16.0.0/17", "10.16.224.0/20", "10.16.208.0/20"]),
        ("asia", ["10.32.0.0/16"]),
        ("europe", ["10.48.0.0/17", "10.48.128.0/18", "10.48.224.0/20", "10.48.240.0/24", "10.48.242.0/28"]),
    ],
)
def test_what_a_region_announces(whole: Venue, region: str, announced: list[str]) -> None:
    """A VPC's blocks, a Cloud Router's advertisement, a virtual network's address space."""
    assert [str(prefix) for prefix in bgp.announced(region, whole.regions[region])] == announced


def test_a_router_tells_what_the_carrier_carries(whole: Venue) -> None:
    """The other regions' prefixes, never the region's own."""
    [asia] = bgp.circuit_sessions(whole, "asia")
    others = [*bgp.announced("us", whole.regions["us"]), *bgp.announced("europe", whole.regions["europe"])]
    assert list(asia.router.announces) == others
    assert asia.router.within == (IPv4Network("10.16.0.0/16"), IPv4Network("10.48.0.0/16"))


def test_a_region_without_circuits_is_heard_from_no_carrier(whole: Venue) -> None:
    """The VPN alone carries it."""
    circuits = {name: circuit for name, circuit in whole.circuits.items() if circuit.region != "europe"}
    less = whole.model_copy(update={"circuits": circuits})
    [us] = bgp.circuit_sessions(less, "us")
    assert us.router.within == (IPv4Network("10.32.0.0/16"),)
    assert bgp.circuit_sessions(less, "europe") == ()


@pytest.mark.parametrize(("count", "instances"), [(4, [0, 0, 1, 1]), (2, [0, 1])])
def test_tunnels_are_spread_over_both_instances(whole: Venue, count: int, instances: list[int]) -> None:
    """So that one of them may fail."""
    link = whole.interconnects[1] if count == 4 else whole.interconnects[2]
    assert [bgp.instance(tunnel, count) for tunnel in bgp.tunnels(whole, link)] == instances


def test_two_regions_of_one_cloud_have_no_vpn(whole: Venue) -> None:
    """The venue file refuses it; so does the table."""
    asia = whole.regions["asia"].model_copy(update={"cloud": "aws"})
    same = whole.model_copy(update={"regions": {**whole.regions, "asia": asia}})
    with pytest.raises(CloudError, match="both ends are in aws"):
        bgp.tunnels(same, same.interconnects[0])


def test_a_missing_number_names_its_region(whole: Venue) -> None:
    """A venue that skipped the file's checks."""
    us = whole.regions["us"].model_copy(update={"circuit_asn": None})
    with pytest.raises(CloudError, match=r"regions\.us.*no circuit_asn"):
        bgp.circuit_sessions(whole.model_copy(update={"regions": {**whole.regions, "us": us}}), "us")


def test_a_venue_without_circuits_or_vpn_has_an_empty_table(venues: pathlib.Path) -> None:
    """The laptop's."""
    assert bgp.table(venue_files.load(venues / "laptop.yaml")) == ()

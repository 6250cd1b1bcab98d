"""What one failure takes, read from venue files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rialto_platform.clouds.single_homed import single_homed
from rialto_platform.venue import Venue, parse


@pytest.fixture
def text(venues: Path) -> str:
    return (venues / "three-clouds.yaml").read_text(encoding="utf-8")


def told(venue: Venue) -> list[tuple[str, str, str]]:
    """Where, of what, and which."""
    return [(one.where, one.of, one.what) for one in single_homed(venue, {})]


def of(text: str) -> list[tuple[str, str, str]]:
    return told(parse(text.encode()))


def test_three_clouds_has_one_circuit_in_each_region_and_one_carrier(text: str) -> None:
    found = of(text)
    assert [one[:2] for one in found] == [
        ("region us", "circuit"),
        ("region asia", "circuit"),
        ("region europe", "circuit"),
        ("interconnect us-asia", "carrier"),
        ("interconnect us-europe", "carrier"),
        ("interconnect asia-europe", "carrier"),
    ]
    assert found[0][2] == "us-1 at EqDC2: the VPN carries while it does not"


def test_without_a_vpn_nothing_is_behind_a_circuit(text: str) -> None:
    bare = text.replace(", vpn: {inside: 169.254.20.0/28}", "")
    found = of(bare)
    assert ("region us", "circuit", "us-1 at EqDC2: nothing is behind it on us-asia") in found
    assert ("interconnect us-asia", "way", "circuits of fabric, and no VPN behind them") in found
    assert ("interconnect us-asia", "carrier", "fabric: nothing is behind it") in found


def test_a_vpn_alone_is_one_way(text: str) -> None:
    start, rest = text.split("\n# Circuits end at", 1)
    without = start + "\n\nnode:" + rest.split("\nnode:", 1)[1]
    assert {one[:2] for one in of(without)} == {
        ("interconnect us-asia", "way"),
        ("interconnect us-europe", "way"),
        ("interconnect asia-europe", "way"),
    }


def test_a_region_of_one_zone_says_which_markets_are_at_home_there(text: str) -> None:
    venue = parse(text.encode())
    asia = venue.regions["asia"].model_copy(update={"zones": ("asia-east1-a",)})
    found = told(venue.model_copy(update={"regions": {**venue.regions, "asia": asia}}))
    assert ("region asia", "zone", "asia-east1-a holds all of it; pacific at home there") in found


def test_two_circuits_in_one_building_are_one_facility(text: str) -> None:
    second = """  asia-2:
    region: asia
    router: hong-kong
    product: dedicated
    bandwidth: 10 Gbit/s
    facility: hkg-zone2-1118
    vlan: 1235
    prefixes: [169.254.241.8/29]
  europe-1:"""
    found = of(text.replace("  europe-1:", second, 1))
    facility = [one for one in found if one[:2] == ("region asia", "facility")]
    assert facility[0][2].startswith("asia-1, asia-2 all meet the cloud in hkg-1118")
    assert facility[1][2].startswith("asia-1, asia-2 all end in Equinix HK2, Hong Kong")
    assert ("region asia", "circuit") not in {one[:2] for one in found}


def test_a_venue_in_one_cloud_says_so(text: str) -> None:
    venue = parse(text.encode())
    us = venue.model_copy(
        update={"regions": {"us": venue.regions["us"]}, "interconnects": (), "circuits": {}, "carriers": {}}
    )
    assert told(us) == [("venue three-clouds", "cloud", "every region is in aws: nothing takes over")]

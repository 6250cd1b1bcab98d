"""What the emulated links are told follows from the venue file alone."""

import pathlib

from rialto_platform import venue
from rialto_platform.links_config import links_config


def test_every_interconnect_is_a_link_and_every_region_has_an_edge(venues: pathlib.Path) -> None:
    """In the order of the file; addresses are chosen by whoever places the venue."""
    found = links_config(venue.load(venues / "three-clouds.yaml"))
    assert found is not None
    assert (found["venue"], found["admin_listen"]) == ("three-clouds", "127.0.0.1:0")
    assert found["regions"] == [
        {"name": name, "listen": "127.0.0.1:0", "addresses": []} for name in ("us", "asia", "europe")
    ]
    same = {"jitter_us": 0, "bandwidth_bps": 10_000_000_000, "loss_ppm": 0}
    assert found["links"] == [
        {"between": ["us", "asia"], "latency_us": 95_000} | same,
        {"between": ["us", "europe"], "latency_us": 42_000} | same,
        {"between": ["asia", "europe"], "latency_us": 125_000} | same,
    ]


def test_jitter_and_loss_are_told_and_nothing_is_rounded_down(venues: pathlib.Path) -> None:
    """Links count microseconds."""
    text = (venues / "laptop.yaml").read_text()
    old = "{between: [us, asia], bandwidth: 1 Gbit/s, latency: 1 ms}"
    assert old in text
    new = "{between: [us, asia], bandwidth: 1 Mbit/s, latency: 0.0015 ms, jitter: 0.1 us, loss: 0.25 %}"
    edited = venue.parse(
        text.replace(old, new)
        .replace("peak_orders_per_second: 10000", "peak_orders_per_second: 1")
        .replace("orders_per_second: 200", "orders_per_second: 1")
        .encode()
    )
    found = links_config(edited)
    assert found is not None
    assert found["links"][0] == {
        "between": ["us", "asia"],
        "latency_us": 2,
        "jitter_us": 1,
        "bandwidth_bps": 1_000_000,
        "loss_ppm": 2_500,
    }


def test_a_venue_without_interconnects_has_no_links(venues: pathlib.Path) -> None:
    """One region needs none."""
    laptop = venue.load(venues / "laptop.yaml")
    assert links_config(laptop.model_copy(update={"interconnects": ()})) is None

"""Who votes on a market's log, and the round trips its timers follow."""

import pathlib

import pytest

from rialto_platform import venue
from rialto_platform.venue import Place

MILLISECOND = 10**6


def read(venues: pathlib.Path, name: str, *edits: tuple[str, str]) -> venue.Venue:
    """A venue file with edits; each stands there exactly once."""
    text = (venues / f"{name}.yaml").read_text()
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return venue.parse(text.encode())


def test_one_voter_a_region_the_home_first(venues: pathlib.Path) -> None:
    """Numbers are positions, so the home's voter is number 1 wherever its region stands in the file."""
    laptop = read(venues, "laptop", ("home: us", "home: europe"))
    market = laptop.markets["main"]
    assert venue.voters(laptop, market) == (Place("europe"), Place("us"), Place("asia"))
    assert venue.learners(laptop, market) == ()


def test_one_voter_a_zone_and_learners_elsewhere(venues: pathlib.Path) -> None:
    """Durability zone."""
    three = read(venues, "three-clouds")
    market = three.markets["pacific"]
    assert venue.voters(three, market) == (Place("asia", 1), Place("asia", 2), Place("asia", 3))
    assert venue.learners(three, market) == ("us", "europe")
    assert venue.slowest_round_trip_ns(three, market) == 0


def test_a_round_trip_is_twice_the_latency(venues: pathlib.Path) -> None:
    """In either direction; the slowest pair of voters counts, joined to the home or not."""
    three = read(venues, "three-clouds")
    assert venue.round_trip_ns(three, "us", "europe") == venue.round_trip_ns(three, "europe", "us") == 84 * MILLISECOND
    assert venue.round_trip_ns(three, "us", "us") == 0
    market = three.markets["americas"].model_copy(update={"durability": "region"})
    assert venue.slowest_round_trip_ns(three, market) == 250 * MILLISECOND


@pytest.mark.parametrize(
    ("removed", "one", "other", "expected"),
    [
        ("[us, asia], bandwidth: 10 Gbit/s, latency: 95 ms", "us", "asia", 2 * (42 + 125) * MILLISECOND),
        ("[us, europe], bandwidth: 10 Gbit/s, latency: 42 ms", "europe", "us", 2 * (95 + 125) * MILLISECOND),
    ],
)
def test_without_a_link_of_its_own_the_shortest_path_counts(
    venues: pathlib.Path, removed: str, one: str, other: str, expected: int
) -> None:
    """Through the third region."""
    three = venue.load(venues / "three-clouds.yaml")
    kept = tuple(link for link in three.interconnects if ", ".join(link.between) not in removed)
    assert len(kept) == 2
    assert venue.round_trip_ns(three.model_copy(update={"interconnects": kept}), one, other) == expected


def test_a_way_round_never_shortens_a_link(venues: pathlib.Path) -> None:
    """A timer below the round trip of the link that is used would never let an election end."""
    laptop = venue.load(venues / "laptop.yaml")
    slow = laptop.interconnects[0].model_copy(update={"latency_ns": 100 * MILLISECOND})
    changed = laptop.model_copy(update={"interconnects": (slow, *laptop.interconnects[1:])})
    assert venue.round_trip_ns(changed, "us", "asia") == 200 * MILLISECOND
    assert venue.slowest_round_trip_ns(changed, changed.markets["main"]) == 200 * MILLISECOND


def test_timers_wait_for_what_jitter_adds(venues: pathlib.Path) -> None:
    """Both ways; the round trip that is shown as the floor leaves it out."""
    laptop = read(
        venues,
        "laptop",
        (
            "[us, asia], bandwidth: 1 Gbit/s, latency: 1 ms",
            "[us, asia], bandwidth: 1 Gbit/s, latency: 1 ms, jitter: 5 ms",
        ),
    )
    assert venue.round_trip_ns(laptop, "us", "asia") == 2 * MILLISECOND
    assert venue.slowest_round_trip_ns(laptop, laptop.markets["main"]) == 12 * MILLISECOND


def test_a_route_takes_a_regions_own_interconnect_else_the_quickest(venues: pathlib.Path) -> None:
    """As the emulated links route connections."""
    three = venue.load(venues / "three-clouds.yaml")
    assert venue.route(three, "asia", "europe") == (three.interconnects[2],)
    cut = three.model_copy(update={"interconnects": three.interconnects[:2]})
    assert venue.route(cut, "asia", "europe") == three.interconnects[:2]
    assert venue.route(three, "us", "us") == ()
    assert venue.route(three.model_copy(update={"interconnects": ()}), "us", "asia") is None


def test_regions_that_nothing_joins_have_no_round_trip(venues: pathlib.Path) -> None:
    """Such a file is refused; the question still has an answer."""
    laptop = venue.load(venues / "laptop.yaml").model_copy(update={"interconnects": ()})
    assert venue.round_trip_ns(laptop, "us", "asia") is None

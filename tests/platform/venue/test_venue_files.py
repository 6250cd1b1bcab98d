"""The venue files of this repository, and the schema at their heads."""

import json
import pathlib
from typing import Any

import jsonschema
import pytest
import yaml

from rialto_platform import venue
from rialto_platform.venue import schema, shape, units

FILES = ("laptop.yaml", "three-clouds.yaml")
SECOND = 10**9


@pytest.fixture(scope="module")
def published(venues: pathlib.Path) -> dict[str, Any]:
    """The committed schema."""
    return json.loads((venues / "venue.schema.json").read_text())


def test_the_committed_schema_is_the_models(venues: pathlib.Path) -> None:
    """`make schema` writes it."""
    assert (venues / "venue.schema.json").read_text() == schema.text(), "run `make schema`"


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_valid_and_names_the_schema(venues: pathlib.Path, published: dict[str, Any], name: str) -> None:
    """For the model and for an editor that knows the schema alone."""
    text = (venues / name).read_text()
    assert text.startswith("# yaml-language-server: $schema=./venue.schema.json\n")
    assert venue.load(venues / name).name == name.removesuffix(".yaml")
    jsonschema.validate(yaml.safe_load(text), published)


def test_every_venue_file_is_covered_here(venues: pathlib.Path) -> None:
    """A new one must be added above."""
    assert sorted(path.name for path in venues.glob("*.yaml")) == sorted(FILES)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("regions", "us", "cloud"), "oracle"),
        (("markets", "main", "instruments", 0, "tick_size"), 0.01),
        (("markets", "main", "instruments", 0, "symbol"), "lower"),
        (("interconnects", 0, "between"), ["us"]),
        (("interconnects", 0, "bandwidth"), "10 gbps"),
        (("objectives", "surprise"), "1 s"),
        (("regions", "US"), {}),
    ],
)
def test_an_editor_sees_wrong_values_too(published: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:  # noqa: ANN401
    """The schema alone refuses them."""
    tree: Any = json.loads(json.dumps(shape.EXAMPLE))
    jsonschema.validate(tree, published)
    here = tree
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tree, published)


def test_every_key_is_described_for_editors(published: dict[str, Any]) -> None:
    """A key that an editor completes says what it is."""
    for name, definition in published["$defs"].items():
        for key, value in definition["properties"].items():
            assert value.get("description"), f"{name}.{key} has no description"


def test_the_laptop_venue_is_what_make_up_promises(venues: pathlib.Path) -> None:
    """Three regions of one zone, one market of durability region, links of 1 ms, 200 orders a second for 30 minutes."""
    laptop = venue.load(venues / "laptop.yaml")
    places = [(region.cloud, region.location, len(region.zones)) for region in laptop.regions.values()]
    assert places == [("aws", "us-east-1", 1), ("gcp", "asia-east1", 1), ("azure", "westeurope", 1)]
    assert {link.latency_ns for link in laptop.interconnects} == {units.parse_duration("1 ms")}
    [(name, market)] = laptop.markets.items()
    assert market.durability == "region"
    assert laptop.flow[name].orders_per_second == 200
    assert laptop.flow[name].duration_ns == 30 * 60 * SECOND


def test_recorded_days_fit_the_laptop_venue(venues: pathlib.Path) -> None:
    """AAPL at a cent; the synthetic workload's ten million ticks, and its two million resting orders in one account."""
    market = venue.load(venues / "laptop.yaml").markets["main"]
    instruments = {instrument.symbol: instrument for instrument in market.instruments}
    assert (instruments["AAPL"].tick_size_e4, instruments["AAPL"].lot_size, instruments["AAPL"].collar_bp) == (
        100,
        1,
        None,
    )
    assert instruments["REPLAY"].tick_size_e4 * 10_000_000 <= units.MAX_PRICE_E4
    account = market.accounts["REPLAY"]
    assert account.max_open_orders >= 2_000_000
    assert account.max_order_quantity == units.MAX_QUANTITY
    assert account.max_order_value_e4 >= instruments["REPLAY"].tick_size_e4 * 10_000_000 * units.MAX_QUANTITY


def test_three_clouds_has_one_market_at_home_in_each_region(venues: pathlib.Path) -> None:
    """Each with three zones to vote in."""
    three = venue.load(venues / "three-clouds.yaml")
    assert three.homes() == ("us", "asia", "europe")
    assert {len(region.zones) for region in three.regions.values()} == {3}
    assert {market.durability for market in three.markets.values()} == {"zone"}


def test_a_venue_does_not_change_after_it_was_read(venues: pathlib.Path) -> None:
    """Everything that plans from it may keep it."""
    laptop = venue.load(venues / "laptop.yaml")
    with pytest.raises(ValueError, match="frozen"):
        laptop.name = "other"  # pyright: ignore[reportAttributeAccessIssue]


def test_links_are_found_in_either_order(venues: pathlib.Path) -> None:
    """An interconnect has no direction."""
    laptop = venue.load(venues / "laptop.yaml")
    assert laptop.link("asia", "us") is laptop.link("us", "asia") is laptop.interconnects[0]
    assert laptop.link("us", "nowhere") is None

"""What nodes and load clients are told follows from the venue file alone."""

import json
import pathlib

import pytest

from rialto_platform import node_config, venue


@pytest.fixture(scope="module")
def laptop(venues: pathlib.Path) -> venue.Venue:
    """The venue of `make up`."""
    return venue.load(venues / "laptop.yaml")


@pytest.fixture(scope="module")
def three(venues: pathlib.Path) -> venue.Venue:
    """The venue of three clouds."""
    return venue.load(venues / "three-clouds.yaml")


def test_one_node_runs_the_laptop_venue(laptop: venue.Venue) -> None:
    """In the home of its market, on the loopback, on ports of the system's choice."""
    [(name, config)] = node_config.node_configs(laptop).items()
    assert (name, config["node"], config["region"], config["venue"]) == ("us-1", "us-1", "us", "laptop")
    assert config["admin_listen"] == "127.0.0.1:0"
    [market] = config["markets"]
    listens = {key: value for key, value in market.items() if key.endswith("_listen")}
    assert listens == dict.fromkeys(("orders_listen", "feed_listen", "snapshot_listen"), "127.0.0.1:0")
    assert (market["name"], market["id"], market["durability"]) == ("main", 1, "region")
    assert market["checkpoint_interval_s"] == 60


def test_amounts_are_in_the_nodes_units(laptop: venue.Venue) -> None:
    """Prices and values in 1e-4, collars in percent, nothing for what was not given."""
    [market] = node_config.node_config(laptop, "us")["markets"]
    instruments = {instrument["symbol"]: instrument for instrument in market["instruments"]}
    assert instruments["GLADE"] == {
        "symbol": "GLADE",
        "tick_size_e4": 50,
        "lot_size": 100,
        "collar_percent": 25,
        "reference_price_e4": 24150,
    }
    assert instruments["AAPL"]["collar_percent"] is None
    assert instruments["AAPL"]["reference_price_e4"] is None
    assert market["accounts"][2] == {
        "name": "TRADE",
        "id": 3,
        "max_order_quantity": 10_000,
        "max_order_value_e4": 10_000_000_000,
        "max_open_orders": 10_000,
    }


def test_a_collar_may_be_a_part_of_a_percent(venues: pathlib.Path) -> None:
    """Down to a basis point."""
    text = (venues / "laptop.yaml").read_text().replace("collar: 25 %", "collar: 2.75 %")
    [market] = node_config.node_config(venue.parse(text.encode()), "us")["markets"]
    assert [i["collar_percent"] for i in market["instruments"] if i["symbol"] == "GLADE"] == [2.75]


def test_sessions_are_numbered_over_all_accounts(laptop: venue.Venue) -> None:
    """In the order of the file, each with its account's number."""
    [market] = node_config.node_config(laptop, "us")["markets"]
    numbered = [(session["username"], session["id"], session["account"]) for session in market["sessions"]]
    assert numbered == [
        ("FLOW01", 1, 1),
        ("FLOW02", 2, 1),
        ("FLOW03", 3, 1),
        ("FLOW04", 4, 1),
        ("REPLAY", 5, 2),
        ("TRADE1", 6, 3),
        ("TRADE2", 7, 3),
    ]


def test_each_region_leads_its_own_market_under_its_number_in_the_venue(three: venue.Venue) -> None:
    """A market's number is the same on every node."""
    led = {
        name: [(market["name"], market["id"]) for market in config["markets"]]
        for name, config in node_config.node_configs(three).items()
    }
    assert led == {"us-1": [("americas", 1)], "asia-1": [("pacific", 2)], "europe-1": [("continent", 3)]}


def test_an_unknown_region_has_no_node(three: venue.Venue) -> None:
    """A caller's mistake."""
    with pytest.raises(KeyError, match="africa"):
        node_config.node_config(three, "africa")


def test_every_login_needs_a_password_once(laptop: venue.Venue) -> None:
    """Sessions and feeds."""
    expected = ["FEED01", "FLOW01", "FLOW02", "FLOW03", "FLOW04", "REPLAY", "TRADE1", "TRADE2"]
    assert node_config.usernames(laptop) == expected


def test_generated_flow_is_what_the_file_declares(laptop: venue.Venue) -> None:
    """Rate, duration, seed, logins and instruments, as the load client takes them."""
    [plan] = node_config.flow_plans(laptop)
    assert (plan.market, plan.node) == ("main", "us-1")
    flags, values = plan.arguments[::2], plan.arguments[1::2]
    given = list(zip(flags, values, strict=True))
    assert given[:4] == [
        ("--orders-per-second", "200"),
        ("--duration-s", "1800"),
        ("--seed", "20261121"),
        ("--resting-orders", "4000"),
    ]
    assert [value for flag, value in given if flag == "--session"] == ["FLOW01", "FLOW02", "FLOW03", "FLOW04"]
    instruments = [value for flag, value in given if flag == "--instrument"]
    assert len(instruments) == 8
    assert instruments[0] == "BARK:100:1:482000:2000"


def test_no_configuration_holds_a_password(laptop: venue.Venue) -> None:
    """They are in a file of their own."""
    assert "password" not in json.dumps(node_config.node_configs(laptop))


def test_the_same_file_always_gives_the_same_configuration(venues: pathlib.Path, three: venue.Venue) -> None:
    """Plans are compared."""
    again = venue.load(venues / "three-clouds.yaml")
    assert json.dumps(node_config.node_configs(again)) == json.dumps(node_config.node_configs(three))

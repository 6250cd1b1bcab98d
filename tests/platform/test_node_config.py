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


def test_three_nodes_run_the_laptop_venue(laptop: venue.Venue) -> None:
    """One in each region, each with the same market, on the loopback, on ports of the system's choice."""
    configs = node_config.node_configs(laptop)
    assert [(name, config["node"], config["region"]) for name, config in configs.items()] == [
        ("us-1", "us-1", "us"),
        ("asia-1", "asia-1", "asia"),
        ("europe-1", "europe-1", "europe"),
    ]
    for config in configs.values():
        assert (config["venue"], config["admin_listen"]) == ("laptop", "127.0.0.1:0")
        [market] = config["markets"]
        listens = {key: value for key, value in market.items() if key.endswith("_listen")}
        assert listens == dict.fromkeys(("orders_listen", "feed_listen", "snapshot_listen"), "127.0.0.1:0")
        assert (market["name"], market["id"], market["durability"]) == ("main", 1, "region")
        assert market["checkpoint_interval_s"] == 60
    markets = [config["markets"][0] for config in configs.values()]
    assert [market["replication"]["id"] for market in markets] == [1, 2, 3]
    assert len({json.dumps({**market, "replication": None}) for market in markets}) == 1


def test_each_voter_knows_the_others_and_how_far_they_are(three: venue.Venue) -> None:
    """Round trips are from the node that is told; the slowest is the same for all."""
    market = three.markets["americas"].model_copy(update={"durability": "region", "home": "europe"})
    moved = three.model_copy(update={"markets": {"americas": market}})
    found = {name: config["markets"][0]["replication"] for name, config in node_config.node_configs(moved).items()}
    numbers = {name: replication["id"] for name, replication in found.items()}
    assert numbers == {"us-1": 2, "asia-1": 3, "europe-1": 1}
    assert {replication["slowest_round_trip_us"] for replication in found.values()} == {250_000}
    assert {replication["accelerated_failover"] for replication in found.values()} == {True}
    assert found["asia-1"]["voters"] == [
        {"id": 1, "node": "europe-1", "region": "europe", "address": "127.0.0.1:0", "round_trip_us": 250_000},
        {"id": 2, "node": "us-1", "region": "us", "address": "127.0.0.1:0", "round_trip_us": 190_000},
        {"id": 3, "node": "asia-1", "region": "asia", "address": "127.0.0.1:0", "round_trip_us": 0},
    ]


def test_a_round_trip_is_never_rounded_down(laptop: venue.Venue) -> None:
    """Nodes count microseconds."""
    slow = [link.model_copy(update={"latency_ns": 1_000_001}) for link in laptop.interconnects]
    config = node_config.node_config(laptop.model_copy(update={"interconnects": tuple(slow)}), "us")
    assert config["markets"][0]["replication"]["slowest_round_trip_us"] == 2001


def test_accounts_choose_what_a_lost_client_costs_them(venues: pathlib.Path) -> None:
    """And venues whether leaders are noticed by their connections; both are off unless the file says so."""
    text = (venues / "laptop.yaml").read_text()
    text = text.replace("sessions: [REPLAY]", "sessions: [REPLAY]\n        cancel_on_disconnect: true")
    text = text.replace("failover:\n  accelerated: true\n", "")
    [market] = node_config.node_config(venue.parse(text.encode()), "us")["markets"]
    chosen = {account["name"]: account["cancel_on_disconnect"] for account in market["accounts"]}
    assert chosen == {"FLOW": False, "REPLAY": True, "TRADE": False, "MAKER": False}
    assert market["replication"]["accelerated_failover"] is False


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
        "cancel_on_disconnect": False,
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
        *((f"FLOW{number:02}", number, 1) for number in range(1, 17)),
        ("REPLAY", 17, 2),
        ("TRADE1", 18, 3),
        ("TRADE2", 19, 3),
        *((f"MAKER{number}", 19 + number, 4) for number in range(1, 5)),
    ]


def test_each_zone_of_a_home_has_a_node_under_the_markets_number_in_the_venue(three: venue.Venue) -> None:
    """A market's number is the same on every node."""
    hosted = {
        name: [(market["name"], market["id"], market["replication"]["id"]) for market in config["markets"]]
        for name, config in node_config.node_configs(three).items()
    }
    homes = (("us", "americas"), ("asia", "pacific"), ("europe", "continent"))
    assert hosted == {
        f"{region}-{zone}": [(market, number, zone)]
        for number, (region, market) in enumerate(homes, start=1)
        for zone in (1, 2, 3)
    }


def test_an_unknown_region_or_zone_has_no_node(three: venue.Venue) -> None:
    """A caller's mistake."""
    with pytest.raises(KeyError, match="africa"):
        node_config.node_config(three, "africa")
    with pytest.raises(KeyError, match="zone 4 of us"):
        node_config.node_config(three, "us", 4)


def test_every_login_needs_a_password_once(laptop: venue.Venue) -> None:
    """Sessions and feeds."""
    flows = [f"FLOW{number:02}" for number in range(1, 17)]
    makers = [f"MAKER{number}" for number in range(1, 5)]
    assert node_config.usernames(laptop) == ["FEED01", *flows, *makers, "REPLAY", "TRADE1", "TRADE2"]


def test_generated_flow_is_what_the_file_declares(laptop: venue.Venue) -> None:
    """Rate, duration, seed, logins and instruments, as the load client takes them."""
    [plan] = node_config.flow_plans(laptop)
    assert (plan.market, plan.nodes) == ("main", ("us-1", "asia-1", "europe-1"))
    flags, values = plan.arguments[::2], plan.arguments[1::2]
    given = list(zip(flags, values, strict=True))
    assert given[:4] == [
        ("--orders-per-second", "200"),
        ("--duration-s", "1800"),
        ("--seed", "20261121"),
        ("--resting-orders", "4000"),
    ]
    assert [value for flag, value in given if flag == "--session"] == ["MAKER1", "MAKER2", "MAKER3", "MAKER4"]
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

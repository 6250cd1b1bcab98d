"""What one venue file says otherwise than another: each value with its path, as a file would write it."""

import pathlib

import pytest

from rialto_platform import venue
from rialto_platform.venue.difference import Change, difference

LINK = "{between: [us, asia], bandwidth: 1 Gbit/s, latency: 1 ms}"
INSTRUMENT = '      - {symbol: AAPL, tick_size: "0.01", lot_size: 1}\n'


@pytest.fixture(scope="module")
def text(venues: pathlib.Path) -> str:
    """The file of the laptop's venue."""
    return (venues / "laptop.yaml").read_text()


def changes(text: str, *edits: tuple[str, str]) -> list[Change]:
    """What edits of a file change; what each replaces stands there exactly once."""
    old, new = text, text
    for before, after in edits:
        assert old.count(before) == 1
        new = new.replace(before, after)
    return difference(venue.parse(old.encode()), venue.parse(new.encode()))


def test_the_same_values_written_otherwise_are_no_difference(text: str) -> None:
    """Units, the order of an interconnect's regions and of the interconnects, a default written out, a comment."""
    same = "{between: [asia, us], bandwidth: 1000 Mbit/s, latency: 1000 us, jitter: 0 ms, loss: 0 %}  # the same"
    third = "  - {between: [asia, europe], bandwidth: 1 Gbit/s, latency: 1 ms}\n"
    assert changes(text, (LINK, same), (third, ""), ("interconnects:\n", f"interconnects:\n{third}")) == []


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (LINK, LINK.replace("1 ms", "30 ms"), Change("interconnects[0].latency", "1 ms", "30 ms")),
        (LINK, LINK.replace("1 ms", "1 ms, loss: 0.1 %"), Change("interconnects[0].loss", "0 %", "0.1 %")),
        (LINK, LINK.replace("1 G", "1.25 G"), Change("interconnects[0].bandwidth", "1 Gbit/s", "1.25 Gbit/s")),
        ("disk: 20 GiB", "disk: 2.5 TiB", Change("node.disk", "20 GiB", "2.5 TiB")),
        ("accelerated: true", "accelerated: false", Change("failover.accelerated", "true", "false")),
        ("cidr: 10.2.0.0/16", "cidr: 10.4.0.0/16", Change("regions.asia.cidr", "10.2.0.0/16", "10.4.0.0/16")),
        (
            'symbol: GLADE, tick_size: "0.005"',
            'symbol: GLADE, tick_size: "0.0025"',
            Change("markets.main.instruments[5].tick_size", "0.005", "0.0025"),
        ),
        ("collar: 25 %", "collar: 2.5 %", Change("markets.main.instruments[5].collar", "25 %", "2.5 %")),
        ("sessions: [TRADE1, TRADE2]", "sessions: [TRADE1, TRADE2, TRADE3]",
         Change("markets.main.accounts.TRADE.sessions[2]", None, "TRADE3")),
        ("sessions: [TRADE1, TRADE2]", "sessions: [TRADE1]",
         Change("markets.main.accounts.TRADE.sessions[1]", "TRADE2", None)),
        (INSTRUMENT, INSTRUMENT.replace("lot_size: 1", "lot_size: 1, collar: 10 %"),
         Change("markets.main.instruments[8].collar", None, "10 %")),
        ('max_order_value: "1000000.00"', 'max_order_value: "1000000.50"',
         Change("markets.main.accounts.TRADE.max_order_value", "1000000.00", "1000000.50")),
        ("    duration: 30 min", "    duration: 45 min", Change("flow.main.duration", "30 min", "45 min")),
    ],
)  # fmt: skip
def test_a_value_is_named_by_its_path_and_written_with_its_unit(text: str, old: str, new: str, change: Change) -> None:
    """One edit is one change."""
    assert changes(text, (old, new)) == [change]


def test_an_added_part_is_one_change_that_shows_its_keys(text: str) -> None:
    """And a part that is gone is the same the other way round."""
    more = '      - {symbol: NOVA, tick_size: "0.01", lot_size: 1}\n      - {symbol: REPLAY'
    [change] = changes(text, ("      - {symbol: REPLAY", more))[:1]
    # It stands where another stood, and numbers are positions: that is what differs.
    assert change == Change("markets.main.instruments[9].symbol", "REPLAY", "NOVA")
    account = (
        '      TRADER:\n        {max_order_quantity: 1, max_order_value: "1.00", max_open_orders: 1, sessions: [T1]}\n'
    )
    [added] = changes(text, ("    feed_users:", f"{account}    feed_users:"))
    shown = "{max_order_quantity: 1, max_order_value: 1.00, max_open_orders: 1, sessions: [T1], "
    assert added == Change("markets.main.accounts.TRADER", None, shown + "cancel_on_disconnect: false}")
    assert str(added) == f"markets.main.accounts.TRADER: {shown}cancel_on_disconnect: false}} is new"


def test_an_interconnect_is_known_by_its_regions(venues: pathlib.Path) -> None:
    """Removing the first is not a change of all behind it."""
    three = venue.load(venues / "three-clouds.yaml")
    fewer = three.model_copy(update={"interconnects": three.interconnects[1:]})
    gone = (
        "{between: [us, asia], bandwidth: 10 Gbit/s, latency: 95 ms, jitter: 0 s, loss: 0 %, redundant: false, "
        "vpn: {inside: 169.254.20.0/28}}"
    )
    assert difference(three, fewer) == [Change("interconnects[0]", gone, None)]
    assert difference(fewer, three) == [Change("interconnects[0]", None, gone)]


def test_another_order_of_what_is_numbered_is_a_change(venues: pathlib.Path) -> None:
    """Markets, accounts and regions are numbered by position."""
    three = venue.load(venues / "three-clouds.yaml")
    turned = three.model_copy(update={"markets": {name: three.markets[name] for name in reversed(list(three.markets))}})
    assert difference(three, turned) == [
        Change("markets", "in the order americas, pacific, continent", "in the order continent, pacific, americas")
    ]


def test_a_change_in_a_line() -> None:
    """For people."""
    assert str(Change("a.b", "1 ms", "30 ms")) == "a.b: 1 ms -> 30 ms"
    assert str(Change("a.b", "1 ms", None)) == "a.b: 1 ms is gone"


def test_a_file_equals_itself(venues: pathlib.Path) -> None:
    """And another venue's differs in its name first."""
    laptop, three = (venue.load(venues / f"{name}.yaml") for name in ("laptop", "three-clouds"))
    assert difference(laptop, laptop) == []
    assert difference(laptop, three)[0] == Change("venue", "laptop", "three-clouds")

"""What of a venue runs on one machine: one node a region, and what is left out is said."""

from __future__ import annotations

import json
from pathlib import Path

from rialto_platform import venue
from rialto_platform.local import one_machine
from rialto_platform.node_config import flow_plans


def test_a_market_of_durability_zone_has_one_voter_in_its_homes_first_zone(venues: Path) -> None:
    three = venue.load(venues / "three-clouds.yaml")
    configs = json.loads(json.dumps(one_machine.configurations(three)))
    hosted = {
        name: [(one["name"], one["id"], [voter["node"] for voter in one["replication"]["voters"]]) for one in markets]
        for name, markets in ((name, config["markets"]) for name, config in configs.items())
    }
    assert hosted == {
        "us-1": [("americas", 1, ["us-1"])],
        "asia-1": [("pacific", 2, ["asia-1"])],
        "europe-1": [("continent", 3, ["europe-1"])],
    }
    plans = flow_plans(one_machine.reduced(three))
    assert [(plan.market, plan.nodes) for plan in plans] == [
        ("americas", ("us-1",)),
        ("pacific", ("asia-1",)),
        ("continent", ("europe-1",)),
    ]


def test_what_is_left_out_is_said_for_each_market(venues: Path) -> None:
    three = venue.load(venues / "three-clouds.yaml")
    assert one_machine.left_out(three)[0] == (
        "markets.americas: durability zone: 1 of 3 zones here; its learners in asia and europe are not run"
    )
    assert len(one_machine.left_out(three)) == 3


def test_a_market_of_durability_region_runs_whole(venues: Path) -> None:
    laptop = venue.load(venues / "laptop.yaml")
    assert one_machine.left_out(laptop) == ()
    assert one_machine.reduced(laptop) == laptop
    three = venue.load(venues / "three-clouds.yaml")
    market = three.markets["americas"].model_copy(update={"durability": "region"})
    wide = three.model_copy(update={"markets": {"americas": market}})
    assert one_machine.left_out(wide) == ()
    assert list(one_machine.configurations(wide)) == ["us-1", "asia-1", "europe-1"]

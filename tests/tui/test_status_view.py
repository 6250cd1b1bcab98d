"""The status screen as text."""

from __future__ import annotations

import json

from rialto_platform.local.status import NodeStatus, VenueStatus
from rialto_tui.status_view import render

FACTS: dict[str, object] = {
    "region": "us",
    "uptime_s": 3661.2,
    "markets": {
        "main": {
            "role": "leader",
            "trading_day": {"date": 20261121, "open": True},
            "journal": {"applied": 1234},
            "sessions": [{"username": "FLOW01", "connected": True}, {"username": "TRADE1", "connected": False}],
            "orders_per_second": 200.4,
            "acknowledge": {"p50_ns": 181_000},
            "orders_resting": 4000,
            "counters": {"executions": 77},
            "instruments": [
                {
                    "symbol": "BARK",
                    "state": "trading",
                    "bid": {"price_e4": 481_900, "quantity": 300},
                    "ask": None,
                    "last_price_e4": 482_000,
                    "trades": 12,
                    "volume": 1200,
                }
            ],
        }
    },
}


def venue(*nodes: NodeStatus, state: str = "up") -> VenueStatus:
    return VenueStatus("laptop", state, 0, nodes, "running")


def test_what_trades() -> None:
    text = "\n".join(render(venue(NodeStatus("us-1", "running", "", FACTS)), 200))
    assert "venue laptop   up   order flow: running" in text
    assert "up 1:01:01" in text
    assert "200 orders/s" in text
    assert "p50 181 us  p99 -" in text
    row = next(line for line in text.splitlines() if line.strip().startswith("BARK"))
    assert row.split() == ["BARK", "300", "48.19", "-", "-", "48.20", "12", "1,200"]


def test_a_halt_is_said() -> None:
    halted = json.loads(json.dumps(FACTS).replace('"trading"', '"halted"'))
    text = "\n".join(render(venue(NodeStatus("us-1", "running", "", halted, "127.0.0.1:4001")), 80))
    assert "BARK     halted" in text
    assert "http://127.0.0.1:4001/v1/markets/main/resume" in text
    assert "resume" not in "\n".join(render(venue(NodeStatus("us-1", "running", "", FACTS, "127.0.0.1:4001")), 80))


def test_a_problem_of_the_venue_is_said() -> None:
    status = VenueStatus("laptop", "degraded", 0, (), "none", "Its supervisor has died.")
    assert "Its supervisor has died." in render(status, 80)


def test_eighty_columns_hold_everything() -> None:
    large = json.loads(json.dumps(FACTS).replace("481900", "42105000").replace("1200", "1234567"))
    assert max(map(len, render(venue(NodeStatus("us-1", "running", "", large))))) <= 80


def test_no_line_is_wider_than_the_screen() -> None:
    for width in (80, 40, 20):
        assert all(len(line) <= width for line in render(venue(NodeStatus("us-1", "running", "", FACTS)), width))


def test_a_node_that_does_not_answer_says_why() -> None:
    lines = render(venue(NodeStatus("us-1", "failed", "it does not start; see node.log", None), state="degraded"), 200)
    assert any("failed" in line and "node.log" in line for line in lines)


def test_an_answer_that_lacks_things_is_no_crash() -> None:
    assert render(venue(NodeStatus("us-1", "running", "", {"markets": {"main": {}, "other": "x"}})), 80)

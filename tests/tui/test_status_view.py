"""The status screen as text."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rialto_platform.local.status import NodeStatus, VenueStatus
from rialto_tui import status_view
from rialto_tui.console.store import State, StatusSeen, apply

VOTERS = [
    {"id": 1, "node": "us-1", "region": "us", "address": "a:1", "matched": 1_234_567, "lag": 0, "heard_ms": 0},
    {"id": 2, "node": "asia-1", "region": "asia", "address": "a:2", "matched": 1_234_560, "lag": 7, "heard_ms": 15},
    {"id": 3, "node": "europe-1", "region": "europe", "address": "a:3", "matched": 9, "lag": 99, "heard_ms": 65_000},
]
FACTS: dict[str, object] = {
    "region": "us",
    "uptime_s": 3661.2,
    "markets": {
        "main": {
            "role": "leader",
            "trading_day": {"date": 20261121, "open": True},
            "journal": {"applied": 1_234_567},
            "replication": {"id": 1, "epoch": {"term": 3, "node": 1}, "voters": VOTERS, "applied": 1_234_567},
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
FOLLOWER: dict[str, object] = {
    "region": "asia",
    "uptime_s": 7.9,
    "markets": {
        "main": {
            "role": "follower",
            "journal": {"applied": 1_234_560},
            "replication": {"voters": VOTERS, "applied": 1_234_560, "heard_from_leader_ms": 12.2},
        }
    },
}


def node(name: str = "us-1", facts: Mapping[str, object] | None = FACTS, admin: str = "") -> NodeStatus:
    return NodeStatus(name, "running", "", facts, admin, 1)


def venue(*nodes: NodeStatus, state: str = "up") -> VenueStatus:
    return VenueStatus("laptop", state, 0, nodes, "running")


def render(status: VenueStatus, width: int | None = None) -> list[str]:
    """The lines of a status, read as the console reads it."""
    return status_view.render(apply(State(status.venue), StatusSeen(0, 0, status)), status.observed_at_ns, width)


FROZEN = NodeStatus("europe-1", "frozen", "it was stopped by a signal; wake it: rialto node resume europe-1", None)


def test_what_trades() -> None:
    text = "\n".join(render(venue(node()), 200))
    assert "venue laptop   up   order flow: running" in text
    assert "up 1:01:01" in text
    assert "200 orders/s" in text
    assert "p50 181 us  p99 -" in text
    row = next(line for line in text.splitlines() if line.strip().startswith("BARK"))
    assert row.split() == ["BARK", "300", "48.19", "-", "-", "48.20", "12", "1,200"]


def test_who_leads_and_how_far_the_others_are() -> None:
    lines = render(venue(node(), node("asia-1", FOLLOWER), FROZEN, state="degraded"), 80)
    text = "\n".join(lines)
    assert "market main   leader us-1   epoch 3.1   day 20261121 open   sessions 1" in text
    rows = [line.split() for line in lines if line.startswith(("  us ", "  asia ", "  europe "))]
    assert rows == [
        ["us", "us-1", "leader", "1,234,567", "0", "0", "ms", "up", "1:01:01"],
        ["asia", "asia-1", "follower", "1,234,560", "7", "12", "ms", "up", "0:00:07"],
        ["europe", "europe-1", "-", "-", "99", "65", "s", "frozen"],
    ]
    assert "node europe-1   frozen: it was stopped by a signal; wake it" in text


def test_a_market_without_a_leader_says_so() -> None:
    text = "\n".join(render(venue(node("asia-1", FOLLOWER), state="degraded"), 80))
    assert "market main   no leader" in text


def test_a_halt_is_said_with_the_leaders_address() -> None:
    halted = json.loads(json.dumps(FACTS).replace('"trading"', '"halted"'))
    shown = venue(node("asia-1", FOLLOWER, "127.0.0.1:4002"), node("us-1", halted, "127.0.0.1:4001"))
    text = "\n".join(render(shown, 80))
    assert "BARK     halted" in text
    assert "http://127.0.0.1:4001/v1/markets/main/resume" in text
    assert "/resume" not in "\n".join(render(venue(node(admin="127.0.0.1:4001")), 80))


def test_a_problem_of_the_venue_is_said() -> None:
    status = VenueStatus("laptop", "degraded", 0, (), "none", "Its supervisor has died.")
    assert "Its supervisor has died." in render(status, 80)


def test_eighty_columns_hold_everything() -> None:
    large = json.loads(json.dumps(FACTS).replace("481900", "42105000").replace("1200", "1234567"))
    lines = render(venue(node("us-1", large), node("asia-1", FOLLOWER), NodeStatus("europe-1", "starting", "", None)))
    assert max(map(len, lines)) <= 80


def test_no_line_is_wider_than_the_screen() -> None:
    for width in (80, 40, 20):
        assert all(len(line) <= width for line in render(venue(node(), FROZEN), width))


def test_a_node_that_does_not_start_says_why_with_the_end_of_its_log() -> None:
    failed = NodeStatus("us-1", "failed", "it does not start; see node.log", None, log=("address in use", "exit 4"))
    lines = render(venue(failed, node("asia-1", FOLLOWER), state="degraded"), 200)
    assert any("failed" in line and "node.log" in line for line in lines)
    assert "    address in use" in lines
    assert "    exit 4" in lines


def test_an_answer_that_lacks_things_is_no_crash() -> None:
    assert render(venue(node(facts={"markets": {"main": {}, "other": "x"}})), 80)
    assert render(
        venue(node(facts={"markets": {"main": {"role": "leader", "replication": {"voters": [3, {"id": 1}]}}}})), 80
    )

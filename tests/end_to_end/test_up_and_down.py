"""The main job as a user meets it: up, status, trade, down, up again, clean."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import stat
from pathlib import Path
from typing import Any, cast

from live_venue import NODES, LiveVenue, eventually

from rialto_engine.orders import OrderSession, Report, Side, TimeInForce


def processes_of(venue: LiveVenue) -> list[int]:
    """The live processes whose command line or working directory lies in the venue's state."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if str(venue.state) in (entry / "cmdline").read_text() or str(venue.state) in str(
                    (entry / "cwd").readlink()
                ):
                    found.append(int(entry.name))
    return found


def trades(venue: LiveVenue) -> int:
    """Executions of the trading day, over all instruments, as the replica knows that has fewest."""
    nodes = cast("list[dict[str, Any]]", venue.status()["nodes"])
    markets = [node["status"]["markets"]["main"] for node in nodes if node["status"] is not None]
    return min(sum(instrument["trades"] for instrument in market["instruments"]) for market in markets)


async def trade(venue: LiveVenue, quantity: int) -> list[Report]:
    """One buys what the other sells; returns the buyer's reports."""
    orders = venue.orders()
    async with await OrderSession.connect(orders, "TRADE1", venue.password("TRADE1"), number=0) as seller:
        await seller.query_next_user_ref()
        seller.next_user_ref = int((await seller.report())["next_user_ref_num"])
        async with await OrderSession.connect(orders, "TRADE2", venue.password("TRADE2"), number=0) as buyer:
            await buyer.query_next_user_ref()
            buyer.next_user_ref = int((await buyer.report())["next_user_ref_num"])
            await seller.enter("AAPL", Side.SELL, quantity=quantity, price_e4=5_853_300)
            await seller.report()
            await buyer.enter(
                "AAPL",
                Side.BUY,
                quantity=quantity,
                price_e4=5_853_300,
                time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            )
            return [await buyer.report(), await buyer.report()]


def test_up_trades_and_down_leaves_nothing(venue: LiveVenue) -> None:
    up = venue.rialto("up", str(venue.file), "--no-flow")
    assert "Venue proving is up." in up.stdout
    assert f"Market main is led by {venue.leader()} in" in up.stdout
    assert "rialto switchover" in up.stdout
    assert stat.S_IMODE((venue.root / "credentials.json").stat().st_mode) == 0o600

    reports = asyncio.run(trade(venue, 100))
    assert [report["message"] for report in reports] == ["Order Accepted", "Order Executed"]
    assert reports[1]["quantity"] == 100
    assert reports[1]["price_e4"] == 5_853_300

    again = venue.rialto("up", str(venue.file), "--no-flow")
    assert "is up already" in again.stdout

    assert processes_of(venue)
    venue.rialto("down")
    assert processes_of(venue) == []
    left = [path for path in venue.state.rglob("*") if path.is_socket() or path.name in {"lock", "ready.json"}]
    assert left == []
    assert venue.status()["state"] == "down"


def test_journals_stay_and_the_next_up_goes_on(venue: LiveVenue) -> None:
    venue.rialto("up", str(venue.file), "--no-flow")
    asyncio.run(trade(venue, 100))
    addresses = {node: venue.addresses(node) for node in NODES}
    eventually(lambda: trades(venue) == 1)
    venue.rialto("down")
    venue.rialto("up", str(venue.file), "--no-flow")
    assert {node: venue.addresses(node) for node in NODES} == addresses
    eventually(lambda: trades(venue) == 1)

    orders = venue.orders()

    async def history() -> list[Report]:
        async with await OrderSession.connect(orders, "TRADE2", venue.password("TRADE2")) as buyer:
            return [await buyer.report() for _ in range(4)]

    names = [report["message"] for report in asyncio.run(history())]
    assert names == ["System Event", "Account Query Response", "Order Accepted", "Order Executed"]
    venue.rialto("down")
    refused = venue.rialto("clean", check=False)
    assert refused.returncode == 1
    assert venue.root.exists()
    venue.rialto("clean", "--yes")
    assert not venue.root.exists()


def test_a_killed_node_comes_back_with_every_acknowledged_order(venue: LiveVenue) -> None:
    venue.rialto("up", str(venue.file), "--no-flow")
    asyncio.run(trade(venue, 100))
    os.kill(cast("int", venue.ready()["pid"]), signal.SIGKILL)
    eventually(lambda: venue.status()["state"] == "up")
    eventually(lambda: trades(venue) == 1)
    assert asyncio.run(trade(venue, 50))[1]["quantity"] == 50


def test_order_flow_trades_by_itself(venue: LiveVenue) -> None:
    assert "order flow: running" in venue.rialto("up", str(venue.file)).stdout
    eventually(lambda: trades(venue) >= 20)
    assert venue.status()["flow"] == "running"


def test_a_supervisor_that_died_is_cleaned_up(venue: LiveVenue) -> None:
    venue.rialto("up", str(venue.file), "--no-flow")
    nodes = {cast("int", venue.ready(node)["pid"]) for node in NODES}
    supervisor = json.loads((venue.root / "supervisor.json").read_text())
    os.kill(supervisor["pid"], signal.SIGKILL)
    eventually(lambda: venue.status()["state"] == "degraded")
    assert "supervisor has died" in str(venue.status()["problem"])
    assert venue.rialto("clean", "--yes", check=False).returncode == 1
    assert venue.root.exists()
    up = venue.rialto("up", str(venue.file), "--no-flow")
    assert "left over" in up.stdout
    assert not nodes & set(processes_of(venue))


def test_a_wrong_file_touches_nothing(venue: LiveVenue) -> None:
    venue.file.write_text(venue.file.read_text().replace("home: us", "home: moon"))
    wrong = venue.rialto("up", str(venue.file), check=False)
    assert wrong.returncode == 1
    assert "markets.main.home" in wrong.stderr
    assert not venue.state.exists()


def test_a_damaged_file_of_a_running_venue_is_mended_by_down_and_up(venue: LiveVenue) -> None:
    venue.rialto("up", str(venue.file), "--no-flow")
    node = venue.root / "nodes" / "us-1"
    damaged = ("supervisor.json", "plan.json", "nodes/us-1/process.json", "nodes/us-1/ready.json")
    for path in [*(venue.root / name for name in damaged), node / "config.json"]:
        path.write_text("")
    assert "rialto down" in venue.rialto("status", check=False).stderr
    venue.rialto("down")
    assert processes_of(venue) == []
    assert "written anew" in venue.rialto("up", str(venue.file), "--no-flow").stdout
    assert asyncio.run(trade(venue, 10))[1]["quantity"] == 10

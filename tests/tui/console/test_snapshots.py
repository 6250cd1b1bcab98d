"""Every screen at both sizes, in a venue that is healthy, degraded, and not heard any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import console_pilot
import pytest
import recorded_console
import snapshots
from recorded_console import Kind
from textual.widgets import Input

from rialto_tui.console.actions import Cut, NodeAction

PICTURES = Path(__file__).parent / "pictures"
SCREENS = ("overview", "book", "events", "confirm", "help", "venues")


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("kind", recorded_console.KINDS)
@pytest.mark.parametrize("size", console_pilot.SIZES, ids=lambda size: "x".join(map(str, size)))
def test_screen(screen: str, kind: Kind, size: tuple[int, int]) -> None:
    asyncio.run(_picture(screen, kind, size))


async def _picture(screen: str, kind: Kind, size: tuple[int, int]) -> None:
    async with console_pilot.console(kind, size) as (app, pilot):
        if screen != "overview":
            # What is over a screen is pictured over one with little on it.
            await pilot.press("2" if screen == "book" else "3")
            await console_pilot.drawn(app, pilot)
        match screen:
            case "confirm":
                app.ask(NodeAction("kill", "us-1") if kind != "degraded" else Cut("us", "asia", for_ms=30_000))
            case "help":
                await pilot.press("question_mark")
            case "venues":
                await pilot.press("v")
            case _:
                pass
        await console_pilot.drawn(app, pilot)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await console_pilot.drawn(app, pilot)
        snapshots.check(app, PICTURES / f"{size[0]}x{size[1]}", f"{screen}-{kind}")

"""The console run without a terminal, on recorded observations and a clock that stands."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Sequence

import recorded_console
from recorded_console import Kind, RecordedVenue
from textual.pilot import Pilot

from rialto_tui.console.app import Clock, ConsoleApp
from rialto_tui.console.live import Entry

SIZES = ((80, 24), (200, 60))


@contextlib.asynccontextmanager
async def console(
    kind: Kind = "healthy",
    size: tuple[int, int] = (80, 24),
    *,
    venue: RecordedVenue | None = None,
    name: str | None = "laptop",
    entries: Sequence[Entry] = (Entry("laptop", runs=True), Entry("three-clouds", runs=False)),
) -> AsyncGenerator[tuple[ConsoleApp, Pilot[str]], None]:
    """The console, once it shows a recorded venue; nothing moves by itself."""
    recorded = venue or RecordedVenue(kind)
    app = ConsoleApp(recorded.sources, name, lambda: entries, clock=clock_at(recorded_console.MONO_NS), polls=False)
    async with app.run_test(size=size) as pilot:
        app.animation_level = "none"
        if name is not None:
            for observation in recorded_console.observations(kind):
                app.observe(observation)
        await drawn(app, pilot)
        yield app, pilot


def clock_at(mono_ns: int) -> Clock:
    """A clock that stands."""
    return Clock(lambda: mono_ns, lambda: recorded_console.WALL_NS)


async def drawn(app: ConsoleApp, pilot: Pilot[str]) -> None:
    """Waits until what is known is on the screen."""
    await pilot.pause()
    app.redraw()
    await pilot.pause()

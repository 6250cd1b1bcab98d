"""The three screens: the overview, the book of an instrument, the event log."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from rialto_tui.console.screens.base import ConsoleScreen
from rialto_tui.console.widgets.book import Instruments, Ladder, Sales
from rialto_tui.console.widgets.links import Links
from rialto_tui.console.widgets.log import EventLog
from rialto_tui.console.widgets.map import VenueMap
from rialto_tui.console.widgets.market import MarketPanel
from rialto_tui.console.widgets.replicas import Replicas

WIDE = 150
"""Columns from which on an instrument's book stands beside the overview."""
HIGH = 36
"""Lines from which on the venue is drawn as a picture above its tables."""


class Overview(ConsoleScreen):
    """The venue at a glance; in a wide terminal with an instrument's book beside it."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 (as Textual declares it)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]  # noqa: RUF012 (as Textual declares it)

    def body(self) -> ComposeResult:
        """Replicas first: the keys that matter most work at once."""
        with Horizontal(id="overview"):
            with Vertical(id="venue"):
                yield VenueMap(id="map")
                yield Replicas(id="replicas")
                with Horizontal(id="middle"):
                    yield Links(id="links")
                    yield MarketPanel(id="market")
                yield EventLog(id="events")
            with Vertical(id="beside"):
                yield Instruments(id="instruments")
                with Horizontal(id="book"):
                    yield Ladder(id="ladder")
                    yield Sales(id="sales")


class BookScreen(ConsoleScreen):
    """An instrument's ladder, its executions, and the instruments to choose from."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 (as Textual declares it)

    def body(self) -> ComposeResult:
        """Side by side."""
        with Horizontal(id="book-screen"):
            yield Instruments(id="instruments")
            yield Ladder(id="ladder")
            yield Sales(id="sales")


class EventsScreen(ConsoleScreen):
    """The whole event log."""

    def body(self) -> ComposeResult:
        """Nothing else."""
        yield EventLog(id="events")

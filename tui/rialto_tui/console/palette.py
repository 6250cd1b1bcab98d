"""What the command palette offers: the actions on what the venue has now, its instruments, markets and screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from rialto_tui.console import actions
from rialto_tui.console.actions import Action, Cut, Heal, Move, NodeAction, Slow
from rialto_tui.console.widgets.links import LEASE_MS, SLOW_NS

if TYPE_CHECKING:
    from rialto_tui.console.app import ConsoleApp


class Palette(Provider):
    """Commands of the venue that is looked at."""

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for name, about, run in self._commands():
            yield DiscoveryHit(name, run, help=about)

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for name, about, run in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), run, help=about)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        console = cast("ConsoleApp", self.app)
        for action in possible(console):
            yield actions.title(action), actions.command(action, console.named), _asking(console, action)
        market = console.view().market
        for instrument in () if market is None else market.instruments:
            yield (
                f"Book of {instrument.symbol}",
                "ladder and time & sales",
                _calling(console.show_book, instrument.symbol),
            )
        for other in console.state.markets:
            if market is None or other.name != market.name:
                yield (
                    f"Look at market {other.name}",
                    "its leader, voters and books",
                    _calling(console.turn_to, other.name),
                )


def possible(console: ConsoleApp) -> Iterator[Action]:
    """The actions that make sense now."""
    state = console.state
    for market in state.markets:
        if market.leader is not None:
            for replica in market.replicas:
                if replica.node != market.leader.node:
                    yield Move(market.name, market.leader.node, replica.node)
    for node in state.nodes:
        if node.state == "frozen":
            yield NodeAction("resume", node.name)
        else:
            yield NodeAction("kill", node.name)
            yield NodeAction("freeze", node.name)
    for link in state.links:
        one, other = link.between
        if not link.as_declared:
            yield Heal(one, other)
        yield Cut(one, other, for_ms=LEASE_MS)
        yield Cut(one, other, one_way=True, for_ms=LEASE_MS)
        yield Cut(other, one, one_way=True, for_ms=LEASE_MS)
        yield Slow(one, other, SLOW_NS, LEASE_MS)


def _asking(console: ConsoleApp, action: Action) -> Callable[[], None]:
    return lambda: console.ask(action)


def _calling(call: Callable[[str], None], name: str) -> Callable[[], None]:
    return lambda: call(name)

"""One action from its confirmation to its measurement."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from rialto_platform.local.errors import LocalError
from rialto_tui.console import actions, measure
from rialto_tui.console.actions import Action
from rialto_tui.console.feeds import Feeds, Sources
from rialto_tui.console.measure import Look, Measuring
from rialto_tui.console.store import Measured, State


class Operation:
    """Watches the market before an action, does it once it is confirmed, and measures what came of it."""

    def __init__(
        self,
        sources: Sources,
        feeds: Feeds,
        state: Callable[[], State],
        action: Action,
        market: str,
        *,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._sources = sources
        self._feeds = feeds
        self._state = state
        self._mono_ns = mono_ns
        self._confirmed: asyncio.Future[Action] = asyncio.get_running_loop().create_future()
        self.measuring: Measuring = measure.prepare(state(), action, market)
        """What is known so far."""
        self.measured: Measured | None = None
        """What was measured, once that is known."""
        self.problem = ""
        """Why it was refused."""

    def confirm(self, action: Action) -> None:
        """The operator wants it, with what was typed on the way."""
        if not self._confirmed.done():
            self._confirmed.set_result(action)

    @property
    def confirmed(self) -> bool:
        """Whether it is being done, or done."""
        return self._confirmed.done() and not self._confirmed.cancelled()

    @property
    def title(self) -> str:
        """The action as a heading."""
        return actions.title(self.measuring.action)

    async def run(self) -> None:
        """Looks on from before the action until its effects have been seen, or it was refused."""
        try:
            self.measured = await self._run()
        except (LocalError, OSError) as error:
            self.problem = str(error)

    async def _run(self) -> Measured:
        while not self._confirmed.done():
            await self._look()
        action = self._confirmed.result()
        with self._feeds.closely():
            doing = asyncio.create_task(asyncio.to_thread(self._sources.perform, action))
            prepared = measure.prepare(self._state(), action, self.measuring.market)
            self.measuring = measure.carried(prepared, self.measuring, self._mono_ns())
            told = False
            while not measure.finished(self.measuring, self._mono_ns()):
                await self._look()
                if doing.done() and not told:
                    self.measuring = measure.done(self.measuring, doing.result())
                    told = True
            return measure.result(self.measuring, self._mono_ns())

    async def _look(self) -> None:
        await asyncio.sleep(measure.LOOK_NS / 1e9)
        at_ns = self._mono_ns()
        self.measuring = measure.looked(self.measuring, Look(at_ns, self._feeds.position))
        state = self._state()
        seen_ns = state.status.at_ns
        if seen_ns is not None and self.measuring.began_ns is not None and seen_ns > self.measuring.began_ns:
            self.measuring = measure.saw(self.measuring, state, seen_ns)

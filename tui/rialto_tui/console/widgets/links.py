"""The links between the regions: what each carries, whether it is cut, when it heals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from rialto_platform.local.links import LinkView
from rialto_tui.console import links, text
from rialto_tui.console.actions import Action, Cut, Heal, Slow
from rialto_tui.console.view import View
from rialto_tui.console.widgets.panel import Asked, Cell, Column, Rows

SLOW_NS = 80_000_000
"""The latency that is offered for a slow link: one way across an ocean and a half."""
LEASE_MS = 30_000
"""A fault carries a lease: what is offered for how long it holds."""


class Links(Rows):
    """Each link in a row."""

    TITLE = "links"
    HELP = """\
Each row is the private link between two regions, emulated on this machine.

**latency** is one way; ↔ marks directions that differ. **loss** is the share of segments that arrive
late. **state**: open, changed (not as the venue file declares it), cut, or cut one way.

**x** cuts it both ways, **o** only from the first to the second region (**O**: back).
**s** gives it another latency. **h** heals it: uncut, and as declared.
A cut holds what is sent, and nothing is dropped: after healing it flows on. Cuts and slow
links carry a lease: they heal by themselves."""
    COLUMNS = (
        Column("between", 14),
        Column("latency", 7, right=True),
        Column("loss", 5, right=True),
        Column("state", 7),
        Column("held", 9, right=True, rank=3),
        Column("heals in", 8, right=True, rank=2),
        Column("bandwidth", 10, right=True, rank=1),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "cut", "Cut"),
        Binding("o", "cut_one_way", "One way"),
        Binding("O", "cut_back", "Cut back", show=False),
        Binding("s", "slow", "Slow"),
        Binding("h", "heal", "Heal"),
    ]

    def freshness(self, view: View) -> tuple[str, bool]:
        """The links' own age: they are asked beside the nodes."""
        heard = view.state.links_heard
        return f"{text.age(heard.age_ns(view.now_ns))} old", heard.stale(view.now_ns)

    def nothing(self, view: View) -> str:
        """What can be said without links."""
        if view.words:
            return super().nothing(view)
        return view.state.links_heard.problem or "the venue file declares none, or nothing runs"

    def rows(self, view: View) -> list[tuple[str, Sequence[Cell]]]:
        """The links in the order of the venue file."""
        return [
            (links.key(link), self._row(view, link))
            for link in view.state.links
            if view.holds(*link.between, links.state(link))
        ]

    def _row(self, view: View, link: LinkView) -> Sequence[Cell]:
        there, back = link.directions
        state = links.state(link)
        colour = "$success" if state == "open" else "$warning" if state == "changed" else "bold $error"
        between = f"{'─✕─' if state == 'cut' else ' ⇄ '}".join(link.between)
        if state.startswith("cut "):
            between = f"{' → ' if back.cut else ' ← '}".join(link.between)
        differ = "↔" if there.latency_us != back.latency_us else ""
        slow = max(there.latency_us, back.latency_us) > max(one.declared.latency_us for one in link.directions)
        loss_ppm = max(there.loss_ppm, back.loss_ppm)
        heals_ns = links.heals_at_ns(link)
        held = there.queued_bytes + back.queued_bytes
        return (
            (between, "" if state in ("open", "changed") else "bold $error"),
            (differ + text.duration(1000 * max(there.latency_us, back.latency_us)), "$warning" if slow else ""),
            (text.share(loss_ppm), "$warning" if loss_ppm else "$quiet"),
            ("one way" if state.startswith("cut ") else state, colour),
            (f"{held:,} B" if held else "-", "$quiet"),
            ("-" if heals_ns is None else text.duration(_left_ns(heals_ns, view.wall_ns)), "$accent"),
            (text.bandwidth(min(there.bandwidth_bps, back.bandwidth_bps)), "$quiet"),
        )

    def _ends(self) -> tuple[str, str] | None:
        """The regions of the chosen link."""
        if self._view is None:
            return None
        return next((one.between for one in self._view.state.links if links.key(one) == self.chosen), None)

    def _ask(self, make: Callable[[str, str], Action], *, back: bool = False) -> None:
        ends = self._ends()
        if ends is None:
            self.notify("no link is chosen", severity="warning")
            return
        one, other = reversed(ends) if back else ends
        self.post_message(Asked(make(one, other)))

    def action_cut(self) -> None:
        """Asks to cut the chosen link both ways."""
        self._ask(lambda one, other: Cut(one, other, for_ms=LEASE_MS))

    def action_cut_one_way(self) -> None:
        """Asks to cut it from the first to the second region."""
        self._ask(lambda one, other: Cut(one, other, one_way=True, for_ms=LEASE_MS))

    def action_cut_back(self) -> None:
        """Asks to cut it from the second to the first region."""
        self._ask(lambda one, other: Cut(one, other, one_way=True, for_ms=LEASE_MS), back=True)

    def action_slow(self) -> None:
        """Asks to give it another latency."""
        self._ask(lambda one, other: Slow(one, other, SLOW_NS, LEASE_MS))

    def action_heal(self) -> None:
        """Asks to heal it."""
        self._ask(Heal)


def _left_ns(at_ns: int, wall_ns: int) -> int:
    return max(0, (at_ns - wall_ns) // 1_000_000_000) * 1_000_000_000

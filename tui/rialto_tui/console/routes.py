"""What reaches what over a venue's links: round trips and majorities, a pure reading of the links as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rialto_platform.local.links import LinkView

Hop = tuple[str, str]


@dataclass(frozen=True)
class Network:
    """The directed links between regions: what each takes one way, and whether it is cut.

    Regions without a link of their own use the path of the least latency, and a cut never re-routes. A venue whose
    links nobody tells of is taken for one place: everything reaches everything at once.
    """

    latency_ns: Mapping[Hop, int]
    cut: frozenset[Hop]

    @staticmethod
    def of(links: Iterable[LinkView]) -> Network:
        """The network of a venue's links as they are now."""
        directions = [direction for link in links for direction in link.directions]
        return Network(
            {(one.from_region, one.to_region): 1000 * one.latency_us for one in directions},
            frozenset((one.from_region, one.to_region) for one in directions if one.cut),
        )

    def with_cut(self, *hops: Hop) -> Network:
        """The same with these directions cut."""
        return Network(self.latency_ns, self.cut | set(hops))

    def with_latency(self, latency_ns: int, *hops: Hop) -> Network:
        """The same with another latency of these directions."""
        return Network(dict(self.latency_ns) | dict.fromkeys(hops, latency_ns), self.cut)

    def path(self, origin: str, target: str) -> tuple[Hop, ...] | None:
        """The directed links from one region to another; none where there is no way."""
        if origin == target or not self.latency_ns:
            return ()
        if (origin, target) in self.latency_ns:
            return ((origin, target),)
        reached: dict[str, tuple[int, tuple[Hop, ...]]] = {origin: (0, ())}
        open_ends = {origin}
        while open_ends:
            here = min(open_ends, key=lambda region: reached[region][0])
            open_ends.remove(here)
            if here == target:
                return reached[here][1]
            so_far, path = reached[here]
            for hop, latency_ns in self.latency_ns.items():
                if hop[0] != here:
                    continue
                known = reached.get(hop[1])
                if known is None or so_far + latency_ns < known[0]:
                    reached[hop[1]] = (so_far + latency_ns, (*path, hop))
                    open_ends.add(hop[1])
        return None

    def reaches(self, origin: str, target: str) -> bool:
        """Whether what `origin` sends arrives at `target`."""
        path = self.path(origin, target)
        return path is not None and not self.cut.intersection(path)

    def talk(self, one: str, other: str) -> bool:
        """Whether two regions reach each other both ways: a question and its answer."""
        return self.reaches(one, other) and self.reaches(other, one)

    def round_trip_ns(self, one: str, other: str) -> int | None:
        """There and back without queues; none where a direction is cut or missing."""
        if not self.talk(one, other):
            return None
        hops = (*(self.path(one, other) or ()), *(self.path(other, one) or ()))
        return sum(self.latency_ns[hop] for hop in hops)

    def majority_ns(self, leader: str, others: Iterable[str], needed: int) -> int | None:
        """The round trip to the farthest of the `needed` nearest other regions: no order is answered sooner.

        None where fewer are reached, so that none is answered at all.
        """
        trips = sorted(trip for other in others if (trip := self.round_trip_ns(leader, other)) is not None)
        if needed == 0:
            return 0
        return trips[needed - 1] if len(trips) >= needed else None

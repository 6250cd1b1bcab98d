"""Breaks a venue of three regions under verified flow and tells what it cost: `make drills`.

One venue of its own for each way to notice a lost leader (timers alone, and with the accelerator), in a temporary
directory. A round is one `rialto flow --verify` with one trouble in its middle. Its outage is the longest gap between
two acknowledgements that lies in the trouble's time; the longest one of the whole flow stands beside it. Between rounds
every node runs and no replica lacks anything.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from live_venue import NODES, LiveVenue, laptop  # noqa: E402 (its folder was named just now)

from rialto_platform.local import links, node_control, process, status, switchover  # noqa: E402
from rialto_platform.local.errors import LocalError  # noqa: E402
from rialto_platform.local.paths import VenuePaths  # noqa: E402
from rialto_platform.local.topology import MarketView, region_of  # noqa: E402

HEALTHY_S = 90.0
FLOWING_S = 30.0
VERIFIED_S = 240.0
STEADY_S = 1.0
"""How long orders flow before the trouble."""
AFTER_S = 1.0
"""A gap that begins this long after a loss is not its own."""
AFTER_MOVE_S = 0.05
"""The same of a planned move: what it costs is over when the new leader takes logins."""
FROZEN_S = 1.5
TROUBLED_S = 2.0
"""How long a link is in trouble."""
FLAP_S = 0.15
"""How long a flapping link stays cut, and whole."""
GIVE_UP_AFTER = 3
"""Rounds of one kind that fail in a row: what is broken then is not mended by another one."""


class DrillError(Exception):
    """A round that could not be done."""


@dataclass(frozen=True)
class Kind:
    """One kind of trouble."""

    title: str
    times: int
    """Rounds unless told otherwise."""
    seconds: int
    """Of flow in a round."""
    act: Callable[[VenuePaths], float | None]
    """Makes the trouble; its own duration in ms, where it has one."""
    after_s: float = AFTER_S
    """How long after it a gap may begin and be its own."""


@dataclass
class Tally:
    """What the rounds of one kind found."""

    rounds: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    own_ms: list[float] = field(default_factory=list[float])
    broken: list[str] = field(default_factory=list[str])

    def sum(self, key: str) -> int:
        """Of a figure over all rounds."""
        return sum(int(one[key]) for one in self.rounds)

    def row(self, how: str, title: str) -> list[str]:
        """As a row of the table."""
        counts = [f"{self.sum(key):,}" for key in ("acknowledged", "lost", "repeated", "altered", "stream_gaps")]
        equal = sum(1 for one in self.rounds if one["state_hashes_equal"])
        good = sum(1 for one in self.rounds if one["ok"])
        outages = [float(one["outage_ms"]) for one in self.rounds]
        gaps = [float(one["longest_gap_ms"]) for one in self.rounds]
        told = [*counts, f"{equal}/{len(self.rounds)}", f"{good}/{len(self.rounds) + len(self.broken)}"]
        return [how, title, *told, *spread(outages), *spread(gaps), *spread(self.own_ms)]


HEADINGS = (
    "noticed by",
    "trouble",
    "acknowledged",
    "lost",
    "repeated",
    "altered",
    "gaps in streams",
    "hashes equal",
    "rounds ok",
    *(f"outage {which}, ms" for which in ("min", "median", "max")),
    *(f"longest gap {which}, ms" for which in ("min", "median", "max")),
    *(f"own {which}, ms" for which in ("min", "median", "max")),
)


def spread(values: list[float]) -> list[str]:
    """Least, median and greatest."""
    if not values:
        return ["-"] * 3
    return [f"{value:,.1f}" for value in (min(values), statistics.median(values), max(values))]


def main() -> int:
    """Runs the drills and prints the table; exit status 1 unless every round was right."""
    options = arguments()
    # Whatever ends it, the venue ends too, and what was measured is told.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    groups = {"every": KINDS, "nodes": NODE_KINDS, "links": LINK_KINDS}
    kinds = list(dict.fromkeys(kind for word in options.kind for kind in groups.get(word, [word])))
    rows: list[list[str]] = []
    raw: list[dict[str, Any]] = []
    right = True
    try:
        for accelerated in {"on": [True], "off": [False], "both": [False, True]}[options.accelerated]:
            how = "connections" if accelerated else "timers"
            with started(accelerated, options) as venue:
                for name in kinds:
                    kind = KINDS[name]
                    times = kind.times if options.times is None else options.times
                    tally = drill(venue, f"{how}, {name}", kind, times, options)
                    rows.append(tally.row(how, kind.title))
                    right = right and not tally.broken and all(one["ok"] for one in tally.rounds)
                    raw.append({"noticed_by": how, "kind": name, "rounds": tally.rounds, "broken": tally.broken})
                    if options.json is not None:
                        options.json.write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
    finally:
        # What was measured before an interruption counts too.
        print_table(rows)
    return 0 if right else 1


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--kind",
        action="append",
        choices=[*KINDS, "nodes", "links", "every"],
        help="which trouble; repeat it for several",
    )
    parser.add_argument("--times", type=int, metavar="N", help="rounds of each kind (default: 50 or 20)")
    parser.add_argument("--accelerated", choices=("on", "off", "both"), default="both", help="default: %(default)s")
    parser.add_argument("--sessions", type=int, default=16, help="that send orders (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=2000, help="orders a second (default: %(default)s)")
    parser.add_argument(
        "--latency", metavar="TIME", help='what every link takes, one way, such as "0 ms" (default: as declared)'
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave journals, logs and wrong ledgers there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every round's figures, written as they come")
    options = parser.parse_args()
    options.kind = options.kind or ["nodes"]
    return options


@contextlib.contextmanager
def started(accelerated: bool, options: argparse.Namespace) -> Generator[LiveVenue, None, None]:
    """A venue of its own that runs, without order flow; ended afterwards, and removed unless it is kept."""
    with contextlib.ExitStack() as held:
        if options.keep is None:
            folder = held.enter_context(tempfile.TemporaryDirectory(prefix="rialto-drills-"))
        else:
            folder = options.keep.absolute() / ("accelerated" if accelerated else "timers")
            folder.mkdir(parents=True, exist_ok=True)
        noticed = ("accelerated: true", f"accelerated: {str(accelerated).lower()}", 1)
        venue = laptop("drills", Path(folder), noticed)
        venue.rialto("up", str(venue.file), "--no-flow")
        try:
            if options.latency is not None:
                for one, other in itertools.combinations(map(region_of, NODES), 2):
                    venue.rialto("link", "set", one, other, "--latency", options.latency)
            yield venue
        finally:
            venue.rialto("down", check=False)


def drill(venue: LiveVenue, label: str, kind: Kind, times: int, options: argparse.Namespace) -> Tally:
    """Rounds of one kind."""
    tally = Tally()
    failures = 0
    for number in range(1, times + 1):
        try:
            own, figures = one_round(venue, kind, options)
        except (DrillError, LocalError) as error:
            failures += 1
            tally.broken.append(str(error))
            told = f"not done: {error}"
        else:
            failures = 0 if figures["ok"] else failures + 1
            tally.rounds.append(figures)
            tally.own_ms += [] if own is None else [own]
            about = "ok" if figures["ok"] else f"WRONG: {json.dumps(figures)}"
            told = (
                f"{figures['acknowledged']:,} acknowledged, outage {figures['outage_ms']:,.1f} ms, "
                f"longest gap of the flow {figures['longest_gap_ms']:,.1f} ms, {about}"
            )
        print(f"{label} {number}/{times}: {told}", file=sys.stderr, flush=True)
        if failures >= GIVE_UP_AFTER:
            print(f"{label}: {failures} rounds failed in a row, given up", file=sys.stderr, flush=True)
            break
    return tally


def one_round(venue: LiveVenue, kind: Kind, options: argparse.Namespace) -> tuple[float | None, dict[str, Any]]:
    """One verified flow with one trouble; the trouble's own duration and what was found.

    Raises:
        DrillError: the venue did not become whole, or the flow did not run.
    """
    paths = VenuePaths(venue.root)
    before = until(lambda: whole(paths), HEALTHY_S, lambda: f"not whole: {ailing(paths)}")
    words = ("--sessions", str(options.sessions), "--seconds", str(kind.seconds), "--rate", str(options.rate))
    with venue.start("flow", *words, "--verify", "--json") as flow:
        try:
            until(lambda: flows(paths, before, flow), FLOWING_S, lambda: "no orders flow")
            # Not always at the same moment of a heartbeat.
            time.sleep(STEADY_S + random.random() * 0.1)
            began_ns = time.time_ns()
            own = kind.act(paths)
            ended_ns = time.time_ns()
            out, err = flow.communicate(timeout=kind.seconds + VERIFIED_S)
        except subprocess.TimeoutExpired as error:
            raise DrillError(f"the flow did not end: {error}") from error
        finally:
            if flow.poll() is None:
                flow.terminate()
    lines = out.splitlines()
    if not lines:
        raise DrillError(f"the flow ended with {flow.returncode}: {err.strip()}")
    figures: dict[str, Any] = json.loads(lines[-1])
    if figures["acknowledged"] == 0:
        raise DrillError("nothing was acknowledged")
    figures["trouble_ns"] = [began_ns, ended_ns]
    figures["outage_ms"] = outage_ms(figures, began_ns, ended_ns + int(kind.after_s * 1e9))
    return own, figures


def outage_ms(figures: dict[str, Any], began_ns: int, ended_ns: int) -> float:
    """The longest gap between two acknowledgements that the trouble can have made: one that lies in its time, in part.

    A busy disk may have held answers up for longer than that at another time of the flow.
    """
    told: list[dict[str, Any]] = figures["flow"]["gaps"]["above_1_ms"]["gaps"]
    spans = [(int(gap["end_ns"]), float(gap["ms"])) for gap in told]
    own = [ms for end_ns, ms in spans if end_ns >= began_ns and end_ns - int(1e6 * ms) <= ended_ns]
    return max(own, default=0.0)


def until(look: Callable[[], MarketView | None], timeout_s: float, wrong: Callable[[], str]) -> MarketView:
    """What `look` gives once it gives something.

    Raises:
        DrillError: it gave nothing in time.
    """
    deadline = time.monotonic() + timeout_s
    while (found := look()) is None:
        if time.monotonic() >= deadline:
            raise DrillError(wrong())
        time.sleep(0.05)
    return found


def whole(paths: VenuePaths) -> MarketView | None:
    """The market once every node runs, one leads, and the others have all it has."""
    seen = status.observe(paths)
    market = seen.market("main")
    if seen.state != "up" or market is None or len(market.replicas) != len(NODES):
        return None
    return market if all(replica.lag == 0 for replica in market.replicas) else None


def ailing(paths: VenuePaths) -> str:
    """What keeps the venue from being whole."""
    seen = status.observe(paths)
    nodes = [f"{node.name} {node.state} {' | '.join(node.log)}" for node in seen.nodes]
    return "; ".join([*nodes, *(json.dumps(market.as_json()) for market in seen.markets)])


def flows(paths: VenuePaths, before: MarketView, flow: subprocess.Popen[str]) -> MarketView | None:
    """The market once it has taken more than a few batches since.

    Raises:
        DrillError: the flow has ended.
    """
    if flow.poll() is not None:
        raise DrillError(f"the flow ended with {flow.returncode}: {flow.communicate()[1].strip()}")
    market = status.observe(paths).market("main")
    if market is None or market.leader is None or before.leader is None:
        return None
    return market if (market.leader.applied or 0) > (before.leader.applied or 0) + 20 else None


def leader(paths: VenuePaths) -> str:
    """The node that leads now."""
    market = status.observe(paths).market("main")
    if market is None or market.leader is None:
        raise DrillError("no leader")
    return market.leader.node


def kill_leader(paths: VenuePaths) -> None:
    """SIGKILL."""
    node_control.act(paths, leader(paths), "kill")


def kill_follower(paths: VenuePaths) -> None:
    """SIGKILL to one of them."""
    leads = leader(paths)
    node_control.act(paths, random.choice([node for node in NODES if node != leads]), "kill")


def freeze_leader(paths: VenuePaths) -> None:
    """SIGSTOP, and SIGCONT when another has led for a while."""
    leads = leader(paths)
    node_control.act(paths, leads, "freeze")
    try:
        until(lambda: led_by_another(paths, leads), 5.0, lambda: "no other leader")
        time.sleep(FROZEN_S)
    finally:
        node_control.act(paths, leads, "resume")


def led_by_another(paths: VenuePaths, node: str) -> MarketView | None:
    """The market once another node leads it."""
    market = status.observe(paths).market("main")
    return market if market is not None and market.leader is not None and market.leader.node != node else None


def kill_all(paths: VenuePaths) -> None:
    """SIGKILL to all three within a millisecond."""
    identities = [process.recorded(paths.node(node).process) for node in NODES]
    for identity in identities:
        if identity is None or not identity.signal(signal.SIGKILL):
            raise DrillError("a node was away already")


def transfer(paths: VenuePaths) -> float:
    """A switchover to the best replica; how long its nodes took."""
    return switchover.switchover(paths, "main", None).took_ms


def pair(paths: VenuePaths) -> tuple[str, str]:
    """The leader's region and a follower's."""
    leads = leader(paths)
    follower = random.choice([node for node in NODES if node != leads])
    return region_of(leads), region_of(follower)


def troubled(paths: VenuePaths, one: str, other: str) -> None:
    """Lets a link's trouble last, and heals it."""
    try:
        time.sleep(TROUBLED_S)
    finally:
        links.heal(paths, one, other)


def cut_one_way(paths: VenuePaths) -> None:
    """Nothing of the leader reaches one follower; what that one says still arrives."""
    one, other = pair(paths)
    links.cut(paths, one, other, one_way=True)
    troubled(paths, one, other)


def cut_back(paths: VenuePaths) -> None:
    """What one follower says does not reach the leader; it still hears it."""
    one, other = pair(paths)
    links.cut(paths, other, one, one_way=True)
    troubled(paths, one, other)


def cut_both(paths: VenuePaths) -> None:
    """The link between the leader and one follower, both ways."""
    one, other = pair(paths)
    links.cut(paths, one, other)
    troubled(paths, one, other)


def cut_off(paths: VenuePaths) -> None:
    """The leader's region from both others, until another leads and a while longer."""
    leads = leader(paths)
    home = region_of(leads)
    others = [region_of(node) for node in NODES if node != leads]
    for other in others:
        links.cut(paths, home, other)
    try:
        until(lambda: led_by_another(paths, leads), 5.0, lambda: "no other leader")
        time.sleep(TROUBLED_S)
    finally:
        for other in others:
            links.heal(paths, home, other)


def slow(latency_us: int) -> Callable[[VenuePaths], None]:
    """The link between the leader and one follower takes so long, one way."""

    def act(paths: VenuePaths) -> None:
        one, other = pair(paths)
        links.set_link(paths, one, other, latency_us=latency_us)
        troubled(paths, one, other)

    return act


def flap(paths: VenuePaths) -> None:
    """The link between the leader and one follower comes and goes."""
    one, other = pair(paths)
    ends = time.monotonic() + TROUBLED_S
    try:
        while time.monotonic() < ends:
            links.cut(paths, one, other)
            time.sleep(FLAP_S)
            links.heal(paths, one, other)
            time.sleep(FLAP_S)
    finally:
        links.heal(paths, one, other)


NODE_KINDS = {
    "leader": Kind("leader killed", 50, 4, kill_leader),
    "follower": Kind("follower killed", 20, 4, kill_follower),
    "freeze": Kind("leader frozen and woken", 20, 7, freeze_leader),
    "all": Kind("all three killed", 20, 8, kill_all),
    "transfer": Kind("leadership moved", 50, 3, transfer, AFTER_MOVE_S),
}
LINK_KINDS = {
    "cut-one-way": Kind("link to a follower cut one way", 20, 6, cut_one_way),
    "cut-back": Kind("link from a follower cut one way", 20, 6, cut_back),
    "cut": Kind("link to a follower cut both ways", 20, 6, cut_both),
    "cut-off": Kind("leader's region cut off", 20, 8, cut_off),
    "slow-80": Kind("link to a follower at 80 ms", 20, 6, slow(80_000)),
    "slow-150": Kind("link to a follower at 150 ms", 20, 6, slow(150_000)),
    "flap": Kind("link to a follower flaps", 20, 6, flap),
}
KINDS = NODE_KINDS | LINK_KINDS


def print_table(rows: list[list[str]]) -> None:
    """In Markdown."""
    for cells in (HEADINGS, ["---"] * len(HEADINGS), *rows):
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    sys.exit(main())

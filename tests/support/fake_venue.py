"""A venue of stand-in nodes: processes that write a ready file and answer the admin API as a replicated node does.

What they are of the market stands in a file that they share, so a test decides who leads; a transfer changes it.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from fake_admin import ANSWERING
from fake_links import LINKS

from rialto_platform.local import files, process, status
from rialto_platform.local.paths import VenuePaths
from rialto_platform.local.plan import FlowPlan, Plan

T = TypeVar("T")
NODES = ("us-1", "asia-1", "europe-1")

NODE = """#!{python}
import http.server, json, os, signal, sys, time
def end(*_):
    print("asked to end", flush=True)
    time.sleep(config.get("lingers", 0))
    print("ended at", time.monotonic(), flush=True)
    os._exit(0)

signal.signal(signal.SIGTERM, end)
config = json.load(open(sys.argv[2]))
name, shared = config["node"], config.get("shared") or os.environ["RIALTO_FAKE_SHARED"]
if config.get("broken") or name in os.environ.get("RIALTO_FAKE_BROKEN", ""):
    sys.exit("the configuration is wrong")
if config.get("exit"):
    sys.exit(config["exit"])
voting = config.get("voters") or [voter["node"] for voter in config["markets"][0]["replication"]["voters"]]
ids = {{node: number for number, node in enumerate(voting, start=1)}}

def facts():
    state = json.load(open(shared))
    leader = state["leader"]
    voters = [{{"id": ids[node], "node": node, "region": node[:-2], "address": "-", "matched": state["position"],
               "lag": state["lag"].get(node, 0), "heard_ms": 20}} for node in ids]
    epoch = {{"term": state["term"], "node": ids.get(leader, 0)}}
    applied = state["position"] - state["lag"].get(name, 0)
    replication = {{"id": ids[name], "incarnation": 1, "epoch": epoch, "voters": voters, "applied": applied,
                   "last": applied, "committed": applied, "heard_from_leader_ms": 12,
                   "leader": {{"id": ids[leader], "node": leader, "region": leader[:-2]}} if leader else None}}
    role = "leader" if name == leader else "follower"
    return state, {{"role": role, "replication": replication}}

{answering}
class Admin(Answering):
    def do_GET(self):
        state, market = facts()
        if self.path == "/v1/status":
            self.answer({{"node": name, "region": name[:-2], "uptime_s": 3.0, "markets": {{"main": market}}}})
        else:
            self.answer({{"position": market["replication"]["applied"], "state_hash": state["hash"].get(name, "same"),
                         "role": market["role"], "age_ms": 1, "time_ns": 1}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state, _ = facts()
        if state.get("refuse"):
            self.answer({{"error": state["refuse"], "where": "market main", "next": "wait for it"}}, 409)
            return
        state["leader"] = body["to"] or next(node for node in ids if node != name)
        state["term"] += 1
        with open(shared + ".new", "w") as file:
            json.dump(state, file)
        os.rename(shared + ".new", shared)
        self.answer({{"leader": state["leader"], "epoch": state["term"], "took_ms": 4.25}})

server = http.server.ThreadingHTTPServer(("127.0.0.1", int(config["admin_listen"].rpartition(":")[2])), Admin)
markets = {{market["name"]: {{what: market[what + "_listen"] for what in ("orders", "feed", "snapshot")}}
           for market in config["markets"]}}
ready = {{"pid": os.getpid(), "admin": "127.0.0.1:%d" % server.server_port,
         "markets": {{config.get("market", name): ports for name, ports in markets.items()}}}}
time.sleep(config.get("slow", 0))
with open(config["ready_file"] + ".tmp", "w") as file:
    json.dump(ready, file)
os.rename(config["ready_file"] + ".tmp", config["ready_file"])
server.serve_forever()
"""
LOAD = """#!{python}
import json, os, pathlib, sys, time
words = sys.argv[1:]
here = pathlib.Path(sys.argv[0]).parent
with open(here / "load.calls", "a") as calls:
    calls.write(json.dumps(words) + "\\n")
if words[0] == "verify":
    print((here / "verify.json").read_text())
elif "--json" in words:
    print(json.dumps({{"second": 1}}), flush=True)
    if "--verify-file" in words:
        pathlib.Path(words[words.index("--verify-file") + 1]).write_text("ledger")
    if os.environ.get("RIALTO_FAKE_KILLED"):
        os.kill(os.getpid(), 9)
    print(json.dumps({{"orders": 10, "accepted": 10}}))
else:
    print(" ".join(words), flush=True)
    time.sleep(float(words[-1]))
"""
VERIFIED = {
    "orders_sent": 10,
    "acknowledged": 10,
    "lost": 0,
    "repeated": 0,
    "altered": 0,
    "stream_gaps": 0,
    "longest_gap_ms": 12.5,
    "state_hashes_equal": True,
    "ok": True,
}


@dataclass
class FakeVenue:
    """Its files, and the supervisors that were started on it."""

    folder: Path
    paths: VenuePaths
    nodes: tuple[str, ...] = NODES
    supervisors: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    @property
    def shared(self) -> Path:
        """Where the stand-ins read who leads."""
        return self.folder / "shared.json"

    def tell(self, **state: object) -> None:
        """Changes what the stand-ins say."""
        known: dict[str, object] = {"leader": "us-1", "term": 3, "position": 100, "lag": {}, "hash": {}}
        files.write_json(self.shared, known | dict(files.read_json(self.shared) or {}) | state)

    @property
    def leader(self) -> object:
        """Who leads now."""
        return (files.read_json(self.shared) or {})["leader"]

    def configure(self, node: str, **more: object) -> None:
        """Adds to a node's configuration."""
        path = self.paths.node(node).config
        files.write_json(path, dict(files.read_json(path) or {}) | more)

    def calls(self) -> list[list[str]]:
        """How the load client was called."""
        return [json.loads(line) for line in (self.folder / "load.calls").read_text().splitlines()]

    def start(
        self, flow_seconds: str | None = None, *, linked: bool = False, markets: tuple[str, ...] = ("main",)
    ) -> process.ProcessIdentity:
        """Starts a supervisor, with order flows of so many seconds if that is given, and with links if it is asked."""
        flows = tuple(
            FlowPlan(market, self.nodes, ("--session", "A", "--seconds", flow_seconds or "")) for market in markets
        )
        node, load, link = (str(self.folder / name) for name in ("node", "load", "link"))
        plan = Plan(
            "venue",
            node,
            load,
            self.nodes,
            () if flow_seconds is None else flows,
            link if linked else None,
            str(self.paths.venue_file),
        )
        plan.write(self.paths.plan)
        child = subprocess.Popen([sys.executable, "-m", "rialto_platform.local.supervisor", str(self.paths.root)])
        self.supervisors.append(child)
        identity = process.ProcessIdentity.of(child.pid)
        assert identity is not None
        return identity

    def started(self, *, linked: bool = False) -> None:
        """Starts a supervisor and waits until every node serves."""
        self.start(linked=linked)
        for node in self.nodes:
            wait_for(lambda node=node: True if self.paths.node(node).ready.exists() else None)

    def serves(self) -> None:
        """Waits until every node says that it runs."""
        for node in self.nodes:
            wait_for(lambda node=node: True if status.node_status(self.paths, node).state == "running" else None)

    def identity(self, node: str) -> process.ProcessIdentity:
        """The recorded process of a node, once there is one."""
        return wait_for(lambda: process.recorded(self.paths.node(node).process))

    def end(self) -> None:
        """Ends what was started."""
        for child in self.supervisors:
            child.terminate()
            child.wait(30)


def binaries(folder: Path) -> None:
    """The stand-ins' programs: `node`, `load` and `link` in `folder`."""
    for name, text in (("node", NODE), ("load", LOAD), ("link", LINKS)):
        (folder / name).write_text(text.format(python=sys.executable, answering=ANSWERING))
        (folder / name).chmod(0o755)
    (folder / "verify.json").write_text(json.dumps(VERIFIED))


def make(folder: Path, root: Path, nodes: tuple[str, ...] = NODES) -> FakeVenue:
    """A venue of stand-ins below `folder`, its files in `root`; nothing is started."""
    binaries(folder)
    venue = FakeVenue(folder, VenuePaths(root), nodes)
    venue.tell()
    market = {
        "name": "main",
        "id": 1,
        "instruments": [
            {"symbol": "ACME", "tick_size_e4": 100, "lot_size": 1, "reference_price_e4": 1000, "collar_percent": None}
        ],
        "sessions": [{"username": name, "id": at, "account": 1} for at, name in enumerate("ABC", start=1)],
        "feed_users": [],
    }
    for number, name in enumerate(nodes, start=1):
        node = venue.paths.node(name)
        listens = {
            f"{what}_listen": f"127.0.0.1:50{number}{at}" for at, what in enumerate(("orders", "feed", "snapshot"))
        }
        about = {"node": name, "admin_listen": "127.0.0.1:0", "ready_file": str(node.ready)}
        more = {"markets": [market | listens], "shared": str(venue.shared), "voters": list(nodes)}
        files.write_json(node.config, about | more)
    regions = [name.removesuffix("-1") for name in nodes]
    edges: list[dict[str, object]] = [
        {"name": name, "listen": f"127.0.0.1:600{at}", "addresses": []} for at, name in enumerate(regions, start=1)
    ]
    link = {"latency_us": 1000, "jitter_us": 0, "bandwidth_bps": 10**9, "loss_ppm": 0}
    links = [{"between": list(pair)} | link for pair in itertools.combinations(regions, 2)]
    about = {"venue": "venue", "admin_listen": "127.0.0.1:0", "ready_file": str(venue.paths.links.ready)}
    files.write_json(venue.paths.links.config, about | {"regions": edges, "links": links})
    return venue


def wait_for(look: Callable[[], T | None]) -> T:
    """What `look` gives once that is something.

    Raises:
        AssertionError: it was nothing for 30 s.
    """
    deadline = time.monotonic() + 30
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.02)
    return found

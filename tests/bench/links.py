"""Measures round trips of venues whose links take longer and longer, beside what their distance alone costs.

An order is answered once the nearest other region has it, so no answer comes sooner than a round trip of that link. The
floor is that; what stands above it is the venue's own: gateway, journals, the emulated links.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from live_venue import LiveVenue  # noqa: E402 (its folder was named just now)

LOAD = Path(sys.executable).parent / "rialto-load"
LATENCIES_MS = (1, 5, 20, 40, 80, 150)
INSTRUMENT = "BARK:100:1:482000:2000"


def main() -> None:
    """Runs a venue for each latency and prints a row of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=50, help="orders a second (default: %(default)s)")
    options = parser.parse_args()
    print("| links, one way | floor, ms | p50, ms | p99, ms | p50 above the floor, ms | orders |")
    print("| --- | --- | --- | --- | --- | --- |")
    for latency_ms in LATENCIES_MS:
        with tempfile.TemporaryDirectory(prefix="rialto-links-") as folder:
            figures = measured(Path(folder), latency_ms, options.seconds, options.rate)
        p50, p99 = (figures[name] / 1e6 for name in ("p50", "p99"))
        floor = 2 * latency_ms
        print(
            f"| {latency_ms} ms | {floor} | {p50:.2f} | {p99:.2f} | {p50 - floor:.2f} | {figures['count']:,} |",
            flush=True,
        )


def measured(folder: Path, latency_ms: int, seconds: float, rate: float) -> dict[str, Any]:
    """Latencies of a venue that declares such links and runs over them."""
    text = (ROOT / "stacks" / "venues" / "laptop.yaml").read_text(encoding="utf-8")
    text = text.replace("venue: laptop", "venue: links", 1).replace("latency: 1 ms", f"latency: {latency_ms} ms")
    # What such links allow: these are not the objectives of a venue so far apart.
    text = text.replace("acknowledgement_p99: 10 ms", "acknowledgement_p99: 1 s").replace("outage: 1 s", "outage: 10 s")
    file = folder / "venue.yaml"
    file.write_text(text, encoding="utf-8")
    venue = LiveVenue("links", folder / "state", file)
    venue.rialto("up", str(file), "--no-flow")
    try:
        words = [str(LOAD), "bench-roundtrip", "--username", "TRADE1", "--rate", str(rate), "--seconds", str(seconds)]
        words += [word for address in venue.orders() for word in ("--orders", address)]
        words += ["--credentials", str(venue.root / "credentials.json"), "--instrument", INSTRUMENT, "--json"]
        # A slow answer is no lost one.
        words += ["--overdue-ms", "5000"]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["latency_ns"]
        return result
    finally:
        venue.rialto("down")


if __name__ == "__main__":
    main()

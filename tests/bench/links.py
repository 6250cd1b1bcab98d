"""Measures round trips of venues whose links take longer and longer, beside what their distance alone costs.

An order is answered once the nearest other region has it, so no answer comes sooner than a round trip of that link. The
floor is that; what stands above it is the venue's own: gateway, journals, the emulated links.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import gateway  # noqa: E402 (beside this file)
from live_venue import laptop  # noqa: E402 (its folder was named just now)

LATENCIES_MS = (1, 5, 20, 40, 80, 150)


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
    venue = laptop(
        "links",
        folder,
        ("latency: 1 ms", f"latency: {latency_ms} ms", 3),
        # What such links allow: these are not the objectives of a venue so far apart.
        ("acknowledgement_p99: 10 ms", "acknowledgement_p99: 1 s", 1),
        ("outage: 1 s", "outage: 10 s", 1),
    )
    venue.rialto("up", str(venue.file), "--no-flow")
    try:
        # A slow answer is no lost one.
        result = gateway.client(venue, "bench-roundtrip", "TRADE1", rate, seconds, "--overdue-ms", "5000")
        figures: dict[str, Any] = result["latency_ns"]
        return figures
    finally:
        venue.rialto("down")


if __name__ == "__main__":
    main()

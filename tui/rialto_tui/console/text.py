"""Figures as people read them: pure functions, shared by the console and `rialto status`."""

from __future__ import annotations

import time
from collections.abc import Sequence

_E4 = 10_000
_SECOND_NS = 1_000_000_000
_FRESH_S = 2
_BLOCKS = " ▁▂▃▄▅▆▇█"


def price(value_e4: int | None) -> str:
    """A price in units of 1e-4; `-` for none."""
    if not value_e4:
        return "-"
    # As many decimals as it has, but two at least: ticks of a cent read as money.
    whole, part = divmod(value_e4, _E4)
    decimals = f"{part:04}".rstrip("0").ljust(2, "0")
    return f"{whole:,}.{decimals}"


def count(value: int | None) -> str:
    """A count; `-` for none at all."""
    return f"{value:,}" if value else "-"


def number(value: int | None) -> str:
    """A number that may be zero; `-` where it is not known."""
    return "-" if value is None else f"{value:,}"


def duration(value_ns: int | float | None) -> str:
    """A length of time in the unit that shows two or three digits of it; `-` for none."""
    if value_ns is None:
        return "-"
    for unit_ns, unit in ((_SECOND_NS, "s"), (1_000_000, "ms"), (1_000, "us")):
        if abs(value_ns) >= unit_ns:
            shown = value_ns / unit_ns
            return f"{shown:,.0f} {unit}" if shown >= 100 or shown == int(shown) else f"{shown:,.1f} {unit}"
    return f"{value_ns:.0f} ns"


def span(low_ns: int, high_ns: int) -> str:
    """A range of time, in milliseconds below ten seconds and in seconds from there on."""
    if high_ns < 10 * _SECOND_NS:
        low, high = round(low_ns / 1e6), round(high_ns / 1e6)
        return f"{low:,} ms" if low == high else f"{low:,} to {high:,} ms"
    return f"{low_ns / 1e9:,.0f} to {high_ns / 1e9:,.0f} s"


def age(value_ns: int | None) -> str:
    """How old something is. What is asked every second is up to two seconds old: not worth a redraw to say how far."""
    if value_ns is None:
        return "never"
    seconds = value_ns // _SECOND_NS
    if seconds < _FRESH_S:
        return f"<{_FRESH_S} s"
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def uptime(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def clock(wall_ns: int) -> str:
    """The time of day, UTC: logs, journals and messages of the venue are in UTC too."""
    return time.strftime("%H:%M:%S", time.gmtime(wall_ns // _SECOND_NS))


def share(value_ppm: int) -> str:
    """Parts per million as a percentage."""
    return f"{value_ppm / 10_000:g} %"


def bandwidth(value_bps: int) -> str:
    """Bits a second."""
    for unit_bps, unit in ((10**12, "Tbit/s"), (10**9, "Gbit/s"), (10**6, "Mbit/s"), (10**3, "kbit/s")):
        if value_bps >= unit_bps:
            return f"{value_bps / unit_bps:g} {unit}"
    return f"{value_bps} bit/s"


def sparkline(values: Sequence[float | None], width: int, rows: int = 1) -> list[str]:
    """The newest `width` values as bars, the newest at the right, on `rows` lines from the top; none leaves a gap.

    The scale begins at zero: a bar half as high is half as much.
    """
    shown = list(values)[-width:] if width > 0 else []
    top = max((value for value in shown if value is not None), default=0.0)
    steps = 8 * rows
    # What is there but small is a line and not a gap.
    heights = [0 if value is None or top <= 0 else max(1, round(steps * value / top)) for value in shown]
    lines: list[str] = []
    for row in reversed(range(rows)):
        line = "".join(_BLOCKS[min(8, max(0, height - 8 * row))] for height in heights)
        lines.append(line.rjust(max(0, width)))
    return lines

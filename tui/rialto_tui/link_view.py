"""Links as lines of text: pure functions, shared by `rialto link` and `rialto status`."""

from __future__ import annotations

from rialto_platform.local.links import Direction, LinkView
from rialto_platform.local.status import LinksStatus
from rialto_tui.console import text

_HEADINGS = ("from", "to", "latency", "jitter", "bandwidth", "loss", "queued", "state")


def summary(links: LinksStatus, now_ns: int) -> list[str]:
    """All links in a line while they are as declared; else each direction that is not, or why nothing is known."""
    if links.state == "none":
        return []
    if links.state != "running":
        detail = f": {links.problem}" if links.problem else ""
        away = f"links   {links.state}{detail}; until they carry, no region reaches another"
        return [away, *(f"    {line}" for line in links.log)]
    ways = [way for view in links.views for way in view.directions if not way.as_declared]
    if not ways:
        declared = (f"{'-'.join(view.between)} {_milliseconds(view.directions[0].latency_us)}" for view in links.views)
        return [f"links   {'   '.join(declared)}"]
    return [f"link    {way.from_region} to {way.to_region}   {_settings(way)}{state(way, now_ns)}" for way in ways]


def _settings(way: Direction) -> str:
    """What differs from what is declared."""
    now, declared = way.settings, way.declared
    shown = (
        (now.latency_us != declared.latency_us, _milliseconds(now.latency_us)),
        (now.jitter_us != declared.jitter_us, f"jitter {_milliseconds(now.jitter_us)}"),
        (now.bandwidth_bps != declared.bandwidth_bps, _bandwidth(now.bandwidth_bps)),
        (now.loss_ppm != declared.loss_ppm, f"loss {text.share(now.loss_ppm)}"),
    )
    return "".join(f"{what}   " for differs, what in shown if differs)


def table(views: tuple[LinkView, ...], now_ns: int) -> list[str]:
    """Each direction of each link in a line, at most 80 characters wide."""
    return [_columns(_HEADINGS), *(_columns(_cells(way, now_ns)) for view in views for way in view.directions)]


def state(way: Direction, now_ns: int) -> str:
    """What is out of the ordinary with a direction: cut, changed, and for how much longer."""
    if way.as_declared:
        return "up"
    shown = "cut" if way.cut else "changed"
    if way.heals_at_ns is not None:
        return f"{shown}, heals in {max(0, way.heals_at_ns - now_ns) / 1e9:,.0f} s"
    if way.cut_since_ns is not None:
        return f"{shown} for {max(0, now_ns - way.cut_since_ns) / 1e9:,.0f} s"
    return shown


def _cells(way: Direction, now_ns: int) -> tuple[str, ...]:
    return (
        way.from_region,
        way.to_region,
        _milliseconds(way.latency_us),
        _milliseconds(way.jitter_us),
        _bandwidth(way.bandwidth_bps),
        text.share(way.loss_ppm),
        _size(way.queued_bytes),
        state(way, now_ns),
    )


def _milliseconds(microseconds: int) -> str:
    """A latency in milliseconds, as short as it goes."""
    return f"{microseconds / 1000:,.10g} ms"


def _bandwidth(bits_per_second: int) -> str:
    for unit, size in (("Tbit", 10**12), ("Gbit", 10**9), ("Mbit", 10**6), ("kbit", 10**3)):
        if bits_per_second >= size:
            return f"{bits_per_second / size:,.4g} {unit}"
    return f"{bits_per_second} bit"


def _size(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} B"


def _columns(cells: tuple[str, ...]) -> str:
    one, other, latency, jitter, bandwidth, loss, queued, shown = cells
    numbers = f"{latency:>8} {jitter:>7} {bandwidth:>9} {loss:>7} {queued:>9}"
    return f"{one:<7} {other:<7} {numbers}  {shown}"

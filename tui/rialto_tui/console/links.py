"""A link in words."""

from __future__ import annotations

from rialto_platform.local.links import LinkView


def title(link: LinkView) -> str:
    """As it is shown."""
    return " ⇄ ".join(link.between)


def key(link: LinkView) -> str:
    """As it is typed and named in a table."""
    return "-".join(link.between)


def state(link: LinkView) -> str:
    """open, changed, cut, or cut one way and which."""
    there, back = link.directions
    if there.cut and back.cut:
        return "cut"
    if there.cut or back.cut:
        gone = there if there.cut else back
        return f"cut {gone.from_region} → {gone.to_region}"
    return "open" if link.as_declared else "changed"


def round_trip_us(link: LinkView) -> int:
    """There and back in microseconds, without queues."""
    return sum(direction.latency_us for direction in link.directions)


def heals_at_ns(link: LinkView) -> int | None:
    """When it heals by itself, nanoseconds since the epoch; none where it does not."""
    return max((one.heals_at_ns for one in link.directions if one.heals_at_ns is not None), default=None)

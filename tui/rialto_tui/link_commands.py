"""link list, set, cut and heal: the emulated links between the regions of a running venue."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import cast

from rialto_platform.local import links, paths
from rialto_platform.local.errors import LocalError
from rialto_platform.local.links import LinkView
from rialto_platform.local.paths import VenuePaths
from rialto_tui.link_view import table

_MILLION = 1_000_000


def link(options: argparse.Namespace) -> int:
    """Does what the command line asks of a link, and shows what it is like then."""
    venue = paths.choose_venue(cast("str | None", options.venue))
    if options.action == "list":
        found = links.read(venue)
        if not found and not options.json:
            print(f"Venue {venue.name} declares no interconnect.")
            return 0
    else:
        found = (_changed(options, venue),)
    if options.json:
        value = [view.as_json() for view in found] if options.action == "list" else found[0].as_json()
        print(json.dumps(value, indent=2))
    else:
        print("\n".join(table(found, time.time_ns())))
    return 0


def _changed(options: argparse.Namespace, venue: VenuePaths) -> LinkView:
    one, other = cast("tuple[str, str]", (options.one, options.other))
    if options.action == "heal":
        return links.heal(venue, one, other)
    one_way = cast("bool", options.one_way)
    for_ms = _milliseconds("--for", cast("str | None", options.lease))
    if options.action == "cut":
        return links.cut(venue, one, other, one_way=one_way, for_ms=for_ms)
    from rialto_platform.venue import units

    bandwidth = cast("str | None", options.bandwidth)
    loss = cast("str | None", options.loss)
    settings = {
        "latency_us": _microseconds("--latency", cast("str | None", options.latency)),
        "jitter_us": _microseconds("--jitter", cast("str | None", options.jitter)),
        "bandwidth_bps": _amount("--bandwidth", bandwidth, units.parse_bandwidth),
        "loss_ppm": _amount("--loss", loss, units.parse_loss),
    }
    if all(value is None for value in settings.values()):
        raise LocalError("link set", "changes nothing", "give --latency, --jitter, --bandwidth or --loss")
    return links.set_link(venue, one, other, **settings, one_way=one_way, for_ms=for_ms)


def _microseconds(option: str, text: str | None) -> int | None:
    return _whole(option, text, 1_000, "1 us")


def _milliseconds(option: str, text: str | None) -> int | None:
    found = _whole(option, text, _MILLION, "1 ms")
    if found == 0:
        raise LocalError(option, f"is {text}, no time at all", 'give a time such as "10 s", or leave it out')
    return found


def _whole(option: str, text: str | None, unit_ns: int, finest: str) -> int | None:
    from rialto_platform.venue import units

    nanoseconds = _amount(option, text, units.parse_duration)
    if nanoseconds is None:
        return None
    if nanoseconds % unit_ns:
        raise LocalError(option, f"is {text}, finer than {finest}", f"give whole multiples of {finest}")
    return nanoseconds // unit_ns


def _amount(option: str, text: str | None, parse: Callable[[str], int]) -> int | None:
    from rialto_platform.venue import units

    if text is None:
        return None
    try:
        return parse(text)
    except units.AmountError as error:
        raise LocalError(option, f"can't be used: {error.wrong}", error.right) from error

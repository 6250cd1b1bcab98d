"""Names that point at other values: each must exist, once, and fit what it points at."""

import itertools
import re
from collections.abc import Iterable, Iterator

from rialto_platform.venue.findings import Finding
from rialto_platform.venue.model import Cloud, Venue
from rialto_platform.venue.problems import Path

LOCATIONS: dict[Cloud, tuple[re.Pattern[str], str]] = {
    "aws": (re.compile(r"[a-z]{2}(-[a-z]+){1,3}-[0-9]"), "us-east-1"),
    "gcp": (re.compile(r"[a-z]+-[a-z]+[0-9]{1,2}"), "asia-east1"),
    "azure": (re.compile(r"[a-z]+[0-9]?"), "westeurope"),
}
"""How each cloud names its locations, with an example; the clouds themselves say whether one exists."""


def places(venue: Venue) -> Iterator[Finding]:
    """Locations and zones are named as their cloud names them, and no zone or location stands twice."""
    seen: dict[tuple[Cloud, str], str] = {}
    for name, region in venue.regions.items():
        path: Path = ("regions", name)
        pattern, like = LOCATIONS[region.cloud]
        if not pattern.fullmatch(region.location):
            named_so = [cloud for cloud, (other, _) in LOCATIONS.items() if other.fullmatch(region.location)]
            wrong = f"{region.location} is not how {region.cloud} names a location"
            right = f"{region.cloud} names them like {like}"
            if named_so:
                right += f"; for {region.location} the cloud is {' or '.join(named_so)}"
            yield Finding((*path, "location"), wrong, right, ((*path, "cloud"),))
        else:
            yield from _zones(path, region.cloud, region.location, region.zones)
        first = seen.setdefault((region.cloud, region.location), name)
        if first != name:
            wrong = f"{region.location} is already the region {first}"
            other = (("regions", first, "location"), ("regions", first, "cloud"), (*path, "cloud"))
            yield Finding((*path, "location"), wrong, "declare each location once", other)
        yield from _twice((*path, "zones"), region.zones, "zone")


def _zones(path: Path, cloud: Cloud, location: str, zones: Iterable[str]) -> Iterator[Finding]:
    pattern = {"aws": location + "[a-z]", "gcp": location + "-[a-z]", "azure": "[1-9]"}[cloud]
    like = {"aws": location + "a", "gcp": location + "-a", "azure": '"1"'}[cloud]
    for index, zone in enumerate(zones):
        if not re.fullmatch(pattern, zone):
            rests_on = ((*path, "location"), (*path, "cloud"))
            yield Finding(
                (*path, "zones", index), f"{zone} is no zone of {location}", f"write it like {like}", rests_on
            )


def _twice(path: Path, names: Iterable[str], what: str) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        first = seen.setdefault(name, index)
        if first != index:
            yield Finding((*path, index), f"the {what} {name} stands twice", "remove one of them", ((*path, first),))


def interconnects(venue: Venue) -> Iterator[Finding]:
    """Interconnects join two different regions that exist, each pair once, and every region is joined to the others."""
    seen: dict[frozenset[str], int] = {}
    joined: set[str] = set()
    for index, link in enumerate(venue.interconnects):
        path: Path = ("interconnects", index, "between")
        joined.update(link.between)
        for position, name in enumerate(link.between):
            if name not in venue.regions:
                yield _unknown((*path, position), "region", name, venue.regions, ("regions",))
        pair = frozenset(link.between)
        if len(pair) == 1:
            yield Finding(path, f"it joins {link.between[0]} to itself", "name two different regions", ((*path, "*"),))
            continue
        first = seen.setdefault(pair, index)
        if first != index:
            wrong = f"{' and '.join(link.between)} are already joined by interconnects[{first}]"
            other: Path = ("interconnects", first, "between", "*")
            yield Finding(path, wrong, "declare one interconnect for each pair", ((*path, "*"), other))
    for name in venue.regions:
        if len(venue.regions) > 1 and name not in joined:
            rests_on: tuple[Path, ...] = (("interconnects", "*"),)
            yield Finding(("regions", name), "no interconnect joins it", "join it to another region", rests_on)


def markets(venue: Venue) -> Iterator[Finding]:
    """A market's home exists; symbols stand once a market; a login stands once and serves one purpose."""
    senders: dict[str, Path] = {}
    for name, market in venue.markets.items():
        path: Path = ("markets", name)
        if market.home not in venue.regions:
            yield _unknown((*path, "home"), "region", market.home, venue.regions, ("regions",))
        symbols: dict[str, int] = {}
        for index, instrument in enumerate(market.instruments):
            first = symbols.setdefault(instrument.symbol, index)
            if first != index:
                wrong = f"the symbol {instrument.symbol} stands twice"
                other: Path = (*path, "instruments", first, "symbol")
                yield Finding((*path, "instruments", index, "symbol"), wrong, "remove or rename one", (other,))
        for account_name, account in market.accounts.items():
            for index, login in enumerate(account.sessions):
                here: Path = (*path, "accounts", account_name, "sessions", index)
                other = senders.setdefault(login, here)
                if other != here:
                    where = f"{other[1]}, account {other[3]}"
                    yield Finding(
                        here, f"the login {login} already belongs to {where}", "give each session its own", (other,)
                    )
    for name, market in venue.markets.items():
        feeds: Path = ("markets", name, "feed_users")
        yield from _twice(feeds, market.feed_users, "login")
        for index, login in enumerate(market.feed_users):
            if login in senders:
                wrong = f"the login {login} also sends orders"
                yield Finding((*feeds, index), wrong, "give the feed a login that cannot", (senders[login],))


def flows(venue: Venue) -> Iterator[Finding]:
    """Generated flow names a market, and instruments and sessions of that market."""
    for name, flow in venue.flow.items():
        path: Path = ("flow", name)
        market = venue.markets.get(name)
        if market is None:
            yield _unknown(path, "market", name, venue.markets, ("markets",))
            continue
        instruments: Path = ("markets", name, "instruments", "*")
        symbols = {instrument.symbol: instrument for instrument in market.instruments}
        for index, symbol in enumerate(flow.instruments):
            here: Path = (*path, "instruments", index)
            if symbol not in symbols:
                yield _unknown(here, "instrument", symbol, symbols, instruments, f" in {name}")
            elif symbols[symbol].reference_price_e4 is None:
                wrong = f"{symbol} has no reference price to start from"
                yield Finding(here, wrong, "give the instrument a reference_price", (instruments,))
        yield from _twice((*path, "instruments"), flow.instruments, "instrument")
        logins = list(itertools.chain.from_iterable(account.sessions for account in market.accounts.values()))
        for index, login in enumerate(flow.sessions):
            if login not in logins:
                accounts: Path = ("markets", name, "accounts", "*")
                yield _unknown((*path, "sessions", index), "session", login, logins, accounts, f" in {name}")
        yield from _twice((*path, "sessions"), flow.sessions, "session")


def _unknown(path: Path, what: str, name: str, known: Iterable[str], rests_on: Path, where: str = "") -> Finding:
    names = list(known)
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    return Finding(path, f"there is no {what} {name}{where}", f"use one of: {shown}", (rests_on,))


CHECKS = (places, interconnects, markets, flows)

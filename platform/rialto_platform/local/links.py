"""The emulated links of a running venue: what each carries, and how one is slowed, cut and healed.

They are one process, whose API is asked over HTTP. What is set or cut holds until it is healed, until its lease ends,
or until the links' process is started again: it begins with the links as the venue file declares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast

from rialto_platform.local.admin import Json, get_json, patch_json, post_json
from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json
from rialto_platform.local.paths import VenuePaths

_TIMEOUT_S = 5.0
_LOOK = "look at it: rialto status, rialto logs links"


@dataclass(frozen=True)
class LinkSettings:
    """What one direction of a link is like."""

    latency_us: int
    """One way."""
    jitter_us: int
    """Added to it, evenly spread from 0 to this."""
    bandwidth_bps: int
    """Of all connections together."""
    loss_ppm: int
    """Segments that arrive late by a retransmission's time, of a million."""


@dataclass(frozen=True)
class Direction:
    """One direction of a link at one moment."""

    from_region: str
    to_region: str
    latency_us: int
    jitter_us: int
    bandwidth_bps: int
    loss_ppm: int
    cut: bool
    cut_since_ns: int | None
    heals_at_ns: int | None
    """When its lease ends and it heals by itself."""
    as_declared: bool
    """Not cut, and as the venue file has it."""
    declared: LinkSettings
    connections: int
    queued_bytes: int
    """Under way, or held by a cut."""
    passed_bytes: int
    lost_segments: int

    @property
    def settings(self) -> LinkSettings:
        """What it is like now."""
        return LinkSettings(self.latency_us, self.jitter_us, self.bandwidth_bps, self.loss_ppm)

    def as_json(self) -> dict[str, object]:
        """The same as JSON values, as the links' API has them."""
        value = asdict(self)
        ends = {"from": value.pop("from_region"), "to": value.pop("to_region")}
        return ends | value


@dataclass(frozen=True)
class LinkView:
    """A link between two regions at one moment."""

    between: tuple[str, str]
    directions: tuple[Direction, Direction]
    """First the one that leads from the first region to the second."""

    @property
    def cut(self) -> bool:
        """Whether at least one direction is cut."""
        return any(direction.cut for direction in self.directions)

    @property
    def as_declared(self) -> bool:
        """Whether both directions are as the venue file has them."""
        return all(direction.as_declared for direction in self.directions)

    def as_json(self) -> dict[str, object]:
        """The same as JSON values, as the links' API has them."""
        return {"between": list(self.between), "directions": [direction.as_json() for direction in self.directions]}


def read(paths: VenuePaths) -> tuple[LinkView, ...]:
    """Every link of a running venue, in the order of its file; none where it declares none.

    Raises:
        LocalError: the links' process does not answer.
    """
    if not paths.links.config.exists():
        return ()
    return ask(_admin(paths))


def ask(admin: str) -> tuple[LinkView, ...]:
    """Every link, from the links' API at host:port.

    Raises:
        LocalError: it does not answer.
    """
    answer = get_json(admin, "/v1/links")
    return tuple(_view(link) for link in cast("list[Json]", answer.get("links", [])))


def set_link(
    paths: VenuePaths,
    one: str,
    other: str,
    *,
    latency_us: int | None = None,
    jitter_us: int | None = None,
    bandwidth_bps: int | None = None,
    loss_ppm: int | None = None,
    one_way: bool = False,
    for_ms: int | None = None,
) -> LinkView:
    """Changes what a link is like; what is not given stays.

    Args:
        paths: the venue's files.
        one: a region.
        other: the region at the other end.
        latency_us: one way, in microseconds.
        jitter_us: what is added to it at most, in microseconds.
        bandwidth_bps: in bits a second, of all connections together.
        loss_ppm: segments of a million that arrive late.
        one_way: only from `one` to `other`.
        for_ms: it is as declared again after this time, in milliseconds.

    Raises:
        LocalError: no link joins the two, the process does not answer or refuses the value.
    """
    settings = {
        "latency_us": latency_us,
        "jitter_us": jitter_us,
        "bandwidth_bps": bandwidth_bps,
        "loss_ppm": loss_ppm,
    }
    body = {key: value for key, value in settings.items() if value is not None} | _scope(one_way, for_ms)
    place = _place(paths, one, other)
    return _view(patch_json(_admin(paths), place, body, _TIMEOUT_S))


def cut(paths: VenuePaths, one: str, other: str, *, one_way: bool = False, for_ms: int | None = None) -> LinkView:
    """Cuts a link: both ways, or only from `one` to `other`; it heals by itself after `for_ms` milliseconds, if given.

    Raises:
        LocalError: as `set_link`.
    """
    place = _place(paths, one, other)
    return _view(post_json(_admin(paths), f"{place}/cut", _scope(one_way, for_ms), _TIMEOUT_S))


def heal(paths: VenuePaths, one: str, other: str) -> LinkView:
    """Makes both directions of a link uncut and as declared.

    Raises:
        LocalError: as `set_link`.
    """
    place = _place(paths, one, other)
    return _view(post_json(_admin(paths), f"{place}/heal", {}, _TIMEOUT_S))


def edge(paths: VenuePaths, region: str) -> str:
    """The SOCKS5 proxy, host:port, through which those in a region reach the others.

    Raises:
        LocalError: the venue has no such region, or no links.
    """
    edges = {str(one["name"]): str(one["listen"]) for one in _listed(_config(paths), "regions")}
    if region not in edges:
        raise LocalError(f"venue {paths.name}", f"has no region {region}", f"name one of: {', '.join(edges)}")
    return edges[region]


def _scope(one_way: bool, for_ms: int | None) -> dict[str, object]:
    scope: dict[str, object] = {"one_way": True} if one_way else {}
    return scope if for_ms is None else scope | {"for_ms": for_ms}


def _config(paths: VenuePaths) -> Json:
    config = read_json(paths.links.config)
    if config is None:
        raise LocalError(
            f"venue {paths.name}", "has no links", "they are the interconnects of its file; start it: rialto up"
        )
    return config


def _place(paths: VenuePaths, one: str, other: str) -> str:
    """Where the API has the link from one region to another."""
    pairs = [cast("list[str]", link["between"]) for link in _listed(_config(paths), "links")]
    if not any({one, other} == set(pair) for pair in pairs):
        known = ", ".join(" ".join(pair) for pair in pairs)
        raise LocalError(f"venue {paths.name}", f"has no link between {one} and {other}", f"name one of: {known}")
    return f"/v1/links/{one}/{other}"


def _admin(paths: VenuePaths) -> str:
    """Where the links' process answers."""
    if not paths.supervisor.exists():
        raise LocalError(f"venue {paths.name}", "is down", "start it: rialto up")
    ready = read_json(paths.links.ready)
    if ready is None:
        wrong = "are away: their process is not up"
        raise LocalError(f"the links of {paths.name}", wrong, f"its supervisor starts it again; {_LOOK}")
    return str(ready.get("admin"))


def _listed(value: Json, key: str) -> list[Json]:
    return cast("list[Json]", value.get(key, []))


def _view(value: Json) -> LinkView:
    try:
        first, second = (_direction(direction) for direction in cast("list[Json]", value["directions"]))
        one, other = cast("list[str]", value["between"])
    except (KeyError, TypeError, ValueError) as error:
        raise LocalError("the links' API", f"answered something else than a link ({error!r})", _LOOK) from error
    return LinkView((one, other), (first, second))


def _direction(value: Mapping[str, object]) -> Direction:
    def whole(key: str, of: Mapping[str, object] = value) -> int:
        return int(cast("int", of[key]))

    def moment(key: str) -> int | None:
        return None if value[key] is None else whole(key)

    declared = cast("Mapping[str, object]", value["declared"])
    return Direction(
        from_region=str(value["from"]),
        to_region=str(value["to"]),
        latency_us=whole("latency_us"),
        jitter_us=whole("jitter_us"),
        bandwidth_bps=whole("bandwidth_bps"),
        loss_ppm=whole("loss_ppm"),
        cut=bool(value["cut"]),
        cut_since_ns=moment("cut_since_ns"),
        heals_at_ns=moment("heals_at_ns"),
        # The API's word is about the settings alone.
        as_declared=bool(value["as_declared"]) and not value["cut"],
        declared=LinkSettings(
            whole("latency_us", declared),
            whole("jitter_us", declared),
            whole("bandwidth_bps", declared),
            whole("loss_ppm", declared),
        ),
        connections=whole("connections"),
        queued_bytes=whole("queued_bytes"),
        passed_bytes=whole("passed_bytes"),
        lost_segments=whole("lost_segments"),
    )

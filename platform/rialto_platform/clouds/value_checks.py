"""Values that the SDKs can't judge: names, ranges, places and machine types, held against tables with their sources.

Tables: `limits` (names), `locations` (places and zones), `machines` (machine types); arithmetic of ranges:
`range_checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from rialto_platform.clouds import limits, locations, machines, range_checks, wire
from rialto_platform.clouds.problems import Problem
from rialto_platform.clouds.recording import PROVIDER_PREFIX, Recording, Registration
from rialto_platform.venue.model import Cloud

_CLOUDS: Mapping[str, Cloud] = {"aws": "aws", "gcp": "gcp", "azure-native": "azure"}
_MACHINES = frozenset({"instanceType", "instanceTypes", "machineType", "vmSize"})
_PLACES = frozenset({"location", "region"})
_FACILITIES = frozenset(
    {
        ("aws:directconnect/connection:Connection", "location"),
        ("gcp:compute/interconnect:Interconnect", "location"),
    }
)
"""Types whose place is a building where circuits meet the cloud: the venue file's checks know those."""
_ZONES = frozenset({"availabilityZone", "availabilityZones", "zone", "zones", "nodeLocations"})


def check(recording: Recording, within: IPv4Network | None = None) -> list[Problem]:
    """Everything wrong with the values of a program's resources; ``within`` is the region's own range, if it has
    one."""
    found: list[Problem] = []
    for resource in recording.resources:
        cloud = _cloud(resource)
        if cloud is not None:
            found += names(resource)
            found += labels(resource, cloud)
            found += places(resource, cloud)
            found += machine_types(resource, cloud)
    return found + range_checks.check(recording, within)


def names(resource: Registration) -> Iterator[Problem]:
    """Its physical name is one that the cloud takes; so is the one that would be made of its logical name."""
    rule = limits.NAMES.get(resource.type)
    if rule is None:
        return
    given = resource.inputs.get(rule.key)
    if given is None and rule.suffix:
        given = resource.name + "x" * rule.suffix
    if isinstance(given, str) and given != wire.UNKNOWN:
        yield from (Problem.of(resource, rule.key, wrong, right) for wrong, right in rule.wrong(given))


def labels(resource: Registration, cloud: Cloud) -> Iterator[Problem]:
    """Google Cloud's labels are narrower than the other clouds' tags."""
    given = resource.inputs.get("labels")
    if cloud != "gcp" or not isinstance(given, dict):
        return
    for key, value in given.items():
        fits = re.fullmatch(limits.LABEL_KEY, key) and re.fullmatch(limits.LABEL_VALUE, str(value))
        if not fits:
            right = "use at most 63 lower-case letters, digits, _ and -"
            yield Problem.of(resource, f"labels.{key}", f"{key}={value} is no label", right)


def places(resource: Registration, cloud: Cloud) -> Iterator[Problem]:
    """Locations and zones exist in the cloud that they are asked of."""
    for path, key, value in _leaves(resource.inputs, ""):
        # A tag's or label's `region` is the venue's word.
        if value == wire.UNKNOWN or {"tags", "labels", "resourceLabels"}.intersection(path.split(".")):
            continue
        if (resource.type, path) in _FACILITIES:
            continue
        if key in _PLACES and not _is_place(cloud, value):
            right = "use a place of clouds/locations.py, or add it there"
            yield Problem.of(resource, path, f"{value} is not a place of {cloud} known here", right)
        if key in _ZONES and not _is_zone(cloud, value):
            yield Problem.of(resource, path, f"{value} is not a zone of {cloud}", "use a zone of the region's place")


def machine_types(resource: Registration, cloud: Cloud) -> Iterator[Problem]:
    """Nodes are of machine types that were chosen, with a source."""
    known = machines.allowed()[cloud]
    for path, key, value in _leaves(resource.inputs, ""):
        if key in _MACHINES and value != wire.UNKNOWN and value not in known:
            right = f"use one of clouds/machines.py, such as {machines.DEFAULTS[cloud]}, or add it there"
            yield Problem.of(resource, path, f"{value} is not a machine type of {cloud} known here", right)


def _cloud(resource: Registration) -> Cloud | None:
    return _CLOUDS.get(resource.type.removeprefix(PROVIDER_PREFIX).partition(":")[0])


def _is_place(cloud: Cloud, value: str) -> bool:
    text = value.replace(" ", "").lower() if cloud == "azure" else value
    if locations.is_location(cloud, text) or text in locations.GLOBAL[cloud]:
        return True
    # On Google Cloud a zone is a location too, of what is in it alone.
    return cloud == "gcp" and _is_zone(cloud, text)


def _is_zone(cloud: Cloud, value: str) -> bool:
    if cloud == "azure":
        return locations.is_zone(cloud, "", value)
    place = value.rpartition("-")[0] if cloud == "gcp" else value[:-1]
    return locations.is_location(cloud, place) and locations.is_zone(cloud, place, value)


def _leaves(value: wire.Value | Mapping[str, wire.Value], path: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Every text within: its path, the name it has or its list has, and itself."""
    if isinstance(value, str):
        yield path, key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else name, name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]", key)

"""Resources are where the venue file says, on machines that were chosen for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rialto_platform.clouds.guardrails.resource import Resource, found, get, items, text
from rialto_platform.clouds.guardrails.rules import Rules
from rialto_platform.venue.model import Cloud

_LOCATIONS = ("location", "region", "zone", "availabilityZone", "nodeLocations", "availabilityZones")
_FACILITIES = frozenset(
    {
        "aws:directconnect/connection:Connection",
        "aws:directconnect/lag:Lag",
        "gcp:compute/interconnect:Interconnect",
    }
)
"""Whose `location` is a carrier's building, which the venue file declares apart."""
_EVERYWHERE = frozenset({"global"})
_PROVIDERS: dict[str, Cloud] = {"pulumi:providers:aws": "aws", "pulumi:providers:gcp": "gcp"}
_MACHINES = frozenset({"instanceType", "instanceTypes", "machineType", "vmSize"})


def locations(resource: Resource, rules: Rules) -> Iterator[str]:
    """A resource, its zones and its provider are in a location that the venue file names for the cloud."""
    cloud = resource.cloud or _PROVIDERS.get(resource.type)
    if cloud is None or resource.type in _FACILITIES:
        return
    allowed = rules.locations.get(cloud, frozenset())
    for key in _LOCATIONS:
        value = get(resource.props, key)
        for said in items(value) or (value,):
            place = _plain(text(said))
            # Azure's zones are numbers within the location.
            if (
                place
                and not place.isdigit()
                and place not in _EVERYWHERE
                and not any(_within(place, one) for one in allowed)
            ):
                known = ", ".join(sorted(allowed)) or "none in this cloud"
                yield f"its {key} is {said}; the venue is in {known}"


def machines(resource: Resource, rules: Rules) -> Iterator[str]:
    """Nodes have machine types from the table of their cloud, or the one that the venue file names."""
    if resource.cloud is None:
        return
    allowed = rules.machines.get(resource.cloud, frozenset())
    for path, value in found(resource.props, _MACHINES):
        for said in items(value) or (value,):
            if text(said) and said not in allowed:
                known = ", ".join(sorted(allowed)) or "no machine in this cloud"
                yield f"{path} is {said}; use one of {known}"


def _plain(said: str) -> str:
    """Azure writes "West Europe" too, Google Cloud storage in capitals, and links end with the name."""
    return said.rpartition("/")[2].lower().replace(" ", "")


def _within(place: str, location: str) -> bool:
    """The location, or a zone of it: ``us-east-1a`` on AWS, ``asia-east1-a`` on Google Cloud; never ``westus2``."""
    return re.fullmatch(rf"{re.escape(location)}(-?[a-z])?", place) is not None

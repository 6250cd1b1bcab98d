"""Where each cloud keeps the state of the stacks that live in it, and which stacks a venue has.

One bucket a cloud, so that a cloud that is down blocks nothing in the others. The file ``stacks/backends/<venue>.yaml``
names them; what is asked of a bucket, and how it is made, is in ``stacks/README.md``.

Source: Pulumi, "Managing state and backend options" (object storage backends).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import Venue
from rialto_platform.venue.model import Cloud, Interconnect

SCHEMES: Mapping[Cloud, str] = {"aws": "s3", "gcp": "gs", "azure": "azblob"}
"""How a cloud's bucket is written as a backend."""

PROJECTS = ("region", "interconnect")
"""The Pulumi projects of a venue, in the order in which they are brought up."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of a venue."""

    project: str
    name: str
    cloud: Cloud
    """Whose bucket holds its state."""

    def __str__(self) -> str:
        """As the outputs file names it: ``region/us``."""
        return f"{self.project}/{self.name}"


def attached(venue: Venue) -> tuple[str, ...]:
    """The regions that have an interconnect, in the order of the file."""
    joined = {name for link in venue.interconnects for name in link.between}
    return tuple(name for name in venue.regions if name in joined)


def pair(link: Interconnect) -> str:
    """The stack of a pair's tunnels: ``us-asia``."""
    return "-".join(link.between)


def stacks(venue: Venue) -> tuple[Stack, ...]:
    """Every stack of a venue, each after those whose outputs it takes.

    Regions, then the attachments of those that are joined, then the pairs that have a VPN; a pair's state lives in the
    cloud of its first region.

    Raises:
        CloudError: a pair's stack would have the name of a region's.
    """
    for link in venue.interconnects:
        if pair(link) in venue.regions:
            where = f"regions.{pair(link)}"
            wrong = f"has the name of the stack that joins {' and '.join(link.between)}"
            raise CloudError(where, wrong, "rename the region")
    clouds: dict[str, Cloud] = {name: region.cloud for name, region in venue.regions.items()}
    return (
        *(Stack("region", name, cloud) for name, cloud in clouds.items()),
        *(Stack("interconnect", name, clouds[name]) for name in attached(venue)),
        *(
            Stack("interconnect", pair(link), clouds[link.between[0]])
            for link in venue.interconnects
            if link.vpn is not None
        ),
    )


def chosen(venue: Venue, wanted: Sequence[str]) -> tuple[Stack, ...]:
    """The stacks that are named: ``region/us``, or ``region`` for all of a project; all where none is.

    Raises:
        CloudError: the venue has no such stack.
    """
    every = stacks(venue)
    for name in wanted:
        if not any(name in (stack.project, str(stack)) for stack in every):
            known = ", ".join(str(stack) for stack in every)
            raise CloudError(name, f"is no stack of venue {venue.name}", f"name one of: {known}")
    return tuple(stack for stack in every if not wanted or {stack.project, str(stack)} & set(wanted))


class Backends(BaseModel):
    """The state backends of one venue, by cloud."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    venue: str
    backends: Mapping[Cloud, str]

    @classmethod
    def load(cls, path: Path, venue: Venue) -> Backends:
        """The file at `path`, checked against the venue.

        Raises:
            CloudError: it is not there or not such a file, is another venue's, or lacks a cloud of the venue.
        """
        step = f"write it as stacks/README.md says ({path.name}: venue, backends by cloud)"
        try:
            read = cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise CloudError(str(path), "is not there", step) from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "(file)"
            raise CloudError(str(path), f"can't be used: {where}: {first['msg']}", step) from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise CloudError(str(path), f"can't be read: {error}", step) from error
        if read.venue != venue.name:
            raise CloudError(str(path), f"is of venue {read.venue}, not {venue.name}", "name the file of this venue")
        read._check(path, venue)
        return read

    def _check(self, path: Path, venue: Venue) -> None:
        clouds: list[Cloud] = [region.cloud for region in venue.regions.values()]
        for cloud in dict.fromkeys(clouds):
            url = self.backends.get(cloud)
            if url is None:
                raise CloudError(str(path), f"names no backend of {cloud}", f"add `{cloud}: {SCHEMES[cloud]}://…`")
            scheme = url.partition("://")[0]
            if scheme not in (SCHEMES[cloud], "file"):
                wrong = f"keeps the state of {cloud} at {url}, so that another cloud's failure would block it"
                raise CloudError(str(path), wrong, f"use a bucket of {cloud}: {SCHEMES[cloud]}://…")

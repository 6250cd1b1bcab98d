"""What tests of regions on AWS share: short forms for finding resources of a recording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from clouds_recording import OWNERS

from rialto_platform.clouds.recorder import Recording, Registration
from rialto_platform.clouds.wire import Value, mapping, sequence, text

OWNER = OWNERS["aws"]
CERTIFICATE = f"arn:aws:acm:us-east-1:{OWNER}:certificate/one"
CONFIG = {"region:accessCertificate": CERTIFICATE}


def kind(recording: Recording, short: str) -> tuple[Registration, ...]:
    """Resources by the short form of their type: `ec2/subnet:Subnet`."""
    found = recording.of_type(f"aws:{short}")
    assert found, short
    return found


def named(recording: Recording, short: str, role: str) -> Registration:
    """One by its type and role."""
    return recording.one(f"aws:{short}", f"three-clouds-us-{role}")


def statements(document: Value) -> Mapping[str, Mapping[str, Value]]:
    """A policy's statements by their names."""
    parsed = cast("dict[str, Value]", json.loads(text(document)))
    return {text(mapping(one)["Sid"]): mapping(one) for one in sequence(parsed["Statement"])}


def source_names(recording: Recording, resource: Registration, key: str) -> list[str]:
    """The roles of what an input comes from."""
    return [source.name.removeprefix("three-clouds-us-") for source in recording.sources(resource, key)]

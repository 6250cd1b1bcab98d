"""Regions as Pulumi programs, recorded: what tests of every cloud share."""

from __future__ import annotations

import pathlib
import warnings
from collections.abc import Callable, Mapping, Sequence

import pulumi

from rialto_platform import venue as venue_files
from rialto_platform.clouds import sdk_types, stand_ins
from rialto_platform.clouds.ground import Ground, GroundArgs
from rialto_platform.clouds.outputs import FILE_VERSION, REGION_VERSION, Outputs, RegionOutputs
from rialto_platform.clouds.recorder import Recording, Registration, record
from rialto_platform.clouds.wire import Value
from rialto_platform.venue import Venue
from rialto_platform.venue.model import Cloud

OWNERS = {
    "aws": "123456789012",
    "gcp": "rialto-example",
    "azure": "00000000-0000-0000-0000-000000000001",
}
"""An owner of each cloud's form: account, project, subscription."""
OTHERS: Mapping[str, Sequence[str]] = {
    "us": ("198.51.100.1", "198.51.100.2", "198.51.100.3"),
    "asia": ("203.0.113.1",),
    "europe": ("192.0.2.1",),
}
"""Static addresses of entries, as the outputs file would have them (RFC 5737)."""


def reduced(venues: pathlib.Path, *regions: str) -> Venue:
    """three-clouds.yaml with these regions alone: a venue of one cloud, or of two."""
    whole = venue_files.load(venues / "three-clouds.yaml")
    markets = {name: market for name, market in whole.markets.items() if market.home in regions}
    return whole.model_copy(
        update={
            "regions": {name: region for name, region in whole.regions.items() if name in regions},
            "interconnects": tuple(link for link in whole.interconnects if set(link.between) <= set(regions)),
            "markets": markets,
            "flow": {name: flow for name, flow in whole.flow.items() if name in markets},
        }
    )


def recorded(
    program: Callable[[], None],
    *,
    project: str = "region",
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    outputs_for: stand_ins.OutputsFor | None = None,
    preview: bool = False,
) -> Recording:
    """Records a program; the SDKs' own deprecations, which their modules raise when they are imported, are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return record(program, project=project, stack=stack, config=config, outputs_for=outputs_for, preview=preview)


def recorded_region(
    venue: Venue,
    name: str,
    ground: Callable[[GroundArgs], Ground],
    *,
    others: Mapping[str, Sequence[str]] | None = None,
    config: Mapping[str, str] | None = None,
    preview: bool = False,
) -> Recording:
    """A region's program: its ground, and what it exports; the other regions' addresses are `OTHERS` unless given."""
    addresses = OTHERS if others is None else others

    def program() -> None:
        args = GroundArgs(
            venue=venue,
            name=name,
            owner=OWNERS[venue.regions[name].cloud],
            others={region: each for region, each in addresses.items() if region in venue.regions and region != name},
        )
        for key, value in ground(args).outputs().items():
            pulumi.export(key, value)

    return recorded(program, stack=name, config=config, preview=preview)


def reread(recording: Recording, name: str, cloud: Cloud) -> RegionOutputs:
    """What the outputs file's reader makes of what a region of three-clouds.yaml exported."""
    told = {
        "version": REGION_VERSION,
        "venue": "three-clouds",
        "region": name,
        "cloud": cloud,
        "owner": OWNERS[cloud],
        **recording.outputs,
    }
    outputs = Outputs(version=FILE_VERSION, venue="three-clouds", collected_ns=1, stacks={})
    return outputs.model_copy(update={"stacks": {f"region/{name}": told}}).region(name)


def registration(kind: str, inputs: Mapping[str, Value], *, urn: str = "", name: str = "x") -> Registration:
    """A resource of these inputs, without anything around it."""
    return Registration(
        urn=urn or f"urn:{kind}",
        type=kind,
        name=name,
        parent="",
        custom=True,
        provider="",
        providers={},
        dependencies=frozenset(),
        property_dependencies={},
        protect=False,
        retain_on_delete=False,
        ignore_changes=(),
        inputs=inputs,
        secret_inputs=(),
        id="",
        outputs={},
    )


def without_provider(recording: Recording) -> list[str]:
    """Resources that would use a default provider, whose region and credentials come from anywhere."""
    return [_named(each) for each in _in_a_cloud(recording) if not each.provider]


def without_component(recording: Recording) -> list[str]:
    """Resources and components that stand under the stack, besides the ground itself."""
    below = [each for each in recording.resources if each.parent in ("", recording.stack) and not each.is_provider]
    grounds = [each for each in below if each.type.endswith(":Ground")]
    return [_named(each) for each in below if each not in grounds]


def without_tags(recording: Recording) -> list[str]:
    """Resources that take tags (Google Cloud: labels) and lack one of the convention's."""
    missing: list[str] = []
    for each in _in_a_cloud(recording):
        takes = sdk_types.input_hints(sdk_types.args_class(each.type))
        # Elsewhere than on Google Cloud, labels are Kubernetes'.
        keys = ("labels", "resourceLabels", "userLabels") if each.package == "gcp" else ("tags",)
        for key in keys:
            if key in takes and takes[key] is not None:
                given = each.inputs.get(key)
                if not isinstance(given, Mapping) or not {"venue", "region", "role", "managed-by"} <= set(given):
                    missing.append(f"{_named(each)}: {key}")
    return missing


def unnamed(recording: Recording, prefix: str) -> list[str]:
    """Resources whose logical name is not by the convention."""
    return [_named(each) for each in recording.resources if not each.name.startswith(prefix)]


def constants(resource: Registration, *keys: str) -> list[str]:
    """Those of the inputs that come from no other resource, or are not there."""
    return [key for key in keys if not resource.property_dependencies.get(key)]


def _in_a_cloud(recording: Recording) -> list[Registration]:
    return [each for each in recording.resources if each.custom and not each.is_provider]


def _named(resource: Registration) -> str:
    return f"{resource.type} {resource.name}"

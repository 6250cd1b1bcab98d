"""What holds for every region's attachment: its cloud alone, no default provider, names and values that clouds take."""

from __future__ import annotations

import pathlib

import pytest
from clouds_links import attached, redundant
from clouds_recording import unnamed, without_provider, without_tags

from rialto_platform.clouds import schema_check, value_checks
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.recording import Recording
from rialto_platform.venue import Venue

PACKAGES = {"us": "aws", "asia": "gcp", "europe": "azure-native"}
ORDERED = (
    "aws:directconnect/connection:Connection",
    "gcp:compute/interconnect:Interconnect",
    "azure-native:network:ExpressRouteCircuit",
)
"""What is ordered of a cloud and takes weeks to come back."""


@pytest.fixture(scope="module", params=list(PACKAGES))
def region(request: pytest.FixtureRequest) -> str:
    """Each region in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def recording(whole: Venue, region: str) -> Recording:
    """Its attachment, with every circuit delivered."""
    return attached(whole, region)


def test_every_input_is_one_that_the_sdk_knows(recording: Recording) -> None:
    """Names, types, required ones, choices."""
    assert schema_check.check(recording) == []


def test_names_places_and_labels_are_what_the_cloud_takes(recording: Recording) -> None:
    """And no two ranges of a network meet."""
    assert value_checks.check(recording) == []


def test_it_touches_its_own_cloud_alone(recording: Recording, region: str) -> None:
    """So that another cloud that is down doesn't block it."""
    packages = {each.package for each in recording.resources if each.custom and not each.is_provider}
    assert packages == {PACKAGES[region]}


def test_everything_is_made_by_the_regions_provider(recording: Recording, whole: Venue, region: str) -> None:
    """Never by a default one, whose place and credentials come from anywhere."""
    assert without_provider(recording) == []
    [provider] = [each for each in recording.resources if each.is_provider]
    assert whole.regions[region].location in (provider.inputs.get("region"), provider.inputs.get("location"))


def test_everything_stands_under_the_attachment(recording: Recording) -> None:
    """One component, nothing beside it."""
    [top] = [each for each in recording.resources if each.parent in ("", recording.stack)]
    assert top.type.endswith(":Attachment")
    assert {each.parent for each in recording.resources if each is not top} == {top.urn}


def test_everything_is_named_and_tagged_by_the_convention(recording: Recording, region: str) -> None:
    """`<venue>-<region>-<role>`; tags or labels on all that take them."""
    assert unnamed(recording, f"three-clouds-{region}") == []
    assert without_tags(recording) == []


def test_what_people_work_on_for_weeks_is_protected(recording: Recording) -> None:
    """A connection, an interconnect, a circuit."""
    ordered = [each for each in recording.resources if each.type in ORDERED]
    assert ordered
    assert all(each.protect for each in ordered)


def test_a_preview_without_any_cloud_comes_to_the_same_resources(
    recording: Recording, whole: Venue, region: str
) -> None:
    """Nothing depends on a value that a cloud chooses."""
    preview = attached(whole, region, preview=True)
    assert {(each.type, each.name) for each in preview.resources} == {
        (each.type, each.name) for each in recording.resources
    }


def test_before_a_line_is_delivered_only_the_order_stands(whole: Venue, region: str) -> None:
    """No interface, attachment or peering: they need a line; gateways are there, so that the VPN carries."""
    ordered = attached(whole, region, delivered=())
    kinds = {each.type for each in ordered.resources}
    assert kinds & set(ORDERED)
    assert not kinds & {
        "aws:directconnect/transitVirtualInterface:TransitVirtualInterface",
        "gcp:compute/interconnectAttachment:InterconnectAttachment",
        "gcp:compute/routerPeer:RouterPeer",
        "azure-native:network:ExpressRouteCircuitPeering",
        "azure-native:network:VirtualNetworkGatewayConnection",
    }
    assert ordered.outputs["vpn"]


def test_a_line_that_is_none_of_its_circuits_is_refused(whole: Venue, region: str) -> None:
    """With the names of those that are."""
    with pytest.raises(CloudError, match=rf"no circuit moon-1.*its circuits are: {region}-1"):
        attached(whole, region, delivered=("moon-1",))


def test_a_second_circuit_stands_beside_the_first(venues: pathlib.Path, region: str) -> None:
    """In another place, where the venue asks for two."""
    recording = attached(redundant(venues), region)
    ordered = [each for each in recording.resources if each.type in ORDERED]
    places = [str(each.inputs.get("location")) + str(each.inputs.get("serviceProviderProperties")) for each in ordered]
    assert len(ordered) == (1 if region == "asia" else 2)
    assert len(set(places)) == len(ordered)
    assert schema_check.check(recording) == []


def test_without_a_vpn_there_is_no_vpn_gateway(whole: Venue, region: str) -> None:
    """And the pairs can tell."""
    links = tuple(link.model_copy(update={"vpn": None}) for link in whole.interconnects)
    recording = attached(whole.model_copy(update={"interconnects": links}), region)
    kinds = [(each.type, each.name) for each in recording.resources]
    assert not [name for kind, name in kinds if "vpn" in name.removeprefix("three-clouds-") or "HaVpn" in kind]
    assert recording.outputs.get("vpn") is None


def test_without_circuits_the_vpn_alone_is_built(whole: Venue, region: str) -> None:
    """A region of a venue that buys none."""
    recording = attached(whole.model_copy(update={"circuits": {}, "carriers": {}}), region)
    assert not [each for each in recording.resources if each.type in ORDERED]
    assert not [each for each in recording.resources if each.name.endswith("-circuits")]
    assert recording.outputs["vpn"]


def test_the_stack_says_what_it_is_of(recording: Recording, region: str) -> None:
    """For whoever reads its outputs."""
    said = {key: recording.outputs[key] for key in ("version", "venue", "region")}
    assert said == {"version": 1, "venue": "three-clouds", "region": region}

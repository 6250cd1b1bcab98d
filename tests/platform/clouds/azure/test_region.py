"""A region on Azure as a whole: parents, provider, tags, names, values, guardrails, what it exports."""

from __future__ import annotations

from collections import Counter

import pytest
from clouds_recording import OWNERS, recorded_region, reread, unnamed, without_component, without_provider, without_tags

from rialto_platform.clouds import guardrails, plan, schema_check, value_checks
from rialto_platform.clouds.azure.region import AzureGround
from rialto_platform.clouds.backends import Stack
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.guardrails.resource import get
from rialto_platform.clouds.outputs import AzureRegion
from rialto_platform.clouds.recorder import Recording
from rialto_platform.venue import Venue
from rialto_platform.venue.model import Access

PARTS = {
    "Access",
    "Backups",
    "Cluster",
    "Endpoints",
    "Entry",
    "FlowLogs",
    "Identities",
    "Keys",
    "Network",
    "Pools",
    "Registry",
    "Sinks",
}


@pytest.fixture(scope="module")
def longest(whole: Venue) -> Recording:
    """The same region with the longest names that a venue file takes."""
    venue = whole.model_copy(update={"name": "v" * 16, "regions": {**whole.regions, "r" * 16: whole.regions["europe"]}})
    return recorded_region(venue, "r" * 16, AzureGround)


def test_every_child_is_under_its_component(europe: Recording) -> None:
    """Ground, then parts, then resources: three steps, and nothing beside them but the group that holds all."""
    assert without_component(europe) == []
    ground = europe.one("rialto:azure:Ground")
    below = [each for each in europe.children(ground.urn) if not each.is_provider]
    assert {each.type.rpartition(":")[2] for each in below} == PARTS | {"ResourceGroup"}
    for part in below:
        assert part.custom or europe.children(part.urn), f"{part.type} is empty"
    for resource in europe.resources:
        if resource.custom and not resource.is_provider and resource not in below:
            assert [each.type for each in europe.ancestors(resource)][1:] == ["rialto:azure:Ground"]


def test_every_resource_has_the_regions_provider(europe: Recording) -> None:
    """Which is in the region's subscription and place."""
    assert without_provider(europe) == []
    [provider] = [each for each in europe.resources if each.is_provider]
    assert (provider.inputs["subscriptionId"], provider.inputs["location"]) == (OWNERS["azure"], "westeurope")
    assert {each.provider for each in europe.resources if each.custom and not each.is_provider} == {provider.urn}


def test_everything_that_takes_tags_has_the_conventions(europe: Recording) -> None:
    """Pools among a cluster's own inputs too."""
    assert without_tags(europe) == []
    inputs = europe.one("azure-native:containerservice:ManagedCluster").inputs
    conventions = {"venue": "three-clouds", "region": "europe", "role": "system", "managed-by": "rialto"}
    assert get(inputs, "agentPoolProfiles", 0, "tags") == conventions


def test_names_are_by_the_convention(europe: Recording) -> None:
    """Every logical name begins with the venue and the region."""
    assert unnamed(europe, "three-clouds-europe") == []


def test_inputs_fit_the_sdks_types(europe: Recording, alone: Recording) -> None:
    """Nested keys, types, required properties, enumerations."""
    assert schema_check.check(europe) == []
    assert schema_check.check(alone) == []


def test_values_fit_azure(europe: Recording, alone: Recording, longest: Recording, whole: Venue) -> None:
    """Names with their lengths and characters, locations, zones, machine types, ranges: with the longest names too."""
    within = whole.regions["europe"].cidr
    for recording in (europe, alone, longest):
        assert value_checks.check(recording, within) == []


def test_the_guardrails_let_it_through(europe: Recording, alone: Recording, whole: Venue) -> None:
    """Which tell of nothing, in a venue of three clouds and in one of Azure alone."""
    for recording in (europe, alone):
        resources = plan.guarded(Stack("region", "europe", "azure"), recording)
        assert [str(each) for each in guardrails.check(resources, guardrails.Rules.of(whole))] == []


def test_a_preview_asks_for_the_same(europe: Recording, whole: Venue) -> None:
    """While nothing that Azure chooses is known."""
    preview = recorded_region(whole, "europe", AzureGround, preview=True)
    assert Counter(each.type for each in preview.resources) == Counter(each.type for each in europe.resources)


def test_what_holds_data_is_protected_and_kept(europe: Recording) -> None:
    """Backups, keys, logs: a stack that is destroyed leaves them."""
    kept = {each.type.rpartition(":")[2] for each in europe.resources if each.protect and each.retain_on_delete}
    assert {"StorageAccount", "BlobContainer", "Vault", "Key", "Workspace"} <= kept
    for kind in ("storage:StorageAccount", "storage:BlobContainer", "keyvault:Vault", "keyvault:Key"):
        for each in europe.of_type(f"azure-native:{kind}"):
            assert each.protect, each.name
            assert each.retain_on_delete, each.name
    assert europe.one("azure-native:resources:ResourceGroup", "three-clouds-europe-group").protect


def test_one_group_holds_the_region_one_its_entry_one_its_access(europe: Recording) -> None:
    """By outputs, so that each waits for its group."""
    groups = {each.name: each for each in europe.of_type("azure-native:resources:ResourceGroup")}
    assert set(groups) == {f"three-clouds-europe-{role}" for role in ("group", "entry", "access")}
    for each in europe.resources:
        if "resourceGroupName" in each.inputs and each.type not in (
            "azure-native:resources:ResourceGroup",
            # Azure's own group of its own watcher.
            "azure-native:network:FlowLog",
        ):
            [group] = europe.sources(each, "resourceGroupName")
            assert group in groups.values(), each.name


def test_it_exports_what_a_region_exports(europe: Recording) -> None:
    """As the outputs file's reader takes it."""
    read = reread(europe, "europe", "azure")
    assert isinstance(read, AzureRegion)
    assert read.network.vnet_id == europe.one("azure-native:network:VirtualNetwork", "three-clouds-europe-network").id
    gateways = europe.one("azure-native:network:Subnet", "three-clouds-europe-gateways")
    assert read.network.gateway_subnet_id == gateways.id
    assert read.keys.id == europe.one("azure-native:keyvault:Vault").id
    address = europe.one("azure-native:network:PublicIPAddress", "three-clouds-europe-entry")
    assert read.entry.addresses == (address.outputs["ipAddress"],)
    zone = europe.one("azure-native:dns:Zone")
    assert read.entry.dns_name == f"orders.{zone.outputs['name']}"
    assert read.sinks.metrics == europe.one("azure-native:monitor:AzureMonitorWorkspace").id
    assert europe.secret_outputs == ()


def test_a_venue_without_domain_or_operators_has_neither_zone_nor_access(alone: Recording) -> None:
    """Members then use Traffic Manager's own name."""
    assert not alone.of_type("rialto:azure:Access")
    assert not alone.of_type("azure-native:dns:Zone")
    assert not alone.of_type("azure-native:network:VirtualNetworkGateway")
    assert get(alone.outputs, "entry", "dnsName")
    assert get(alone.outputs, "entry", "nameServers") == []


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"machine": "Standard_D4s_v5"}, "regions.europe.machine"),
        ({"location": "nowhere"}, "regions.europe"),
        ({"zones": ("1", "4")}, "regions.europe"),
    ],
)
def test_what_azure_has_not_is_refused(whole: Venue, changed: dict[str, object], where: str) -> None:
    """Before anything is asked for."""
    region = whole.regions["europe"].model_copy(update=changed)
    venue = whole.model_copy(update={"regions": {**whole.regions, "europe": region}})
    with pytest.raises(CloudError) as refused:
        recorded_region(venue, "europe", AzureGround)
    assert refused.value.where == where


def test_operators_whom_entra_does_not_know_are_refused(whole: Venue) -> None:
    """Else nobody could operate the region."""
    venue = whole.model_copy(update={"access": Access(operators=("operators@example.com",))})
    with pytest.raises(CloudError, match="Entra"):
        recorded_region(venue, "europe", AzureGround)

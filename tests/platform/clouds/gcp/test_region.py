"""A region on Google Cloud as a whole: parents, provider, labels, names, what it waits for, what it exports."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from clouds_recording import (
    OTHERS,
    OWNERS,
    recorded_region,
    reread,
    unnamed,
    without_component,
    without_provider,
    without_tags,
)

from rialto_platform.clouds import guardrails, plan, schema_check, value_checks
from rialto_platform.clouds.backends import Stack
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.gcp.region import GcpGround
from rialto_platform.clouds.outputs import GcpRegion
from rialto_platform.clouds.recorder import Recording
from rialto_platform.venue import Venue

PARTS = {
    "Access",
    "Accounts",
    "Apis",
    "Backups",
    "Cluster",
    "Endpoints",
    "Entry",
    "Firewall",
    "GlobalEntry",
    "Identities",
    "Keys",
    "Network",
    "Pools",
    "Registry",
    "Sinks",
}


@pytest.fixture(scope="module")
def longest(whole: Venue) -> Recording:
    """The same region with the longest names that a venue file takes, the longest zones, and two peers in Virginia."""
    zones = tuple(f"northamerica-northeast1-{letter}" for letter in "abc")
    region = whole.regions["asia"].model_copy(update={"location": "northamerica-northeast1", "zones": zones})
    virginia = whole.regions["europe"].model_copy(update={"location": "eastus"})
    regions = {"us": whole.regions["us"], "europe": virginia, "r" * 16: region}
    venue = whole.model_copy(update={"name": "v" * 16, "regions": regions})
    return recorded_region(venue, "r" * 16, GcpGround)


def test_every_child_is_under_its_component(asia: Recording) -> None:
    """Ground, then parts, then resources: three steps, and nothing beside them."""
    assert without_component(asia) == []
    ground = asia.one("rialto:gcp:Ground")
    parts = [each for each in asia.children(ground.urn) if not each.is_provider]
    assert {each.type.rpartition(":")[2] for each in parts} == PARTS
    for part in parts:
        assert asia.children(part.urn), f"{part.type} is empty"
    for resource in asia.resources:
        if resource.custom and not resource.is_provider:
            assert [each.type for each in asia.ancestors(resource)][1:] == ["rialto:gcp:Ground"]


def test_every_resource_has_the_regions_provider(asia: Recording) -> None:
    """Which is in the region's project and place."""
    assert without_provider(asia) == []
    providers = [each for each in asia.resources if each.is_provider]
    assert [(each.inputs["project"], each.inputs["region"]) for each in providers] == [(OWNERS["gcp"], "asia-east1")]
    assert {each.provider for each in asia.resources if each.custom and not each.is_provider} == {providers[0].urn}


def test_everything_that_takes_labels_has_the_conventions(asia: Recording) -> None:
    """What Google Cloud calls tags (of routes) chooses machines, and labels nothing."""
    assert [each for each in without_tags(asia) if not each.endswith(": tags")] == []
    for pool in asia.of_type("gcp:container/nodePool:NodePool"):
        config = pool.inputs["nodeConfig"]
        assert isinstance(config, dict)
        labels = config["resourceLabels"]
        assert isinstance(labels, dict)
        assert {"venue", "region", "role", "managed-by"} <= set(labels)


def test_names_are_by_the_convention(asia: Recording) -> None:
    """Logical names are the venue's and the region's, and the role."""
    assert unnamed(asia, "three-clouds-asia") == []


def test_the_longest_names_fit(longest: Recording) -> None:
    """As each kind takes them; and the accounts' are told apart by their digests."""
    assert [problem for each in longest.resources for problem in value_checks.names(each)] == []
    endpoint = str(longest.one("gcp:compute/globalForwardingRule:GlobalForwardingRule").inputs["name"])
    assert re.fullmatch(r"[a-z][a-z0-9]{0,19}", endpoint)
    accounts = longest.of_type("gcp:serviceaccount/account:Account")
    assert len({str(account.inputs["accountId"]) for account in accounts}) == len(accounts) == 4


def test_nothing_is_asked_of_an_api_that_is_not_on(asia: Recording) -> None:
    """A resource takes its project from the service that holds it; what takes no project is made of one that does."""
    services = asia.of_type("gcp:projects/service:Service")
    assert all(each.inputs["disableOnDestroy"] is False for each in services)
    for resource in asia.resources:
        if not resource.custom or resource.is_provider or resource in services:
            continue
        if "project" in resource.inputs:
            assert [each.type for each in asia.sources(resource, "project")] == ["gcp:projects/service:Service"]
        else:
            assert resource.dependencies, resource.name


@pytest.mark.parametrize(
    ("prefix", "api"),
    [
        ("gcp:compute/[^g]", "compute"),
        ("gcp:compute/globalAddress", "compute"),
        ("gcp:compute/globalForwardingRule", "servicedirectory"),
        ("gcp:container/", "container"),
        ("gcp:dns/", "dns"),
        ("gcp:kms/keyRing", "cloudkms"),
        ("gcp:storage/bucket:", "storage"),
        ("gcp:artifactregistry/", "artifactregistry"),
        ("gcp:logging/", "logging"),
        ("gcp:iap/", "iap"),
        ("gcp:serviceaccount/account", "iam"),
        ("gcp:projects/iAMCustomRole", "iam"),
        ("gcp:projects/iAMMember", "cloudresourcemanager"),
    ],
)
def test_each_kind_waits_for_its_own_api(asia: Recording, prefix: str, api: str) -> None:
    """Not for any that happens to be on."""
    resources = [each for each in asia.resources if re.match(prefix, each.type)]
    assert resources
    for resource in resources:
        assert [each.inputs["service"] for each in asia.sources(resource, "project")] == [f"{api}.googleapis.com"]


def test_it_exports_what_a_region_exports(asia: Recording) -> None:
    """As the outputs file's reader takes it."""
    read = reread(asia, "asia", "gcp")
    assert isinstance(read, GcpRegion)
    vpc = asia.one("gcp:compute/network:Network")
    assert (read.network.id, read.network.name) == (vpc.id, "three-clouds-asia-network")
    assert read.network.self_link == vpc.outputs["selfLink"]
    assert read.cluster.name == "three-clouds-asia-gke"
    assert read.cluster.identity_issuer.endswith(asia.one("gcp:container/cluster:Cluster").id)
    assert read.keys.secrets == asia.one("gcp:kms/cryptoKey:CryptoKey", "three-clouds-asia-key-secrets").id
    assert len(read.entry.addresses) == 3
    assert read.sinks.metrics.startswith("https://monitoring.googleapis.com/v1/projects/rialto-example/")
    assert asia.secret_outputs == ()


def test_a_first_preview_knows_as_little_and_asks_for_as_much(whole: Venue, asia: Recording) -> None:
    """What the cloud will choose is unknown, and no resource depends on knowing it."""
    preview = recorded_region(whole, "asia", GcpGround, preview=True)
    assert Counter(each.type for each in preview.resources) == Counter(each.type for each in asia.resources)


def test_at_the_first_up_no_other_regions_entry_is_known(whole: Venue) -> None:
    """The name leads to the region's own addresses until the outputs of the others were collected."""
    recording = recorded_region(whole, "asia", GcpGround, others={})
    record = recording.one("gcp:dns/recordSet:RecordSet", "three-clouds-asia-names")
    policy = record.inputs["routingPolicy"]
    assert isinstance(policy, dict)
    geos = policy["geos"]
    assert isinstance(geos, list)
    assert len(geos) == 1


def test_inputs_are_what_the_sdk_takes(asia: Recording, alone: Recording) -> None:
    """Names at every depth, types, what is required, enumerations."""
    assert schema_check.check(asia) == []
    assert schema_check.check(alone) == []


def test_values_are_what_google_cloud_takes(asia: Recording, alone: Recording, whole: Venue) -> None:
    """Ranges within the region's, places, machine types, names and labels."""
    assert value_checks.check(asia, whole.regions["asia"].cidr) == []
    assert value_checks.check(alone, whole.regions["asia"].cidr) == []


def test_two_regions_near_one_place_share_it(longest: Recording) -> None:
    """Cloud DNS takes a place once; both regions' addresses are there."""
    record = longest.one("gcp:dns/recordSet:RecordSet", f"{'v' * 16}-{'r' * 16}-names")
    policy = record.inputs["routingPolicy"]
    assert isinstance(policy, dict)
    assert isinstance(policy["geos"], list)
    assert policy["geos"][1:] == [
        {
            "location": "us-east4",
            "healthCheckedTargets": {"externalEndpoints": [*OTHERS["us"], *OTHERS["europe"]]},
        }
    ]


def test_it_passes_the_guardrails(whole: Venue, asia: Recording) -> None:
    """All of them: a region needs no exception."""
    rules = guardrails.Rules.of(whole)
    resources = plan.guarded(Stack("region", "asia", "gcp"), asia)
    assert [str(violation) for violation in guardrails.check(resources, rules)] == []


def test_a_machine_that_google_cloud_has_not_is_refused(whole: Venue) -> None:
    """Before anything is asked for."""
    wrong = whole.regions["asia"].model_copy(update={"machine": "c6in.8xlarge"})
    venue = whole.model_copy(update={"regions": {**whole.regions, "asia": wrong}})
    with pytest.raises(CloudError, match=r"regions\.asia\.machine"):
        recorded_region(venue, "asia", GcpGround)

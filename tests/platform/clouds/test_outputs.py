"""The outputs file: written whole, read with its types, refused with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.outputs import AwsRegion, AzureRegion, GcpRegion, Outputs

NETWORKS = {
    "aws": {"id": "n", "vpcId": "vpc-1", "transitGatewayId": "tgw-1", "transitRouteTableId": "tgw-rtb-1"},
    "gcp": {"id": "n", "selfLink": "projects/p/global/networks/n", "name": "n"},
    "azure": {
        "id": "n",
        "resourceGroup": "g",
        "vnetName": "v",
        "vnetId": "/subscriptions/s/v",
        "gatewaySubnetId": "/subscriptions/s/v/g",
    },
}


def region(name: str, cloud: str, address: str) -> dict[str, object]:
    """What a region's stack exports."""
    return {
        "version": 1,
        "venue": "three-clouds",
        "region": name,
        "cloud": cloud,
        "owner": "123456789012",
        "network": NETWORKS[cloud],
        "cluster": {"name": "c", "endpoint": "https://10.0.0.1", "identityIssuer": "https://issuer"},
        "keys": {"id": "k", "backups": "k1", "secrets": "k2"},
        "backups": {"bucket": "b", "location": "l"},
        "registry": {"url": "r"},
        "entry": {"addresses": [address], "dnsName": f"{name}.example", "healthPath": "/health"},
        "sinks": {"logs": "l", "metrics": "m"},
        "identities": {"engine": "e", "backups": "b"},
    }


def outputs() -> dict[str, object]:
    """The file of a venue whose regions are up."""
    return {
        "version": 1,
        "venue": "three-clouds",
        "collected_ns": 7,
        "stacks": {
            "region/us": region("us", "aws", "192.0.2.1"),
            "region/asia": region("asia", "gcp", "192.0.2.2"),
            "region/europe": region("europe", "azure", "192.0.2.3"),
            "interconnect/us": {"gateway": "dxgw-1"},
        },
    }


def written(folder: Path, value: object) -> Path:
    """A file that holds the value."""
    path = folder / "three-clouds.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_regions_are_read_with_the_types_of_their_clouds(tmp_path: Path) -> None:
    read = Outputs.load(written(tmp_path, outputs()))
    us, asia, europe = (read.region(name) for name in ("us", "asia", "europe"))
    assert isinstance(us, AwsRegion)
    assert us.network.transit_gateway_id == "tgw-1"
    assert isinstance(asia, GcpRegion)
    assert asia.network.self_link == "projects/p/global/networks/n"
    assert isinstance(europe, AzureRegion)
    assert europe.network.gateway_subnet_id == "/subscriptions/s/v/g"
    assert read.attachment("us") == {"gateway": "dxgw-1"}


def test_a_region_learns_the_entries_of_the_others_and_not_its_own(tmp_path: Path) -> None:
    read = Outputs.load(written(tmp_path, outputs()))
    assert read.entries("us") == {"asia": ("192.0.2.2",), "europe": ("192.0.2.3",)}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    read = Outputs.load(written(tmp_path, outputs()))
    read.write(tmp_path / "again.json")
    again = Outputs.load(tmp_path / "again.json")
    assert again.stacks == read.stacks
    assert json.loads((tmp_path / "again.json").read_text())["version"] == 1
    assert "file" not in json.loads((tmp_path / "again.json").read_text())


def test_a_stack_that_was_never_collected_says_which_to_bring_up(tmp_path: Path) -> None:
    read = Outputs.load(written(tmp_path, outputs()))
    with pytest.raises(CloudError) as raised:
        read.attachment("asia")
    assert raised.value.wrong == "has no outputs of interconnect/asia"
    assert "`pulumi up --stack asia` in stacks/interconnect" in raised.value.next_step
    assert "rialto outputs collect interconnect/asia" in raised.value.next_step


def test_a_missing_file_says_how_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(CloudError) as raised:
        Outputs.load(tmp_path / "none.json")
    assert "rialto outputs collect" in raised.value.next_step


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [("version", 2, "version"), ("venue", 5, "venue"), ("stacks", [], "stacks")],
)
def test_another_version_or_shape_is_refused(tmp_path: Path, key: str, value: object, told: str) -> None:
    with pytest.raises(CloudError, match=f"version 1: {told}"):
        Outputs.load(written(tmp_path, outputs() | {key: value}))
    (tmp_path / "three-clouds.json").write_text("not json")
    with pytest.raises(CloudError, match="not an outputs file"):
        Outputs.load(tmp_path / "three-clouds.json")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": 2}, "version"),
        ({"cloud": "gcp"}, "gcp.network.selfLink"),
        ({"cloud": "moon"}, "cloud"),
        ({"entry": {"addresses": "192.0.2.1", "dnsName": "d", "healthPath": "/"}}, "entry.addresses"),
    ],
)
def test_outputs_of_another_version_of_the_programs_are_refused(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    value = outputs()
    value["stacks"] = {"region/us": region("us", "aws", "192.0.2.1") | change}
    with pytest.raises(CloudError, match=told) as raised:
        Outputs.load(written(tmp_path, value)).region("us")
    assert "`pulumi up --stack us` in stacks/region" in raised.value.next_step


def test_a_key_that_came_later_breaks_no_reader(tmp_path: Path) -> None:
    value = outputs()
    value["stacks"] = {"region/us": region("us", "aws", "192.0.2.1") | {"later": 1}}
    assert Outputs.load(written(tmp_path, value)).region("us").region == "us"

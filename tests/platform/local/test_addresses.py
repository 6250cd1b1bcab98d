"""Addresses: all of them are chosen before anything starts, and everybody keeps what they had while it is free."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rialto_platform import venue
from rialto_platform.links_config import links_config
from rialto_platform.local import files
from rialto_platform.local.addresses import Placed, kept, place
from rialto_platform.node_config import node_configs

Configs = dict[str, dict[str, object]]


@pytest.fixture
def laptop(venues: Path) -> venue.Venue:
    """The venue of `make up`."""
    return venue.load(venues / "laptop.yaml")


@pytest.fixture
def configs(laptop: venue.Venue) -> Configs:
    """What its nodes are told."""
    return {name: dict[str, object](config) for name, config in node_configs(laptop).items()}


@pytest.fixture
def links(laptop: venue.Venue) -> dict[str, object]:
    """What its links are told."""
    made = links_config(laptop)
    assert made is not None
    return dict[str, object](made)


def placed(
    folder: Path,
    configs: Mapping[str, Mapping[str, object]],
    links: Mapping[str, object] | None,
    elsewhere: frozenset[str] = frozenset(),
) -> tuple[Placed, list[str]]:
    """The configurations with addresses, written as `up` writes them, and what was said."""
    said: list[str] = []
    paths = {name: folder / f"{name}.json" for name in configs}
    found = place(configs, links, paths, folder / "links.json", said.append, elsewhere)
    for name, path in paths.items():
        files.write_json(path, found.configs[name])
    if found.links is not None:
        files.write_json(folder / "links.json", found.links)
    return found, said


def listens(config: Mapping[str, object]) -> dict[str, str]:
    """Where a node listens."""
    [market] = json.loads(json.dumps(config["markets"]))
    ports = {what: market[f"{what}_listen"] for what in ("orders", "feed", "snapshot")}
    return ports | {"admin": str(config["admin_listen"]), "replication": market["replication"]["listen"]}


def everything(found: Placed) -> dict[str, str]:
    """Every address, by what it is."""
    own = {f"{node} {what}": at for node, config in found.configs.items() for what, at in listens(config).items()}
    if found.links is None:
        return own
    value: dict[str, Any] = json.loads(json.dumps(found.links))
    edges = {f"edge {region['name']}": region["listen"] for region in value["regions"]}
    return own | edges | {"links": value["admin_listen"]}


def port(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_nobody_shares_an_address_and_none_is_left_to_the_system(
    configs: Configs, links: dict[str, object], tmp_path: Path
) -> None:
    found, said = placed(tmp_path, configs, links)
    addresses = list(everything(found).values())
    assert len(set(addresses)) == len(addresses) == 3 * 5 + 3 + 1
    assert all(port(address) > 0 for address in addresses)
    assert said == []


def test_every_voter_is_told_where_all_of_them_listen(
    configs: Configs, links: dict[str, object], tmp_path: Path
) -> None:
    found, _ = placed(tmp_path, configs, links)
    own = {node: listens(config)["replication"] for node, config in found.configs.items()}
    for config in found.configs.values():
        [market] = json.loads(json.dumps(config["markets"]))
        assert {voter["node"]: voter["address"] for voter in market["replication"]["voters"]} == own


def test_links_know_every_listener_of_a_region_and_its_nodes_know_its_edge(
    configs: Configs, links: dict[str, object], tmp_path: Path
) -> None:
    found, _ = placed(tmp_path, configs, links)
    value: dict[str, Any] = json.loads(json.dumps(found.links))
    for region in value["regions"]:
        config = found.configs[f"{region['name']}-1"]
        assert set(region["addresses"]) == set(listens(config).values())
        assert config["proxy"] == region["listen"]


def test_without_links_no_node_has_a_proxy(configs: Configs, tmp_path: Path) -> None:
    found, _ = placed(tmp_path, configs, None)
    assert found.links is None
    assert not any("proxy" in config for config in found.configs.values())


def test_ports_are_kept_from_start_to_start(configs: Configs, links: dict[str, object], tmp_path: Path) -> None:
    first, _ = placed(tmp_path, configs, links)
    second, said = placed(tmp_path, configs, links)
    assert everything(second) == everything(first)
    assert said == []


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("asia-1 replication", "the replication of market main of asia-1 gets a new port"),
        ("us-1 orders", "the orders of market main of us-1 gets a new port"),
        ("europe-1 admin", "the admin of europe-1 gets a new port"),
        ("edge asia", "the edge of asia gets a new port"),
        ("links", "the links' API gets a new port"),
    ],
)
def test_a_port_that_was_taken_is_replaced_alone_and_for_all(
    configs: Configs, links: dict[str, object], tmp_path: Path, what: str, told: str
) -> None:
    first, _ = placed(tmp_path, configs, links)
    before = everything(first)
    with socket.create_server(("127.0.0.1", port(before[what]))):
        found, said = placed(tmp_path, configs, links)
    now = everything(found)
    assert said == [f"{before[what]} is taken by another process; {told}"]
    assert {key for key in now if now[key] != before[key]} == {what}
    assert f'"{before[what]}"' not in json.dumps([found.configs, found.links])


@pytest.mark.parametrize("name", ["us-1.json", "links.json"])
def test_a_damaged_configuration_costs_no_address_that_others_know(
    configs: Configs, links: dict[str, object], tmp_path: Path, name: str
) -> None:
    first, _ = placed(tmp_path, configs, links)
    (tmp_path / name).write_text('{"markets": [3], "node": 1, "regions": 4}')
    found, said = placed(tmp_path, configs, links)
    assert len(said) == 1
    assert "written anew" in said[0]
    before, now = everything(first), everything(found)
    known = {what for what in before if "replication" in what or "edge" in what}
    assert {what: now[what] for what in known} == {what: before[what] for what in known}


def test_what_another_venue_keeps_is_left_to_it(
    configs: Configs, links: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, _ = placed(tmp_path / "other", configs, links)
    elsewhere = kept((tmp_path / "other").glob("*.json"))
    assert elsewhere == set(everything(other).values())
    # As if chance would hand out the other venue's ports first.
    offered = [port(address) - 20_000 for address in sorted(elsewhere)] + [12_000 - number for number in range(40)]
    chance = iter(offered)
    monkeypatch.setattr("secrets.randbelow", lambda _: next(chance))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    found, _ = placed(tmp_path / "own", configs, links, frozenset(elsewhere))
    assert not elsewhere & set(everything(found).values())


def test_no_port_lies_where_outgoing_connections_are_given_theirs(
    configs: Configs, links: dict[str, object], tmp_path: Path
) -> None:
    low = 32_768
    with contextlib.suppress(OSError):
        low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found, _ = placed(tmp_path, configs, links)
    assert all(port(address) < low for address in everything(found).values())

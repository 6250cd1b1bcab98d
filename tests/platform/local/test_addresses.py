"""Addresses: voters know one another's before they start, and everybody keeps what they had while it is free."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from rialto_platform import venue
from rialto_platform.local import files
from rialto_platform.local.addresses import with_addresses
from rialto_platform.node_config import node_configs

Placed = dict[str, dict[str, object]]


@pytest.fixture
def configs(venues: Path) -> Placed:
    """What the nodes of the laptop's venue are told."""
    made = node_configs(venue.load(venues / "laptop.yaml"))
    return {name: dict[str, object](config) for name, config in made.items()}


def place(folder: Path, configs: Mapping[str, Mapping[str, object]]) -> tuple[Placed, list[str]]:
    """The configurations with addresses, written as `up` writes them, and what was said."""
    said: list[str] = []
    paths = {name: folder / f"{name}.json" for name in configs}
    placed = with_addresses(configs, paths, said.append)
    for name, path in paths.items():
        files.write_json(path, placed[name])
    return placed, said


def replication(placed: Placed) -> dict[str, dict[str, object]]:
    """The replication section of each node."""
    return {name: json.loads(json.dumps(config["markets"]))[0]["replication"] for name, config in placed.items()}


def addresses(placed: Placed) -> dict[str, str]:
    """Where each node listens for the others."""
    return {name: str(section["listen"]) for name, section in replication(placed).items()}


def test_every_voter_is_told_where_all_of_them_listen(configs: Placed, tmp_path: Path) -> None:
    placed, said = place(tmp_path, configs)
    listens = addresses(placed)
    assert len(set(listens.values())) == 3
    assert said == []
    for section in replication(placed).values():
        voters = {voter["node"]: voter["address"] for voter in section["voters"]}  # type: ignore[attr-defined]
        assert voters == listens


def test_ports_are_kept_from_start_to_start(configs: Placed, tmp_path: Path) -> None:
    first, _ = place(tmp_path, configs)
    second, said = place(tmp_path, configs)
    assert addresses(second) == addresses(first)
    assert said == []


def test_a_port_that_was_taken_is_replaced_for_all(configs: Placed, tmp_path: Path) -> None:
    before = addresses(place(tmp_path, configs)[0])
    taken = before["asia-1"]
    with socket.create_server(("127.0.0.1", int(taken.rpartition(":")[2]))):
        placed, said = place(tmp_path, configs)
    now = addresses(placed)
    assert said == [f"{taken} is taken by another process; replication gets a new port"]
    assert now["asia-1"] != taken
    assert {name: now[name] for name in ("us-1", "europe-1")} == {name: before[name] for name in ("us-1", "europe-1")}
    assert now["asia-1"] in json.dumps(placed["us-1"])
    assert taken not in json.dumps(placed["us-1"])


def test_a_clients_port_that_was_taken_is_replaced_alone(configs: Placed, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        taken = f"127.0.0.1:{ours.getsockname()[1]}"
        before, _ = place(tmp_path, configs)
        [market] = json.loads(json.dumps(before["us-1"]["markets"]))
        market |= {"orders_listen": taken, "feed_listen": "127.0.0.1:19999"}
        files.write_json(tmp_path / "us-1.json", before["us-1"] | {"markets": [market]})
        placed, said = place(tmp_path, configs)
    [now] = json.loads(json.dumps(placed["us-1"]["markets"]))
    assert said == [f"{taken} is taken by another process; orders gets a new port"]
    assert (now["orders_listen"], now["feed_listen"]) == ("127.0.0.1:0", "127.0.0.1:19999")


def test_a_damaged_configuration_costs_its_own_addresses_alone(configs: Placed, tmp_path: Path) -> None:
    before, _ = place(tmp_path, configs)
    (tmp_path / "us-1.json").write_text('{"markets": [3]}')
    placed, said = place(tmp_path, configs)
    assert len(said) == 1
    assert "written anew" in said[0]
    # The others know where it was.
    assert addresses(placed) == addresses(before)


def test_no_port_lies_where_outgoing_connections_are_given_theirs(configs: Placed, tmp_path: Path) -> None:
    low = 32_768
    with contextlib.suppress(OSError):
        low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(int(address.rpartition(":")[2]) < low for address in addresses(place(tmp_path, configs)[0]).values())

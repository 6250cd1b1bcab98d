"""Venue files of some of the three clouds' regions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import yaml

Keys = dict[str, object]


def cut(venues: Path, folder: Path, *regions: str) -> Path:
    """A file like three-clouds.yaml with these regions alone, and what has both its ends in them."""
    whole = cast("Keys", yaml.safe_load((venues / "three-clouds.yaml").read_text(encoding="utf-8")))
    markets = {name: market for name, market in _keys(whole["markets"]).items() if _keys(market)["home"] in regions}
    carriers: dict[str, Keys] = {}
    for name, carrier in _keys(whole["carriers"]).items():
        routers = _of(_keys(carrier)["routers"], regions)
        if routers and len(regions) > 1:
            carriers[name] = {**_keys(carrier), "routers": routers}
    links = cast("list[Keys]", whole["interconnects"])
    whole |= {
        "regions": {name: region for name, region in _keys(whole["regions"]).items() if name in regions},
        "markets": markets,
        "flow": {name: flow for name, flow in _keys(whole["flow"]).items() if name in markets},
        "interconnects": [link for link in links if set(cast("list[str]", link["between"])) <= set(regions)],
        "carriers": carriers,
        "circuits": _of(whole["circuits"], regions) if carriers else {},
    }
    file = folder / f"{'-'.join(regions)}.yaml"
    file.write_text(json.dumps(whole), encoding="utf-8")
    return file


def _of(named: object, regions: tuple[str, ...]) -> Keys:
    return {name: value for name, value in _keys(named).items() if _keys(value)["region"] in regions}


def _keys(value: object) -> Keys:
    return dict(cast("Mapping[str, object]", value))

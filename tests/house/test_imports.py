"""Imports point one way: between the rooms, and between the engine's crates."""

import ast
import pathlib
import subprocess
import sys
import tomllib
from typing import Any, cast

import pytest

CRATES: dict[str, set[str]] = {
    "book": set(),
    "wire": set(),
    "journal": set(),
    "flow": set(),
    "process": set(),
    "socks": set(),
    "link": {"process", "socks"},
    "depth": {"wire"},
    "market": {"book"},
    "session": {"market", "wire"},
    "replica": {"journal", "socks"},
    "node": {"book", "wire", "journal", "market", "session", "replica", "process"},
    "sim": {"book", "wire", "journal", "market", "session", "replica", "node", "verify"},
    "verify": {"journal", "market", "session", "wire"},
    "load": {"wire", "depth", "flow", "verify", "socks"},
    "python": {"session", "market", "wire", "journal", "flow", "depth"},
    "bench": {"book", "flow"},
}
"""What each crate may use of the others."""

ROOMS = {
    "stacks": {"rialto_platform"},
    "platform": {"rialto_platform", "rialto_engine"},
    "engine/rialto_engine": {"rialto_engine"},
    "tui": {"rialto_tui", "rialto_runbooks", "rialto_platform", "rialto_engine"},
}
"""What the Python of each room may import of the others."""

LIGHT = ("rialto_platform", "rialto_platform.local.status", "rialto_tui.cli")
"""Modules that commands which must answer at once import."""

HEAVY = ("pydantic", "yaml", "asyncio", "rialto_engine._engine")


def internal(table: object) -> set[str]:
    """The engine's own crates among the dependencies of a manifest's table."""
    names = cast("dict[str, Any]", table or {})
    return {name.removeprefix("rialto-") for name in names if name.startswith("rialto-")}


def manifests(checkout: pathlib.Path) -> dict[str, dict[str, Any]]:
    """The manifest of each crate, by the crate's folder."""
    found = (checkout / "engine" / "crates").glob("*/Cargo.toml")
    return {path.parent.name: tomllib.loads(path.read_text()) for path in found}


def test_every_crate_has_its_arrows(checkout: pathlib.Path) -> None:
    """A new crate is added to the table above, with what it may use."""
    assert set(manifests(checkout)) == set(CRATES)


@pytest.mark.parametrize("crate", CRATES)
def test_a_crate_uses_only_what_it_may(checkout: pathlib.Path, crate: str) -> None:
    """Its dependencies, and those of its tests and build."""
    manifest = manifests(checkout)[crate]
    assert manifest["package"]["name"] == f"rialto-{crate}"
    assert "target" not in manifest or "rialto-" not in str(manifest["target"])
    tables = ("dependencies", "build-dependencies", "dev-dependencies")
    assert set[str]().union(*(internal(manifest.get(table)) for table in tables)) <= CRATES[crate]


def test_the_arrows_have_no_circle() -> None:
    """So that there is an order to build and to read them in."""
    left = {crate: set(uses) for crate, uses in CRATES.items()}
    while left:
        free = {crate for crate, uses in left.items() if not uses & set(left)}
        assert free, f"a circle among {sorted(left)}"
        left = {crate: uses for crate, uses in left.items() if crate not in free}


def imported(path: pathlib.Path) -> set[str]:
    """The rooms' packages that a Python file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return {name for name in found if name.startswith("rialto_")}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(checkout: pathlib.Path, room: str) -> None:
    """`lint-imports` holds the packages' directions; this one sees every file, the stacks' programs too."""
    wrong = {str(path): imported(path) - ROOMS[room] for path in (checkout / room).rglob("*.py")}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize("module", LIGHT)
def test_what_must_answer_at_once_imports_nothing_heavy(module: str) -> None:
    """In an interpreter of its own."""
    program = f"import {module}, sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

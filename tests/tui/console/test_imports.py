"""What the console's parts import: the store and what stands on it no Textual, and `rialto status` nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

PLAIN = ("actions", "events", "feeds", "links", "measure", "operate", "predict", "readings", "routes", "store", "text")


def loaded(imports: str, suspects: tuple[str, ...]) -> str:
    """Which of the modules are there after the imports."""
    code = f"import sys\n{imports}\nprint([name for name in {suspects!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


@pytest.mark.parametrize("module", PLAIN)
def test_the_store_and_what_stands_on_it_know_no_textual(module: str) -> None:
    assert loaded(f"import rialto_tui.console.{module}", ("textual", "rich", "pydantic", "rialto_engine")) == "[]"


def test_the_sources_load_nothing_heavy_before_they_are_asked() -> None:
    assert loaded("import rialto_tui.console.live", ("textual", "pydantic", "yaml", "rialto_engine")) == "[]"


def test_status_reads_through_the_store_and_loads_nothing_heavy() -> None:
    suspects = ("textual", "pydantic", "rich", "yaml", "asyncio", "rialto_engine")
    assert loaded("import rialto_tui.status_commands; import rialto_tui.console.store", suspects) == "[]"

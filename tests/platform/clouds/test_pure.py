"""What decides knows no SDK: it can be read, and tested, without one."""

from __future__ import annotations

import subprocess
import sys

PURE = (
    "addresses",
    "limits",
    "locations",
    "machines",
    "names",
    "ports",
    "problems",
    "range_checks",
    "recording",
    "value_checks",
    "aws.nearest",
    "aws.place",
    "aws.rules",
)


def test_decisions_import_no_sdk() -> None:
    """In a process of their own, none of them brings Pulumi with it."""
    lines = [f"import rialto_platform.clouds.{module}" for module in PURE]
    program = "\n".join(["import sys", *lines, "print([name for name in sys.modules if name.startswith('pulumi')])"])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

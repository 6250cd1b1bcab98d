"""Small files written whole: a reader sees the old content or the new, never a half."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Replaces `path` by `text` in one step (write beside it, fsync, rename), with permissions `mode`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: object, mode: int = 0o644) -> None:
    """Replaces `path` by `value` as indented JSON, in one step."""
    write_text(path, json.dumps(value, indent=2) + "\n", mode)


def read_json(path: Path) -> Mapping[str, object] | None:
    """The JSON object in `path`, or None where there is no such file.

    Raises:
        LocalError: the file can't be read, or holds something else.
    """
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LocalError(str(path), f"can't be read ({error})", "run `rialto down`, then `rialto up`") from error
    if not isinstance(value, dict):
        raise LocalError(str(path), "does not hold a JSON object", "run `rialto down`, then `rialto up`")
    return cast("Mapping[str, object]", value)

"""Small files written whole: a reader sees the old content or the new, never a half."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError

_BLOCK = 1 << 16


def write_text(path: Path, text: str, mode: int = 0o644, *, durable: bool = True) -> None:
    """Replaces `path` by `text` in one step (write beside it, fsync, rename), with permissions `mode`.

    Without `durable` nothing waits for the disk: for what means nothing after the machine has gone down.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: object, mode: int = 0o644, *, durable: bool = True) -> None:
    """Replaces `path` by `value` as indented JSON, in one step, as `write_text` does."""
    write_text(path, json.dumps(value, indent=2) + "\n", mode, durable=durable)


def last_lines(path: Path, count: int, most_bytes: int = 1 << 20) -> list[str]:
    """The last `count` lines of a file of any size, from its last `most_bytes` bytes.

    Raises:
        OSError: the file can't be read.
    """
    wanted = _BLOCK
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        while True:
            file.seek(max(size - wanted, 0))
            text = file.read(wanted)
            if wanted >= min(size, most_bytes) or text.count(b"\n") > count:
                break
            wanted = min(4 * wanted, most_bytes)
    return text.decode("utf-8", errors="replace").splitlines()[-count:]


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

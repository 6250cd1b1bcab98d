"""Passwords of order sessions and feed users.

Made here, kept in a file only its user can read, never in a venue file.
"""

from __future__ import annotations

import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json, write_json

# SoupBinTCP 3.00, Login Request: ten characters; letters and digits that can't be mistaken for one another.
_LENGTH = 10
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def ensure(path: Path, usernames: Iterable[str]) -> dict[str, str]:
    """The passwords of `usernames`; those that had none get one. The file at `path` is made, or added to.

    Returns:
        Passwords by user name, of these user names only.

    Raises:
        LocalError: others than its owner can read the file, or it holds something else.
    """
    known = load(path) if path.exists() else {}
    wanted = list(usernames)
    missing = [name for name in wanted if name not in known]
    if missing:
        for name in missing:
            known[name] = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        write_json(path, {"passwords": dict(sorted(known.items()))}, mode=0o600)
    return {name: known[name] for name in wanted}


def load(path: Path) -> dict[str, str]:
    """Every password in the file.

    Raises:
        LocalError: there is no such file, others than its owner can read it, or it holds something else.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError as error:
        raise LocalError(str(path), "does not exist", "it is made by `rialto up`") from error
    if mode & 0o077:
        raise LocalError(str(path), f"can be read by others (mode {mode:04o})", f"run: chmod 600 {path}")
    anew = "remove it, run `rialto down`, then `rialto up`: it makes new passwords"
    try:
        value = (read_json(path) or {}).get("passwords")
    except LocalError as error:
        raise LocalError(str(path), error.wrong, anew) from error
    if not isinstance(value, dict):
        raise LocalError(str(path), "has no object `passwords`", anew)
    passwords = cast("dict[str, object]", value)
    if not all(isinstance(password, str) for password in passwords.values()):
        raise LocalError(str(path), "has a password that is not a string", anew)
    return cast("dict[str, str]", passwords)

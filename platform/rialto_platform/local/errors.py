"""The one error of the local platform."""

from __future__ import annotations

import errno

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class LocalError(Exception):
    """Something the operator can act on: where it is, what is wrong, what to do next."""

    def __init__(self, where: str, wrong: str, next_step: str) -> None:
        super().__init__(f"{where}: {wrong}; {next_step}")
        self.where = where
        self.wrong = wrong
        self.next_step = next_step

    @staticmethod
    def of(error: OSError) -> LocalError:
        """What the system said, with what to do about it."""
        if error.errno in _FULL:
            next_step = "free space there, then try again"
        elif error.errno in _FORBIDDEN:
            next_step = "run it as the user the path belongs to, or name another directory in RIALTO_STATE_DIR"
        else:
            next_step = "see that the path is right, then try again"
        where = "the system" if error.filename is None else str(error.filename)
        return LocalError(where, f"can't be used: {error.strerror or error}", next_step)

"""The one error of the local platform."""

from __future__ import annotations


class LocalError(Exception):
    """Something the operator can act on: where it is, what is wrong, what to do next."""

    def __init__(self, where: str, wrong: str, next_step: str) -> None:
        super().__init__(f"{where}: {wrong}; {next_step}")
        self.where = where
        self.wrong = wrong
        self.next_step = next_step

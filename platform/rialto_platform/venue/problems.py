"""What is wrong with a venue file: each problem with the path of its value, and all of them at once."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a venue file: keys and list positions from the top, e.g. ``("markets", "main", "home")``."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def path_text(path: Path) -> str:
    """The path as people write it: ``markets.main.instruments[2].tick_size``; the whole file is ``(file)``."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            out += f".{part}" if out else part
        else:
            out += f"[{json.dumps(part, ensure_ascii=False)}]"
    return out or "(file)"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    ``path`` as :func:`path_text` writes it, ``line`` from 1 (``None`` where the file has no such line), ``wrong`` says
    what is wrong and ``right`` what would be right.
    """

    path: str
    line: int | None
    wrong: str
    right: str

    @property
    def message(self) -> str:
        """What is wrong and what would be right, in one sentence."""
        return f"{self.wrong}; {self.right}"

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.path}: {self.message}"


class VenueError(Exception):
    """A venue file that cannot be used. ``problems`` holds all that is wrong with it, in the order of the file."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        """Keeps ``problems`` sorted by line; problems without a line come first."""
        self.file = file
        self.problems = sorted(problems, key=lambda problem: problem.line or 0)
        count = len(self.problems)
        head = f"{file}: {count} {'problem' if count == 1 else 'problems'}"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))

"""Pictures of screens that are kept beside the tests, and compared.

A picture that is meant to be different is taken anew by `RIALTO_SNAPSHOTS=update`; look at it before it is committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from textual.app import App

_FONTS_FROM_AFAR = re.compile(r',\s*url\("[^"]*"\) format\("\w+"\)')


def check(app: App[str], folder: Path, name: str) -> None:
    """Compares the screen with the picture `name` in `folder`.

    Raises:
        AssertionError: it looks different, or there is no picture yet; says where the new one is.
    """
    kept = folder / f"{name}.svg"
    # A picture of a test fetches nothing from anywhere.
    seen = _FONTS_FROM_AFAR.sub("", app.export_screenshot(title="Rialto", simplify=True))
    if os.environ.get("RIALTO_SNAPSHOTS") == "update":
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(seen, encoding="utf-8")
        return
    if kept.is_file() and kept.read_text(encoding="utf-8") == seen:
        return
    new = kept.with_suffix(".new.svg")
    new.write_text(seen, encoding="utf-8")
    wrong = "looks different from" if kept.is_file() else "has no picture yet:"
    raise AssertionError(f"{name} {wrong} {kept}; it looks like {new}. If it is meant: RIALTO_SNAPSHOTS=update")

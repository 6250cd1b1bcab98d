"""A changed venue file as lines of text: which values differ, and what to do."""

from __future__ import annotations

from rialto_platform.local.changes import Changed

_SHOWN = 20


def lines(changed: Changed) -> list[str]:
    """Each value that differs, of a long list the first ones; then what stands in the way, and the next step."""
    count = len(changed.changes)
    if count == 0:
        return [f"Its file {changed.file} changed: {changed.problem}.", f"  next: {changed.next_step}"]
    shown = [f"  {change}" for change in changed.changes[:_SHOWN]]
    if count > _SHOWN:
        shown.append(f"  and {count - _SHOWN} more: rialto venue diff --json")
    head = f"{changed.file} differs in {count} value{'s' if count != 1 else ''} from what the venue was started with:"
    problem = [f"  {changed.problem}."] if changed.problem else []
    return [head, *shown, *problem, f"  next: {changed.next_step}"]

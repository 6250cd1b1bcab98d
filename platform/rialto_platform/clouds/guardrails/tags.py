"""Everything that takes tags says whose it is, in the words of `names.Names.tags`."""

from __future__ import annotations

from collections.abc import Iterator

from rialto_platform.clouds.guardrails.resource import UNKNOWN, Resource, get, is_set
from rialto_platform.clouds.guardrails.rules import Rules
from rialto_platform.clouds.guardrails.tagged import TAGGED


def tags(resource: Resource, rules: Rules) -> Iterator[str]:
    """A resource that takes tags has the venue's; its region is one of the venue file."""
    key = TAGGED.get(resource.type)
    if key is None or get(resource.props, key) is UNKNOWN:
        return
    given = get(resource.props, key)
    if missing := [name for name in rules.tags if not is_set(get(given, name))]:
        yield f"its {key} lack {', '.join(missing)}; give it names.tags(role)"
        return
    region = get(given, "region")
    if region is not UNKNOWN and not any(part in rules.ranges for part in _regions(str(region))):
        yield f"its {key} say region {region}; the venue has {', '.join(sorted(rules.ranges))}"


def _regions(said: str) -> tuple[str, ...]:
    """A region, or the two ends of a pair: ``us-asia``."""
    parts = said.split("-")
    return said, *("-".join(parts[:cut]) for cut in range(1, len(parts)))

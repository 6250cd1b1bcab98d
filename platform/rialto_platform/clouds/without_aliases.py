"""Spares a recording the aliases of Azure's types: some sixty older names each, worked out at every resource.

An engine reads them to find a resource again that was made under an older name. A recording finds nothing again, and
without them takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from pulumi import Alias, Input, Output, Resource, resource

_WORKED_OUT_BY = "collapse_alias_to_urn"


@contextmanager
def without_aliases() -> Generator[None]:
    """Until it ends, every alias of a new resource is worked out as nothing; one at a time in a process."""
    sdk = resource.__dict__
    kept: object = sdk[_WORKED_OUT_BY]
    nothing: list[Output[str]] = []

    def none(
        alias: Input[Alias | str],
        defaultName: str,  # noqa: N803 - the SDK's own name
        defaultType: str,  # noqa: N803 - the SDK's own name
        defaultParent: Resource | None,  # noqa: N803 - the SDK's own name
    ) -> Output[str]:
        del alias, defaultName, defaultType, defaultParent
        # Made at the first resource, as an output needs the program's loop; then shared.
        if not nothing:
            nothing.append(Output.from_input(""))
        return nothing[0]

    sdk[_WORKED_OUT_BY] = none
    try:
        yield
    finally:
        sdk[_WORKED_OUT_BY] = kept

"""Who among a venue's operators Google Cloud knows.

Source: IAM, "Principal identifiers".
"""

from __future__ import annotations

from collections.abc import Iterable

from rialto_platform.clouds.errors import CloudError

_PREFIXES = ("group:", "user:", "serviceAccount:", "domain:", "principal://", "principalSet://")


def members(operators: Iterable[str]) -> tuple[str, ...]:
    """The operators as IAM members: an e-mail address is a group's; other clouds' object ids and ARNs are passed over.

    Raises:
        CloudError: none of them is one that Google Cloud knows.
    """
    operators = tuple(operators)
    found = tuple(
        operator if operator.startswith(_PREFIXES) else f"group:{operator}"
        for operator in operators
        if operator.startswith(_PREFIXES) or "@" in operator
    )
    if not found:
        raise CloudError(
            "access.operators",
            f"none of {', '.join(operators)} is a principal of Google Cloud, so nobody could operate its regions",
            "add the e-mail address of a group, or a principalSet://",
        )
    return found

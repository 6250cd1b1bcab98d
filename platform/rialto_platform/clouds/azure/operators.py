"""Who among a venue's operators Azure knows.

Source: Azure RBAC, "Assign Azure roles using ARM templates" (a principal is given by its object id in Microsoft Entra).
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from rialto_platform.clouds.errors import CloudError


def groups(operators: Iterable[str]) -> tuple[str, ...]:
    """The operators that are object ids of Entra groups; another cloud's principals are passed over.

    Raises:
        CloudError: none of them is an object id.
    """
    operators = tuple(operators)
    found = tuple(operator for operator in operators if _is_object_id(operator))
    if not found:
        raise CloudError(
            "access.operators",
            f"none of {', '.join(operators)} is an Entra group's object id, so nobody could operate Azure's regions",
            "add the group's object id, as Microsoft Entra shows it under Groups",
        )
    return found


def _is_object_id(operator: str) -> bool:
    try:
        return str(UUID(operator)) == operator.lower()
    except ValueError:
        return False

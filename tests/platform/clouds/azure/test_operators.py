"""Who among the operators Azure knows."""

from __future__ import annotations

import pytest

from rialto_platform.clouds.azure.operators import groups
from rialto_platform.clouds.errors import CloudError

GROUP = "11111111-2222-3333-4444-555555555555"


def test_object_ids_are_taken_and_others_passed_over() -> None:
    """An e-mail address is another cloud's."""
    assert groups(["operators@example.com", GROUP]) == (GROUP,)


@pytest.mark.parametrize("operator", ["operators@example.com", GROUP.replace("-", ""), f"urn:uuid:{GROUP}"])
def test_none_of_them_is_refused(operator: str) -> None:
    """Only the form that Entra shows is an object id."""
    with pytest.raises(CloudError) as refused:
        groups([operator])
    assert refused.value.where == "access.operators"

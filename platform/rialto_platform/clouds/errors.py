"""The one error of what concerns the clouds, apart from a wrong venue file."""

from __future__ import annotations

from rialto_platform.local.errors import LocalError


class CloudError(LocalError):
    """Something an operator of the clouds can act on: where it is, what is wrong, what to do next."""

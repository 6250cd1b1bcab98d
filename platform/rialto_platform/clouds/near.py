"""Which of a cloud's places stands for a region, of whatever cloud: each cloud routes by its own places alone."""

from __future__ import annotations

from collections.abc import Mapping

from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import Region
from rialto_platform.venue.model import Cloud


def near(name: str, region: Region, own: Cloud, tables: Mapping[Cloud, Mapping[str, str]], wrong: str) -> str:
    """The place of cloud `own` that is nearest to a region of the venue; the region's own, where it is one.

    Args:
        name: the region's, in the venue file.
        region: as the venue file declares it.
        own: whose places are wanted.
        tables: what is near each place of the other clouds.
        wrong: what can't be done where nothing is known to be near.

    Raises:
        CloudError: nothing is.
    """
    if region.cloud == own:
        return region.location
    found = tables[region.cloud].get(region.location)
    if found is None:
        place = f"rialto_platform/clouds/{own}/nearest.py"
        raise CloudError(f"regions.{name}.location", wrong, f"add the pair to {place}")
    return found

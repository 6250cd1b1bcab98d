"""The secrets that a stack of stacks/interconnect must be given, by their key in its configuration.

They never stand in the venue file. Where a cloud makes a key itself (AWS: of tunnels; Google Cloud: for MACsec), it is
taken from there and none is asked for here.
"""

from __future__ import annotations

from dataclasses import dataclass

from rialto_platform.clouds.interconnects.bgp import tunnels
from rialto_platform.venue import Venue
from rialto_platform.venue.ways import circuits


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of a stack."""

    stack: str
    key: str
    what: str
    form: str
    """What it must look like, and a command that makes one."""

    @property
    def command(self) -> str:
        """What a person types; the value is asked for, so that it stands in no history."""
        return f"pulumi config set --secret --stack {self.stack} {self.key}"


def md5(circuit: str) -> str:
    """The configuration key of a circuit's BGP key."""
    return f"md5-{circuit}"


def macsec_name(circuit: str) -> str:
    """The configuration key of the name of a circuit's MACsec key (CKN)."""
    return f"macsec-ckn-{circuit}"


def macsec_key(circuit: str) -> str:
    """The configuration key of a circuit's MACsec key (CAK)."""
    return f"macsec-cak-{circuit}"


def pre_shared(pair: str, number: int) -> str:
    """The configuration key of a tunnel's pre-shared key."""
    return f"psk-{pair}-{number}"


def of_region(venue: Venue, region: str) -> tuple[Secret, ...]:
    """What a region's stack must be given before its circuits are marked as delivered."""
    found: list[Secret] = []
    for name, circuit in circuits(venue, region).items():
        if circuit.md5:
            # 25 is the most that ExpressRoute takes (Microsoft, "ExpressRoute routing requirements").
            form = "20 to 25 letters and digits: openssl rand -hex 12"
            found.append(Secret(region, md5(name), f"the BGP key of the circuit {name}", form))
        if circuit.macsec and venue.regions[region].cloud == "aws":
            form = "64 hexadecimal digits: openssl rand -hex 32"
            found.append(Secret(region, macsec_name(name), f"the name of the MACsec key of {name} (CKN)", form))
            found.append(Secret(region, macsec_key(name), f"the MACsec key of {name} (CAK)", form))
    return tuple(found)


def of_pair(venue: Venue, one: str, other: str) -> tuple[Secret, ...]:
    """What a pair's stack must be given: keys of its tunnels, where neither end is AWS.

    Raises:
        CloudError: as `bgp.tunnels`.
    """
    link = venue.link(one, other)
    if link is None or "aws" in (venue.regions[one].cloud, venue.regions[other].cloud):
        return ()
    pair = "-".join(link.between)
    form = "32 letters and digits: openssl rand -hex 16"
    return tuple(
        Secret(pair, pre_shared(pair, tunnel.number), f"the pre-shared key of tunnel {tunnel.number}", form)
        for tunnel in tunnels(venue, link)
    )

"""Which size of a cloud's product carries a bandwidth.

Sources: Google Cloud, "Dedicated Interconnect overview" (links of 10 and 100 Gbit/s) and "VLAN attachments"; Microsoft,
"About ExpressRoute virtual network gateways" and "About VPN Gateway SKUs"; AWS Direct Connect User Guide, "Dedicated
connections".
"""

from __future__ import annotations

from collections.abc import Mapping

from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import units

_GBIT = 10**9
_MBIT = 10**6

EXPRESS_ROUTE_GATEWAYS: Mapping[str, int] = {"ErGw1AZ": _GBIT, "ErGw2AZ": 2 * _GBIT, "ErGw3AZ": 10 * _GBIT}
"""Gateways that stand in several zones, by what they carry."""
FAST_PATH = "ErGw3AZ"
"""From this size on, what comes in may go round the gateway straight to the node."""
VPN_GATEWAYS: Mapping[str, int] = {
    "VpnGw2AZ": _GBIT,
    "VpnGw3AZ": 2_500 * _MBIT,
    "VpnGw4AZ": 5 * _GBIT,
    "VpnGw5AZ": 10 * _GBIT,
}
"""Generation 2, several zones, by what all tunnels together carry."""


def aws_bandwidth(bandwidth_bps: int) -> str:
    """A Direct Connect connection's, as its API writes it: `10Gbps`."""
    return f"{bandwidth_bps // _GBIT}Gbps"


def gcp_bandwidth(bandwidth_bps: int) -> str:
    """A VLAN attachment's, as its API writes it: `BPS_10G`."""
    if bandwidth_bps >= _GBIT:
        return f"BPS_{bandwidth_bps // _GBIT}G"
    return f"BPS_{bandwidth_bps // _MBIT}M"


def gcp_links(bandwidth_bps: int) -> tuple[str, int]:
    """The physical links under an attachment: their type and number."""
    if bandwidth_bps > 20 * _GBIT:
        return "LINK_TYPE_ETHERNET_100G_LR", 1
    return "LINK_TYPE_ETHERNET_10G_LR", -(-bandwidth_bps // (10 * _GBIT))


def azure_bandwidth(bandwidth_bps: int) -> int:
    """An ExpressRoute circuit's, in Mbit/s."""
    return bandwidth_bps // _MBIT


def azure_sku(product: str) -> tuple[str, str, str]:
    """An ExpressRoute circuit's name, tier and family: `Premium_MeteredData`, `Premium`, `MeteredData`."""
    tier, billed = product.split("-")
    family = {"metered": "MeteredData", "unlimited": "UnlimitedData"}[billed]
    return f"{tier.capitalize()}_{family}", tier.capitalize(), family


def express_route_gateway(where: str, bandwidth_bps: int) -> str:
    """The smallest gateway that carries all circuits of a region.

    Raises:
        CloudError: no gateway carries so much; names ``where``.
    """
    return _smallest(where, EXPRESS_ROUTE_GATEWAYS, bandwidth_bps)


def vpn_gateway(bandwidth_bps: int) -> str:
    """The smallest gateway that carries all tunnels of a region, or the largest: behind circuits, less will do."""
    fitting = [name for name, most in VPN_GATEWAYS.items() if most >= bandwidth_bps]
    return fitting[0] if fitting else list(VPN_GATEWAYS)[-1]


def _smallest(where: str, sizes: Mapping[str, int], bandwidth_bps: int) -> str:
    fitting = [name for name, most in sizes.items() if most >= bandwidth_bps]
    if not fitting:
        most = units.exact_bandwidth_text(max(sizes.values()))
        here = units.exact_bandwidth_text(bandwidth_bps)
        raise CloudError(where, f"its circuits come to {here}, and no gateway carries more than {most}", "use less")
    return fitting[0]

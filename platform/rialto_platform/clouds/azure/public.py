"""Addresses that the internet knows: static, of the Standard kind, in the zones that are named."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import network

from rialto_platform.clouds.azure.place import Place


def static_address(
    place: Place,
    role: str,
    opts: pulumi.ResourceOptions,
    *,
    zones: Sequence[str] | None = None,
    name: str | None = None,
    dns: network.PublicIPAddressDnsSettingsArgs | None = None,
) -> network.PublicIPAddress:
    """An address in every zone of the place unless some are named; without a name Pulumi gives it one."""
    return network.PublicIPAddress(
        place.of(role),
        public_ip_address_name=name,
        resource_group_name=place.group,
        location=place.location,
        sku=network.PublicIPAddressSkuArgs(
            name=network.PublicIPAddressSkuName.STANDARD, tier=network.PublicIPAddressSkuTier.REGIONAL
        ),
        public_ip_allocation_method=network.IPAllocationMethod.STATIC,
        public_ip_address_version=network.IPVersion.I_PV4,
        zones=list(place.zones if zones is None else zones),
        dns_settings=dns,
        tags=place.tags(role),
        opts=opts,
    )

"""Autonomous system numbers: which ones a region or a carrier's router may have, and why others may not.

Sources: RFC 6996 (private use), RFC 5398 (documentation), RFC 7607, RFC 4893 and RFC 7300 (0, 23456 and the last
ones); AWS Site-to-Site VPN User Guide, "Customer gateway options"; Google Cloud, "Cloud Router overview"; Microsoft,
"About BGP with VPN Gateway" and "ExpressRoute routing requirements".
"""

PRIVATE = (range(64512, 65535), range(4_200_000_000, 4_294_967_295))
"""Private use; the only ones that a transit gateway, a Cloud Router and a VPN gateway all take as their own."""

AZURE_CIRCUITS = 12076
"""What the carrier peers with on the private peering of every ExpressRoute circuit."""
AZURE_GATEWAY = 65515
"""What an ExpressRoute gateway has, whatever is asked for."""

_RESERVED: tuple[tuple[range, str], ...] = (
    (range(23456, 23457), "stands for four-byte numbers in two-byte sessions"),
    (range(64496, 64512), "is for documentation"),
    (range(65536, 65552), "is for documentation"),
    (range(65535, 65536), "is reserved"),
    (range(4_294_967_295, 4_294_967_296), "is reserved"),
    (range(7224, 7225), "is AWS's own"),
    (range(9059, 9060), "is AWS's own"),
    (range(10124, 10125), "is AWS's own"),
    (range(17943, 17944), "is AWS's own"),
    (range(15169, 15170), "is Google's own"),
    (range(16550, 16551), "is Google's own"),
    (range(8074, 8076), "is Microsoft's own"),
    (range(12076, 12077), "is Microsoft's own, on ExpressRoute"),
    (range(65515, 65521), "is reserved by Azure, for its gateways"),
)


def reserved(asn: int) -> str | None:
    """Why nobody but its owner may use a number, as the rest of a sentence; ``None`` where anybody may."""
    return next((why for numbers, why in _RESERVED if asn in numbers), None)


def private(asn: int) -> bool:
    """Whether it is for private use, so that a region may have it."""
    return any(asn in numbers for numbers in PRIVATE)

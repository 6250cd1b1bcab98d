"""One IPsec proposal for every tunnel, in each cloud's words: IKEv2, AES-256-GCM, group 20, SHA-384 for random numbers.

One alone, so that both ends always choose the same; it is the strongest that all three take (AWS Site-to-Site VPN User
Guide, "Tunnel options"; Google Cloud, "Supported IKE ciphers"; Microsoft, "About cryptographic requirements").
"""

from __future__ import annotations

IKE_VERSION = 2
IKE_LIFETIME_S = 28_800
"""Of the first phase; Azure's is fixed at this."""
IPSEC_LIFETIME_S = 3_600
"""Of the second phase."""
GROUP = 20
"""Diffie-Hellman over the 384-bit curve, in both phases."""
DEAD_PEER_S = 30
"""Without an answer for so long, a peer is taken for dead; BGP's hold timer finds it out as soon."""

AWS_ENCRYPTION = "AES256-GCM-16"
AWS_INTEGRITY = "SHA2-384"
GCP_ENCRYPTION = "AES-GCM-16-256"
GCP_RANDOM = "PRF-HMAC-SHA2-384"
GCP_GROUP = f"Group-{GROUP}"

AZURE_DATA_KIB = 102_400_000
"""After so much a key is changed, whatever the time: at 10 Gbit/s every 84 s."""

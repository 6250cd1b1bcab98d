"""The links between the regions: circuits to a carrier, and the VPN behind them.

What is decided (`bgp`, `routes`, `ipsec`, `sizes`, `secrets`, `checklist`) knows no SDK. `aws`, `gcp` and `azure` build
a region's attachment, which touches that cloud alone; `tunnels` builds the IPsec of a pair, which touches those two. So
a cloud that is down blocks only what has an end in it.
"""

"""Rialto's engine for Python.

`orders` and `market_data` are asyncio clients of a market, `market_view` follows its books for a screen; `Market`
is the same market in this process, for replay, proofs, backtests and tests; `Journal` reads a stopped node's journal.
"""

from rialto_engine._engine import Journal, Market

__all__ = ["Journal", "Market"]

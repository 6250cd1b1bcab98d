"""Amounts as a venue file writes them, as integers in one base unit each.

Each ``parse_…`` takes the text and returns an integer; it raises :class:`AmountError` with what is wrong and what would
be right. Nothing goes through binary floating point.
"""

import re
from decimal import Decimal

PRICE_SCALE = 10_000
"""Prices are integers in units of 1e-4 (OUCH 5.0 and ITCH 5.0, "Price (4)")."""
MAX_PRICE_E4 = 0xFFFF_FFFF
"""The largest price that fits the four bytes of ITCH 5.0."""
MARKET_PRICE_E4 = 0x7FFF_FFFF
"""The price that marks a market order in OUCH 5.0: no limit or reference price may equal it."""
MAX_QUANTITY = 999_999
"""Quantities stay below 1,000,000 (OUCH 5.0, "Quantity")."""
MAX_VALUE_E4 = 0xFFFF_FFFF_FFFF_FFFF
"""The largest order value that a market's account can hold, in 1e-4."""

_NUMBER = re.compile(r"[-+]?[0-9]{1,20}(\.[0-9]{1,12})?")
_AMOUNT = re.compile(r"([-+]?[0-9]{1,20}(?:\.[0-9]{1,12})?) ?([A-Za-zµ%/]+)")

_BANDWIDTH = {"kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9, "Tbit/s": 10**12}
_DURATION = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}
_SIZE = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_PERCENT = {"%": 100}
_LOSS = {"%": 10_000, "ppm": 1}
_MOST_LOSS_PPM = 500_000


class AmountError(ValueError):
    """An amount that cannot be used: ``wrong`` and ``right`` as in :class:`~rialto_platform.venue.problems.Problem`."""

    def __init__(self, wrong: str, right: str) -> None:
        """Keeps both halves of the message."""
        super().__init__(f"{wrong}; {right}")
        self.wrong = wrong
        self.right = right


def price_text(price_e4: int) -> str:
    """A price in 1e-4 as people write it: at least two decimals, no needless zeros after them."""
    whole, part = divmod(price_e4, PRICE_SCALE)
    digits = f"{part:04d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{digits}"


def parse_price(text: str) -> int:
    """A price such as ``585.33``, in 1e-4: greater than zero and within ITCH's four bytes."""
    price = _scaled(text, "585.33")
    if price > MAX_PRICE_E4:
        raise AmountError(f"{text} does not fit the four bytes of a price", f"use at most {price_text(MAX_PRICE_E4)}")
    if price == MARKET_PRICE_E4:
        raise AmountError(f"{text} is the price that marks a market order", "use another price")
    return price


def parse_value(text: str) -> int:
    """A value of money such as ``1000000.00``, in 1e-4: greater than zero and within eight bytes."""
    value = _scaled(text, "1000000.00")
    if value > MAX_VALUE_E4:
        raise AmountError(f"{text} does not fit eight bytes", f"use at most {price_text(MAX_VALUE_E4)}")
    return value


def _scaled(text: str, example: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise AmountError(f'"{text}" is not a decimal number', f'write it as "{example}"')
    number = Decimal(text)
    if number <= 0:
        raise AmountError(f"{text} is not greater than 0", "use a number greater than 0")
    scaled = number * PRICE_SCALE
    if scaled != int(scaled):
        raise AmountError(f"{text} has more than four decimals", "prices are whole multiples of 0.0001")
    return int(scaled)


def parse_percent(text: str) -> int:
    """A share such as ``10 %``, in basis points: more than 0 % and at most 100 %."""
    points = _amount(text, _PERCENT, "10 %", finest="0.01 %")
    if points > 10_000:
        raise AmountError(f"{text} is more than 100 %", "use at most 100 %")
    return points


def parse_bandwidth(text: str) -> int:
    """A bandwidth such as ``10 Gbit/s``, in bits a second."""
    return _amount(text, _BANDWIDTH, "10 Gbit/s", finest="1 bit/s")


def parse_loss(text: str) -> int:
    """The share of segments that a link loses, such as ``0.1 %``, in parts per million; at most half of them."""
    parts = _amount(text, _LOSS, "0.1 %", finest="0.0001 %", zero=True)
    if parts > _MOST_LOSS_PPM:
        raise AmountError(f"{text} is more than 50 %", "use at most 50 %; a link that loses everything is a cut one")
    return parts


def parse_duration(text: str) -> int:
    """A duration such as ``1 ms``, in nanoseconds; zero is allowed."""
    return _amount(text, _DURATION, "1 ms", finest="1 ns", zero=True)


def parse_size(text: str) -> int:
    """A size such as ``4 GiB``, in bytes."""
    return _amount(text, _SIZE, "4 GiB", finest="1 byte")


def _amount(text: str, units: dict[str, int], example: str, *, finest: str, zero: bool = False) -> int:
    known = ", ".join(units)
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise AmountError(f'"{text}" is not a number with a unit', f'write it as "{example}" (units: {known})')
    number, unit = Decimal(match[1]), match[2]
    if unit not in units:
        raise AmountError(f'"{unit}" is not a unit known here', f'write it as "{example}" (units: {known})')
    if number < 0 or (number == 0 and not zero):
        bound = "0 or more" if zero else "greater than 0"
        raise AmountError(f"{text} is not {bound}", f"use a number that is {bound}")
    scaled = number * units[unit]
    if scaled != int(scaled):
        raise AmountError(f"{text} is finer than {finest}", f"use whole multiples of {finest}")
    return int(scaled)


def duration_text(nanoseconds: int) -> str:
    """A duration in the largest unit that keeps it whole: ``150 ms``."""
    if nanoseconds == 0:
        return "0 s"
    for unit in ("h", "min", "s", "ms", "us"):
        if nanoseconds % _DURATION[unit] == 0:
            return f"{nanoseconds // _DURATION[unit]:,} {unit}"
    return f"{nanoseconds:,} ns"


def loss_text(parts_per_million: int) -> str:
    """A share of segments as people write it: ``0.1 %``."""
    return _exact(parts_per_million, {"%": 10_000})


def percent_text(basis_points: int) -> str:
    """A share as people write it: ``2.5 %``."""
    return _exact(basis_points, _PERCENT)


def exact_bandwidth_text(bits_per_second: int) -> str:
    """A bandwidth in the largest unit, with every digit it has."""
    return _exact(bits_per_second, {"bit/s": 1} | _BANDWIDTH)


def exact_size_text(size: int) -> str:
    """A size in the largest binary unit, with every digit it has."""
    return _exact(size, {"bytes": 1, **{unit: of for unit, of in _SIZE.items() if unit.endswith("iB")}})


def _exact(amount: int, units: dict[str, int]) -> str:
    """The amount in the largest of these units (which stand in rising order) that it is not below."""
    unit = next((unit for unit in reversed(units) if amount >= units[unit]), next(iter(units)))
    number = Decimal(amount) / units[unit]
    return f"{number.normalize():,f} {unit}"


def bandwidth_text(bits_per_second: int) -> str:
    """A bandwidth in a readable unit, at most one decimal."""
    for unit in ("Gbit/s", "Mbit/s", "kbit/s"):
        if bits_per_second >= _BANDWIDTH[unit]:
            return f"{bits_per_second / _BANDWIDTH[unit]:,.1f} {unit}"
    return f"{bits_per_second:,} bit/s"


def size_text(size: int) -> str:
    """A size in a readable unit, at most one decimal."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size >= _SIZE[unit]:
            return f"{size / _SIZE[unit]:,.1f} {unit}"
    return f"{size:,} bytes"

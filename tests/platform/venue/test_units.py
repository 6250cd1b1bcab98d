"""Amounts: exact integers in base units, or what is wrong in words."""

from collections.abc import Callable

import pytest

from rialto_platform.venue import units


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (units.parse_price, "0.0001", 1),
        (units.parse_price, "585.33", 5_853_300),
        (units.parse_price, "429496.7295", 0xFFFF_FFFF),
        (units.parse_price, "1", 10_000),
        (units.parse_price, "1.50000", 15_000),
        (units.parse_value, "1844674407370955.1615", 0xFFFF_FFFF_FFFF_FFFF),
        (units.parse_percent, "10 %", 1_000),
        (units.parse_percent, "0.01%", 1),
        (units.parse_loss, "0.1 %", 1_000),
        (units.parse_loss, "25 ppm", 25),
        (units.parse_loss, "0 %", 0),
        (units.parse_loss, "50 %", 500_000),
        (units.parse_bandwidth, "10 Gbit/s", 10_000_000_000),
        (units.parse_bandwidth, "1.5 Mbit/s", 1_500_000),
        (units.parse_duration, "1 ms", 1_000_000),
        (units.parse_duration, "0.5 us", 500),
        (units.parse_duration, "30 min", 1_800_000_000_000),
        (units.parse_duration, "0 s", 0),
        (units.parse_size, "4 GiB", 4 << 30),
        (units.parse_size, "1.5 KiB", 1_536),
        (units.parse_size, "1 GB", 1_000_000_000),
    ],
)
def test_amounts_are_exact(parse: Callable[[str], int], text: str, value: int) -> None:
    """No binary fraction is in between."""
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (units.parse_price, "ten", '"ten" is not a decimal number; write it as "585.33"'),
        (units.parse_price, "1,5", '"1,5" is not a decimal number; write it as "585.33"'),
        (units.parse_price, "1e3", '"1e3" is not a decimal number; write it as "585.33"'),
        (units.parse_price, "٣", '"٣" is not a decimal number; write it as "585.33"'),
        (units.parse_price, "0", "0 is not greater than 0; use a number greater than 0"),
        (units.parse_price, "0.00005", "0.00005 has more than four decimals; prices are whole multiples of 0.0001"),
        (units.parse_price, "429496.7296",
         "429496.7296 does not fit the four bytes of a price; use at most 429496.7295"),
        (units.parse_value, "1844674407370955.1616",
         "1844674407370955.1616 does not fit eight bytes; use at most 1844674407370955.1615"),
        (units.parse_duration, "1 fortnight",
         '"fortnight" is not a unit known here; write it as "1 ms" (units: ns, us, µs, ms, s, min, h)'),
        (units.parse_duration, "0.5 ns", "0.5 ns is finer than 1 ns; use whole multiples of 1 ns"),
        (units.parse_duration, "-1 s", "-1 s is not 0 or more; use a number that is 0 or more"),
        (units.parse_loss, "50.1 %",
         "50.1 % is more than 50 %; use at most 50 %; a link that loses everything is a cut one"),
        (units.parse_loss, "0.00001 %", "0.00001 % is finer than 0.0001 %; use whole multiples of 0.0001 %"),
        (units.parse_size, "0 GiB", "0 GiB is not greater than 0; use a number that is greater than 0"),
        (units.parse_bandwidth, "10", '"10" is not a number with a unit; '
         'write it as "10 Gbit/s" (units: kbit/s, Mbit/s, Gbit/s, Tbit/s)'),
    ],
)  # fmt: skip
def test_wrong_amounts_say_what_would_be_right(parse: Callable[[str], int], text: str, message: str) -> None:
    """Both halves of the message."""
    with pytest.raises(units.AmountError) as raised:
        parse(text)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (units.duration_text(0), "0 s"),
        (units.duration_text(1_500_000), "1,500 us"),
        (units.duration_text(7_200_000_000_000), "2 h"),
        (units.duration_text(1), "1 ns"),
        (units.bandwidth_text(81_920_000), "81.9 Mbit/s"),
        (units.bandwidth_text(10), "10 bit/s"),
        (units.exact_bandwidth_text(1_234_567_890), "1.23456789 Gbit/s"),
        (units.exact_bandwidth_text(200_000_000_000), "200 Gbit/s"),
        (units.exact_bandwidth_text(10), "10 bit/s"),
        (units.exact_size_text(3 << 29), "1.5 GiB"),
        (units.exact_size_text(1_000_000), "976.5625 KiB"),
        (units.loss_text(1_000), "0.1 %"),
        (units.loss_text(0), "0 %"),
        (units.loss_text(250_000), "25 %"),
        (units.percent_text(250), "2.5 %"),
        (units.size_text(3 << 29), "1.5 GiB"),
        (units.size_text(10), "10 bytes"),
        (units.price_text(1), "0.0001"),
        (units.price_text(5_853_300), "585.33"),
        (units.price_text(20_000), "2.00"),
    ],
)
def test_amounts_are_shown_readably(text: str, shown: str) -> None:
    """For messages."""
    assert text == shown

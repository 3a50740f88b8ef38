"""Amounts, percentages and the one rounding."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.oracle_cart import rounded
from youhui.engine.money import Percent, Rounding, RoundOn, digits, divide, format_amount, parse_amount

ROUNDINGS: tuple[Rounding, ...] = ("half_up", "half_even", "down")


@pytest.mark.parametrize(
    ("currency", "text", "minor"),
    [
        ("CNY", "12.30", 1230),
        ("CNY", "0.01", 1),
        ("CNY", "0.00", 0),
        ("JPY", "1230", 1230),
        ("KRW", "0", 0),
        ("KWD", "1.234", 1234),
        ("KWD", "0.005", 5),
        ("USD", "9999999999999999.99", 999999999999999999),
    ],
)
def test_amounts(currency: str, text: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor
    assert format_amount(minor, currency) == text


@pytest.mark.parametrize(
    ("currency", "text"),
    [
        *[("CNY", text) for text in "1 1.2 1.234 -1.00 +1.00 .50 1. 1,00 1e2 １.00 NaN".split()],
        *[("CNY", text) for text in ("", " 1.00", "1.00\n", "1 000.00", "10000000000000000.00")],
        ("JPY", "1.0"),
        ("KWD", "1.00"),
    ],
)
def test_not_an_amount(currency: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        parse_amount(text, currency)


def test_digits() -> None:
    assert [digits(currency) for currency in ("CNY", "JPY", "KWD", "CLP", "BHD", "XYZ")] == [2, 0, 3, 0, 3, 2]


@given(st.integers(-(10**17), 10**17), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_formatting_is_the_inverse_of_reading(amount: int, currency: str) -> None:
    text = format_amount(abs(amount), currency)
    assert parse_amount(text, currency) == abs(amount)
    assert format_amount(amount, currency) == ("-" + text if amount < 0 else text)


@pytest.mark.parametrize(
    ("numerator", "denominator", "half_up", "half_even", "down"),
    [(5, 2, 3, 2, 2), (7, 2, 4, 4, 3), (8, 3, 3, 3, 2), (7, 3, 2, 2, 2), (6, 3, 2, 2, 2), (1, 2, 1, 0, 0)],
)
def test_rounding(numerator: int, denominator: int, half_up: int, half_even: int, down: int) -> None:
    given_ = [divide(numerator, denominator, rounding) for rounding in ROUNDINGS]
    assert given_ == [half_up, half_even, down]


@given(st.integers(0, 10**20), st.integers(1, 10**6), st.sampled_from(ROUNDINGS))
def test_rounding_is_exact(numerator: int, denominator: int, rounding: Rounding) -> None:
    assert divide(numerator, denominator, rounding) == rounded(Fraction(numerator, denominator), rounding)


@given(
    st.integers(0, 10**15),
    st.decimals(0, 200, places=4).map(str),
    st.sampled_from(ROUNDINGS),
    st.sampled_from(["discount", "price"]),
)
def test_a_percentage_of_a_total(total: int, percent: str, rounding: Rounding, round_on: RoundOn) -> None:
    """Within the total, less than one minor unit from the exact share, and on the side that is rounded."""
    taken = Percent.parse(percent).of(total, rounding, round_on)
    exact = total * min(Fraction(percent) / 100, Fraction(1))
    wanted = total - rounded(total - exact, rounding) if round_on == "price" else rounded(exact, rounding)
    assert taken == wanted
    assert 0 <= taken <= total
    assert taken <= Percent.parse(percent).at_most_of(total)


@pytest.mark.parametrize("text", ["0", "5", "12.5", "33.333", "100", "150", "0.0001"])
def test_percentages_are_written_as_they_are_read(text: str) -> None:
    assert str(Percent.parse(text)) == text


@pytest.mark.parametrize("text", ["", "-5", "5%", "1e1", " 5", "5.", ".5", "½"])
def test_not_a_percentage(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Percent.parse(text)

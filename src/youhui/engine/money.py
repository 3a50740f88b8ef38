"""Money as whole minor units, percentages as exact rationals, and the one place where either is rounded.

No float comes near an amount: 12.34 CNY is the int 1234, 5 JPY is 5, 1.234 KWD is 1234.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Rounding = Literal["half_up", "half_even", "down"]
RoundOn = Literal["discount", "price"]

# ISO 4217 exponents as conformance/FORMAT.md fixes them: these, else 2.
_DIGITS = dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0)
_DIGITS.update(dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3))

_CURRENCY = re.compile(r"[A-Z]{3}")
_PERCENT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,18})?")
_AMOUNT = {
    0: re.compile(r"[0-9]{1,18}"),
    2: re.compile(r"[0-9]{1,16}\.[0-9]{2}"),
    3: re.compile(r"[0-9]{1,15}\.[0-9]{3}"),
}


def digits(currency: str) -> int:
    """How many decimals an amount in this currency has (ISO 4217: JPY 0, CNY 2, KWD 3)."""
    return _DIGITS.get(currency, 2)


def is_currency(text: str) -> bool:
    """Whether the text is shaped like a currency code: three capital letters."""
    return _CURRENCY.fullmatch(text) is not None


def parse_amount(text: str, currency: str) -> int:
    """Minor units of a decimal string with exactly the currency's digits: "12.30" CNY is 1230.

    Raises ValueError for anything else: a sign, too many or too few decimals, more than 18 digits.
    """
    if _AMOUNT[digits(currency)].fullmatch(text) is None:
        raise ValueError(text)
    return int(text.replace(".", ""))


def format_amount(amount: int, currency: str) -> str:
    """The decimal string of an amount in minor units: 1230 CNY is "12.30"."""
    return formatter(currency)(amount)


def formatter(currency: str) -> Callable[[int], str]:
    """`format_amount` for one currency: where many amounts are written, it is found once."""
    return _FORMATS[digits(currency)]


@functools.lru_cache(maxsize=16_384)  # prices and discounts come again and again
def _hundredths(amount: int) -> str:
    return f"{amount // 100}{_CENTS[amount % 100]}" if amount >= 0 else f"-{_hundredths(-amount)}"


@functools.lru_cache(maxsize=16_384)
def _thousandths(amount: int) -> str:
    whole, part = divmod(abs(amount), 1000)
    return f"{'-' if amount < 0 else ''}{whole}.{part:03d}"


_CENTS = [f".{part:02d}" for part in range(100)]
_FORMATS: dict[int, Callable[[int], str]] = {0: str, 2: _hundredths, 3: _thousandths}


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """numerator / denominator (both >= 0) as a whole number, rounded once, exactly."""
    quotient, rest = divmod(numerator, denominator)
    if rounding == "down" or not rest:
        return quotient
    twice = rest + rest
    if twice > denominator or (twice == denominator and (rounding == "half_up" or quotient & 1)):
        return quotient + 1
    return quotient


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage off, exact: 12.5 is Percent(1, 8). One over 100 counts as 100."""

    numerator: int
    denominator: int

    @classmethod
    def parse(cls, text: str) -> Percent:
        """Reads a decimal string such as "12.5". Raises ValueError for anything else."""
        if _PERCENT.fullmatch(text) is None:
            raise ValueError(text)
        share = Fraction(text) / 100
        return cls(share.numerator, share.denominator)

    def __str__(self) -> str:
        share = Fraction(self.numerator, self.denominator) * 100
        places = 0
        while share.denominator != 1:
            share, places = share * 10, places + 1
        text = str(share.numerator).rjust(places + 1, "0")
        return f"{text[:-places]}.{text[-places:]}" if places else text

    def of(self, total: int, rounding: Rounding = "half_up", round_on: RoundOn = "discount") -> int:
        """What this percentage takes of a total, rounded once (FORMAT.md 7)."""
        if self.numerator >= self.denominator:
            return total
        if round_on == "price":
            return total - divide(total * (self.denominator - self.numerator), self.denominator, rounding)
        return divide(total * self.numerator, self.denominator, rounding)

    def at_most_of(self, total: int) -> int:
        """No rounding of this percentage of the total gives more."""
        return min(total, -(-total * self.numerator // self.denominator))

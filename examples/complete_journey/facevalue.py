"""What a coupon is worth. The data does not say, so it is worked out, by the first of four rules that answers.

1. *value code* (732 coupons). A coupon's number is a UPC: number system 5, five digits of the manufacturer, three of a
   product family, and a two-digit value code with a published meaning: 76 is 1.00, 33 is 1.00 on two. This is what the
   register reads, and it was not fitted to the amounts that it is then compared with. They agree: 274 of these coupons
   have a `coupon_disc` on a line that qualifies for their redemption alone; on 268 it is most often this very amount,
   and the other six were seen one to three times.
2. *free unit* (9). Value codes 01, 14 and 16 give merchandise instead of money: one unit, free.
3. *observed* (3). Coupons without a code that says an amount (the shop's own, number system 1, and code 00): the amount
   most often found on lines that qualify for one redemption only, if there are at least three and two thirds agree.
4. *fallback* (237). The others: the amount found most often on all lines that qualify for one redemption only, 1.00.

Codes such as 33 ask for two units. The registers did not: of 50 redemptions with fewer qualifying units than the code
asks for, 31 were given exactly the full amount. So the number is kept for the promotion's name and is no condition.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Source = Literal["value code", "free unit", "observed", "fallback"]
SOURCES: tuple[Source, ...] = ("value code", "free unit", "observed", "fallback")

MANUFACTURER = 5
MIN_LINES = 3
MIN_SHARE = (2, 3)

# Cents off and the units to buy, by value code (GS1 US; the codes that name an amount). Older tables have 5, 7, 8, 9
# and 13 as reserved; the lines confirm 7, 9 and 13, no line shows 5 or 8 (one coupon, never redeemed, has 8).
_ON_ONE = {
    cents: cents for cents in (10, 12, 15, 20, 25, 29, 30, 35, 39, 40, 45, 49, 50, 55, 59, 60, 65, 69, 70, 75)
}
_ON_ONE |= {cents: cents for cents in (79, 80, 85, 89, 90, 95, 99)}
_ON_ONE |= {
    3: 110,
    4: 135,
    5: 140,
    6: 160,
    11: 185,
    18: 260,
    26: 285,
    61: 1000,
    62: 950,
    63: 900,
    64: 850,
    66: 800,
}
_ON_ONE |= {67: 750, 68: 700, 71: 650, 72: 600, 73: 550, 74: 500, 76: 100, 77: 125, 78: 150, 81: 175, 82: 200}
_ON_ONE |= {83: 225, 84: 250, 86: 275, 87: 300, 88: 325, 91: 350, 92: 375, 93: 400, 94: 425, 96: 450, 97: 475}
_ON_TWO = {8: 300, 21: 35, 22: 40, 23: 45, 24: 50, 28: 55, 31: 60, 32: 75, 33: 100, 34: 125, 36: 150, 43: 110}
_ON_TWO |= {44: 135, 46: 160, 47: 175, 48: 185, 51: 200, 53: 10, 54: 15, 56: 20, 57: 25, 58: 30, 98: 65}
_ON_THREE = {7: 150, 9: 200, 37: 25, 38: 30, 41: 50, 42: 100, 52: 55}
_ON_FOUR = {13: 100}
VALUE_CODES: dict[int, tuple[int, int]] = {
    code: (cents, units)
    for units, codes in enumerate((_ON_ONE, _ON_TWO, _ON_THREE, _ON_FOUR), start=1)
    for code, cents in codes.items()
}
FREE_UNIT_CODES = frozenset({1, 2, 14, 16, 19})


@dataclass(frozen=True, slots=True)
class FaceValue:
    """`cents` off, or one unit free where it is None; `units` are what the coupon asks for."""

    source: Source
    cents: int | None
    units: int = 1

    def __str__(self) -> str:
        worth = "one unit free" if self.cents is None else f"{self.cents // 100}.{self.cents % 100:02d} off"
        return worth if self.units == 1 else f"{worth} {self.units}"


def face_values(coupons: Sequence[int], observations: Sequence[tuple[int, int]]) -> dict[int, FaceValue]:
    """The worth of each coupon; observations are (coupon, cents) of lines that qualify for one redemption only."""
    seen: dict[int, Counter[int]] = defaultdict(Counter)
    for coupon, cents in observations:
        seen[coupon][cents] += 1
    usual = _most_common(Counter(cents for _, cents in observations))
    return {coupon: face_value(coupon, seen[coupon], usual) for coupon in coupons}


def face_value(coupon: int, seen: Mapping[int, int], usual: int) -> FaceValue:
    """The first rule that answers for this coupon."""
    code = coupon % 100
    if coupon // 10**10 == MANUFACTURER:
        if code in VALUE_CODES:
            return FaceValue("value code", *VALUE_CODES[code])
        if code in FREE_UNIT_CODES:
            return FaceValue("free unit", None)
    observed = agreed(seen)
    return FaceValue("fallback", usual) if observed is None else FaceValue("observed", observed)


def agreed(seen: Mapping[int, int]) -> int | None:
    """The amount on which enough lines agree, if there is one."""
    lines = sum(seen.values())
    if lines < MIN_LINES:
        return None
    cents = _most_common(seen)
    return cents if seen[cents] * MIN_SHARE[1] >= lines * MIN_SHARE[0] else None


def _most_common(seen: Mapping[int, int]) -> int:
    # Ties go to the smaller amount, so that the answer does not hang on the order of the rows.
    return min(seen, key=lambda cents: (-seen[cents], cents))

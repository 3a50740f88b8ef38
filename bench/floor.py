"""The floor: the least work that a correct quote of three promotions does in Python. It is no engine.

Bytes in, bytes out: msgspec decodes, one big int for each attribute value matches 1,000 promotions, three promotions
are written out by hand in whole minor units, msgspec encodes. The engine prices the same cart with the same promotions
(cases.py) and must give the same cents.
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Callable

import msgspec


class Line(msgspec.Struct):
    sku: str
    quantity: int
    unit_price: int
    categories: list[str]


class Quote(msgspec.Struct):
    currency: str
    group: str
    lines: list[Line]


class Off(msgspec.Struct):
    promotion: int
    amount: int


class OutLine(msgspec.Struct):
    sku: str
    subtotal: int
    total: int
    discounts: list[Off]


class Out(msgspec.Struct):
    subtotal: int
    discount: int
    total: int
    lines: list[OutLine]


DECODER, ENCODER = msgspec.json.Decoder(Quote), msgspec.json.Encoder()
Match = Callable[[str, set[str], int], list[int]]


def terms(count: int) -> list[tuple[int, str | None, str]]:
    """(least subtotal, customer group, category) of each promotion: the first three match every cart."""
    rnd = random.Random(1)
    made: list[tuple[int, str | None, str]] = []
    for i in range(count):
        least = rnd.choice([0, 1000, 5000])
        made.append(
            (least, None, "cat0") if i < 3 else (least, f"G{rnd.randrange(50)}", f"x{rnd.randrange(300)}")
        )
    return made


def matcher(count: int) -> Match:
    """Compiles the terms into bitsets; promotions are numbered by their least subtotal."""
    promotions = terms(count)
    order = sorted(range(count), key=lambda i: promotions[i][0])
    least = [promotions[i][0] for i in order]

    def masks(part: int) -> tuple[dict[object, int], int]:
        found: dict[object, int] = {}
        for bit, i in enumerate(order):
            found[promotions[i][part]] = found.get(promotions[i][part], 0) | 1 << bit
        free = found.pop(None, 0)
        return {value: bits | free for value, bits in found.items()}, free

    (groups, any_group), (categories, any_category) = masks(1), masks(2)

    def match(group: str, found: set[str], subtotal: int) -> list[int]:
        bits = any_category
        for category in found:
            bits |= categories.get(category, 0)
        bits &= groups.get(group, any_group) & ((1 << bisect.bisect_right(least, subtotal)) - 1)
        out = []
        while bits:
            low = bits & -bits
            out.append(order[low.bit_length() - 1])
            bits ^= low
        out.sort()
        return out

    return match


def spread(amount: int, weights: list[int]) -> list[int]:
    """An amount over the weights by largest remainder."""
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    rest = amount - sum(parts)
    for i in sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % total))[:rest]:
        parts[i] += 1
    return parts


def apply(lines: list[Line], promotions: list[int]) -> Out:
    """10 % off the lines of a category; 5.00 off the order; 1.00 off each unit of the category."""
    subtotals = [line.quantity * line.unit_price for line in lines]
    left = subtotals[:]
    offs: list[list[Off]] = [[] for _ in lines]
    for promotion in promotions:
        if promotion == 1:
            cuts = spread(min(500, sum(left)), left)
        else:
            cuts = [0] * len(lines)
            for i, line in enumerate(lines):
                if "cat0" in line.categories:
                    cuts[i] = (
                        (left[i] * 10 + 50) // 100 if promotion == 0 else min(left[i], line.quantity * 100)
                    )
        for i, cut in enumerate(cuts):
            if cut:
                left[i] -= cut
                offs[i].append(Off(promotion, cut))
    subtotal, total = sum(subtotals), sum(left)
    out = [OutLine(line.sku, s, t, o) for line, s, t, o in zip(lines, subtotals, left, offs, strict=True)]
    return Out(subtotal, subtotal - total, total, out)


def quote(raw: bytes, match: Match) -> bytes:
    """A whole quote, from the bytes of a request to those of its answer."""
    body = DECODER.decode(raw)
    categories = {category for line in body.lines for category in line.categories}
    found = match(body.group, categories, sum([line.quantity * line.unit_price for line in body.lines]))
    return ENCODER.encode(apply(body.lines, found))


def request(lines: int) -> bytes:
    """A cart of so many lines, as the bytes of a request."""
    made = [Line(f"SKU-{i:04d}", 2 + i % 3, 1000 + 37 * i, [f"cat{i % 5}", "all"]) for i in range(lines)]
    return ENCODER.encode(Quote("EUR", "gold", made))

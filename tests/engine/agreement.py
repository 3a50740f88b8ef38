"""Whether the engine and the oracle say the same of a case: every unit, every reason."""

from __future__ import annotations

from typing import Any, Literal

from tests.engine.oracle import answer
from youhui.conformance import read_case
from youhui.engine import Options, Quote, Ruleset
from youhui.engine.quote import Applied

Guests = Literal["allow", "refuse"]


def quote_of(case: dict[str, Any], guests: Guests = "allow") -> Quote:
    """What the engine makes of a case."""
    read = read_case(case)
    return Ruleset(read.promotions).price(read.cart, read.usage, at=read.at, options=Options(guests=guests))


def units_taken(quote: Quote) -> dict[str, dict[str, list[int]]]:
    """By promotion and line, the amount taken of every single unit."""
    return {
        applied.promotion: {
            cut.line: [each for count, each in cut.units for _ in range(count)] for cut in applied.cuts
        }
        for applied in quote.applied
    }


def stock_taken(quote: Quote) -> dict[str, dict[str, int]]:
    """By promotion with a limit on units and line, how many were counted; pieces of gifts stand as "gifts"."""
    return {applied.promotion: _counted(applied) for applied in quote.applied if applied.counts}


def _counted(applied: Applied) -> dict[str, int]:
    if applied.counts == "pieces":
        return {"gifts": applied.counted_units}
    found = {applied.lines[i].id: count for i, count in applied.units.items()}
    assert applied.counted_units == sum(found.values())
    return found


def disagreements(case: dict[str, Any], guests: Guests = "allow") -> list[str]:
    """Each thing that the engine and the oracle see differently."""
    quote, wanted = quote_of(case, guests), answer(case, guests)
    given = {verdict.promotion: verdict.reason for verdict in quote.verdicts}
    pairs = {
        "line discounts": (wanted.line_discounts, {line.id: line.discount for line in quote.lines}),
        "shipping": (wanted.shipping_discount, quote.shipping_discount),
        "applied": (wanted.applied, [applied.promotion for applied in quote.applied]),
        "gifts": (wanted.gifts, [(gift.sku, gift.quantity) for gift in quote.gifts]),
        "rejected codes": (wanted.rejected_codes, dict(quote.rejected_codes)),
        "units": (wanted.units, units_taken(quote)),
        "stock": (wanted.stock, stock_taken(quote)),
        # The index may leave out a promotion that cannot give anything; of the others the reasons are the same.
        "reasons": ({name: wanted.reasons[name] for name in given if name in wanted.reasons}, given),
    }
    return [f"{what}: {one} by the oracle, {two} given" for what, (one, two) in pairs.items() if one != two]

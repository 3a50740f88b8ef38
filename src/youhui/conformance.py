"""Conformance cases: a cart, an instant, promotions, and exactly what they must give (FORMAT.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from youhui.engine import (
    BUILT_IN,
    Cart,
    InvalidDocument,
    Options,
    Problem,
    Promotion,
    Quote,
    Registry,
    Ruleset,
    Usage,
    decode_cart,
    decode_instant,
    decode_promotions,
)
from youhui.engine.forms import Form
from youhui.engine.money import format_amount
from youhui.engine.pricing import Reason
from youhui.engine.reading import Reader
from youhui.engine.schema import Definitions, Schema
from youhui.engine.sentences import problem_line
from youhui.engine.values import join, shown

CASE_KEYS = ("id", "source", "notes", "now", "promotions", "expect")
"""keys of a case that are not the cart's"""
EXPECTED = (
    "line_discounts", "shipping_discount", "total_discount", "total", "applied", "gifts", "rejected_codes",
)  # fmt: skip
"""keys of `expect` (FORMAT.md 9)"""

_DEFAULTS = Options()
_MOST = 5
"""so many faults of a case are told"""


@dataclass(frozen=True, slots=True)
class Case:
    """One case, read. `expect` is as written, None where there is none; a key that it leaves out is not asserted."""

    cart: Cart
    at: datetime
    promotions: tuple[Promotion, ...]
    usage: Usage
    expect: Mapping[str, object] | None

    def quote(self, options: Options = _DEFAULTS) -> Quote:
        """What the engine makes of it."""
        return Ruleset(self.promotions).price(self.cart, self.usage, at=self.at, options=options)

    def differences(self) -> list[str]:
        """Each expected value that the engine does not give: "total: 32.00 expected, 31.99 given".

        Raises InvalidDocument for a case that expects nothing.
        """
        if self.expect is None:
            raise InvalidDocument([Problem("expect", "missing")])
        given = summary(self.quote())
        return [
            f"{key}: {_short(wanted)} expected, {_short(given[key])} given"
            for key, wanted in self.expect.items()
            if given[key] != wanted
        ]


def read_case(document: object, now: datetime | None = None) -> Case:
    """Reads a case; `now` is the instant of one that names none. Raises InvalidDocument."""
    cart = decode_cart(document, CASE_KEYS)
    assert isinstance(document, dict)
    promotions, usage = decode_promotions(document.get("promotions"), cart.currency)
    if now is None or "now" in document:
        now = decode_instant(document.get("now"), "now")
    return Case(cart, now, promotions, usage, _expect(document))


def check(document: object) -> list[str]:
    """What is wrong with a case, a sentence each: none if it passes. Never raises."""
    try:
        return read_case(document).differences()
    except InvalidDocument as invalid:
        return [problem_line(problem, "en") for problem in invalid.problems[:_MOST]]
    except Exception as error:
        # Whatever a case does to the engine, the other cases of the file are still to be checked.
        return [f"the engine failed: {error!r}"]


def summary(quote: Quote) -> dict[str, object]:
    """A quote in the form of a case's `expect`."""

    def money(amount: int) -> str:
        return format_amount(amount, quote.currency)

    return {
        "line_discounts": {line.id: money(line.discount) for line in quote.lines},
        "shipping_discount": money(quote.shipping_discount),
        "total_discount": money(quote.total_discount),
        "total": money(quote.total),
        "applied": [applied.promotion for applied in quote.applied],
        "gifts": [{"sku": gift.sku, "quantity": gift.quantity} for gift in quote.gifts],
        "rejected_codes": dict(quote.rejected_codes),
    }


def case_schema(registry: Registry = BUILT_IN) -> Schema:
    """Of a case: a cart, promotions with what was used of them, and what is expected."""
    definitions = Definitions(registry)
    text = definitions.form("text")
    source: Schema = {"type": "object", "properties": dict.fromkeys(("project", "path", "scenario"), text)}
    promotion: Schema = {
        "description": "A promotion: its terms, and what was used of it.",
        **definitions.keys(Promotion, optional=_counters(definitions)),
    }
    own: Schema = {
        "id": text,
        "source": {**source, "additionalProperties": False},
        "notes": text,
        "now": definitions.form(Form.INSTANT),
        "expect": _expect_schema(definitions),
    }
    promotions: Schema = {"type": "array", "items": promotion}
    root = definitions.keys(Cart, given={"promotions": promotions}, optional=own)
    return definitions.document("A conformance case", root)


def _counters(definitions: Definitions) -> Schema:
    count = definitions.form(Form.COUNT)
    return {
        "used": count,
        "used_by_customer": count,
        "units_by_customer": count,
        "budget_used": definitions.form(Form.AMOUNT),
        "units_left": {"anyOf": [count, {"type": "null"}]},
    }


def _expect_schema(definitions: Definitions) -> Schema:
    amount, text = definitions.form(Form.AMOUNT), definitions.form("text")
    gift: Schema = {
        "type": "object",
        "properties": {"sku": text, "quantity": definitions.form(Form.POSITIVE)},
        "required": ["sku", "quantity"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "line_discounts": {"type": "object", "additionalProperties": amount},
            "shipping_discount": amount,
            "total_discount": amount,
            "total": amount,
            "applied": {"type": "array", "items": text},
            "gifts": {"type": "array", "items": gift},
            "rejected_codes": {"type": "object", "additionalProperties": {"enum": list(get_args(Reason))}},
        },
        "additionalProperties": False,
    }


def _expect(document: Mapping[str, object]) -> Mapping[str, object] | None:
    if "expect" not in document:
        return None
    reader = Reader(BUILT_IN, "")
    expect = reader.mapping("expect", document["expect"])
    for key in expect or ():
        if key not in EXPECTED:
            reader.wrong(join("expect", key), "unknown_key", got=shown(key), **reader.nearest(key, EXPECTED))
    reader.done()
    return expect


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"

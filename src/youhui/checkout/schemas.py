"""What is sent and answered where carts are priced. Money is a decimal string with the currency's digits."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

from msgspec import Struct

from youhui.checkout.plain import MOST_CODES, MOST_COUPONS, MOST_LINES
from youhui.engine import Cart
from youhui.engine.quote import Strategy
from youhui.engine.schema import Definitions
from youhui.platform.ids import SCHEMA_PATTERN
from youhui.platform.openapi import Schema

SHOP_ID: Schema = {"type": ["string", "integer"], "pattern": SCHEMA_PATTERN}
"""an id of the shop as it may be sent"""

Number: TypeAlias = str | int | list[str] | None
"""money as a decimal string, a count, or words"""


class CutOut(Struct, gc=False):
    promotion: str
    amount: str


class LineOut(Struct, gc=False):
    id: str
    subtotal: str
    discount: str
    total: str
    cuts: list[CutOut]


class ShippingOut(Struct, gc=False):
    price: str
    discount: str
    total: str
    cuts: list[CutOut]


class GiftOut(Struct, gc=False):
    sku: str
    quantity: int


class AppliedOut(Struct, gc=False):
    promotion: str
    name: str | None
    amount: str
    gifts: list[GiftOut]


class RejectedOut(Struct, gc=False):
    reason: str
    message: str


class GapOut(Struct, gc=False):
    path: str
    kind: str
    needed: Number
    actual: Number
    missing: Number
    unit: str | None


class HintOut(Struct, gc=False):
    kind: str
    message: str
    saves: str
    amount: str | None
    units: int | None
    code: str | None


class VerdictOut(Struct, gc=False, omit_defaults=True):
    """Of an applied promotion what it gave; of a refused one why, in numbers where there are numbers.

    `units`: of how many units it was meant for, how many may have it: its stock, or what a customer or an order may
    have, is less. `margin`: by how much the
    rival gave more.
    """

    promotion: str
    name: str | None
    outcome: str
    amount: str
    reason: str | None = None
    message: str | None = None
    gap: GapOut | None = None
    rival: str | None = None
    margin: str | None = None
    capped: bool = False
    units: tuple[int, int] | None = None
    hint: HintOut | None = None


class SearchOut(Struct, gc=False):
    """Of best_for_customer: no combination saves more than `bound`."""

    optimal: bool
    saving: str
    bound: str
    steps: int
    runner_up: list[str] | None
    runner_up_saving: str | None


class QuoteOut(Struct, gc=False):
    """A priced cart. The subtotal is of lines and shipping, undiscounted; total = subtotal − total_discount."""

    currency: str
    at: datetime
    ruleset_version: str
    strategy: Strategy
    lines: list[LineOut]
    shipping: ShippingOut
    subtotal: str
    total_discount: str
    total: str
    applied: list[AppliedOut]
    gifts: list[GiftOut]
    rejected_codes: dict[str, RejectedOut]
    rejected_coupons: dict[str, RejectedOut]
    verdicts: list[VerdictOut]
    search: SearchOut | None


def cart_body(title: str, definitions: Definitions, beside: Schema) -> Schema:
    """The JSON Schema of a body: a cart of which much may be left out, and the keys `beside` its own."""
    body: Any = definitions.document(title, definitions.keys(Cart, optional={**beside, "coupons": _COUPONS}))
    line = body["$defs"]["line"]
    line["required"] = ["id", "quantity"]
    line["anyOf"] = [{"required": ["sku"]}, {"required": ["product"]}]
    body["properties"]["lines"]["maxItems"] = MOST_LINES
    body["properties"]["codes"]["maxItems"] = MOST_CODES
    return dict(body)


_COUPONS: Schema = {
    "description": (
        'Coupons to use, by id, or "auto": the best of the customer\'s, found by `best_for_customer` unless another '
        "`strategy` is asked for. Of those named, `rejected_coupons` says which cannot be used now."
    ),
    "anyOf": [{"type": "array", "items": SHOP_ID, "maxItems": MOST_COUPONS}, {"const": "auto"}],
    "default": [],
}

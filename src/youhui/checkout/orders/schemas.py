"""What is sent and answered about orders. Money is a decimal string with the digits of the order's currency."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from pydantic import BaseModel

from youhui.checkout.orders.model import State
from youhui.checkout.plain import MOST_LINES
from youhui.checkout.schemas import SHOP_ID, GiftOut, cart_body
from youhui.engine import BUILT_IN
from youhui.engine.schema import Definitions
from youhui.platform.openapi import Schema


class OrderCut(Struct, gc=False):
    """What a promotion took of a line: `units` of equal ones, how many and how much of each, in unit order."""

    promotion: str
    amount: str
    units: list[tuple[int, str]]


class OrderLine(Struct, gc=False):
    """A line: `subtotal` less `discount` is `paid`."""

    id: str
    sku: str
    product: str
    quantity: int
    unit_price: str
    subtotal: str
    discount: str
    paid: str
    refunded_quantity: int
    cuts: list[OrderCut]


class ShippingCut(Struct, gc=False):
    """What a promotion took of the price of shipping."""

    promotion: str
    amount: str


class OrderShipping(Struct, gc=False):
    """The shipping: `price` less `discount` is `paid`, and refunded whole or not at all."""

    price: str
    discount: str
    paid: str
    refunded: bool
    cuts: list[ShippingCut]


class OrderPromotion(Struct, gc=False):
    """A promotion that was applied, and what it took in all."""

    id: str
    name: str | None
    amount: str
    gifts: list[GiftOut]


class RefundedOut(Struct, gc=False):
    """Units of a line that were refunded, and what for."""

    id: str
    quantity: int
    amount: str


class RefundOut(Struct, gc=False):
    """A refund: `amount` is of its lines and of `shipping`."""

    refund_no: str
    at: datetime
    amount: str
    lines: list[RefundedOut]
    shipping: str


class OrderOut(Struct, gc=False):
    """An order: total − discount = actual amount, shipping included. `ended_at`: cancelled, expired or all refunded.

    `refunds`: of a read order all of them, after a refund that one; else left out. `state_text` only of a read order.
    """

    order_no: str
    state: State
    currency: str
    customer_id: str | None
    total_amount: str
    discount_amount: str
    actual_amount: str
    refunded_amount: str
    placed_at: datetime
    hold_until: datetime
    paid_at: datetime | None
    ended_at: datetime | None
    lines: list[OrderLine]
    shipping: OrderShipping
    promotions: list[OrderPromotion]
    codes: list[str]
    refunds: list[RefundOut] | UnsetType = UNSET
    state_text: str | UnsetType = UNSET


class OrderRow(BaseModel):
    """An order in a list."""

    order_no: str
    state: State
    state_text: str
    currency: str
    customer_id: str | None
    total_amount: str
    discount_amount: str
    actual_amount: str
    refunded_amount: str
    placed_at: datetime
    hold_until: datetime
    paid_at: datetime | None
    ended_at: datetime | None


# -- as they are documented


def schemas() -> dict[str, Schema]:
    """Of orders as they are sent and answered, by name."""
    (_,), parts = msgspec.json.schema_components([OrderOut], ref_template="#/$defs/{name}")
    whole = parts.pop(OrderOut.__name__)
    return {_NAME: {**whole, "title": _NAME, "$defs": parts}, _PLACE: _place_schema()}


def _place_schema() -> Schema:
    definitions = Definitions(BUILT_IN)
    body = cart_body("OrderRequest", definitions, {"strategy": _STRATEGY, **_BESIDE})
    return {**body, "required": [*body["required"], "order_no", "expected_payable"]}


def answers_order(status: int) -> dict[int | str, dict[str, Any]]:
    """The answer of a route, as FastAPI takes it."""
    return {status: {"description": "The order", "content": _json({"$ref": f"#/components/schemas/{_NAME}"})}}


def _json(schema: Schema, example: object = None) -> Schema:
    return {"application/json": {"schema": schema} | ({} if example is None else {"example": example})}


def _takes(schema: Schema, example: object, *, required: bool = True) -> Schema:
    return {"requestBody": {"required": required, "content": _json(schema, example)}}


_NAME = "Order"
_PLACE = "OrderRequest"
_STRATEGY: Schema = {"anyOf": [{"enum": ["priority", "best_for_customer"]}, {"type": "null"}]}
_BESIDE: Schema = {
    "order_no": {"description": "The shop's number of the order, without a slash", **SHOP_ID},
    "expected_payable": {
        "$ref": "#/$defs/amount",
        "description": "What the customer was told: `total` of the quote",
    },
    "hold_seconds": {
        "description": "For how long it holds what it takes; default and most are settings of the shop",
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}],
    },
}
PLACED = _takes(
    {"$ref": f"#/components/schemas/{_PLACE}"},
    {
        "order_no": "20261111-0001",
        "currency": "CNY",
        "customer": {"id": "c1"},
        "lines": [{"id": "1", "sku": "MUG-RED", "unit_price": "49.00", "quantity": 2}],
        "shipping": {"price": "12.00"},
        "expected_payable": "110.00",
        "hold_seconds": 900,
    },
)
ORDER_OR_QUOTE: dict[int | str, dict[str, Any]] = {
    **answers_order(201),
    409: {
        "description": "Not done; if the price has changed (QUOTE_CHANGED), `quote` is the new one",
        "content": _json(
            {
                "allOf": [{"$ref": "#/components/schemas/Error"}],
                "properties": {"quote": {"$ref": "#/components/schemas/QuoteOut"}},
            }
        ),
    },
}
NOTHING = _takes({"type": "object", "additionalProperties": False}, {}, required=False)
REFUND = _takes(
    {
        "type": "object",
        "properties": {
            "refund_no": {
                "description": "The shop's number of the refund, its own within the order",
                **SHOP_ID,
            },
            "lines": {
                "type": "array",
                "maxItems": MOST_LINES,
                "items": {
                    "type": "object",
                    "properties": {
                        "id": {"type": ["string", "integer"]},
                        "quantity": {"type": "integer", "minimum": 1},
                    },
                    "required": ["id", "quantity"],
                    "additionalProperties": False,
                },
            },
            "shipping": {"type": "boolean", "default": False},
            "all": {"type": "boolean", "default": False, "description": "All that is left, shipping too"},
        },
        "required": ["refund_no"],
        "additionalProperties": False,
    },
    {"refund_no": "R1", "lines": [{"id": "1", "quantity": 1}]},
)

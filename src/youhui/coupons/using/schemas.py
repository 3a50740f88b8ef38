"""What using a coupon answers, and what the OpenAPI document says of the bodies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from youhui.coupons.using.service import LONGEST_ORDER_NO, Undone, Used
from youhui.engine.money import format_amount
from youhui.platform.ids import SCHEMA_PATTERN


class UsedLine(BaseModel):
    """What the coupon took of a line."""

    id: str
    discount: str
    payable: str


class UsedGift(BaseModel):
    """A free item."""

    sku: str
    quantity: int


class UsedOut(BaseModel):
    """A coupon that was used: `discount` off the order's `order_amount` (lines and shipping) leaves `payable`."""

    coupon_id: int
    user_id: str
    order_no: str
    status: str = "used"
    currency: str
    order_amount: str
    discount: str
    payable: str
    shipping_discount: str
    lines: list[UsedLine]
    gifts: list[UsedGift]
    used_at: datetime


class UndoneOut(BaseModel):
    """A use that was undone. `returned`: the coupon can be used again, in its time; else its terms keep it used."""

    coupon_id: int
    order_no: str
    returned: bool
    refunded: str


def used_out(used: Used) -> UsedOut:
    """Amounts as decimal strings."""

    def money(units: int) -> str:
        return format_amount(units, used.currency)

    (promotion,) = used.frozen.promotions
    return UsedOut(
        coupon_id=used.coupon_id,
        user_id=used.customer,
        order_no=used.order_no,
        currency=used.currency,
        order_amount=money(used.total),
        discount=money(used.discount),
        payable=money(used.payable),
        shipping_discount=money(promotion.shipping),
        lines=[
            UsedLine(
                id=line.id,
                discount=money(line.unit_price * line.quantity - line.paid),
                payable=money(line.paid),
            )
            for line in used.frozen.lines
        ],
        gifts=[UsedGift(sku=gift.sku, quantity=gift.quantity) for gift in promotion.gifts],
        used_at=used.used_at,
    )


def undone_out(undone: Undone) -> UndoneOut:
    """Amounts as decimal strings."""
    return UndoneOut(
        coupon_id=undone.coupon_id,
        order_no=undone.order_no,
        returned=undone.returned,
        refunded=format_amount(undone.refunded, undone.currency),
    )


_ID = {"anyOf": [{"type": "string", "pattern": SCHEMA_PATTERN}, {"type": "integer"}]}
_ORDER_NO = {"type": "string", "minLength": 1, "maxLength": LONGEST_ORDER_NO}
_AMOUNT = {"anyOf": [{"type": "string"}, {"type": "number"}]}


def _body(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


USE = _body(
    {
        "user_id": _ID,
        "order_no": _ORDER_NO,
        "currency": {"type": "string"},
        "order_amount": _AMOUNT,
        "lines": {"type": "array", "items": {"type": "object"}, "description": "As in a quote"},
        "shipping": {"type": ["object", "null"], "description": "As in a quote"},
        "context": {"type": "object", "description": "As in a quote"},
        "risk": {"type": "object"},
    },
    ["user_id", "order_no"],
)
CANCEL = _body({"order_no": _ORDER_NO, "user_id": _ID}, ["order_no"])

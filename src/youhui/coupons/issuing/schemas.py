"""What is asked and answered where coupons are issued."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from youhui.checkout.abuse.asking import RiskIn
from youhui.checkout.schemas import SHOP_ID
from youhui.coupons.issuing.commands import Issued
from youhui.coupons.model import Way


class IssuedOut(BaseModel):
    """A coupon as it was issued: the same request is answered the same, whatever has become of it since.

    It can be used from `starts_at` until `expire_at`. `source_id`: the order or code that it came by.
    """

    id: int
    template_id: int
    user_id: str
    source: Way
    source_id: str
    starts_at: datetime
    expire_at: datetime
    issued_at: datetime


def issued_out(issued: Issued) -> IssuedOut:
    """As it is answered."""
    coupon = issued.coupon
    return IssuedOut(
        id=coupon.id,
        template_id=coupon.template_id,
        user_id=coupon.customer,
        source=coupon.source,
        source_id=coupon.source_id,
        starts_at=coupon.starts_at,
        expire_at=coupon.ends_at,
        issued_at=coupon.issued_at,
    )


CLAIM: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "user_id": {
                            "description": "Who claims; a shopper's token says so itself",
                            **SHOP_ID,
                        },
                        "risk": {
                            "description": "What the shop's server knows of who acts",
                            **RiskIn.model_json_schema(),
                        },
                    },
                    "additionalProperties": False,
                },
                "example": {"user_id": "u1"},
            }
        },
    }
}
"""the body of a claim"""

"""What the routes of templates take and answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from youhui.coupons.model import WAYS, Audience, Status, TemplateState, Type, Way
from youhui.coupons.templates.model import Counted, Voided
from youhui.coupons.templates.rules import document_of
from youhui.engine.forms import LARGEST
from youhui.engine.money import format_amount
from youhui.platform.ids import SCHEMA_PATTERN

Schema: TypeAlias = Mapping[str, Any]

ANSWERED = tuple(
    (
        "id state status issued remaining used_count locked expired void budget_used version created_at updated_at"
    ).split()
)
"""keys that answers have and requests need not leave out, so that what was read can be sent back"""


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


_MONEY: Schema = {"anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}], "examples": ["20.00", 20]}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST}
_ID: Schema = {"anyOf": [{"type": "string", "pattern": SCHEMA_PATTERN}, {"type": "integer"}]}
_WORDS: Schema = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 64},
    "maxItems": 100,
}
_FLAG: Schema = {"type": "boolean"}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {key: _or_null(schema) for key, schema in properties.items()},
        "additionalProperties": False,
    }


_GIFT = _object(sku=_ID, quantity={"type": "integer", "minimum": 1, "maximum": 1_000_000}, value=_MONEY)
_VALID = _object(
    starts_at=_INSTANT,
    ends_at=_INSTANT,
    days={"type": "integer", "minimum": 1, "maximum": 3650},
    begins=_one_of("issue", "next_day"),
)
_AUDIENCE = _object(
    kind=_one_of("all", "groups", "new_customers", "list"),
    groups=_WORDS,
    customers={"type": "array", "items": _ID, "maxItems": 100_000},
    count={"type": "integer", "readOnly": True},
)
FIELDS: Mapping[str, Schema] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 100},
    "type": _one_of("discount", "shipping", "gift"),
    "value": {**_MONEY, "description": "Money off; of value_type percent what is paid, in 折: 8.5 is 85 %"},
    "value_type": _one_of("amount", "percent"),
    "max_discount": _MONEY,
    "gift": _GIFT,
    "min_amount": _MONEY,
    "min_quantity": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
    "threshold_of": _one_of("original", "running"),
    "scope": {"type": "object", "description": "A selector of the engine; null: everything"},
    "conditions": {"type": "array", "items": {"type": "object"}, "maxItems": 100},
    "expire_at": {**_INSTANT, "description": "Short for valid.ends_at"},
    "valid": _VALID,
    "time_zone": {"type": "string", "examples": ["Asia/Shanghai"]},
    "ways": {"type": "array", "items": _one_of(*WAYS), "minItems": 1},
    "audience": _AUDIENCE,
    "total": _COUNT,
    "usage_limit": _COUNT,
    "per_customer": _COUNT,
    "per_customer_per_day": _COUNT,
    "claim_from": _INSTANT,
    "claim_until": _INSTANT,
    "budget": _MONEY,
    "payment_from": _MONEY,
    "priority": {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST},
    "combines_with_coupons": _FLAG,
    "several_per_order": _FLAG,
    "combines_with_promotions": _FLAG,
    "excludes_tags": _WORDS,
    "skip_lines_of_tags": _WORDS,
    "check_scope": _FLAG,
    "give_back": _one_of("never", "full_refund", "pro_rata"),
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
}
"""the keys of a request, in the order in which a form has them"""


def taken(required: list[str], example: Schema) -> dict[str, Any]:
    """What OpenAPI says of a body with these keys; any but those that are required may be null."""
    known = {
        key: schema if key in required and key == "name" else _or_null(schema)
        for key, schema in FIELDS.items()
    }
    answered = {key: {"readOnly": True} for key in ANSWERED}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": known | answered,
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


class CouponGiftOut(BaseModel):
    """The free item of a gift coupon."""

    sku: str
    quantity: int
    value: str


class ValidityOut(BaseModel):
    """When an issued coupon can be used: in a window, or for days."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    days: int | None = None
    begins: Literal["issue", "next_day"] | None = None


class AudienceOut(BaseModel):
    """Who may be issued one. `customers` of a list is null in lists of templates, and where there are more than 1,000;
    `count`: how many there are.
    """

    kind: Audience
    groups: list[str] | None = None
    customers: list[str] | None = None
    count: int | None = None


class CouponTemplateOut(BaseModel):
    """A template and its numbers.

    `issued`, and of these `used_count`, `locked` (by unpaid orders), `expired` and `void` as they were last written
    down. `remaining` of `total`: null without one. `budget_used`: money of paid orders, null without a budget.
    """

    id: int
    name: str
    type: Type
    value: str | None
    value_type: Literal["amount", "percent"]
    max_discount: str | None
    gift: CouponGiftOut | None
    min_amount: str
    min_quantity: int
    threshold_of: Literal["original", "running"]
    scope: dict[str, object] | None
    conditions: list[dict[str, object]]
    expire_at: datetime | None
    valid: ValidityOut
    time_zone: str
    ways: list[Way]
    audience: AudienceOut
    total: int | None
    usage_limit: int | None
    per_customer: int | None
    per_customer_per_day: int | None
    claim_from: datetime | None
    claim_until: datetime | None
    budget: str | None
    payment_from: str | None
    priority: int
    combines_with_coupons: bool
    several_per_order: bool
    combines_with_promotions: bool
    excludes_tags: list[str]
    skip_lines_of_tags: list[str]
    check_scope: bool
    give_back: Literal["never", "full_refund", "pro_rata"]
    currency: str
    state: TemplateState
    status: Status
    issued: int
    remaining: int | None
    used_count: int
    locked: int
    expired: int
    void: int
    budget_used: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class TemplateVoidedOut(BaseModel):
    """`unused`: coupons that cannot be used any more; `locked`: those that unpaid orders may still be paid with."""

    template: CouponTemplateOut
    unused: int
    locked: int


def template_out(counted: Counted, at: datetime) -> CouponTemplateOut:
    """As it is at an instant."""
    template, coupons = counted.template, counted.coupons
    gone = coupons.get("unused", 0) if template.status == "void" else 0
    document = document_of(template)
    if template.audience == "list":
        document["audience"] |= {"customers": counted.customers, "count": counted.audience_size}
    known = {
        "id": template.id,
        "state": template.state(at),
        "status": template.status,
        "issued": template.issued,
        "remaining": None if template.total is None else template.total - template.issued,
        "used_count": coupons.get("used", 0),
        **{status: coupons.get(status, 0) for status in ("locked", "expired")},
        "void": coupons.get("void", 0) + gone,
        "budget_used": None
        if counted.budget_used is None
        else format_amount(counted.budget_used, template.currency),
        "version": template.version,
        "created_at": template.created_at,
        "updated_at": template.updated_at,
    }
    return CouponTemplateOut.model_validate({**document, **known})


def voided_out(voided: Voided, template: CouponTemplateOut) -> TemplateVoidedOut:
    """How many are concerned."""
    return TemplateVoidedOut(template=template, unused=voided.unused, locked=voided.locked)

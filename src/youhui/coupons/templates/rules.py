"""Between a template and its document; what was sent over what is there; and what cannot be done any more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from youhui.coupons.model import WAYS, Template, Validity
from youhui.coupons.templates.model import Draft
from youhui.coupons.templates.problems import fault
from youhui.engine.money import format_amount
from youhui.platform.problems import Fault

GIVEN = ("value", "max_discount", "gift")
"""keys of what a coupon gives, which go by its type"""


def merged(sent: Mapping[str, object], old: Template) -> Mapping[str, object]:
    """What was sent over what is there: a whole template to be read."""
    before = document_of(old)
    if sent.get("type") not in (None, old.terms.type):
        before |= dict.fromkeys((*GIVEN, "value_type"))
    if sent.get("valid") is not None:
        del before["expire_at"]
    elif (ends := sent.get("expire_at")) is not None:
        before["valid"] = {"starts_at": before["valid"].get("starts_at"), "ends_at": ends}
    return {**before, **sent}


def over(template: Template, now: datetime) -> list[Fault]:
    """Why it makes no sense to publish it now."""
    ends = {"valid.ends_at": template.terms.validity.ends_at, "claim_until": template.claim_until}
    return [fault(path, "over") for path, at in ends.items() if at is not None and at <= now]


def fixed(draft: Draft, old: Template) -> list[Fault]:
    """What cannot be changed any more once something was issued."""
    same = {"type": draft.terms.type == old.terms.type, "currency": draft.currency == old.currency}
    return [fault(path, "fixed", issued=old.issued) for path, is_ in same.items() if old.issued and not is_]


def document_of(template: Template) -> dict[str, Any]:
    """What would be sent to make it: JSON values. A list of customers is not in it."""
    t = template.terms

    def money(value: int | None) -> str | None:
        return None if value is None else format_amount(value, template.currency)

    gift = t.gift and {"sku": t.gift.sku, "quantity": t.gift.quantity, "value": money(t.gift.value)}
    return {
        "name": template.name,
        "type": t.type,
        "value": money(t.amount) if t.percent_paid is None else _rate(t.percent_paid),
        "value_type": "amount" if t.percent_paid is None else "percent",
        "max_discount": money(t.max_discount),
        "gift": gift,
        "min_amount": money(t.min_amount),
        "min_quantity": t.min_quantity,
        "threshold_of": t.threshold_of,
        "scope": t.scope,
        "conditions": list(t.conditions),
        "expire_at": _instant(t.validity.ends_at),
        "valid": _valid(t.validity),
        "time_zone": t.time_zone,
        "ways": [way for way in WAYS if way in template.ways],
        "audience": _written_audience(template),
        "total": template.total,
        "usage_limit": template.usage_limit,
        "per_customer": template.per_customer,
        "per_customer_per_day": template.per_customer_per_day,
        "claim_from": _instant(template.claim_from),
        "claim_until": _instant(template.claim_until),
        "budget": money(template.budget),
        "payment_from": money(template.payment_from),
        "priority": t.priority,
        "combines_with_coupons": t.combines_with_coupons,
        "several_per_order": t.several_per_order,
        "combines_with_promotions": t.combines_with_promotions,
        "excludes_tags": list(t.excludes_tags),
        "skip_lines_of_tags": list(t.skip_lines_of_tags),
        "check_scope": t.check_scope,
        "give_back": t.give_back,
        "currency": template.currency,
    }


def _rate(paid: int) -> str:
    whole_, part = divmod(paid // 10, 100)
    return f"{whole_}.{part:02d}".rstrip("0").rstrip(".")


def _valid(validity: Validity) -> dict[str, Any]:
    if validity.days is not None:
        return {"days": validity.days, "begins": validity.begins}
    return {"starts_at": _instant(validity.starts_at), "ends_at": _instant(validity.ends_at)}


def _written_audience(template: Template) -> dict[str, Any]:
    groups = {"groups": list(template.groups)} if template.audience == "groups" else {}
    return {"kind": template.audience, **groups}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")

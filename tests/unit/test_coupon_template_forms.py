"""What is sent to make a coupon template: every fault is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from youhui.coupons.model import Validity
from youhui.coupons.templates.forms import KNOWN, USUAL_WAYS, Usual, read_draft
from youhui.coupons.templates.model import Draft
from youhui.coupons.templates.problems import InvalidTemplate
from youhui.coupons.templates.rules import document_of
from youhui.coupons.templates.schemas import ANSWERED
from youhui.coupons.templates.service import draft_template
from youhui.engine import BUILT_IN

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


def read(**more: Any) -> Draft:
    """20.00 off, until the end of the year in China, unless it says otherwise."""
    sent = {"name": "满减", "value": 20, "expire_at": "2027-01-01T00:00:00+08:00", **more}
    return read_draft(sent, Usual("CNY", "Asia/Shanghai"), BUILT_IN)


def test_what_need_not_be_sent() -> None:
    draft = read()
    assert (draft.currency, draft.terms.type, draft.terms.amount) == ("CNY", "discount", 2000)
    assert (draft.terms.time_zone, draft.ways, draft.audience) == ("Asia/Shanghai", USUAL_WAYS, "all")
    assert draft.terms.validity == Validity(ends_at=datetime(2026, 12, 31, 16, tzinfo=UTC))


def test_a_document_has_every_key_that_can_be_sent() -> None:
    assert set(document_of(draft_template(read(), NOON, 1))) == KNOWN - set(ANSWERED)


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"name": None}, {"name": "required"}),
    ({"name": "  "}, {"name": "required"}),
    ({"name": "长" * 101}, {"name": "too_long"}),
    ({"value": None}, {"value": "required"}),
    ({"value": 0}, {"value": "nothing"}),
    ({"value": -5}, {"value": "negative"}),
    ({"value": "20.001"}, {"value": "too_precise"}),
    ({"value": True}, {"value": "not_number"}),
    ({"value": 10, "value_type": "percent"}, {"value": "not_a_rate"}),
    ({"value": "8.555", "value_type": "percent"}, {"value": "not_a_rate"}),
    ({"value": 0, "value_type": "percent"}, {"value": "not_a_rate"}),
    ({"max_discount": 5}, {"max_discount": "only_of_percent"}),
    ({"type": "shipping", "value": 5, "value_type": "percent"}, {"value_type": "not_of_type"}),
    ({"type": "gift"}, {"value": "not_of_type", "gift": "required"}),
    ({"type": "gift", "value": None, "gift": {"quantity": 0}},
     {"gift.sku": "required", "gift.quantity": "not_in_range"}),
    ({"gift": {"sku": "X"}}, {"gift": "not_of_type"}),
    ({"type": "Discount"}, {"type": "not_choice"}),
    ({"expire_at": None}, {"valid": "required"}),
    ({"expire_at": "2027-01-01"}, {"expire_at": "no_zone"}),
    ({"valid": {"days": 3}}, {"valid.days": "one_of_two"}),
    ({"expire_at": None, "valid": {}}, {"valid.ends_at": "required"}),
    ({"expire_at": None, "valid": {"days": 0}}, {"valid.days": "not_in_range"}),
    ({"valid": {"begins": "next_day"}}, {"valid.begins": "only_with_days"}),
    ({"valid": {"ends_at": "2027-01-02T00:00:00Z"}}, {"expire_at": "two_ends"}),
    ({"valid": {"starts_at": "2027-01-01T00:00:00+08:00"}}, {"valid.ends_at": "not_after"}),
    ({"time_zone": "Mars/Base"}, {"time_zone": "not_zone"}),
    ({"time_zone": "../../etc/passwd"}, {"time_zone": "not_zone"}),
    ({"ways": []}, {"ways": "required"}),
    ({"ways": ["claim", "mail"]}, {"ways[1]": "not_choice"}),
    ({"ways": ["payment"]}, {"payment_from": "required"}),
    ({"audience": {"kind": "groups"}}, {"audience.groups": "required"}),
    ({"audience": {"kind": "list"}}, {"audience.customers": "required"}),
    ({"audience": {"kind": "list", "customers": ["a b"]}}, {"audience.customers[0]": "not_a_shop_id"}),
    ({"audience": "all"}, {"audience": "not_object"}),
    ({"total": 0}, {"total": "not_in_range"}),
    ({"total": 2**63}, {"total": "not_whole"}),
    ({"total": 2, "per_customer": 3}, {"total": "below_per_customer"}),
    ({"per_customer": 1, "per_customer_per_day": 2}, {"per_customer_per_day": "above_per_customer"}),
    ({"budget": "19.99"}, {"budget": "below_value"}),
    (
        {"claim_from": "2026-12-01T00:00:00Z", "claim_until": "2026-12-01T00:00:00Z"},
        {"claim_until": "not_after"},
    ),
    ({"scope": {"skus": "MUG"}}, {"scope.skus": "not_list"}),
    ({"scope": {"unit_price_at_least": 1.5}}, {"scope.unit_price_at_least": "not_amount"}),
    ({"conditions": [{"kind": "moon"}, 7]}, {"conditions[0].kind": "unknown_condition", "conditions[1]": "not_object"}),
    ({"excludes_tags": ["", "x"]}, {"excludes_tags[0]": "not_a_tag"}),
    ({"currency": "yuan"}, {"currency": "not_currency"}),
    ({"colour": "red"}, {"colour": "unknown_key"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "expected"), WRONG, ids=lambda one: json.dumps(one, ensure_ascii=False)[:50]
)
def test_what_is_wrong_with_a_template(more: dict[str, Any], expected: dict[str, str]) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        read(**more)
    assert {one.path: one.code for one in caught.value.details} == expected
    assert len(caught.value.details) == len(expected), "each once"
    for one in caught.value.details:
        assert one.say("zh-CN")
        assert one.say("en")

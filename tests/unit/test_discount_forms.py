"""What may be sent of a discount, and every fault that is found in what may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.checkout.problems import decode_exactly
from youhui.checkout.values import Wrong, minor_units
from youhui.discounts.forms import BATCH, CHANGE, WHOLE, changed, draft, named, read_form
from youhui.discounts.model import Draft, Edit, Scope
from youhui.discounts.problems import REQUIRED, SENTENCES, InvalidDiscount
from youhui.discounts.values import hundredths_of_zhe, value_text
from youhui.platform.languages import LANGUAGES

GOOD: dict[str, Any] = {
    "name": "双十一特惠",
    "amount": 100,
    "user_ids": [1, "2"],
    "product_ids": ["7", 8, 8],
    "effective_time": "2024-11-10T00:00:00Z",
    "expiration_time": "2024-11-12T23:59:59+08:00",
}
HALF = {"amount": None, "discount_type": "percent", "discount_value": "5"}


def read(**more: Any) -> Draft:
    return draft(read_form({**GOOD, **more}, WHOLE), "CNY")


def faults(document: object, currency: str = "CNY") -> list[tuple[str, str]]:
    with pytest.raises(InvalidDiscount) as refused:
        draft(read_form(document, WHOLE), currency)
    return [(one.path, one.code) for one in refused.value.details]


def test_the_seeds_form() -> None:
    terms, scope = read().terms, read().scope
    assert (terms.name, terms.type, terms.value, terms.currency) == ("双十一特惠", "amount", 10_000, "CNY")
    assert (terms.priority, terms.enabled) == (0, True)
    assert terms.expiration_time == datetime(2024, 11, 12, 15, 59, 59, tzinfo=UTC)
    assert scope == Scope(customers=frozenset({"1", "2"}), products=frozenset({"7", "8"}))


def test_an_empty_form_is_answered_in_the_seeds_words() -> None:
    with pytest.raises(InvalidDiscount) as refused:
        draft(read_form({}, WHOLE), "CNY")
    assert [one.say("zh-CN") for one in refused.value.details] == [
        "请输入折扣名称", "请输入折扣金额", "请至少选择一个用户",
        "请至少选择一个商品", "请选择生效时间", "请选择过期时间",
    ]  # fmt: skip
    assert refused.value.message("zh-CN") == "请输入折扣名称"
    assert refused.value.message("en") == "Enter a name"


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"name": "  "}, "name", "required"),
        ({"name": 5}, "name", "not_text"),
        ({"name": "x" * 101}, "name", "too_long"),
        ({"name": "a\nb"}, "name", "not_printable"),
        ({"name": "\ud800"}, "name", "not_printable"),
        ({"amount": -1}, "amount", "negative"),
        ({"amount": "-0.01"}, "amount", "negative"),
        ({"amount": Decimal("0.001")}, "amount", "too_precise"),
        ({"amount": Decimal("1E-999999")}, "amount", "too_precise"),
        ({"amount": Decimal("1E+999999")}, "amount", "too_large"),
        ({"amount": 2**53}, "amount", "too_large"),
        ({"amount": "１２"}, "amount", "not_number"),
        ({"amount": "1e3"}, "amount", "not_number"),
        ({"amount": True}, "amount", "not_number"),
        ({"amount": []}, "amount", "not_number"),
        ({"amount": 1.5}, "amount", "not_number"),
        ({"amount": 5, "discount_value": 6}, "discount_value", "two_values"),
        ({"discount_type": "percent"}, "amount", "not_of_percent"),
        ({"discount_type": "gift"}, "discount_type", "not_a_type"),
        ({"discount_type": []}, "discount_type", "not_a_type"),
        ({**HALF, "discount_value": None}, "discount_value", "required"),
        ({**HALF, "discount_value": 0}, "discount_value", "not_a_rate"),
        ({**HALF, "discount_value": 10}, "discount_value", "not_a_rate"),
        ({**HALF, "discount_value": "9.555"}, "discount_value", "not_a_rate"),
        ({**HALF, "discount_value": -5}, "discount_value", "not_a_rate"),
        ({"user_ids": []}, "user_ids", "required"),
        ({"user_ids": None, "all_users": False}, "user_ids", "required"),
        ({"user_ids": "1,2"}, "user_ids", "not_list"),
        ({"user_ids": [1, "a b"]}, "user_ids[1]", "not_a_shop_id"),
        ({"user_ids": [""]}, "user_ids[0]", "not_a_shop_id"),
        ({"user_ids": ["x" * 65]}, "user_ids[0]", "not_a_shop_id"),
        ({"user_ids": [10**65]}, "user_ids[0]", "not_a_shop_id"),
        ({"user_ids": [True]}, "user_ids[0]", "not_a_shop_id"),
        ({"user_ids": [Decimal("1.5")]}, "user_ids[0]", "not_a_shop_id"),
        ({"product_ids": [None]}, "product_ids[0]", "not_a_shop_id"),
        ({"product_ids": []}, "product_ids", "required"),
        ({"product_ids": list(range(100_001))}, "product_ids", "too_many"),
        ({"effective_time": "2024-11-10T00:00:00"}, "effective_time", "no_zone"),
        ({"effective_time": "2024-11-10"}, "effective_time", "no_zone"),
        ({"effective_time": "0001-01-01T00:00:00+14:00"}, "effective_time", "not_instant"),
        ({"effective_time": 1731196800}, "effective_time", "not_instant"),
        ({"effective_time": None}, "effective_time", "required"),
        ({"expiration_time": GOOD["effective_time"]}, "expiration_time", "not_after"),
        ({"priority": 2**53}, "priority", "not_whole"),
        ({"priority": "1"}, "priority", "not_whole"),
        ({"priority": True}, "priority", "not_whole"),
        ({"enabled": 1}, "enabled", "not_flag"),
        ({"currency": "cny"}, "currency", "not_currency"),
        ({"key": "a,b"}, "key", "not_a_shop_id"),
        ({"ammount": 5}, "ammount", "unknown_key"),
        ({"add_user_ids": [5]}, "add_user_ids", "unknown_key"),
    ],
)
def test_each_fault_is_named(more: dict[str, Any], path: str, code: str) -> None:
    assert (path, code) in faults({**GOOD, **more})


@pytest.mark.parametrize("document", [None, [], "{}", 5])
def test_a_form_is_an_object(document: object) -> None:
    assert ("", "not_object") in faults(document)


def test_digits_are_those_of_the_currency() -> None:
    assert read(currency="JPY").terms.value == 100
    assert read(currency="KWD", amount=Decimal("1.234")).terms.value == 1234
    assert faults({**GOOD, "amount": "0.5"}, "JPY") == [("amount", "too_precise")]


@pytest.mark.parametrize("sent", ["5.5", "5.50", 5.5, "5.500"])
def test_an_amount_is_read_from_its_token(sent: object) -> None:
    body = b'{"amount": %s}' % (repr(sent).replace("'", '"').encode())
    assert read_form(decode_exactly(body), WHOLE).amount == Decimal("5.5")


def test_a_token_that_no_float_holds() -> None:
    body = b'{"amount": 90071992547409.91}'
    form = read_form(decode_exactly(body), WHOLE)
    assert form.amount is not None
    assert minor_units(form.amount, "CNY") == 2**53 - 1


@given(st.integers(1, 999))
def test_a_rate_comes_back_as_it_was_sent(value: int) -> None:
    terms = replace(read().terms, type="percent", value=value)
    assert hundredths_of_zhe(Decimal(value_text(terms))) == value


@given(st.integers(0, 2**53 - 1), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_an_amount_comes_back_as_it_was_sent(value: int, currency: str) -> None:
    terms = replace(read().terms, value=value, currency=currency)
    assert minor_units(Decimal(value_text(terms)), currency) == value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_any_number_is_an_amount_or_refused(number: Decimal) -> None:
    try:
        units = minor_units(number, "CNY")
    except Wrong:
        return
    assert Decimal(units) == number * 100


def test_a_percentage() -> None:
    terms = read(**HALF | {"discount_value": Decimal("9.5")}).terms
    assert (terms.type, terms.value, value_text(terms)) == ("percent", 950, "9.5")


@pytest.mark.parametrize(
    "more",
    [
        {"user_ids": [], "group_ids": ["VIP"]},
        {"user_ids": None, "all_users": True},
        {"product_ids": [], "category_ids": ["c"]},
        {"product_ids": None, "all_products": True},
    ],
)
def test_at_least_one_user_and_product_in_any_way(more: dict[str, Any]) -> None:
    assert read(**more).terms == read().terms


@pytest.mark.parametrize(
    ("sent", "value", "type_"),
    [
        ({}, 500, "amount"),
        ({"amount": 7}, 700, "amount"),
        ({"discount_value": "7"}, 700, "amount"),
        ({"amount": "7.00", "discount_type": "amount", "discount_value": "7.00"}, 700, "amount"),
        ({"discount_type": "percent", "discount_value": 7}, 700, "percent"),
    ],
)
def test_a_change_replaces_only_what_is_sent(sent: dict[str, Any], value: int, type_: str) -> None:
    old = read(amount=5, priority=3).terms
    new = changed(read_form({**sent, "name": "新"}, CHANGE), old, None)
    assert (new.value, new.type, new.name, new.priority) == (value, type_, "新", 3)
    assert (new.effective_time, new.expiration_time) == (old.effective_time, old.expiration_time)


@pytest.mark.parametrize(
    ("sent", "path", "code"),
    [
        ({"name": None}, "name", "required"),
        ({"name": ""}, "name", "required"),
        ({"discount_type": "percent"}, "discount_value", "required"),
        ({"expiration_time": "2024-11-09T00:00:00Z"}, "expiration_time", "not_after"),
        ({"currency": "USD"}, "currency", "not_changeable"),
        ({"key": "a-2"}, "key", "not_changeable"),
        ({"product_ids": [1], "add_product_ids": [2]}, "product_ids", "two_ways"),
        ({"add_user_ids": [2], "remove_user_ids": ["2"]}, "add_user_ids", "added_and_removed"),
    ],
)
def test_a_change_that_cannot_be(sent: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(InvalidDiscount) as refused:
        changed(read_form(sent, CHANGE), read().terms, "a-1")
    assert [(one.path, one.code) for one in refused.value.details] == [(path, code)]


def test_a_list_is_replaced_or_added_to() -> None:
    form = read_form({"user_ids": [1], "add_product_ids": [2], "remove_product_ids": [3]}, CHANGE)
    assert form.edit("customer") == Edit(replace=frozenset({"1"}))
    assert form.edit("product") == Edit(add=frozenset({"2"}), remove=frozenset({"3"}))
    assert form.edit("group") == Edit()


def test_the_seeds_batch() -> None:
    """As its TypeScript sends it: numbers, and no name."""
    sent = {
        "user_id": 1, "product_ids": [7, 8], "amount": 5, "priority": 1,
        "effective_time": "2026-11-22T10:00:00.123Z", "expiration_time": "2026-12-22T10:00:00.123Z",
    }  # fmt: skip
    made = draft(named(read_form(sent, BATCH), datetime(2026, 11, 22, tzinfo=UTC).date()), "CNY")
    assert made.terms.name == "批量折扣 2026-11-22"
    assert made.scope == Scope(customers=frozenset({"1"}), products=frozenset({"7", "8"}))


def test_every_sentence_is_there_in_both_languages() -> None:
    for sentences in (*SENTENCES.values(), *REQUIRED.values()):
        assert set(sentences) == set(LANGUAGES)

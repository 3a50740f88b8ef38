"""What merchants fill in, and what it takes of carts: the examples of docs/promotions.md, and every template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.checkout.problems import decode_exactly
from youhui.engine import (
    BUILT_IN,
    Cart,
    Customer,
    InvalidDocument,
    Line,
    Options,
    Quote,
    Ruleset,
    Shipping,
    decode_promotion,
)
from youhui.engine.money import Percent, format_amount
from youhui.engine.sentences import LANGUAGES
from youhui.promotions.model import StoredPromotion
from youhui.promotions.problems import EXPECTED, refused
from youhui.promotions.rules import read_terms, rules_of
from youhui.promotions.templates import TEMPLATES
from youhui.promotions.values import off
from youhui.promotions.words import line_of_words

NOON = datetime(2026, 11, 11, 4, tzinfo=UTC)
"""in Shanghai"""
PAGE = Path(__file__).parents[2] / "docs" / "promotions.md"
EXAMPLE = re.compile(
    r"```json\n(\{\"type\".*?)\n```\n\n\| units \| ([\d |]+) \|\n[| -]+\n\| (\w+) \| ([\d. |]+) \|\n"
)


def stored(document: Mapping[str, object], before: StoredPromotion | None = None) -> StoredPromotion:
    terms = read_terms(document, "CNY", BUILT_IN)
    parts = () if before is None else before.parts()
    version = 1 if before is None else before.version + 1
    return terms.stored(position=1, version=version, created_at=NOON, at=NOON, before=parts)


def priced(document: Mapping[str, object], *lines: Line, shipping: int = 0, orders: int = 0) -> Quote:
    rules = [rule.promotion for rule in rules_of(stored(document), BUILT_IN)]
    cart = Cart("CNY", lines, Customer("ann", (), orders), Shipping(shipping) if shipping else None)
    return Ruleset(rules).price(cart, at=NOON, options=Options(guests="refuse"))


def line(quantity: int, price: int = 5_000, sku: str = "MUG", category: str = "mugs") -> Line:
    return Line(sku, sku, price, quantity, sku, (category,))


@pytest.mark.parametrize("example", EXAMPLE.findall(PAGE.read_text("utf-8")), ids=lambda found: found[0][:50])
def test_the_examples_of_the_guide_take_what_it_says(example: tuple[str, str, str, str]) -> None:
    document, units, what, takes = example
    for many, much in zip(units.split(" | "), takes.split(" | "), strict=True):
        quote = priced(json.loads(document), line(int(many)))
        gifts = sum(gift.quantity for one in quote.applied for gift in one.gifts)
        assert (str(gifts) if what == "gifts" else format_amount(quote.total_discount, "CNY")) == much, many


def test_the_guide_has_an_example_of_every_kind() -> None:
    documents = [json.loads(found[0]) for found in EXAMPLE.findall(PAGE.read_text("utf-8"))]
    assert {(one["type"], one.get("kind")) for one in documents} == {
        ("flash_sale", None), ("bulk_discount", "amount_off_at"), ("bulk_discount", "percent_off_at"),
        ("bulk_discount", "percent_off_items"), ("bulk_discount", "every"), ("gift", "at_least"), ("gift", "buy"),
    }  # fmt: skip


TAKES: dict[str, tuple[list[Line], str]] = {
    "second_half_price": ([line(2)], "25.00"),
    "any_n": ([line(4)], "51.00"),
    "add_on": ([line(1), line(1, 2_990, "SPOON", "spoons")], "20.00"),
    "free_shipping": ([line(2)], "8.00"),
    "new_customers": ([line(1)], "10.00"),
    "amount_off_at": ([line(8)], "80.00"),
    "every": ([line(5)], "20.00"),
    "percent_off_at": ([line(20)], "100.00"),
    "percent_off_items": ([line(2)], "10.00"),
    "flash_sale": ([line(3, sku="MUG-RED")], "40.10"),
    "gift_at_least": ([line(2)], "BAG × 1"),
    "gift_buy": ([line(5)], "BAG × 2"),
}


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_template_is_a_body_that_takes_what_it_promises(key: str) -> None:
    lines, takes = TAKES[key]
    body = dict(TEMPLATES[key].body)
    if key == "flash_sale":
        body["slots"] = [{"from": "10:00", "until": "13:00"}]
    quote = priced(body, *lines, shipping=800 if key == "free_shipping" else 0)
    gifts = [f"{gift.sku} × {gift.quantity}" for one in quote.applied for gift in one.gifts]
    assert (gifts or [format_amount(quote.total_discount, "CNY")]) == [takes]


def test_a_template_is_only_for_whom_it_says() -> None:
    assert priced(TEMPLATES["new_customers"].body, line(1), orders=1).total_discount == 0


@pytest.mark.parametrize(
    ("key", "zh", "en"),
    [
        ("amount_off_at", "满 ¥200.00 减 ¥30.00，满 ¥400.00 减 ¥80.00",
         "from ¥200.00: ¥30.00 off, from ¥400.00: ¥80.00 off"),
        ("percent_off_items", "满 2 件 9 折，满 3 件 8 折", "from 2 units: 10 % off, from 3 units: 20 % off"),
        ("every", "每满 ¥100.00 减 ¥10.00", "¥10.00 off for every ¥100.00"),
        ("flash_sale", "特价 ¥9.90", "for ¥9.90"),
        ("gift_at_least", "满 ¥100.00 赠 BAG × 1", "from ¥100.00: BAG × 1 as a gift"),
        ("gift_buy", "每买 2 件赠 BAG × 1", "BAG × 1 as a gift for every 2 units"),
        ("second_half_price", "每 2 件中一件 5 折", "one of every 2: 50 % off"),
        ("any_n", "¥99.00 任选 3 件", "any 3 for ¥99.00"),
        ("add_on", "买 1 件，另 1 件 减 ¥20.00", "buy 1, get 1 more: ¥20.00 off"),
        ("free_shipping", "满 ¥99.00 包邮", "from ¥99.00: free shipping"),
    ],
)  # fmt: skip
def test_what_it_gives_is_said_in_a_line(key: str, zh: str, en: str) -> None:
    rules = [rule.promotion for rule in rules_of(stored(TEMPLATES[key].body), BUILT_IN)]
    assert [line_of_words(rules, "CNY", language) for language in LANGUAGES] == [zh, en]


# -- faults

SALE: dict[str, Any] = {"type": "flash_sale", "id": "s", "products": [{"sku": "MUG", "price": "9.90"}]}
BULK: dict[str, Any] = {
    "type": "bulk_discount",
    "id": "b",
    "kind": "amount_off_at",
    "tiers": [{"at_least": "9.00", "amount": "1.00"}],
}
GIFT: dict[str, Any] = {
    "type": "gift",
    "id": "g",
    "kind": "at_least",
    "min_amount": "9.00",
    "gift": {"sku": "BAG"},
}


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ({**SALE, "type": "sale"}, ["type not_a_type"]),
        ({**SALE, "status": "over"}, ["status not_a_status"]),
        ({**SALE, "currency": "yuan"}, ["currency not_currency"]),
        ({**SALE, "id": "x" * 61}, ["id not_an_id"]),
        ({**SALE, "id": "active"}, ["id reserved_id"]),
        ({**SALE, "id": "coupon:1"}, ["id reserved_id"]),
        ({**SALE, "products": []}, ["products misfit"]),
        ({**SALE, "products": SALE["products"] * 2}, ["products misfit"]),
        ({**SALE, "products": [{"price": "9.90"}]}, ["products[0].product misfit"]),
        ({**SALE, "products": [{"sku": "M", "price": "1.00", "amount": "1.00"}]}, ["products[0].price misfit"]),
        ({**SALE, "products": [{"sku": "M", "percent": "10"}]}, ["products[0].percent misfit"]),
        ({**SALE, "products": [{"sku": "M", "percent": "8.555"}]}, ["products[0].percent misfit"]),
        ({**SALE, "products": [{"sku": "M", "percent": "0"}]}, ["products[0].percent misfit"]),
        ({**SALE, "products": [{"sku": "M", "price": "1.005", "stock": -1}]},
         ["products[0].price not_amount", "products[0].stock not_whole"]),
        ({**SALE, "slots": [{"from": "10:00", "until": "10:00"}]}, ["slots[0].from misfit"]),
        ({**SALE, "slots": [{"days": ["monday"], "from": "25:00"}]},
         ["slots[0].days[0] not_choice", "slots[0].from not_clock"]),
        ({**SALE, "time_zone": "Mars/Olympus"}, ["time_zone misfit"]),
        ({**SALE, "starts_at": "2026-11-11T00:00:00Z", "ends_at": "2026-11-11T00:00:00Z"}, ["ends_at misfit"]),
        ({**SALE, "audience": {"kind": "groups"}}, ["audience.groups misfit"]),
        ({**SALE, "per_customer": 0, "per_order": 2**53}, ["per_customer not_whole", "per_order not_whole"]),
        ({**SALE, "name": "满" * 101}, ["name too_long"]),
        ({**SALE, "tiers": []}, ["tiers unknown_key"]),
        ({**BULK, "tiers": []}, ["tiers misfit"]),
        ({**BULK, "kind": "every", "tiers": [{"at_least": "0.00", "amount": "1.00"}]}, ["tiers misfit"]),
        ({**BULK, "kind": "percent_off_at"}, ["tiers misfit"]),
        ({**BULK, "kind": "every", "by": "quantity", "tiers": [{"at_least": 2, "amount": "1.00"}]}, ["by misfit"]),
        ({**BULK, "max_times": 2}, ["max_times misfit"]),
        ({**BULK, "tiers": [{"at_least": 2, "amount": "1.00"}, {"at_least": "9.00", "amount": "2.00"}]},
         ["tiers[1].at_least not_whole"]),
        ({**BULK, "usage_window": "day"}, ["usage_window misfit"]),
        ({**BULK, "scope": {"sku": ["M"]}, "budget": "x"}, ["budget not_amount", "scope.sku unknown_key"]),
        ({**GIFT, "min_amount": None}, ["min_amount misfit"]),
        ({**GIFT, "kind": "buy", "min_amount": None}, ["per misfit"]),
        ({**GIFT, "gift": {}}, ["gift.sku missing"]),
        ({key: value for key, value in GIFT.items() if key != "id"}, ["id missing"]),
    ],
)  # fmt: skip
def test_every_fault_is_named_by_its_path(document: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(InvalidDocument) as found:
        read_terms(document, "CNY", BUILT_IN)
    problems = found.value.problems
    assert sorted(f"{one.path} {one.code}" for one in problems) == faults
    for said in refused(problems).details:
        assert said.say("en")
        if said.code == "misfit" and "usage_window" not in said.path:
            assert re.search("[\u4e00-\u9fff]", said.say("zh-CN")), said.say("zh-CN")


def test_what_forms_expect_is_said_in_chinese_too() -> None:
    sources = [
        (PAGE.parents[1] / "src/youhui/promotions" / name).read_text("utf-8")
        for name in ("forms.py", "values.py")
    ]
    texts = re.findall(r'Misfit\("\w+", f?"([^"]+)"', "".join(sources))
    numbers = {"{MOST_PRODUCTS}": "500", "{MOST_TIERS}": "20", "{MOST_SLOTS}": "20"}
    for place, number in numbers.items():
        texts = [text.replace(place, number) for text in texts]
    assert texts
    assert set(texts) <= set(EXPECTED)


def test_numbers_are_taken_for_amounts_zhe_and_ids() -> None:
    sale = {**SALE, "products": [{"product": 1001, "price": 9.9}, {"sku": 7, "percent": 8.5}]}
    read = stored(decode_exactly(msgspec.json.encode(sale)))
    assert read.form is not None
    assert read.form["products"] == [{"product": "1001", "price": "9.90"}, {"sku": "7", "percent": "8.5"}]


# -- laws


@given(st.integers(1, 999))
def test_a_zhe_and_what_it_takes_make_the_whole(hundredths: int) -> None:
    taken = off(Percent.parse(f"{hundredths // 100}.{hundredths % 100:02d}"))
    assert taken.of(100_000, "half_up") == 100_000 - hundredths * 100


SKUS = st.lists(st.sampled_from("abcdef"), min_size=1, unique=True)


@given(SKUS, SKUS)
def test_a_product_keeps_its_number_through_changes(first: list[str], second: list[str]) -> None:
    """Also if it was left out for a while; a new one, and one that comes back, stands last in the list."""

    def sale(skus: list[str], before: StoredPromotion | None = None) -> StoredPromotion:
        products = [{"sku": sku, "price": "1.00"} for sku in skus]
        return stored({"type": "flash_sale", "id": "s", "products": products}, before)

    one = sale(first)
    two = sale(second, one)
    three = sale(first, two)
    ids = [{part.of: part.id for part in row.parts()} for row in (one, two, three)]
    assert ids[0].items() <= ids[1].items()
    assert ids[1] == ids[2]
    assert {part.of[4:] for part in two.parts() if part.document is not None} == set(second)
    kept = {part.of: part.position for part in two.parts() if part.of[4:] in first}
    assert {kept[f"sku:{sku}"] for sku in set(first) & set(second)} <= {1}
    back = {part.of[4:]: part.position for part in three.parts()}
    assert {back[sku] for sku in set(first) - set(second)} <= {3}


def test_what_is_stored_is_read_as_what_was_sent() -> None:
    for template in TEMPLATES.values():
        terms = read_terms(template.body, "CNY", BUILT_IN)
        row = stored(template.body)
        rules = [replace(rule.promotion, id=terms.id) for rule in rules_of(row, BUILT_IN)]
        assert rules == list(terms.rules.values())
        for part in row.parts():
            assert part.document is not None
            decode_promotion(part.document, "CNY")

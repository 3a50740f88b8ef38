"""Why a discount counts for a customer and a product, or not: in the seed's order, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from youhui.checkout.ports import ProductFacts
from youhui.discounts.model import Buyer, Discount, Item, Kind, Terms
from youhui.discounts.verdicts import SENTENCES, Judgement, Pair, judge
from youhui.platform.languages import LANGUAGES

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MUG = ProductFacts("7", "MUG", "杯", 6000, "CNY")
PAIR = Pair(Buyer("1", frozenset({"VIP"})), Item("7", frozenset({"home"})), MUG)
BOTH: Mapping[Kind, set[str]] = {"customer": {"1"}, "group": set(), "product": {"7"}, "category": set()}


def discount(id_: int, **more: Any) -> Discount:
    """5.00 off, running from 11:00 to 13:00."""
    terms: dict[str, Any] = {
        "name": f"d{id_}", "type": "amount", "value": 500, "currency": "CNY", "priority": 0,
        "effective_time": NOON - HOUR, "expiration_time": NOON + HOUR,
    }  # fmt: skip
    beside: dict[str, Any] = {
        "all_customers": False, "all_products": False, "customers": 1, "groups": 0, "products": 1,
        "categories": 0, "version": 1, "created_at": NOON, "updated_at": NOON,
    }  # fmt: skip
    for key, value in more.items():
        (terms if key in Terms.__dataclass_fields__ else beside)[key] = value
    return Discount(id=id_, terms=Terms(**terms), **beside)


def judged(*rivals: Discount, pair: Pair = PAIR, concerned: Mapping[Kind, set[str]] = BOTH) -> Judgement:
    """Of the first."""
    return judge(rivals[0], NOON, pair, concerned, rivals)


@pytest.mark.parametrize(
    ("rival", "reason", "winner"),
    [
        ({"priority": 1}, "lower_priority", 2),
        ({"priority": -1}, "wins", 1),
        ({"updated_at": NOON + HOUR}, "updated_earlier", 2),
        ({"updated_at": NOON - HOUR}, "wins", 1),
        ({}, "lower_id", 2),
        ({"priority": 9, "enabled": False}, "wins", 1),
        ({"priority": 9, "effective_time": NOON + timedelta(microseconds=1)}, "wins", 1),
        ({"priority": 9, "expiration_time": NOON}, "wins", 1),
        ({"priority": 9, "currency": "USD"}, "wins", 1),
        ({"priority": 9, "value": 0}, "lower_priority", 2),
    ],
)
def test_which_of_two(rival: dict[str, Any], reason: str, winner: int) -> None:
    judgement = judged(discount(1), discount(2, **rival))
    assert (judgement.verdict.reason, judgement.winner) == (reason, winner)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"enabled": False}, "disabled"),
        ({"effective_time": NOON + timedelta(microseconds=1)}, "scheduled"),
        ({"expiration_time": NOON}, "ended"),
        ({"archived_at": NOON}, "archived"),
        ({"currency": "USD"}, "other_currency"),
    ],
)
def test_what_is_in_its_own_way(more: dict[str, Any], reason: str) -> None:
    judgement = judge(discount(1, **more), NOON, PAIR, BOTH, [])
    assert (judgement.verdict.reason, judgement.winner) == (reason, None)


@pytest.mark.parametrize(
    ("concerned", "user", "product", "reason"),
    [
        ({}, "customer", "product", "wins"),
        ({"customer": set()}, None, "product", "not_this_user"),
        ({"product": set()}, "customer", None, "not_this_product"),
        ({"customer": set(), "group": {"VIP"}}, "group", "product", "wins"),
        ({"product": set(), "category": {"home"}}, "customer", "category", "wins"),
    ],
)
def test_how_it_concerns_them(
    concerned: dict[Kind, set[str]], user: str | None, product: str | None, reason: str
) -> None:
    judgement = judged(discount(1), concerned={**BOTH, **concerned})
    assert (judgement.user.by, judgement.product.by, judgement.verdict.reason) == (user, product, reason)


def test_all_is_for_everyone() -> None:
    nobody: dict[Kind, set[str]] = {kind: set() for kind in BOTH}
    judgement = judged(discount(1, all_customers=True, all_products=True), concerned=nobody)
    assert (judgement.user.by, judgement.product.by, judgement.verdict.reason) == ("all", "all", "wins")


@pytest.mark.parametrize(
    ("more", "amount"),
    [
        ({}, 500),
        ({"value": 6001}, 6000),
        ({"value": 0}, 0),
        ({"type": "percent", "value": 950}, 300),
        ({"type": "percent", "value": 333}, 4002),
    ],
)
def test_what_it_takes_is_never_more_than_the_price(more: dict[str, Any], amount: int) -> None:
    assert judged(discount(1, **more)).verdict.amount == amount


def test_a_product_that_the_directory_does_not_know_has_no_discount() -> None:
    """As the query answers it."""
    unknown = Pair(PAIR.buyer, PAIR.item, None)
    judgement = judged(discount(1), discount(2, currency="USD"), discount(3, enabled=False), pair=unknown)
    assert (judgement.verdict.amount, judgement.winner) == (0, None)
    assert [one.reason for one in judgement.candidates] == ["disabled", "unknown_product", "unknown_product"]


def test_candidates_come_in_the_seeds_order() -> None:
    rivals = [
        discount(1, priority=1),
        discount(2, priority=2),
        discount(3, priority=2, updated_at=NOON + HOUR),
        discount(4, priority=9, enabled=False),
        discount(5, priority=1),
    ]
    judgement = judged(*rivals)
    assert [(one.discount.id, one.reason) for one in judgement.candidates] == [
        (4, "disabled"), (3, "wins"), (2, "updated_earlier"), (5, "lower_priority"), (1, "lower_priority"),
    ]  # fmt: skip


@pytest.mark.parametrize("reason", SENTENCES)
def test_a_reason_is_said_in_both_languages(reason: Any) -> None:
    said = judged(discount(1), discount(2)).verdict.params
    assert all(SENTENCES[reason][language].format_map(said) for language in LANGUAGES)

"""Direct use: checked, worked out and redeemed in one call, once for each order of the shop's, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.checked import assert_sound
from tests.http import couponing, serving
from tests.http.couponing import LATER, Shop
from tests.http.ordering import outcome
from tests.http.serving import line


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Shop]:
    with couponing.opened(tmp_path, database_url=database_url) as made:
        yield made
    assert_sound(database_url)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shop]:
    """On SQLite: for what is the same on all."""
    with couponing.opened(tmp_path) as made:
        yield made


def test_a_use_says_what_it_took(shop: Shop) -> None:
    coupon = shop.coupon()
    used = shop.use(coupon)
    assert used.status_code == 200, used.text
    assert used.json() == {
        "coupon_id": coupon, "user_id": "ann", "order_no": "A1", "status": "used", "currency": "CNY",
        "order_amount": "120.00", "discount": "20.00", "payable": "100.00", "shipping_discount": "0.00",
        "lines": [{"id": "order", "discount": "20.00", "payable": "100.00"}], "gifts": [],
        "used_at": "2026-11-11T04:00:00Z",
    }  # fmt: skip
    assert shop.status(coupon)[0] == "used"
    assert shop.steps(coupon) == ["use"]


def test_the_same_order_again_is_answered_the_same(shop: Shop) -> None:
    coupon = shop.coupon()
    first = shop.use(coupon, key="k1")
    shop.clock.turn(minutes=5)
    for key in ("k1", None, "k2"):
        again = shop.use(coupon, key=key)
        assert (again.status_code, again.json()) == (200, first.json())
    assert shop.steps(coupon) == ["use"]


def test_it_is_used_once(shop: Shop) -> None:
    coupon = shop.coupon()
    assert shop.use(coupon, "A1").status_code == 200
    assert outcome(shop.use(coupon, "A2")) == "409 COUPON_USED"
    assert outcome(shop.use(coupon, "A1", order_amount="999.00")) == "409 COUPON_USED"


def test_of_many_at_once_one_gets_it(shop: Shop) -> None:
    coupon = shop.coupon()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: shop.use(coupon, f"A{n}"), range(16)))
    assert sorted(outcome(one) for one in answers) == ["200"] + ["409 COUPON_USED"] * 15


@pytest.mark.parametrize(
    ("policy", "after"), [("full_refund", ("unused", None)), ("pro_rata", ("unused", None)), ("never", None)]
)
def test_a_use_is_undone_once(shop: Shop, policy: str, after: tuple[Any, ...] | None) -> None:
    coupon = shop.coupon(give_back=policy, budget="20.00")
    shop.use(coupon)
    for _ in range(2):
        undone = shop.cancel_use(coupon)
        assert undone.status_code == 200, undone.text
        assert undone.json()["returned"] == (after is not None)
    if after is not None:
        assert shop.status(coupon) == after
        assert outcome(shop.use(coupon, "A1")) == "409 COUPON_USE_CANCELLED"
        assert shop.use(coupon, "A2").status_code == 200, "its budget came back too"
    else:
        assert shop.status(coupon)[0] == "used"


def test_what_was_not_used_is_not_undone(here: Shop) -> None:
    coupon = here.coupon()
    assert outcome(here.cancel_use(coupon, "A9")) == "404 COUPON_USE_NOT_FOUND"


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    # of a template, a use: the answer
    "its time is over": ({"expire_at": "2026-11-11T04:05:00Z"}, {}, "400 COUPON_EXPIRED"),
    "its time has not begun": (
        {"valid": {"starts_at": "2026-12-01T00:00:00Z", "ends_at": LATER}}, {}, "409 COUPON_NOT_STARTED",
    ),
    "not enough": ({}, {"order_amount": "99.99"}, "409 COUPON_NOT_APPLICABLE"),
    "another's": ({}, {"user_id": "bob"}, "404 COUPON_NOT_FOUND"),
    "another currency": ({}, {"currency": "USD"}, "409 COUPON_OTHER_CURRENCY"),
    "lines are needed": ({"scope": {"skus": ["TEA"]}}, {}, "400 VALIDATION_ERROR"),
    "nothing in scope": (
        {"scope": {"skus": ["TEA"]}, "min_amount": "0.00"}, {"lines": [line()]}, "409 COUPON_NOT_APPLICABLE",
    ),
    "both": ({}, {"lines": [line()], "order_amount": "120.00"}, "400 VALIDATION_ERROR"),
    "no order number": ({}, {"order_no": ""}, "400 VALIDATION_ERROR"),
    "a long order number": ({}, {"order_no": "A" * 41}, "400 VALIDATION_ERROR"),
    "no number": ({}, {"order_amount": "much"}, "400 VALIDATION_ERROR"),
    "less than nothing": ({}, {"order_amount": -1}, "400 VALIDATION_ERROR"),
    "something unknown": ({}, {"orderamount": 1}, "400 VALIDATION_ERROR"),
    "no user": ({}, {"user_id": None}, "400 VALIDATION_ERROR"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=lambda name: name)
def test_refused(here: Shop, case: str) -> None:
    terms, use, expected = REFUSED[case]
    coupon = here.coupon(**terms)
    here.clock.turn(minutes=6)
    answer = here.use(coupon, **use)
    assert outcome(answer) == expected, answer.text
    assert here.status(coupon) == ("unused", None)
    assert here.use(coupon, "A2", lines=[line(sku="TEA")]).status_code == (
        200 if case not in ("its time is over", "its time has not begun") else answer.status_code
    )


def test_the_seed_s_own_words(here: Shop) -> None:
    coupon = here.coupon(expire_at="2026-11-11T04:05:00Z")
    here.clock.turn(minutes=5)
    assert here.use(coupon).json()["message"] == "优惠券已过期"


def test_what_is_missing_is_said(here: Shop) -> None:
    (detail,) = here.use(here.coupon(), order_amount=80).json()["details"]
    assert detail["code"] == "conditions"
    assert detail["params"]["missing"] == "20.00"


def test_lines_decide_where_the_scope_is_checked(here: Shop) -> None:
    coupon = here.coupon(scope={"skus": ["TEA"]}, min_amount="50.00")
    lines = [line(), line(id="2", sku="TEA", unit_price=60, quantity=1)]
    used = here.use(coupon, lines=lines, shipping={"price": "5.00"}).json()
    assert [(one["id"], one["discount"]) for one in used["lines"]] == [("1", "0.00"), ("2", "20.00")]
    assert (used["order_amount"], used["payable"]) == ("185.00", "165.00")


def test_a_template_may_leave_its_scope_unchecked(here: Shop) -> None:
    coupon = here.coupon(scope={"skus": ["TEA"]}, check_scope=False)
    assert here.use(coupon).json()["discount"] == "20.00"


def test_nothing_else_that_runs_is_in_the_way(here: Shop) -> None:
    here.has(serving.promotion("half", stacking="exclusive"))
    assert here.use(here.coupon()).json()["payable"] == "100.00"


def test_several_coupons_in_one_order_of_the_shop(here: Shop) -> None:
    template = here.template()
    first, second = here.claimed(template), here.claimed(template)
    assert [here.use(one, "A1").status_code for one in (first, second)] == [200, 200]


def test_only_the_shop_s_server_uses_coupons(here: Shop) -> None:
    coupon = here.coupon()
    body = {"user_id": "ann", "order_no": "A1", "order_amount": "120.00"}
    for header in (serving.shopper(here.client, "ann"), serving.operator(here.client, "viewer")):
        answer = here.client.post(f"{couponing.COUPONS}/{coupon}/use", json=body, headers=header)
        assert answer.status_code == 403


@pytest.mark.parametrize("coupon", ["0", "-1", "x", "9" * 30, "1.0", "%E4%B8%80", "99"])
def test_no_such_coupon(here: Shop, coupon: str) -> None:
    assert outcome(here.use(coupon)) == "404 COUPON_NOT_FOUND"

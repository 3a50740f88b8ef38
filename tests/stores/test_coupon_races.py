"""What orders, direct uses, claims and changes of templates do to one another when they meet, on every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from tests.checked import assert_sound
from tests.http import couponing
from tests.http.couponing import COUPONS, TEMPLATES, Shop
from tests.http.ordering import outcome
from youhui.coupons.codes import store as codes
from youhui.coupons.codes.model import NewCode
from youhui.coupons.issuing.jobs import expire_coupons
from youhui.coupons.store import MOST_IN_WALLET
from youhui.coupons.templates import store as templates

ANN = {"id": "ann"}


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Shop]:
    with couponing.opened(tmp_path, database_url=database_url) as made:
        yield made
    assert_sound(database_url)


def at_once(*requests: Callable[[], Response]) -> list[Response]:
    with ThreadPoolExecutor(len(requests)) as pool:
        return [one.result() for one in [pool.submit(request) for request in requests]]


def claim(shop: Shop, template: int) -> str:
    body = {"user_id": "ann"}
    return outcome(shop.client.post(f"{TEMPLATES}/{template}/claim", json=body, headers=shop.key))


def change(shop: Shop, template: int, **more: Any) -> None:
    changed = shop.client.patch(f"{TEMPLATES}/{template}", json=more)
    assert changed.status_code == 200, changed.text


# -- one coupon


def test_one_use_that_is_sent_many_times_at_once(shop: Shop) -> None:
    coupon = shop.coupon(budget="20.00")
    answers = at_once(*[lambda: shop.use(coupon, "A1")] * 16)
    assert [one.status_code for one in answers] == [200] * 16
    assert len({one.text for one in answers}) == 1
    assert shop.steps(coupon) == ["use"]
    undone = at_once(*[lambda: shop.cancel_use(coupon, "A1")] * 8)
    assert {(one.status_code, one.text) for one in undone} == {(200, undone[0].text)}
    assert shop.steps(coupon) == ["use", "return"]


def test_a_use_and_an_order_meet_at_one_coupon(shop: Shop) -> None:
    for turn in range(5):
        coupon = shop.coupon()
        used, placed = at_once(
            lambda c=coupon, n=turn: shop.use(c, f"U{n}"),  # type: ignore[misc]
            lambda c=coupon, n=turn: shop.place(  # type: ignore[misc]
                f"P{n}", customer=ANN, coupons=[c], expected_payable="100.00"
            ),
        )
        came = (outcome(used), outcome(placed))
        assert came in (("200", "409 QUOTE_CHANGED"), ("409 COUPON_LOCKED", "201")), came
        assert shop.status(coupon)[0] == ("used" if used.status_code == 200 else "locked")


def test_voiding_one_and_ordering_with_it(shop: Shop) -> None:
    for turn in range(5):
        coupon = shop.coupon()
        voided, placed = at_once(
            lambda c=coupon: shop.client.post(f"{COUPONS}/{c}/void", json={}),  # type: ignore[misc]
            lambda c=coupon, n=turn: shop.place(  # type: ignore[misc]
                f"P{n}", customer=ANN, coupons=[c], expected_payable="100.00"
            ),
        )
        came = (outcome(voided), outcome(placed))
        assert came in (("200", "409 QUOTE_CHANGED"), ("409 COUPON_LOCKED", "201")), came


def test_a_hold_that_is_over_is_left_to_its_order_by_the_sweep(shop: Shop) -> None:
    """Only what ends the order ends its coupon: the sweep would write over what a late payment takes again."""
    coupon = shop.coupon(expire_at="2026-11-11T05:00:00Z")
    shop.place("A1", customer=ANN, coupons=[coupon])
    shop.clock.turn(minutes=16)
    assert expire_coupons(shop.client.service.database, shop.clock) == 0
    assert shop.pay("A1").status_code == 200
    assert shop.status(coupon) == ("used", "A1")


def test_an_order_is_not_a_use(shop: Shop) -> None:
    """No order of the shop's has the number of a use: else it could be undone as if it were one."""
    coupon = shop.coupon()
    assert outcome(shop.place(f"use:{coupon}:A1")) == "400 VALIDATION_ERROR"
    assert outcome(shop.cancel_use(coupon, "A1")) == "404 COUPON_USE_NOT_FOUND"


def test_who_asks_from_elsewhere_asks_the_same(shop: Shop) -> None:
    """A shopper who taps again has another address by now, and a number may be written in another way."""
    coupon = shop.coupon()
    first = shop.use(coupon, "A1", risk={"ip": "203.0.113.1"})
    again = shop.use(coupon, "A1", risk={"ip": "203.0.113.2", "device": "d2"})
    assert (again.status_code, again.json()) == (200, first.json())


# -- what coupons of a template share


@pytest.mark.parametrize(
    ("limit", "reason"), [({"usage_limit": 3}, "usage_limit"), ({"budget": "50.00"}, "budget")]
)
def test_several_of_one_template_are_quoted_at_what_is_left_for_all(
    shop: Shop, limit: dict[str, Any], reason: str
) -> None:
    """What a quote says can be ordered."""
    template = shop.template(**limit, several_per_order=True, value="15.00")
    named = [shop.claimed(template) for _ in range(4)]
    quote = shop.quote(customer=ANN, coupons=named)
    assert quote["total"] == "75.00"
    (refused,) = [one for one in quote["verdicts"] if "reason" in one]
    assert (refused["promotion"], refused["reason"]) == (f"coupon:{named[3]}", reason)
    assert shop.place("A1", customer=ANN, coupons=named, expected_payable="75.00").status_code == 201


# -- issuing


def test_a_limit_that_was_lifted_for_a_while_counts_what_was_issued_meanwhile(shop: Shop) -> None:
    template = shop.template(per_customer=1, per_customer_per_day=1)
    assert claim(shop, template) == "201"
    change(shop, template, per_customer=None, per_customer_per_day=None)
    assert [claim(shop, template), claim(shop, template)] == ["201", "201"]
    assert_sound(str(shop.client.service.settings.database_url))
    change(shop, template, per_customer=4, per_customer_per_day=4)
    assert [claim(shop, template), claim(shop, template)] == ["201", "409 COUPON_LIMIT_REACHED"]


def test_a_day_in_another_zone_is_counted_anew(shop: Shop) -> None:
    """It is noon of the 11th in Shanghai, and in New York an hour before the 11th."""
    template = shop.template(per_customer_per_day=1, time_zone="America/New_York")
    shop.clock.turn(minutes=59)
    assert claim(shop, template) == "201"
    shop.clock.turn(minutes=2)
    assert claim(shop, template) == "201"
    change(shop, template, time_zone="Asia/Shanghai")  # where both were on the 11th
    change(shop, template, per_customer_per_day=2)
    assert claim(shop, template) == "409 COUPON_LIMIT_REACHED"


def test_who_makes_codes_keeps_nobody_from_claiming(shop: Shop) -> None:
    """A row of a code refers to its template, which a claim locks: a step of a million takes a second."""
    database = shop.client.service.database
    if database.engine.dialect.name != "postgresql":
        pytest.skip("its locks of rows do not tell keys apart")
    template = shop.template(ways=["claim", "code"])
    with database.writing() as making:
        codes.add(making, template, 0, shop.clock(), [NewCode(key="k", code="K")])
        with database.hurried(1.0) as claiming:
            templates.lock(claiming, [template])


def test_what_is_void_hides_nothing_that_can_be_used(shop: Shop) -> None:
    """No sweep has run (P15), and an order tries so many only."""
    void, other = shop.template(value="30.00"), shop.template(value="30.00", currency="USD")
    for template in (void, other):
        for _ in range(MOST_IN_WALLET // 2):
            shop.claimed(template)
    shop.coupon(expire_at="2027-12-12T00:00:00Z")
    shop.admin(void, "void", reason="a mistake")
    assert shop.quote(customer=ANN, coupons="auto")["total"] == "100.00"

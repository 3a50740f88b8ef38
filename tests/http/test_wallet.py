"""What a customer has: listed, with its steps, voided, at hand, and what of it a cart can use."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.checked import assert_sound
from tests.http import couponing, serving
from tests.http.couponing import COUPONS, LATER, TEMPLATES, Shop
from tests.http.ordering import outcome
from tests.http.serving import PROMOTIONS, cart, line
from youhui.coupons.model import Gift, Terms
from youhui.coupons.wallet.rules import words

AVAILABLE = f"{COUPONS}/available"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with couponing.opened(tmp_path) as made:
        yield made
    assert_sound(f"sqlite:///{tmp_path / 'youhui.db'}")


def get(shop: Shop, path: str, headers: dict[str, str] | None = None, **params: Any) -> dict[str, Any]:
    answer = shop.client.get(path, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(page: dict[str, Any]) -> list[int]:
    return [one["id"] for one in page["results"]]


def void(shop: Shop, coupon: object, **body: Any) -> Any:
    return shop.client.post(f"{COUPONS}/{coupon}/void", json=body or None)


def fit(shop: Shop, headers: dict[str, str] | None = None, user: str = "ann", **more: Any) -> dict[str, Any]:
    body = cart(**{"customer": {"id": user}, **more})
    answer = shop.client.post(AVAILABLE, json=body, headers=headers or shop.key)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# -- lists


def test_a_list_shows_coupons_as_they_stand(shop: Shop) -> None:
    template = shop.template()
    coupon = shop.claimed(template)
    (one,) = get(shop, COUPONS)["results"]
    assert one == {
        "id": coupon, "template_id": template, "user_id": "ann", "status": "unused", "started": True,
        "name": "满100减20", "type": "discount", "text": "满100减20", "currency": "CNY", "value": "20.00",
        "value_type": "amount", "max_discount": None, "gift": None, "min_amount": "100.00", "min_quantity": 0,
        "scope": None, "combines_with_coupons": False, "several_per_order": False,
        "combines_with_promotions": True, "order_no": None, "discount": None, "source": "claim", "source_id": "",
        "issued_at": "2026-11-11T04:00:00Z", "starts_at": "2026-11-11T04:00:00Z", "expire_at": LATER,
        "used_at": None,
    }  # fmt: skip


def test_lists_are_narrowed(shop: Shop) -> None:
    first, second = shop.template(), shop.template(name="second")
    a1, b1 = shop.claimed(first), shop.claimed(first, "bob")
    shop.clock.turn(hours=1)
    a2 = shop.claimed(second)
    assert shop.place("A1", customer={"id": "ann"}, coupons=[a1]).status_code == 201
    assert shop.use(a2, "B7").status_code == 200
    for params, found in (
        ({}, [a2, b1, a1]),
        ({"user_id": "ann"}, [a2, a1]),
        ({"template_id": first}, [b1, a1]),
        ({"status": "locked"}, [a1]),
        ({"status": "used"}, [a2]),
        ({"status": "unused", "user_id": "ann"}, []),
        ({"order_no": "A1"}, [a1]),
        ({"order_no": "B7"}, [a2]),
        ({"order_no": "7"}, []),
        ({"source": "claim", "user_id": "bob"}, [b1]),
        ({"source": "push"}, []),
        ({"from": "2026-11-11T05:00:00Z"}, [a2]),
        ({"to": "2026-11-11T05:00:00Z"}, [b1, a1]),
        ({"page": 2, "page_size": 2}, [a1]),
    ):
        assert ids(get(shop, COUPONS, **params)) == found, params
    assert get(shop, COUPONS, page_size=2)["total"] == 3
    (used,) = get(shop, COUPONS, order_no="B7")["results"]
    assert (used["order_no"], used["discount"], used["used_at"]) == ("B7", "20.00", "2026-11-11T05:00:00Z")


def test_a_coupon_keeps_the_terms_that_it_was_issued_by(shop: Shop) -> None:
    template = shop.template()
    shop.claimed(template)
    changed = shop.client.patch(f"{TEMPLATES}/{template}", json={"value": "5.00", "name": "renamed"})
    assert changed.status_code == 200, changed.text
    shop.claimed(template)
    shown = [(one["value"], one["text"], one["name"]) for one in get(shop, COUPONS)["results"]]
    assert shown == [("5.00", "满100减5", "renamed"), ("20.00", "满100减20", "renamed")]


def test_what_was_issued_of_a_template_is_listed_and_exported(shop: Shop) -> None:
    template = shop.template(name='=HYPERLINK("x")')
    coupons = [shop.claimed(template, user) for user in ("@cmd", "bob")]
    shop.coupon()
    path = f"{TEMPLATES}/{template}/records"
    assert ids(get(shop, path)) == coupons[::-1]
    assert ids(get(shop, path, user_id="bob")) == [coupons[1]]
    answer = shop.client.get(f"{path}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["id"], row["user_id"], row["name"], row["order_no"]) for row in rows] == [
        (str(coupons[0]), "'@cmd", '\'=HYPERLINK("x")', ""),
        (str(coupons[1]), "bob", '\'=HYPERLINK("x")', ""),
    ]
    for unknown in (f"{TEMPLATES}/99/records", f"{TEMPLATES}/99/records.csv", f"{TEMPLATES}/x/records.csv"):
        assert outcome(shop.client.get(unknown)) == "404 COUPON_TEMPLATE_NOT_FOUND"


def test_a_long_export_comes_in_parts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("youhui.coupons.wallet.service.EXPORTED", 2)
    template = shop.template()
    coupons = [shop.claimed(template, f"u{i}") for i in range(5)]  # all at one instant
    shop.clock.turn(minutes=1)
    coupons.append(shop.claimed(template, "late"))
    lines = shop.client.get(f"{TEMPLATES}/{template}/records.csv").text.splitlines()
    assert [int(row.split(",")[0]) for row in lines[1:]] == coupons


@pytest.mark.parametrize(
    ("terms", "currency", "chinese", "english"),
    [
        ({"amount": 2000, "min_amount": 10_000}, "CNY", "满100减20", "¥20 off from ¥100"),
        ({"amount": 550}, "CNY", "立减5.5", "¥5.5 off"),
        ({"amount": 550, "min_amount": 9900}, "USD", "满USD 99减USD 5.5", "USD 5.5 off from USD 99"),
        ({"amount": 300, "min_quantity": 2}, "JPY", "满2件减JPY 300", "JPY 300 off from 2 items"),
        ({"amount": 3, "min_amount": 10, "min_quantity": 2}, "JPY", "满JPY 10且满2件减JPY 3",
         "JPY 3 off from JPY 10 and 2 items"),
        ({"percent_paid": 8500, "max_discount": 7000}, "CNY", "8.5折 最高减70", "15 % off, at most ¥70"),
        ({"percent_paid": 8880, "min_amount": 10_000}, "CNY", "满100享8.88折", "11.2 % off from ¥100"),
        ({"percent_paid": 5000}, "CNY", "5折", "50 % off"),
        ({"type": "shipping"}, "CNY", "包邮", "Free shipping"),
        ({"type": "shipping", "min_amount": 9900}, "CNY", "满99包邮", "Free shipping from ¥99"),
        ({"type": "shipping", "amount": 500}, "CNY", "运费减5", "¥5 off shipping"),
        ({"type": "gift", "gift": Gift(sku="MUG")}, "CNY", "赠 MUG×1", "1 × MUG free"),
        ({"type": "gift", "gift": Gift(sku="a{b}", quantity=2), "min_quantity": 3}, "CNY", "满3件赠 a{b}×2",
         "2 × a{b} free from 3 items"),
    ],
)  # fmt: skip
def test_what_a_coupon_gives_is_said_in_a_line(
    terms: dict[str, Any], currency: str, chinese: str, english: str
) -> None:
    given = Terms(**{"type": "discount", **terms})
    assert words(given, currency, "zh-CN") == chinese
    assert words(given, currency, "en") == english


# -- whose it is


def test_a_shopper_sees_only_its_own(shop: Shop) -> None:
    template = shop.template()
    mine, others = shop.claimed(template), shop.claimed(template, "bob")
    ann = serving.shopper(shop.client, "ann")
    assert ids(get(shop, COUPONS, ann)) == ids(get(shop, COUPONS, ann, user_id="ann")) == [mine]
    assert [one["id"] for one in get(shop, AVAILABLE, ann)["usable"]] == [mine]
    for path in (COUPONS, AVAILABLE):
        refused = shop.client.get(path, params={"user_id": "bob"}, headers=ann)
        assert outcome(refused) == "403 FORBIDDEN"
    assert outcome(shop.client.get(f"{COUPONS}/{others}", headers=ann)) == "404 COUPON_NOT_FOUND"
    told = get(shop, f"{COUPONS}/{mine}", ann)
    assert [(step["kind"], step["by"], step["reason"]) for step in told["steps"]] == [("issue", None, None)]
    assert outcome(shop.client.post(f"{COUPONS}/{mine}/void", headers=ann)) == "403 FORBIDDEN"
    body = cart(customer={"id": "bob"})
    assert outcome(shop.client.post(AVAILABLE, json=body, headers=ann)) == "403 FORBIDDEN"


# -- one and its steps


def steps(shop: Shop, coupon: int) -> list[tuple[Any, ...]]:
    found = get(shop, f"{COUPONS}/{coupon}")["steps"]
    return [(step["kind"], step["at"][11:16], step["order_no"]) for step in found]


def test_every_step_is_told(shop: Shop) -> None:
    coupon = shop.coupon(expire_at="2026-11-11T08:00:00Z")
    shop.place("A1", customer={"id": "ann"}, coupons=[coupon], hold_seconds=60)
    assert get(shop, f"{COUPONS}/{coupon}")["status"] == "locked"
    shop.clock.turn(minutes=30)
    lapsed = [("issue", "04:00", None), ("lock", "04:00", "A1"), ("expire", "04:01", "A1")]
    assert steps(shop, coupon) == lapsed, "written down or not"
    assert get(shop, f"{COUPONS}/{coupon}")["status"] == "unused"
    shop.use(coupon, "B1")
    shop.clock.turn(minutes=30)
    shop.cancel_use(coupon, "B1")
    shop.clock.turn(hours=4)
    after = steps(shop, coupon)
    assert [after[0][0], *after[3:]] == [
        "issue", ("use", "04:30", "B1"), ("return", "05:00", "B1"), ("expired", "08:00", None)
    ]  # fmt: skip
    assert get(shop, f"{COUPONS}/{coupon}")["status"] == "expired"
    by = [step["by"] for step in get(shop, f"{COUPONS}/{coupon}")["steps"]]
    assert by[0].startswith("storefront:")
    assert by[-1] == "admin:system"


def test_a_coupon_goes_with_its_template(shop: Shop) -> None:
    template = shop.template()
    free, held = shop.claimed(template), shop.claimed(template)
    shop.place("A1", customer={"id": "ann"}, coupons=[held], hold_seconds=600)
    shop.clock.turn(minutes=1)
    shop.admin(template, "void", reason="wrong")
    assert get(shop, f"{COUPONS}/{free}")["status"] == "void"
    assert steps(shop, free)[-1] == ("void", "04:01", None)
    assert get(shop, f"{COUPONS}/{held}")["status"] == "locked"
    shop.clock.turn(hours=1)
    assert steps(shop, held)[-2:] == [("expire", "04:10", "A1"), ("void", "04:10", None)]
    assert ids(get(shop, COUPONS, status="void")) == [held, free]


@pytest.mark.parametrize("id_", ["0", "x", "9", "-1", "1.0", "9" * 30, "١", "%00"])
def test_what_is_no_coupon_is_not_found(shop: Shop, id_: str) -> None:
    assert outcome(shop.client.get(f"{COUPONS}/{id_}")) == "404 COUPON_NOT_FOUND"
    assert outcome(void(shop, id_)) == "404 COUPON_NOT_FOUND"


@pytest.mark.parametrize(
    "query",
    [
        "status=lost", "user_id=a b", "user_id=%00", "template_id=0", "template_id=x", "from=yesterday",
        "to=2026-11-11T00:00:00", "source=mail", "order_no=", f"template_id={2**63}", "page_size=101",
    ],
)  # fmt: skip
def test_what_cannot_be_wanted_is_refused(shop: Shop, query: str) -> None:
    assert outcome(shop.client.get(f"{COUPONS}?{query}")) == "400 VALIDATION_ERROR"


# -- voiding


def test_an_unused_coupon_is_voided_once(shop: Shop) -> None:
    coupon = shop.coupon()
    voided = void(shop, coupon, reason="发错了")
    assert (voided.status_code, voided.json()["status"]) == (200, "void")
    assert void(shop, coupon).json() == voided.json(), "again changes nothing"
    assert shop.steps(coupon) == ["void"]
    last = get(shop, f"{COUPONS}/{coupon}")["steps"][-1]
    assert (last["kind"], last["reason"]) == ("void", "发错了")
    (entry,) = get(shop, "/api/admin/audit", object=f"coupon:{coupon}")["results"]
    assert entry["action"] == "coupon.void"
    assert (entry["before"]["status"], entry["after"]["status"]) == ("unused", "void")
    assert outcome(shop.use(coupon)) == "409 COUPON_VOID"


def test_what_is_not_unused_is_not_voided(shop: Shop) -> None:
    locked, used = shop.coupon(), shop.coupon()
    expired = shop.coupon(expire_at="2026-11-11T05:00:00Z")
    shop.place("A1", customer={"id": "ann"}, coupons=[locked], hold_seconds=7200)
    shop.use(used)
    shop.clock.turn(hours=1)
    assert outcome(void(shop, locked)) == "409 COUPON_LOCKED"
    assert outcome(void(shop, used)) == "409 COUPON_USED"
    assert outcome(void(shop, expired)) == "400 COUPON_EXPIRED"
    assert get(shop, "/api/admin/audit", action="coupon.void")["total"] == 0
    assert outcome(void(shop, used, reason=7)) == outcome(void(shop, used, why="x")) == "400 VALIDATION_ERROR"


def test_a_coupon_that_an_order_held_too_long_is_voided_for_good(shop: Shop) -> None:
    coupon = shop.coupon()
    shop.place("A1", customer={"id": "ann"}, coupons=[coupon], hold_seconds=60)
    shop.clock.turn(minutes=2)
    assert void(shop, coupon).json()["status"] == "void"
    assert shop.steps(coupon) == ["lock", "expire", "void"]
    assert outcome(shop.pay("A1")) == "409 HOLD_EXPIRED"
    assert get(shop, f"{COUPONS}/{coupon}")["status"] == "void"


# -- at hand


def test_what_is_at_hand_is_what_can_be_used_or_claimed(shop: Shop) -> None:
    now = shop.template(expire_at="2026-12-01T00:00:00Z")
    window = {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-21T00:00:00Z"}
    later = shop.template(valid=window, expire_at=None)
    usable = [shop.claimed(later), shop.claimed(now)]
    shop.use(shop.claimed(now))
    limited = shop.template(per_customer=2, total=3, name="limited")
    shop.claimed(limited)
    shop.template(total=1, name="gone")
    shop.claimed(shop.template(per_customer=1, name="enough"))
    shop.template(ways=["push"], name="other way")
    shop.template(claim_from="2026-12-01T00:00:00Z", name="not yet")
    found = get(shop, AVAILABLE, shop.key, user_id="ann")
    assert [(one["id"], one["started"]) for one in found["usable"]][:2] == [
        (usable[0], False),
        (usable[1], True),
    ]
    names = {one["name"]: (one["remaining"], one["left"]) for one in found["claimable"]}
    assert names["limited"] == (2, 1)
    assert names["gone"] == (1, None), "one is left"
    assert names.keys() == {"满100减20", "limited", "gone"}


def test_only_what_a_claim_would_get_is_claimable(shop: Shop) -> None:
    audiences: dict[str, dict[str, Any]] = {
        "all": {"kind": "all"},
        "vips": {"kind": "groups", "groups": ["vip"]},
        "list": {"kind": "list", "customers": ["ann"]},
        "new": {"kind": "new_customers"},
    }
    templates = {name: shop.template(name=name, audience=one) for name, one in audiences.items()}
    brought = shop.client.put(
        "/api/directory/customers",
        content='{"id": "vip1", "groups": ["vip"]}\n',
        headers={**shop.key, "content-type": "application/x-ndjson"},
    )
    assert brought.status_code == 200, brought.text
    shop.client.service.following.notice()
    shop.place("A1", customer={"id": "bob"})
    for user, names in (
        ("ann", {"all", "list", "new"}),
        ("bob", {"all"}),
        ("vip1", {"all", "vips", "new"}),
        (None, {"all"}),
    ):
        params = {} if user is None else {"user_id": user}
        found = {one["name"] for one in get(shop, AVAILABLE, shop.key, **params)["claimable"]}
        assert found == names, user
        for name, template in templates.items():
            if user is not None:
                path, body = f"{TEMPLATES}/{template}/claim", {"user_id": user}
                claimed = shop.client.post(path, json=body, headers=shop.key).status_code == 201
                assert claimed == (name in names), (user, name)


# -- and a cart


def test_the_coupons_that_save_most_come_first(shop: Shop) -> None:
    small, big = shop.coupon(value="5.00"), shop.coupon(value="30.00")
    rate = shop.coupon(value="8.5", value_type="percent")
    gift = shop.coupon(type="gift", value=None, gift={"sku": "MUG", "quantity": 2, "value": "10.00"})
    found = fit(shop)
    assert [(one["id"], one["saving"], one["gift_value"], one["text"]) for one in found["usable"]] == [
        (big, "30.00", "0.00", "满100减30"),
        (gift, "0.00", "20.00", "满100赠 MUG×2"),
        (rate, "18.00", "0.00", "满100享8.5折"),
        (small, "5.00", "0.00", "满100减5"),
    ]
    assert found["total"] == "120.00"
    assert found["best"] == {"ids": [big], "saving": "30.00", "total": "90.00", "optimal": True}
    assert [one["id"] for one in found["usable"] if one["best"]] == [big]
    assert shop.quote(customer={"id": "ann"}, coupons="auto")["total"] == "90.00"


def test_what_saves_the_same_is_used_before_it_ends(shop: Shop) -> None:
    late = shop.coupon()
    soon = shop.coupon(expire_at="2026-11-12T00:00:00Z")
    assert [one["id"] for one in fit(shop)["usable"]] == [soon, late]


def test_coupons_that_go_together_are_the_best_together(shop: Shop) -> None:
    alone = shop.coupon(value="25.00")
    pair = [shop.coupon(value=value, combines_with_coupons=True) for value in ("20.00", "15.00")]
    found = fit(shop)
    assert (sorted(found["best"]["ids"]), found["best"]["saving"]) == (sorted(pair), "35.00")
    assert [(one["id"], one["best"]) for one in found["usable"]] == [
        (alone, False), (pair[0], True), (pair[1], True)
    ]  # fmt: skip


def test_coupons_alike_are_all_told_and_one_is_chosen(shop: Shop) -> None:
    template = shop.template()
    coupons = [shop.claimed(template) for _ in range(3)]
    found = fit(shop)
    assert [(one["id"], one["saving"]) for one in found["usable"]] == [(id_, "20.00") for id_ in coupons]
    assert found["best"]["ids"] == coupons[:1]


@pytest.mark.parametrize(
    ("terms", "reason", "missing", "message"),
    [
        ({"min_amount": "140.00"}, "conditions", "20.00", "需满 ¥140.00，还差 ¥20.00。"),
        ({"min_quantity": 3, "min_amount": 0}, "conditions", 1, "需满 3 件，还差 1 件。"),
        ({"scope": {"skus": ["TEE"]}, "min_amount": 0}, "conditions", 1, "需满 1 件（SKU TEE），还差 1 件。"),
        ({"type": "shipping", "value": None}, "no_effect", None, "购物车中没有可优惠的内容。"),
        ({"usage_limit": 1}, "usage_limit", None, "使用次数已达上限：已用 1 次，上限 1 次。"),
        ({"currency": "USD"}, "other_currency", None, "优惠券的货币与订单不同"),
        (
            {"valid": {"starts_at": "2026-11-20T00:00:00Z", "ends_at": LATER}, "expire_at": None},
            "not_started", None, "优惠券尚未生效",
        ),
    ],
)  # fmt: skip
def test_a_coupon_that_cannot_be_used_says_why(
    shop: Shop, terms: dict[str, Any], reason: str, missing: Any, message: str
) -> None:
    template = shop.template(**terms)
    if "usage_limit" in terms:
        assert shop.use(shop.claimed(template, "bob"), user_id="bob").status_code == 200
        shop.clock.turn(seconds=5)
    coupon = shop.claimed(template)
    good = shop.coupon()
    found = fit(shop)
    (one,) = found["unusable"]
    assert (one["id"], one["reason"], one["message"]) == (coupon, reason, message)
    assert (one["gap"] and one["gap"]["missing"]) == missing
    assert [one["id"] for one in found["usable"]] == [good]


def test_a_coupon_says_which_promotion_keeps_it_off(shop: Shop) -> None:
    sale = {"id": "sale", "name": "清仓", "stacking": "exclusive",
            "actions": [{"kind": "amount_off", "amount": "40.00", "target": "order"}]}  # fmt: skip
    assert shop.client.post(PROMOTIONS, json=sale).status_code == 201
    shop.coupon()
    found = fit(shop)
    assert (found["total"], found["usable"], found["best"]) == ("80.00", [], None)
    (one,) = found["unusable"]
    assert (one["reason"], one["rival"]) == ("excluded", "sale")
    assert "“清仓”" in one["message"]
    english = fit(shop, {**shop.key, "accept-language": "en"})
    assert "清仓" in english["unusable"][0]["message"]
    assert english["unusable"][0]["text"] == "¥20 off from ¥100"


def test_savings_are_beside_what_promotions_save(shop: Shop) -> None:
    shop.has({"id": "ten", "actions": [{"kind": "percent_off", "percent": "10", "target": "order"}]})
    rate = shop.coupon(value="5", value_type="percent", min_amount=0)
    found = fit(shop)
    assert (found["total"], found["usable"][0]["id"]) == ("108.00", rate)
    assert found["usable"][0]["saving"] == "54.00"
    assert found["best"]["total"] == "54.00"


def test_coupons_that_are_gone_or_somebody_else_s_are_not_told(shop: Shop) -> None:
    template = shop.template()
    shop.claimed(template, "bob")
    shop.use(shop.claimed(template))
    shop.place("A2", customer={"id": "ann"}, coupons=[shop.claimed(template)])
    void(shop, shop.claimed(template))
    gone = shop.template()
    shop.claimed(gone)
    shop.admin(gone, "void")
    shop.coupon(expire_at="2026-11-11T04:30:00Z")
    shop.clock.turn(minutes=30)
    nothing: dict[str, Any] = {
        "currency": "CNY",
        "total": "120.00",
        "usable": [],
        "unusable": [],
        "best": None,
    }
    held = fit(shop)
    assert [one["order_no"] for one in held["usable"]] == [None], "the order's time is over"
    assert fit(shop, user="nobody") == nothing
    guest = shop.client.post(AVAILABLE, json=cart(), headers=shop.key)
    assert guest.json() == nothing


def test_of_many_coupons_those_that_end_first_are_looked_at(shop: Shop) -> None:
    many = shop.template()
    for _ in range(101):
        shop.claimed(many)
    soon = shop.coupon(expire_at="2026-11-12T00:00:00Z", value="1.00")
    found = fit(shop)
    assert len(found["usable"]) == 100
    assert found["usable"][-1]["id"] == soon


def test_a_shopper_s_prices_are_the_directory_s(shop: Shop) -> None:
    coupon = shop.coupon()
    brought = shop.client.put(
        "/api/directory/products",
        content='{"id": "MUG", "sku": "MUG", "name": "Mug", "price": "60.00", "currency": "CNY"}\n',
        headers={**shop.key, "content-type": "application/x-ndjson"},
    )
    assert brought.status_code == 200, brought.text
    ann = serving.shopper(shop.client, "ann")
    found = fit(shop, ann, lines=[line(unit_price="9000.00", product="MUG")])
    assert (found["total"], found["best"]["ids"]) == ("120.00", [coupon])


@pytest.mark.parametrize(
    "more",
    [
        {"coupons": [1]}, {"coupons": "auto"}, {"currency": "?"}, {"at": "today"}, {"x": 1},
        {"customer": {"id": "a b"}}, {"lines": [line(quantity=2**63)]}, {"customer": {"id": "\ud800"}},
    ],
)  # fmt: skip
def test_a_cart_that_is_wrong_is_refused(shop: Shop, more: dict[str, Any]) -> None:
    body = json.dumps(cart(**{"customer": {"id": "ann"}, **more}))  # in ASCII: halves of characters too
    headers = {**shop.key, "content-type": "application/json"}
    answer = shop.client.post(AVAILABLE, content=body, headers=headers)
    assert outcome(answer) == "400 VALIDATION_ERROR", answer.text

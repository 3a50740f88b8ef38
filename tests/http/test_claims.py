"""Claiming over HTTP: who may, for whom, and what is answered; and many at once against a real process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx2 import Response

from tests import servers
from tests.faults.load import Answer, Line, Request
from tests.http import serving
from tests.http.ordering import Turned
from tests.http.serving import Client

TEMPLATES = "/api/marketing/coupon-templates"
COUPON = {
    "name": "满100减20", "type": "discount", "value": "20.00", "min_amount": "100.00",
    "expire_at": "2027-11-11T00:00:00Z", "ways": ["claim"],
}  # fmt: skip


class Shop:
    """A shop whose server claims with an API key."""

    def __init__(self, client: Client, clock: Turned) -> None:
        self.client = client
        self.clock = clock
        self.key = serving.key(client, "coupons")

    def template(self, **more: Any) -> int:
        """A template that is published."""
        made = self.client.post(TEMPLATES, json={**COUPON, **more})
        assert made.status_code == 201, made.text
        id_: int = made.json()["id"]
        published = self.client.post(f"{TEMPLATES}/{id_}/publish")
        assert published.status_code == 200, published.text
        return id_

    def claim(self, id_: object, user: object = None, **how: Any) -> Response:
        body = how.pop("body", {} if user is None else {"user_id": user})
        headers = {**how.pop("by", self.key), **how.pop("headers", {})}
        return self.client.post(f"{TEMPLATES}/{id_}/claim", json=body, headers=headers)

    def registered(self, user: str) -> Response:
        return self.client.post(f"/api/marketing/customers/{user}/registered", headers=self.key)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    clock = Turned()
    with serving.client(tmp_path, clock) as client:
        yield Shop(client, clock)


def told(answer: Response) -> tuple[int, str, str, list[dict[str, Any]]]:
    body = answer.json()
    return answer.status_code, body["error"], body["message"], [one["params"] for one in body["details"]]


def test_a_claim_is_answered_with_the_coupon(shop: Shop) -> None:
    id_ = shop.template()
    claimed = shop.claim(id_, "ann")
    assert claimed.status_code == 201, claimed.text
    assert claimed.json() == {
        "id": 1, "template_id": id_, "user_id": "ann", "source": "claim", "source_id": "",
        "starts_at": "2026-11-11T04:00:00Z", "expire_at": "2027-11-11T00:00:00Z",
        "issued_at": "2026-11-11T04:00:00Z",
    }  # fmt: skip
    assert shop.client.get(f"{TEMPLATES}/{id_}").json()["issued"] == 1


def test_refusals_say_why(shop: Shop) -> None:
    one = shop.template(total=1, per_customer=1)
    assert shop.claim(one, "ann").status_code == 201
    assert told(shop.claim(one, "ann")) == (
        409, "COUPON_LIMIT_REACHED", "已达领取上限", [{"limit": 1, "per": "customer"}],
    )  # fmt: skip
    assert told(shop.claim(one, "ben"))[:3] == (409, "COUPON_SOLD_OUT", "优惠券已领完")
    later = shop.template(claim_from="2026-11-12T00:00:00Z", per_customer_per_day=1)
    assert told(shop.claim(later, "ann")) == (
        409, "COUPON_NOT_CLAIMABLE", "优惠券不可领取：未开始", [{"state": "scheduled"}],
    )  # fmt: skip
    shop.clock.turn(days=1)
    assert shop.claim(later, "ann").status_code == 201
    assert told(shop.claim(later, "ann"))[3] == [{"limit": 1, "per": "day"}]
    shop.clock.turn(days=1)
    assert shop.claim(later, "ann").status_code == 201
    shop.client.post(f"{TEMPLATES}/{later}/pause")
    english = shop.claim(later, "ben", headers={"accept-language": "en"})
    assert told(english)[2] == "This coupon is not issued: it is not issued any more"
    for unknown in (10**6, 2**63, 2**53, "x", "-1", "1.5", "%00", "٣", "9" * 400):
        assert told(shop.claim(unknown, "ann"))[:2] == (404, "COUPON_TEMPLATE_NOT_FOUND"), unknown


def test_an_idempotency_key_claims_once(shop: Shop) -> None:
    id_ = shop.template(total=5)
    key = {"idempotency-key": "k1"}
    first = shop.claim(id_, "ann", headers=key)
    shop.client.post(f"{TEMPLATES}/{id_}/close")
    again = shop.claim(id_, "ann", headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert told(shop.claim(id_, "ben", headers=key))[:2] == (422, "IDEMPOTENCY_KEY_REUSED")
    other = {**serving.key(shop.client, "coupons"), **key}
    assert told(shop.claim(id_, "ann", by=other))[1] == "COUPON_NOT_CLAIMABLE", "keys are of who sends them"
    assert shop.claim(id_, "ann", headers={"idempotency-key": "k 1"}).status_code == 400


def test_a_shopper_claims_for_itself_only(shop: Shop) -> None:
    id_ = shop.template()
    ann = serving.shopper(shop.client, "ann")
    assert shop.claim(id_, by=ann).json()["user_id"] == "ann"
    assert shop.claim(id_, "ann", by=ann).status_code == 201
    assert told(shop.claim(id_, "ben", by=ann))[:2] == (403, "FORBIDDEN")
    answer = shop.client.post(f"{TEMPLATES}/{id_}/claim", headers=ann)
    assert answer.status_code == 201, "without a body"
    for headers in (serving.key(shop.client, "quote"), serving.operator(shop.client, "admin")):
        assert shop.claim(id_, "ann", by=headers).status_code == 403


HOSTILE: list[Any] = [
    {}, {"user_id": None}, {"user_id": ""}, {"user_id": "a b"}, {"user_id": "a,b"}, {"user_id": "x" * 65},
    {"user_id": 1.5}, {"user_id": 2**63}, {"user_id": True}, {"user_id": ["ann"]}, {"user_id": "a\0"},
    {"user": "ann"}, [], "ann", 1, None, {"user_id": "ann", "risk": 1}, {"user_id": "ann", "risk": {"x": 1}},
]  # fmt: skip


def test_what_is_no_claim_is_said(shop: Shop) -> None:
    id_ = shop.template()
    for body in HOSTILE:
        answer = shop.claim(id_, body=body)
        assert told(answer)[:2] == (400, "VALIDATION_ERROR"), body
        assert answer.json()["details"], body
    headers = {**shop.key, "content-type": "application/json"}
    for raw in (b"{", b'{"user_id": "\\ud800"}', b"\xff", b"[" * 10_000):
        answer = shop.client.post(f"{TEMPLATES}/{id_}/claim", content=raw, headers=headers)
        assert answer.status_code == 400, raw[:20]
    assert shop.client.get(f"{TEMPLATES}/{id_}").json()["issued"] == 0
    assert shop.claim(id_, 42).json()["user_id"] == "42", "a number is kept as its digits"


def test_who_claims_too_often_is_refused(tmp_path: Path) -> None:
    with serving.client(tmp_path, Turned(), abuse={"claim": {"customer": "3/minute"}}) as client:
        shop = Shop(client, Turned())
        id_ = shop.template()
        assert [shop.claim(id_, "ann").status_code for _ in range(4)] == [201, 201, 201, 429]
        assert shop.claim(id_, "ben").status_code == 201


def test_audiences(shop: Shop) -> None:
    customers = [{"id": "ann", "groups": ["vip"]}, {"id": "ben", "groups": []}]
    lines = b"\n".join(msgspec.json.encode(one) for one in customers)
    types = {"content-type": "application/x-ndjson"}
    brought = shop.client.put("/api/directory/customers", content=lines, headers=types)
    assert brought.status_code == 200, brought.text
    vip = shop.template(audience={"kind": "groups", "groups": ["vip"]})
    mine = shop.template(audience={"kind": "list", "customers": ["ann", "cat"]})
    new = shop.template(audience={"kind": "new_customers"})
    order(shop, "A1", "ben")
    found = {
        user: [shop.claim(id_, user).status_code for id_ in (vip, mine, new)]
        for user in ("ann", "ben", "cat")
    }
    assert found == {"ann": [201, 201, 201], "ben": [409, 409, 409], "cat": [409, 201, 201]}
    assert told(shop.claim(vip, "ben"))[1:3] == ("COUPON_NOT_FOR_CUSTOMER", "不符合领取条件")


def order(shop: Shop, number: str, user: str) -> dict[str, str]:
    """One of 120.00, unpaid; the header of who may order."""
    key = serving.key(shop.client, "orders")
    body = {**serving.cart(), "customer": {"id": user}, "order_no": number, "expected_payable": "120.00"}
    placed = shop.client.post("/api/orders", json=body, headers=key)
    assert placed.status_code == 201, placed.text
    return key


# -- given


def test_who_registers_is_given_what_there_is_once(shop: Shop) -> None:
    first = shop.template(ways=["registration"])
    second = shop.template(ways=["registration", "claim"], total=1)
    shop.template()
    shop.template(ways=["registration"], audience={"kind": "list", "customers": ["cat"]})
    given = shop.registered("ann")
    assert given.status_code == 200, given.text
    assert [(one["template_id"], one["source"]) for one in given.json()] == [
        (first, "registration"), (second, "registration"),
    ]  # fmt: skip
    assert shop.registered("ann").json() == given.json()
    assert [one["template_id"] for one in shop.registered("ben").json()] == [first]
    assert shop.registered("a%20b").status_code == 400
    assert shop.registered("顾客甲").status_code == 200


def test_a_gift_after_payment_comes_and_goes_with_the_order(shop: Shop) -> None:
    """By itself, soon after: the thread that gives is only waited for here."""
    id_ = shop.template(ways=["payment"], payment_from="100.00", audience={"kind": "new_customers"})
    key = order(shop, "A1", "ann")
    soon = shop.client.service.coupons.issuing._giving
    assert shop.client.post("/api/orders/A1/pay", headers=key).status_code == 200
    soon.submit(int).result(30)
    assert shop.client.get(f"{TEMPLATES}/{id_}").json()["issued"] == 1
    refund = {"refund_no": "r1", "all": True}
    assert shop.client.post("/api/orders/A1/refunds", json=refund, headers=key).status_code == 201
    soon.submit(int).result(30)
    numbers = shop.client.get(f"{TEMPLATES}/{id_}").json()
    assert (numbers["issued"], numbers["void"]) == (1, 1)
    order(shop, "A2", "ann")
    assert shop.client.post("/api/orders/A2/pay", headers=key).status_code == 200
    assert shop.client.service.coupons.issuing.gifts_due() <= 1, (
        "at the same time as the thread: once all the same"
    )
    soon.submit(int).result(30)
    assert shop.client.get(f"{TEMPLATES}/{id_}").json()["issued"] == 1, "the second order is no first one"


def test_the_jobs_are_there(shop: Shop) -> None:
    jobs = shop.client.service.jobs
    assert {"issue_gifts", "expire_coupons"} <= set(jobs.names)
    for name in ("issue_gifts", "expire_coupons"):
        jobs.run(name)


# -- many at once


def test_64_clients_claim_one_coupon(postgresql_server: servers.DatabaseServer) -> None:
    """Against a real process: one of them has it."""
    with postgresql_server.database() as url, serving.process(url) as address:
        admin, key = serving.admin(url), serving.storefront(url, "coupons")
        answers = asyncio.run(_all_claim(address, admin, key))
    assert Counter(one.status for one in answers) == {201: 1, 409: 63}
    assert {one.code for one in answers if one.status == 409} == {"COUPON_SOLD_OUT"}


async def _all_claim(address: str, admin: dict[str, str], key: dict[str, str]) -> list[Answer]:
    console = Line(lambda: address, admin)
    body = msgspec.json.encode({**COUPON, "total": 1})
    made = await console.ask(Request("POST", TEMPLATES, body))
    id_ = made.json["id"]
    published = await console.ask(Request("POST", f"{TEMPLATES}/{id_}/publish"))
    assert published.status == 200
    lines = [Line(lambda: address, key) for _ in range(64)]
    claims = [
        Request("POST", f"{TEMPLATES}/{id_}/claim", msgspec.json.encode({"user_id": f"c{n}"}))
        for n in range(64)
    ]
    answers = await asyncio.gather(*[line.ask(one) for line, one in zip(lines, claims, strict=True)])
    for line in (console, *lines):
        line.cut()
    return answers

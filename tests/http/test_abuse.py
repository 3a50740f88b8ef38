"""Limits, the block list, breakers and events over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from httpx2 import Response

from tests.http import serving
from tests.http.ordering import ORDERS, Turned
from tests.http.serving import PROMOTIONS, UNGUARDED, Client, cart, promotion
from tests.http.test_claims import COUPON, TEMPLATES
from tests.http.test_metrics import samples

BLOCKED, BREAKERS, EVENTS, AUDIT = (
    f"/api/admin/{name}" for name in ("blocked", "breakers", "events", "audit")
)


@pytest.fixture(autouse=True)
def _minute() -> Iterator[None]:
    """Each test begins with a minute and is over before its end."""
    with time_machine.travel(datetime(2026, 11, 11, 12, tzinfo=UTC), tick=False):
        yield


class Shop:
    """A shop with a coupon that anyone may claim."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.key = serving.key(client, "coupons")
        made = client.post(TEMPLATES, json={**COUPON, "per_customer": None})
        self.template: int = made.json()["id"]
        assert client.post(f"{TEMPLATES}/{self.template}/publish").status_code == 200

    def claim(self, user: str | None = None, by: dict[str, str] | None = None, **risk: object) -> Response:
        body: dict[str, Any] = {} if user is None else {"user_id": user}
        body |= {"risk": risk} if risk else {}
        url = f"{TEMPLATES}/{self.template}/claim"
        return self.client.post(url, json=body, headers=by or self.key)


@contextmanager
def shop(tmp_path: Path, **often: str | None) -> Iterator[Shop]:
    abuse = {**UNGUARDED, "claim": {**UNGUARDED["claim"], **often}}
    with serving.client(tmp_path, abuse=abuse) as client:
        yield Shop(client)


def refusal(answer: Response) -> tuple[int, str, list[dict[str, Any]]]:
    body = answer.json()
    return answer.status_code, body["error"], [one["params"] for one in body["details"]]


@pytest.mark.parametrize("kind", ["customer", "device", "person", "ip"])
def test_a_rule_refuses_what_is_too_often(tmp_path: Path, kind: str) -> None:
    with shop(tmp_path, **{kind: "2/minute"}) as claims:

        def claim(user: str, value: str) -> Response:
            return claims.claim(value) if kind == "customer" else claims.claim(user, None, **{kind: value})

        assert [claim(f"u{n}", "x").status_code for n in range(2)] == [201, 201]
        refused = claim("u3", "x")
        assert refusal(refused) == (
            429,
            "TOO_MANY_REQUESTS",
            [{"rule": f"claim.{kind}", "seconds": 61}],
        )
        assert refused.headers["retry-after"] == "61"
        assert claim("u4", "y").status_code == 201, "others are not concerned"
        assert samples(claims.client, "youhui_refused_total") == {(f"claim.{kind}",): 1}


def test_without_risk_a_storefront_is_limited_by_customer_alone(tmp_path: Path) -> None:
    with shop(tmp_path, customer="2/minute", ip="1/minute", device="1/minute") as claims:
        assert [claims.claim(user).status_code for user in ("a", "b", "a", "a")] == [201, 201, 201, 429]


def test_a_shopper_states_nothing_but_its_device(tmp_path: Path) -> None:
    with shop(tmp_path, ip="3/minute", device="2/minute") as claims:
        shoppers = [serving.shopper(claims.client, f"u{number}") for number in range(5)]
        with_device = [{**one, "x-device-id": "tab"} for one in shoppers]
        assert claims.claim(by=with_device[0], ip="192.0.2.1", device="1").status_code == 201
        assert claims.claim(by=with_device[1], ip="192.0.2.2", device="2").status_code == 201
        assert refusal(claims.claim(by=with_device[2], ip="192.0.2.3", device="3"))[2][0]["rule"] == (
            "claim.device"
        )
        assert claims.claim(by=shoppers[3]).status_code == 201
        assert refusal(claims.claim(by=shoppers[4]))[2][0]["rule"] == "claim.ip"


def test_who_is_blocked_may_claim_nothing(tmp_path: Path) -> None:
    with shop(tmp_path) as claims:
        client = claims.client
        assert (
            client.post(BLOCKED, json={"kind": "device", "value": "d1", "reason": "羊毛党"}).status_code
            == 201
        )
        assert refusal(claims.claim("u1", device="d1")) == (
            403,
            "BLOCKED",
            [{"rule": "blocked.device", "reason": "羊毛党"}],
        )
        shopper = {**serving.shopper(client, "u1"), "x-device-id": "d1"}
        assert refusal(claims.claim(by=shopper)) == (403, "BLOCKED", [])
        assert claims.claim("u1", device="d2").status_code == 201
        client.post(BLOCKED, json={"kind": "customer", "value": "u1", "reason": "why"})
        place(client, serving.key(client, "quote", "orders"), "o1", cart(customer={"id": "u1"}))
        client.delete(f"{BLOCKED}/customer/u1")
        assert client.delete(f"{BLOCKED}/device/d1").status_code == 204
        assert claims.claim(by=shopper).status_code == 201
        assert [
            one["action"] for one in client.get(f"{AUDIT}?object=blocked:device:d1").json()["results"]
        ] == [
            "blocked.remove",
            "blocked.put",
        ]


def test_the_block_list(client: Client) -> None:
    until = "2026-11-12T00:00:00+08:00"
    first = client.post(BLOCKED, json={"kind": "customer", "value": 7, "reason": "why", "until": until})
    assert (first.status_code, first.json()) == (
        201,
        {
            "kind": "customer",
            "value": "7",
            "reason": "why",
            "until": "2026-11-11T16:00:00Z",
            "by": first.json()["by"],
            "at": first.json()["at"],
        },
    )
    client.post(BLOCKED, json={"kind": "ip", "value": "2001:db8::1", "reason": "farm"})
    listed = client.get(BLOCKED).json()
    assert [(one["kind"], one["value"]) for one in listed["results"]] == [
        ("customer", "7"),
        ("ip", "2001:db8::"),
    ]
    assert client.get(f"{BLOCKED}?kind=ip").json()["total"] == 1
    assert client.get(f"{BLOCKED}?value=7").json()["total"] == 1
    assert client.delete(f"{BLOCKED}/ip/2001:db8::9").status_code == 204, "the same 64 bits"
    gone = client.delete(f"{BLOCKED}/ip/2001:db8::9")
    assert (gone.status_code, gone.json()["error"]) == (404, "BLOCK_NOT_FOUND")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "phone", "value": "1", "reason": "why"},
        {"kind": "customer", "value": "a b", "reason": "why"},
        {"kind": "customer", "value": "", "reason": "why"},
        {"kind": "customer", "value": True, "reason": "why"},
        {"kind": "customer", "value": "1", "reason": ""},
        {"kind": "customer", "value": "1", "reason": "a\0b"},
        {"kind": "customer", "value": "1", "reason": "x" * 201},
        {"kind": "customer", "value": "1", "reason": "why", "until": "tomorrow"},
        {"kind": "customer", "value": "1", "reason": "why", "until": "2026-11-12T00:00:00"},
        {"kind": "customer", "value": "1", "reason": "why", "until": 5},
        {"kind": "customer", "value": "1", "reason": "why", "by": "me"},
    ],
)
def test_blocks_that_are_none(client: Client, body: dict[str, object]) -> None:
    assert refusal(client.post(BLOCKED, json=body))[:2] == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"value": "a b"}, "not_a_shop_id"),
        ({"until": "tomorrow"}, "not_instant"),
        ({"until": "2026-11-12T00:00:00"}, "no_zone"),
    ],
)
def test_what_is_wrong_with_a_block_is_said(client: Client, wrong: dict[str, str], code: str) -> None:
    answer = client.post(BLOCKED, json={"kind": "customer", "value": "1", "reason": "why", **wrong})
    (fault,) = answer.json()["details"]
    assert (fault["path"], fault["code"]) == (*wrong, code)
    assert "不符合要求" not in fault["message"]


def test_a_breaker(client: Client) -> None:
    put = client.put(f"{BREAKERS}/coupon-template:7", json={"amount_per_minute": "1000.00"})
    assert (put.status_code, put.json()) == (
        200,
        {
            "promotion": "coupon-template:7",
            "currency": "CNY",
            "redemptions_per_minute": None,
            "amount_per_minute": "1000.00",
            "amount_per_order": None,
            "tripped_at": None,
        },
    )
    yen = client.put(f"{BREAKERS}/p1", json={"amount_per_order": "500", "currency": "JPY"})
    assert yen.json()["amount_per_order"] == "500"
    assert client.get(f"{BREAKERS}/p1").json() == yen.json()
    assert [one["promotion"] for one in client.get(BREAKERS).json()["results"]] == ["coupon-template:7", "p1"]
    assert client.delete(f"{BREAKERS}/p1").status_code == 204
    for gone in (client.get(f"{BREAKERS}/p1"), client.delete(f"{BREAKERS}/p%00")):
        assert (gone.status_code, gone.json()["error"]) == (404, "BREAKER_NOT_FOUND")


@pytest.mark.parametrize(
    ("name", "body", "path"),
    [
        ("p1", {}, ""),
        ("p1", {"amount_per_minute": "ten"}, "amount_per_minute"),
        ("p1", {"amount_per_minute": ""}, "amount_per_minute"),
        ("p1", {"amount_per_minute": "-1"}, "amount_per_minute"),
        ("p1", {"amount_per_order": "1.001"}, "amount_per_order"),
        ("p1", {"amount_per_order": "9" * 30}, "amount_per_order"),
        ("p1", {"amount_per_order": 10}, "amount_per_order"),
        ("p1", {"redemptions_per_minute": -1}, "redemptions_per_minute"),
        ("p1", {"redemptions_per_minute": 2**63}, "redemptions_per_minute"),
        ("p1", {"redemptions_per_minute": 1, "currency": "yuan"}, "currency"),
        ("p1", {"redemptions_per_minute": 1, "currency": "XXX"}, None),
        ("p%00", {"redemptions_per_minute": 1}, "promotion"),
        ("x" * 65, {"redemptions_per_minute": 1}, "promotion"),
    ],
)
def test_breakers_that_are_none(client: Client, name: str, body: dict[str, object], path: str | None) -> None:
    answer = client.put(f"{BREAKERS}/{name}", json=body)
    if path is None:
        assert answer.status_code in (200, 400)
        return
    assert answer.status_code == 400, answer.text
    (fault,) = answer.json()["details"]
    assert (fault["path"], bool(fault["message"])) == (path, True)


def place(client: Client, key: dict[str, str], order_no: str, body: dict[str, Any]) -> None:
    """An order at the price of now."""
    payable = client.post(serving.QUOTES, json=body, headers=key).json()["total"]
    order = {**body, "order_no": order_no, "expected_payable": payable}
    placed = client.post(ORDERS, json=order, headers=key)
    assert placed.status_code == 201, placed.text


@pytest.mark.parametrize("campaign", ["a promotion", "a coupon"])
def test_a_campaign_that_gives_too_much_is_paused(tmp_path: Path, campaign: str) -> None:
    clock = Turned()
    with serving.client(tmp_path, clock) as client:
        key = serving.key(client, "quote", "orders")
        if campaign == "a promotion":
            assert client.post(PROMOTIONS, json=promotion()).status_code == 201
            claims, name, address = None, "p1", f"{PROMOTIONS}/p1"
        else:
            claims = Shop(client)
            name, address = f"coupon-template:{claims.template}", f"{TEMPLATES}/{claims.template}"
        assert client.put(f"{BREAKERS}/{name}", json={"redemptions_per_minute": 1}).status_code == 200
        for number in range(2):
            more = {} if claims is None else {"coupons": [claims.claim("u1").json()["id"]]}
            place(client, key, f"o{number}", cart(customer={"id": "u1"}, **more))
            client.service.guards.watch.look()
        assert client.get(address).json()["state"] == "paused"
        (event,) = client.get(f"{EVENTS}?kind=breaker.tripped").json()["results"]
        assert (event["object"], event["payload"]) == (
            name,
            {
                "rule": "redemptions_per_minute",
                "actual": 2,
                "limit": 1,
                "currency": "CNY",
                "paused": True,
            },
        )
        assert client.get(f"{EVENTS}?object=other").json()["results"] == []
        assert client.get(f"{BREAKERS}/{name}").json()["tripped_at"] is not None


def test_by_default_a_customer_claims_ten_times_a_minute(tmp_path: Path) -> None:
    with serving.client(tmp_path, abuse={}) as client:
        claims = Shop(client)
        assert [claims.claim("u1").status_code for _ in range(11)] == [201] * 10 + [429]

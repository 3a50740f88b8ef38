"""`/api/marketing/coupon-templates`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.http import serving
from tests.http.serving import Client

TEMPLATES = "/api/marketing/coupon-templates"
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving.client(tmp_path, lambda: NOON) as made:
        yield made


def sent(**more: Any) -> dict[str, Any]:
    """20.00 off from 100.00 on, until the end of the year in China."""
    return {
        "name": "满100减20", "value": 20, "min_amount": "100.00", "expire_at": "2027-01-01T00:00:00+08:00", **more,
    }  # fmt: skip


def make(client: Client, **more: Any) -> dict[str, Any]:
    made = client.post(TEMPLATES, json=sent(**more))
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer


def faults(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {one["path"]: one["code"] for one in answer.json()["details"]}


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_template_as_it_is_made_and_read(client: Client) -> None:
    made = client.post(TEMPLATES, json=sent(total=1000, per_customer=1, budget=500))
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.json() == {
        "id": 1, "name": "满100减20", "type": "discount", "value": "20.00", "value_type": "amount",
        "max_discount": None, "gift": None, "min_amount": "100.00", "min_quantity": 0, "threshold_of": "original",
        "scope": None, "conditions": [], "expire_at": "2026-12-31T16:00:00Z",
        "valid": {"starts_at": None, "ends_at": "2026-12-31T16:00:00Z", "days": None, "begins": None},
        "time_zone": "Asia/Shanghai", "ways": ["claim", "push", "code"],
        "audience": {"kind": "all", "groups": None, "customers": None, "count": None},
        "total": 1000, "usage_limit": None, "per_customer": 1, "per_customer_per_day": None,
        "claim_from": None, "claim_until": None, "budget": "500.00", "payment_from": None, "priority": 0,
        "combines_with_coupons": False, "several_per_order": False, "combines_with_promotions": True,
        "excludes_tags": [], "skip_lines_of_tags": [], "check_scope": True, "give_back": "full_refund",
        "currency": "CNY", "state": "draft", "status": "draft", "issued": 0, "remaining": 1000, "used_count": 0,
        "locked": 0, "expired": 0, "void": 0, "budget_used": "0.00", "version": 1,
        "created_at": "2026-11-22T04:00:00Z", "updated_at": "2026-11-22T04:00:00Z",
    }  # fmt: skip
    assert client.get(f"{TEMPLATES}/1").json() == made.json()
    assert client.get(TEMPLATES).json()["results"] == [made.json()]


ROUND: list[dict[str, Any]] = [
    {},
    {"value": "8.5", "value_type": "percent", "max_discount": 30},
    {"type": "shipping", "value": None},
    {"type": "shipping", "value": "6.5"},
    {"type": "gift", "value": None, "gift": {"sku": "TOTE", "quantity": 2, "value": 15}},
    {"expire_at": None, "valid": {"days": 7, "begins": "next_day"}},
    {"expire_at": None, "valid": {"starts_at": "2026-11-11T00:00:00Z", "ends_at": "2026-12-12T00:00:00Z"}},
    {"audience": {"kind": "groups", "groups": ["VIP"]}},
    {"audience": {"kind": "list", "customers": [1, "c2"]}},
    {"audience": {"kind": "new_customers"}},
    {"ways": ["payment"], "payment_from": "300.00"},
    {"scope": {"categories": ["mugs"], "exclude": {"skus": ["X"]}}, "conditions": [{"kind": "logged_in"}]},
]


def test_what_was_read_can_be_sent_back(client: Client) -> None:
    known = {"id", "version", "updated_at"}
    for more in ROUND:
        made = make(client, **more)
        for back in (client.patch(f"{TEMPLATES}/{made['id']}", json=made), client.post(TEMPLATES, json=made)):
            answer = back.json()
            assert {key for key in made if answer[key] != made[key]} <= known, back.text


def test_all_faults_are_told_at_once_in_both_languages(client: Client) -> None:
    body = sent(name="", value="x", total=0, scope={"skus": 3}, bogus=1)
    chinese = client.post(TEMPLATES, json=body)
    assert set(faults(chinese)) == {"name", "value", "total", "scope.skus", "bogus"}
    assert "没有这个字段" in [one["message"] for one in chinese.json()["details"]]
    english = client.post(TEMPLATES, json=sent(name=""), headers={"accept-language": "en"})
    assert english.json()["message"] == "Enter a name"


HOSTILE = [
    b"[]", b"null", b'"x"', b"{", b'{"name": "\\u0000"}', b'{"name": "\\ud800", "value": 1}', b'{"value": 1e400}',
    b'{"value": 1e-400}', b'{"total": 9223372036854775808}', b'{"scope": ' + b'{"exclude":' * 500 + b"1" + b"}" * 501,
    b'{"scope": {"attributes": {"x": [9223372036854775808]}}}', b'{"conditions": [[[[]]]]}',
    b'{"valid": {"days": 1e9}}', b'{"expire_at": "9999-12-31T23:59:59-14:00"}', b'{"time_zone": "\\u2603"}',
    b'{"ways": [{}]}', b'{"audience": {"kind": []}}', b'{"name": {"a": 1}}', b'{"excludes_tags": [["a"]]}',
]  # fmt: skip


def test_no_body_is_our_fault(client: Client) -> None:
    make(client)
    headers = {"content-type": "application/json"}
    for body in HOSTILE:
        assert client.post(TEMPLATES, content=body, headers=headers).status_code == 400, body
        assert client.patch(f"{TEMPLATES}/1", content=body, headers=headers).status_code in (200, 400), body
        assert client.post(f"{TEMPLATES}/1/void", content=body, headers=headers).status_code == 400, body


NO_IDS = ("0", "01", "x", "-1", "1.0", "9" * 18, "9223372036854775808", "１", "%00", "1%20")


def test_an_id_that_is_none(client: Client) -> None:
    for id_ in NO_IDS:
        for method, path in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/publish"),
            ("POST", "/copy"),
        ):
            answer = client.request(method, f"{TEMPLATES}/{id_}{path}", json={})
            assert refusal(answer) == (404, "COUPON_TEMPLATE_NOT_FOUND")


def test_a_life(client: Client) -> None:
    make(client, total=10)
    steps = [
        ("pause", 409, "草稿"), ("publish", 200, "claiming"), ("publish", 200, "claiming"), ("pause", 200, "paused"),
        ("publish", 200, "claiming"), ("close", 200, "ended"), ("publish", 409, "已结束"),
    ]  # fmt: skip
    for step, status, told in steps:
        answer = client.post(f"{TEMPLATES}/1/{step}")
        assert answer.status_code == status, answer.text
        if status == 409:
            assert told in answer.json()["message"]
            assert answer.json()["error"] == "TEMPLATE_STATE"
        else:
            assert answer.json()["state"] == told
    refused = client.patch(f"{TEMPLATES}/1", json={"total": 20}, headers={"accept-language": "en"})
    assert refused.json()["message"] == "The coupon template is ended: it cannot be changed"
    assert refused.json()["details"][0]["params"] == {"state": "ended", "action": "change"}
    voided = client.post(f"{TEMPLATES}/1/void", json={"reason": "面额填错"}).json()
    assert (voided["unused"], voided["locked"], voided["template"]["state"]) == (0, 0, "void")
    assert refusal(client.delete(f"{TEMPLATES}/1")) == (409, "TEMPLATE_STATE")
    copy = client.post(f"{TEMPLATES}/1/copy").json()
    assert (copy["id"], copy["name"], copy["state"]) == (2, "满100减20 副本", "draft")
    assert client.delete(f"{TEMPLATES}/2").status_code == 204


def test_nothing_is_published_whose_time_is_over(client: Client) -> None:
    make(client, expire_at="2026-11-22T04:00:00Z", claim_until="2026-11-22T03:00:00Z")
    assert faults(client.post(f"{TEMPLATES}/1/publish")) == {"valid.ends_at": "over", "claim_until": "over"}


CHANGES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({}, {"name": "新", "total": 5}, {"name": "新", "total": 5, "value": "20.00"}),
    ({"total": 5}, {"total": None}, {"total": None}),
    ({}, {"type": "shipping"}, {"type": "shipping", "value": None, "value_type": "amount"}),
    ({}, {"value_type": "percent", "value": 9}, {"value": "9", "value_type": "percent"}),
    (
        {},
        {"expire_at": "2027-02-01T00:00:00Z"},
        {"expire_at": "2027-02-01T00:00:00Z", "min_amount": "100.00"},
    ),
    ({}, {"valid": {"days": 3}}, {"expire_at": None}),
    (
        {"expire_at": None, "valid": {"days": 3}},
        {"expire_at": "2027-02-01T00:00:00Z"},
        {"expire_at": "2027-02-01T00:00:00Z"},
    ),
    ({"scope": {"skus": ["A"]}}, {"scope": None}, {"scope": None}),
    ({"currency": "CNY"}, {"currency": "USD"}, {"currency": "USD", "value": "20.00"}),
]
"""before, what is sent, and what of the answer is looked at"""


def test_only_what_is_sent_changes(client: Client) -> None:
    for before, change, after in CHANGES:
        made = make(client, **before)
        changed = client.patch(f"{TEMPLATES}/{made['id']}", json=change)
        assert changed.status_code == 200, changed.text
        assert after.items() <= changed.json().items()


def test_a_change_of_what_was_read(client: Client) -> None:
    tag = client.post(TEMPLATES, json=sent()).headers["etag"]
    first = client.patch(f"{TEMPLATES}/1", json={"total": 5}, headers={"if-match": tag})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/publish"), ("POST", "/void")):
        late = client.request(method, f"{TEMPLATES}/1{path}", json={}, headers={"if-match": tag})
        assert refusal(late) == (412, "PRECONDITION_FAILED")


def test_a_list_with_its_filters(client: Client) -> None:
    make(client)
    make(client, name="包邮", type="shipping", value=None, ways=["push"])
    client.post(f"{TEMPLATES}/2/publish")

    def ids(query: str) -> list[int]:
        return [one["id"] for one in client.get(f"{TEMPLATES}{query}").json()["results"]]

    assert ids("") == [2, 1]
    assert ids("?state=claiming") == ids("?type=shipping") == ids("?name=包") == [2]
    assert ids("?way=claim") == ids("?state=draft") == ids("?page=2&page_size=1") == [1]
    assert ids("?currency=USD") == ids("?name=%25") == []
    for query in ("?state=x", "?type=x", "?way=x", "?page=0", "?currency=x", "?name=%00"):
        assert client.get(f"{TEMPLATES}{query}").status_code == 400


def test_who_may_do_what(client: Client) -> None:
    make(client)
    shop, other = serving.key(client, "coupons"), serving.key(client, "quote")
    for headers in (serving.operator(client, "viewer"), shop):
        assert client.get(f"{TEMPLATES}/1", headers=headers).status_code == 200
        assert client.post(TEMPLATES, json=sent(), headers=headers).status_code == 403
        assert client.post(f"{TEMPLATES}/1/publish", headers=headers).status_code == 403
    for headers in (other, serving.shopper(client, "c1")):
        assert client.get(f"{TEMPLATES}/1", headers=headers).status_code == 403
    assert (
        client.post(f"{TEMPLATES}/1/publish", headers=serving.operator(client, "operator")).status_code == 200
    )

"""`/api/marketing/promotions`: stored, listed, changed, deleted; the next quote knows."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, cart, promotion

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
TEN_MORE = [{"kind": "amount_off", "amount": "20.00", "target": "order"}]


def total(client: TestClient) -> str:
    answered: str = client.post(QUOTES, json=cart()).json()["total"]
    return answered


def test_a_write_is_in_the_next_quote(client: TestClient) -> None:
    assert total(client) == "120.00"
    assert client.post(PROMOTIONS, json=promotion()).status_code == 201
    assert total(client) == "110.00"
    assert client.put(f"{PROMOTIONS}/p1", json=promotion(actions=TEN_MORE)).status_code == 200
    assert total(client) == "100.00"
    assert client.delete(f"{PROMOTIONS}/p1").status_code == 204
    assert total(client) == "120.00"


def test_what_is_stored_is_answered_and_can_be_sent_back(tmp_path: Path) -> None:
    with serving.client(tmp_path, lambda: NOON) as client:
        sent = promotion(
            name="双11-😀", priority=3, valid_until="2026-11-12T00:00:00+08:00", stock=5, budget="60.00"
        ) | {"name": "双11"}
        stored = client.post(PROMOTIONS, json=sent).json()
        assert stored == {
            "id": "双11-😀", "type": "rule", "status": "published", "name": "双11", "currency": "CNY",
            "priority": 3, "stock": 5, "budget": "60.00",
            "valid_until": "2026-11-11T16:00:00Z", "actions": sent["actions"], "state": "running", "version": 1,
            "created_at": "2026-11-11T12:00:00Z", "updated_at": "2026-11-11T12:00:00Z",
            "used": 0, "held": 0, "budget_used": "0.00", "budget_held": "0.00", "units_used": 0, "units_held": 0,
            "units_left": 5, "windows": [],
        }  # fmt: skip
        address = f"{PROMOTIONS}/双11-😀"
        assert client.get(address).json() == stored
        assert client.put(address, json=stored).json() == {**stored, "version": 2}
        assert client.delete(address).status_code == 204
        again = client.post(PROMOTIONS, json=stored).json()
        assert again == {**stored, "version": 4}, "nothing is used of a new one either"


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, "running"),
        ({"active": False}, "paused"),
        ({"valid_from": "2026-11-11T12:00:00Z"}, "running"),
        ({"valid_from": "2026-11-11T12:00:00.000001Z"}, "scheduled"),
        ({"valid_until": "2026-11-11T12:00:00.000001Z"}, "running"),
        ({"valid_until": "2026-11-11T12:00:00Z"}, "ended"),
        ({"active": False, "valid_until": "2026-11-11T12:00:00Z"}, "paused"),
    ],
)
def test_its_state_is_that_of_the_moment(tmp_path: Path, more: dict[str, Any], state: str) -> None:
    with serving.client(tmp_path, lambda: NOON) as client:
        assert client.post(PROMOTIONS, json=promotion(**more)).json()["state"] == state


@pytest.mark.parametrize(
    ("language", "message"), [("zh-CN", "促销活动 p1 已存在"), ("en", "A promotion p1 exists already")]
)
def test_an_id_is_stored_once(client: TestClient, language: str, message: str) -> None:
    client.post(PROMOTIONS, json=promotion())
    again = client.post(PROMOTIONS, json=promotion(actions=TEN_MORE), headers={"accept-language": language})
    assert (again.status_code, again.json()["error"]) == (409, "PROMOTION_EXISTS")
    assert again.json()["message"] == message
    assert total(client) == "110.00"


@pytest.mark.parametrize(
    ("document", "path", "code"),
    [
        (promotion(currency="cny"), "currency", "not_currency"),
        (promotion(currency=None), "currency", "not_currency"),
        (promotion(currency="JPY"), "actions[0].amount", "not_amount"),
        (promotion(actions=[]), "actions", "misfit"),
        (promotion(actions=[{"kind": "precent_off"}]), "actions[0].kind", "unknown_action"),
        (promotion("a b"), "id", "not_an_id"),
        (promotion("a/b"), "id", "not_an_id"),
        (promotion(".."), "id", "not_an_id"),
        (promotion("x" * 65), "id", "not_an_id"),
        (promotion() | {"name": "满" * 101}, "name", "too_long"),
        (promotion(used=3), "used", "counted"),
        (promotion(used=-1), "used", "counted"),
        (promotion(held="some"), "held", "counted"),
        (promotion(budget_used="0.01"), "budget_used", "counted"),
        (promotion(units_used=[]), "units_used", "counted"),
        (promotion(stock=5, units_left=4), "units_left", "counted"),
        (promotion(stock=-1), "stock", "not_whole"),
        (promotion(usage_window="day"), "usage_window", "misfit"),
        (promotion(timezone="Mars/Olympus"), "timezone", "misfit"),
        (promotion(used_by_customer=1), "used_by_customer", "unknown_key"),
    ],
)
def test_a_fault_is_named_by_its_path(
    client: TestClient, document: dict[str, Any], path: str, code: str
) -> None:
    answer = client.post(PROMOTIONS, json=document)
    assert answer.status_code == 400
    assert [(fault["path"], fault["code"]) for fault in answer.json()["details"]] == [(path, code)]
    assert client.get(PROMOTIONS).json()["total"] == 0


def test_a_change_must_be_of_the_promotion_in_the_address(client: TestClient) -> None:
    client.post(PROMOTIONS, json=promotion())
    answer = client.put(f"{PROMOTIONS}/p1", json=promotion("p2"))
    assert answer.json()["details"][0]["code"] == "not_this_id"
    for method in ("GET", "DELETE"):
        assert client.request(method, f"{PROMOTIONS}/p2").json()["error"] == "PROMOTION_NOT_FOUND"
    assert client.put(f"{PROMOTIONS}/p2", json=promotion("p2")).status_code == 404


def test_lists_come_in_pages(client: TestClient) -> None:
    for i in range(5):
        client.post(PROMOTIONS, json=promotion(f"p{i}"))
    pages = [client.get(PROMOTIONS, params={"page": page, "page_size": 2}).json() for page in (1, 2, 3, 4)]
    assert [[one["id"] for one in page["results"]] for page in pages] == [
        ["p0", "p1"],
        ["p2", "p3"],
        ["p4"],
        [],
    ]
    assert {(page["total"], page["total_pages"]) for page in pages} == {(5, 3)}
    assert [page["has_next"] for page in pages] == [True, True, False, False]
    assert [page["has_previous"] for page in pages] == [False, True, True, True]


def test_a_window_opens_without_a_job(tmp_path: Path) -> None:
    now = [NOON]
    with serving.client(tmp_path, lambda: now[0]) as client:
        client.post(PROMOTIONS, json=promotion(valid_from="2026-11-11T12:00:01Z"))
        assert total(client) == "120.00"
        now[0] += timedelta(seconds=1)
        assert total(client) == "110.00"


@pytest.mark.slow
def test_a_busy_database_is_said_to_be_busy(client: TestClient, tmp_path: Path) -> None:
    """Another process holds the only lock of SQLite for longer than a write waits; quotes go on."""
    other = sqlite3.connect(tmp_path / "youhui.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = client.post(PROMOTIONS, json=promotion())
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert total(client) == "120.00"
    other.execute("ROLLBACK")
    other.close()
    assert client.post(PROMOTIONS, json=promotion()).status_code == 201


# Changing only what one has read


def test_a_change_says_which_version_it_is_of(client: TestClient) -> None:
    created = client.post(PROMOTIONS, json=promotion())
    address = f"{PROMOTIONS}/p1"
    assert created.headers["etag"] == client.get(address).headers["etag"]
    changed = client.put(address, json=promotion(), headers={"if-match": created.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] == client.get(address).headers["etag"] != created.headers["etag"]
    for method in ("PUT", "DELETE"):
        body = promotion(actions=TEN_MORE) if method == "PUT" else None
        late = client.request(method, address, json=body, headers={"if-match": created.headers["etag"]})
        assert (late.status_code, late.json()["error"]) == (412, "PRECONDITION_FAILED")
    assert total(client) == "110.00"
    assert client.delete(address, headers={"if-match": f"W/{changed.headers['etag']}"}).status_code == 204


@pytest.mark.parametrize(
    ("match", "status"), [("*", 200), ('"0"', 412), ("1", 400), ('"x"', 400), ('"1", "2"', 400), ("", 400)]
)
def test_what_a_version_looks_like(client: TestClient, match: str, status: int) -> None:
    client.post(PROMOTIONS, json=promotion())
    answer = client.put(f"{PROMOTIONS}/p1", json=promotion(), headers={"if-match": match})
    assert answer.status_code == status
    if status == 400:
        assert [(fault["path"], fault["code"]) for fault in answer.json()["details"]] == [
            ("If-Match", "not_an_etag")
        ]


def test_there_is_nothing_to_match_where_there_is_none(client: TestClient) -> None:
    for method, body in (("PUT", promotion()), ("DELETE", None)):
        answer = client.request(method, f"{PROMOTIONS}/p1", json=body, headers={"if-match": "*"})
        assert (answer.status_code, answer.json()["error"]) == (404, "PROMOTION_NOT_FOUND")


def test_each_change_is_in_the_audit_log(client: TestClient) -> None:
    client.post(PROMOTIONS, json=promotion())
    client.put(f"{PROMOTIONS}/p1", json=promotion(actions=TEN_MORE))
    client.delete(f"{PROMOTIONS}/p1")
    entries = client.get("/api/admin/audit", params={"object": "promotion:p1"}).json()["results"]
    amounts = [
        [side and side["actions"][0]["amount"] for side in (entry["before"], entry["after"])]
        for entry in entries
    ]
    assert [entry["action"] for entry in entries] == [
        "promotion.delete",
        "promotion.update",
        "promotion.create",
    ]
    assert amounts == [["20.00", None], ["10.00", "20.00"], [None, "10.00"]]


# What orders took


def place(client: TestClient, order_no: str, payable: str) -> None:
    body = cart(order_no=order_no, expected_payable=payable, customer={"id": "ann"})
    assert client.post("/api/orders", json=body, headers=serving.key(client, "orders")).status_code == 201


def test_what_orders_took_is_answered(tmp_path: Path) -> None:
    """The counters shown are the counters enforced (P3): what a list says, and what refuses."""
    with serving.client(tmp_path, lambda: NOON) as client:
        sent = promotion(
            usage_limit=9, budget="20.00", budget_window="day", timezone="Asia/Shanghai", stock=9
        )
        client.post(PROMOTIONS, json=sent)
        for order_no in ("n1", "n2"):
            place(client, order_no, "110.00")
        paid = client.post("/api/orders/n1/pay", json={}, headers=serving.key(client, "orders"))
        assert paid.status_code == 200
        took = {
            "used": 1, "held": 1, "budget_used": "10.00", "budget_held": "10.00", "units_used": 2, "units_held": 2,
            "units_left": 5,
            "windows": [{
                "window": "day", "starts_at": "2026-11-10T16:00:00Z", "ends_at": "2026-11-11T16:00:00Z",
                "used": 1, "held": 1, "budget_used": "10.00", "budget_held": "10.00",
            }],
        }  # fmt: skip
        (listed,) = client.get(PROMOTIONS).json()["results"]
        assert {key: listed[key] for key in took} == took
        changed = client.put(f"{PROMOTIONS}/p1", json={**listed, "used": 0, "units_left": "any"})
        assert {key: changed.json()[key] for key in took} == took, "what is sent back is ignored"
        assert total(client) == "120.00", "the budget of the day is spent"


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("zh-CN", "budget 不能低于已使用与占用之和 20.00"),
        ("en", "budget cannot be less than what is used and held, 20.00"),
    ],
)
def test_a_limit_below_what_was_taken_is_refused(client: TestClient, language: str, message: str) -> None:
    client.post(PROMOTIONS, json=promotion(budget="50.00"))
    for order_no in ("n1", "n2"):
        place(client, order_no, "110.00")
    lower = client.put(
        f"{PROMOTIONS}/p1", json=promotion(budget="19.99"), headers={"accept-language": language}
    )
    assert (lower.status_code, lower.json()["error"], lower.json()["message"]) == (
        409,
        "LIMIT_BELOW_USE",
        message,
    )
    other = client.put(
        f"{PROMOTIONS}/p1", json=promotion(currency="EUR"), headers={"accept-language": language}
    )
    assert (other.status_code, other.json()["error"]) == (409, "CURRENCY_FIXED")
    assert client.get(f"{PROMOTIONS}/p1").json()["budget"] == "50.00"

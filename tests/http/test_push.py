"""Coupons for many customers over HTTP, and the task that says how far it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from tests.http import serving
from tests.http.ordering import Turned
from tests.http.serving import Client

TEMPLATES = "/api/marketing/coupon-templates"
TASKS = "/api/admin/tasks"
COUPON = {
    "name": "会员日满100减20", "type": "discount", "value": "20.00", "min_amount": "100.00",
    "expire_at": "2027-11-11T00:00:00Z", "ways": ["push"],
}  # fmt: skip
CUSTOMERS = [f"c{n}" for n in range(8)]


class Shop:
    """A shop of eight customers, of whom two are vip."""

    def __init__(self, client: Client) -> None:
        self.client = client
        rows = [{"id": name, "groups": ["vip"] if name in ("c2", "c5") else []} for name in CUSTOMERS]
        lines = "\n".join(json.dumps(row) for row in rows)
        brought = client.put(
            "/api/directory/customers", content=lines, headers={"content-type": "application/jsonl"}
        )
        assert brought.json()["created"] == len(CUSTOMERS), brought.text

    def template(self, **more: Any) -> int:
        """A template that is published."""
        made = self.client.post(TEMPLATES, json={**COUPON, **more})
        assert made.status_code == 201, made.text
        id_: int = made.json()["id"]
        assert self.client.post(f"{TEMPLATES}/{id_}/publish").status_code == 200
        return id_

    def issue(self, template: object, body: object, headers: dict[str, str] | None = None) -> Response:
        return self.client.post(f"{TEMPLATES}/{template}/issue", json=body, headers=headers)

    def ended(self, begun: Response) -> dict[str, Any]:
        """The task that was begun, as it ended."""
        assert begun.status_code == 202, begun.text
        self.client.service.tasks.run_waiting()
        answer = self.client.get(begun.headers["location"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with serving.client(tmp_path, Turned()) as client:
        yield Shop(client)


def test_a_push_is_a_task_that_says_how_far_it_is(shop: Shop) -> None:
    template = shop.template()
    begun = shop.issue(template, {"all": True})
    task = begun.json()
    assert begun.headers["location"] == f"{TASKS}/{task['id']}"
    assert (task["kind"], task["object"], task["total"]) == ("push", f"coupon-template:{template}", 8)
    ended = shop.ended(begun)
    assert ended | {"created_by": ""} == {
        "id": task["id"], "kind": "push", "object": f"coupon-template:{template}", "state": "done",
        "done": 8, "total": 8, "result": {"issued": 8, "skipped": {}, "stopped": None}, "error": None,
        "created_by": "", "created_at": "2026-11-11T04:00:00Z", "started_at": "2026-11-11T04:00:00Z",
        "finished_at": "2026-11-11T04:00:00Z",
    }  # fmt: skip
    assert ended["created_by"].startswith("operator:") or ended["created_by"].startswith("admin:")
    assert shop.client.get(f"{TEMPLATES}/{template}").json()["issued"] == 8


@pytest.mark.parametrize(
    ("body", "issued"),
    [
        ({"all": True}, 8),
        ({"group": "vip"}, 2),
        ({"group": "vip", "each": 3}, 6),
        ({"customers": ["c1", "c1", "new", 17, "17"]}, 3),
    ],
)
def test_whom_it_is_for(shop: Shop, body: dict[str, Any], issued: int) -> None:
    assert shop.ended(shop.issue(shop.template(), body))["result"]["issued"] == issued


def test_limits_hold_and_are_told(shop: Shop) -> None:
    template = shop.template(per_customer=1, total=5)
    assert shop.ended(shop.issue(template, {"group": "vip"}))["result"]["issued"] == 2
    ended = shop.ended(shop.issue(template, {"all": True}))
    assert ended["result"] == {
        "issued": 3, "skipped": {"COUPON_LIMIT_REACHED": 1}, "stopped": "COUPON_SOLD_OUT",
    }  # fmt: skip
    assert (ended["state"], ended["done"], ended["total"]) == ("done", 4, 8)
    again = shop.issue(template, {"all": True})
    assert (again.status_code, again.json()["error"]) == (409, "COUPON_SOLD_OUT")


def test_the_same_key_is_the_same_task(shop: Shop) -> None:
    template = shop.template()
    key = {"idempotency-key": "monday", **serving.key(shop.client, "coupons")}
    first = shop.issue(template, {"all": True}, key)
    done = shop.ended(first)
    again = shop.issue(template, {"all": True, "each": 1}, key)
    assert (again.status_code, again.json()) == (202, done), "a shop's server so learns how far it is"
    other = shop.issue(template, {"all": True, "each": 2}, key)
    assert (other.status_code, other.json()["error"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    bad = shop.issue(template, {"all": True}, {"idempotency-key": "a b"})
    assert (bad.status_code, bad.json()["details"][0]["path"]) == (400, "Idempotency-Key")
    assert shop.client.get(f"{TEMPLATES}/{template}").json()["issued"] == 8


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ([], "", "not_object"),
        ({}, "", "one_of_three"),
        ({"each": 2}, "", "one_of_three"),
        ({"group": "vip", "all": True}, "", "one_of_three"),
        ({"all": False}, "all", "not_true"),
        ({"all": 1}, "all", "not_true"),
        ({"group": ""}, "group", "not_a_shop_id"),
        ({"group": "a b"}, "group", "not_a_shop_id"),
        ({"group": None}, "group", "not_a_shop_id"),
        ({"customers": []}, "customers", "nobody"),
        ({"customers": "c1"}, "customers", "not_list"),
        ({"customers": ["c1", "c\u00002"]}, "customers[1]", "not_printable"),
        ({"customers": ["c1", 1.5]}, "customers[1]", "not_a_shop_id"),
        ({"customers": ["c1"] * 10_001}, "customers", "import_them"),
        ({"all": True, "each": 0}, "each", "not_in_range"),
        ({"all": True, "each": 101}, "each", "not_in_range"),
        ({"all": True, "each": True}, "each", "not_in_range"),
        ({"all": True, "each": 2**63}, "each", "not_in_range"),
        ({"user_ids": ["c1"]}, "user_ids", "unknown_key"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_read_is_refused(shop: Shop, body: object, path: str, code: str) -> None:
    answer = shop.issue(shop.template(), body)
    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
    assert (path, code) in [(one["path"], one["code"]) for one in answer.json()["details"]]


def test_the_message_says_what_to_do_with_too_many(shop: Shop) -> None:
    body = {"customers": [f"c{n}" for n in range(10_001)]}
    answer = shop.issue(shop.template(), body, {"accept-language": "en"})
    assert answer.json()["details"][0]["message"] == (
        "At most 10000 ids at once; for more, import the customers into a group and issue to that"
    )


def test_what_nobody_would_get_is_refused_at_once(shop: Shop) -> None:
    def told(template: object, **body: Any) -> tuple[int, str, str]:
        answer = shop.issue(template, body)
        return answer.status_code, answer.json()["error"], answer.json()["message"]

    template = shop.template()
    assert told(template, group="vipp") == (409, "NO_CUSTOMERS", "其中没有顾客，请先导入顾客资料")
    assert told(shop.template(ways=["claim"]), all=True) == (
        409, "COUPON_NOT_CLAIMABLE", "优惠券不可领取：不支持此领取方式",
    )  # fmt: skip
    shop.client.post(f"{TEMPLATES}/{template}/pause")
    assert told(template, all=True) == (409, "COUPON_NOT_CLAIMABLE", "优惠券不可领取：已停发")
    for unknown in ("x", "0", "-1", "1.5", 999, 2**53, 2**63, "9" * 400, "٣"):
        assert told(unknown, all=True)[:2] == (404, "COUPON_TEMPLATE_NOT_FOUND")
    assert shop.client.get(TASKS).json()["total"] == 0


def test_who_may(shop: Shop) -> None:
    template = shop.template()
    may = [
        (serving.operator(shop.client, "operator"), 202, 200, 409),
        (serving.operator(shop.client, "viewer"), 403, 200, 403),
        (serving.key(shop.client, "coupons"), 202, 403, 403),
        (serving.key(shop.client, "orders"), 403, 403, 403),
        (serving.shopper(shop.client, "c1"), 403, 403, 403),
        ({"authorization": ""}, 401, 401, 401),
    ]
    task = shop.ended(shop.issue(template, {"group": "vip"}))["id"]
    for headers, issue, read, cancel in may:
        answers = (
            shop.issue(template, {"customers": ["c1"]}, headers),
            shop.client.get(f"{TASKS}/{task}", headers=headers),
            shop.client.post(f"{TASKS}/{task}/cancel", headers=headers),
        )
        assert [one.status_code for one in answers] == [issue, read, cancel]


def test_tasks_are_listed_and_cancelled(shop: Shop) -> None:
    shop.client.service.tasks.stop()
    template = shop.template()
    first, second = (shop.issue(template, {"group": "vip"}).json()["id"] for _ in range(2))
    listed = shop.client.get(
        TASKS, params={"object": f"coupon-template:{template}", "state": "waiting"}
    ).json()
    assert ([one["id"] for one in listed["results"]], listed["total"]) == ([second, first], 2)
    cancelled = shop.client.post(f"{TASKS}/{first}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    again = shop.client.post(f"{TASKS}/{first}/cancel")
    assert (again.status_code, again.json()["error"]) == (409, "TASK_ENDED")
    assert [
        one["id"] for one in shop.client.get(TASKS, params={"kind": "push", "page_size": 1}).json()["results"]
    ] == [second]
    audit = shop.client.get("/api/admin/audit", params={"object": f"task:{first}"}).json()["results"]
    assert [one["action"] for one in audit] == ["task.cancel"]
    for unknown in ("x", "0", "-1", 999, 2**53, 2**63, "9" * 400, "٣"):
        for answer in (
            shop.client.get(f"{TASKS}/{unknown}"),
            shop.client.post(f"{TASKS}/{unknown}/cancel"),
        ):
            assert (answer.status_code, answer.json()["error"]) == (404, "TASK_NOT_FOUND"), unknown
    for query in ({"state": "over"}, {"kind": "x\0"}, {"object": "x" * 101}, {"page": "0"}):
        assert shop.client.get(TASKS, params=query).status_code == 400, query


def test_a_push_of_a_template_that_is_paused_fails_and_says_why(shop: Shop) -> None:
    shop.client.service.tasks.stop()
    template = shop.template()
    begun = shop.issue(template, {"all": True})
    shop.client.post(f"{TEMPLATES}/{template}/pause")
    shop.client.service.tasks._stopping.clear()
    ended = shop.ended(begun)
    assert (ended["state"], ended["done"]) == ("failed", 0)
    assert ended["error"] == {"error": "COUPON_NOT_CLAIMABLE", "message": "优惠券不可领取：已停发"}
    english = shop.client.get(begun.headers["location"], headers={"accept-language": "en"}).json()
    assert english["error"]["message"] == "This coupon is not issued: it is not issued any more"

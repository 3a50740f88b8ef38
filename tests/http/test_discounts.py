"""`/api/discounts/`: the second seed document's endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http import serving
from tests.http.serving import Client

DISCOUNTS = "/api/discounts/"
NOON = datetime(2026, 11, 11, 17, tzinfo=UTC)
MUG = '{"id": "7", "sku": "MUG", "name": "杯", "price": "60.00", "categories": ["mugs"]}\n'
CUP = '{"id": "8", "sku": "CUP", "name": "盏", "price": "30.00", "categories": ["mugs"]}\n'
CUSTOMERS = '{"id": "1", "name": "一", "groups": ["VIP"]}\n{"id": "2", "name": "二"}\n'
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving.client(tmp_path, lambda: NOON) as made:
        yield made


@pytest.fixture
def shop(client: Client) -> Client:
    """With customers 1 (VIP) and 2, and products 7 at 60.00 and 8 at 30.00 among the mugs."""
    for kind, rows in (
        ("categories", '{"id": "mugs", "name": "杯具"}\n'), ("products", MUG + CUP), ("customers", CUSTOMERS),
    ):  # fmt: skip
        assert client.put(f"/api/directory/{kind}", content=rows, headers=LINES).status_code == 200
    return client


def sent(**more: Any) -> dict[str, Any]:
    """5.00 off for users 1 and 2 on products 7 and 8, on 11 November in China."""
    return {
        "name": "双十一特惠", "amount": 5, "user_ids": [1, 2], "product_ids": [7, 8], "priority": 10,
        "effective_time": "2026-11-11T00:00:00+08:00", "expiration_time": "2026-11-12T08:00:00+08:00", **more,
    }  # fmt: skip


def make(client: TestClient, **more: Any) -> dict[str, Any]:
    made = client.post(DISCOUNTS, json=sent(**more))
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_discount_as_it_is_made_and_read(client: Client) -> None:
    made = client.post(DISCOUNTS, json=sent(amount=5.5))
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.json() == {
        "id": 1, "name": "双十一特惠", "amount": "5.50", "discount_type": "amount", "discount_value": "5.50",
        "currency": "CNY", "user_count": 2, "group_count": 0, "all_users": False, "product_count": 2,
        "category_count": 0, "all_products": False, "effective_time": "2026-11-10T16:00:00Z",
        "expiration_time": "2026-11-12T00:00:00Z", "priority": 10, "enabled": True, "state": "running",
        "state_text": "生效中", "state_color": "green", "key": None, "version": 1,
        "created_at": "2026-11-11T17:00:00Z", "updated_at": "2026-11-11T17:00:00Z", "archived_at": None,
        "user_ids": ["1", "2"], "group_ids": [], "product_ids": ["7", "8"], "category_ids": [],
    }  # fmt: skip
    read = client.get(f"{DISCOUNTS}1/")
    assert (read.json(), read.headers["etag"]) == (made.json(), '"1"')
    back = client.patch(f"{DISCOUNTS}1/", json=read.json())
    assert back.json() == read.json(), "what was read can be sent back"


def test_the_seeds_messages(client: Client) -> None:
    refused = client.post(DISCOUNTS, json={})
    assert refusal(refused) == (400, "VALIDATION_ERROR")
    body = refused.json()
    assert body["message"] == "请输入折扣名称"
    assert {one["path"]: one["message"] for one in body["details"]} == {
        "name": "请输入折扣名称", "amount": "请输入折扣金额", "user_ids": "请至少选择一个用户",
        "product_ids": "请至少选择一个商品", "effective_time": "请选择生效时间", "expiration_time": "请选择过期时间",
    }  # fmt: skip


HOSTILE = [
    b"", b"[]", b"null", b"5", b'{"name": "\\u0000"}', b'{"amount": 1e999999999999999999999}', b"{" * 9999,
    b'{"amount": NaN}', b'{"priority": 9223372036854775808}', b'{"product_ids": [[1]]}', b"\xff",
    b'{"effective_time": "9999-12-31T23:59:59-14:00"}', b'{"user_id": {"a": 1}, "user_ids": {"a": 1}}',
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("POST", "batch_set/"), ("PATCH", "1/")])
def test_whatever_is_sent_is_answered(client: Client, method: str, path: str) -> None:
    make(client)
    for body in HOSTILE:
        headers = {"content-type": "application/json"}
        answer = client.request(method, DISCOUNTS + path, content=body, headers=headers)
        assert refusal(answer) == (400, "VALIDATION_ERROR"), body


def test_a_filter_that_is_none(client: Client) -> None:
    for query in (
        "name=%00", "user=a%00b", "user=", "product=a,b", "priority=x", "priority=9007199254740993", "state=on",
        "from=2026-11-11", "to=x", "sort=id", "page=0", "page_size=101", "type=gift", "from=2026-11-11T00:00:00 08:00",
    ):  # fmt: skip
        assert refusal(client.get(f"{DISCOUNTS}?{query}")) == (400, "VALIDATION_ERROR"), query


def test_an_id_that_is_none(client: Client) -> None:
    for id_ in ("0", "-1", "x", "1.5", str(2**63), "9" * 400):
        address = f"{DISCOUNTS}{id_}/"
        for answer in (
            client.get(address),
            client.patch(address, json={}),
            client.delete(address),
            client.get(f"{address}targets/?kind=user"),
            client.get(f"{address}debug/"),
        ):
            assert refusal(answer) == (400, "VALIDATION_ERROR"), id_


def test_states_and_their_colours(client: Client) -> None:
    make(client, name="running")
    make(client, name="scheduled", effective_time="2026-11-11T17:00:00.000001Z")
    make(client, name="ended", expiration_time="2026-11-11T17:00:00Z")
    make(client, name="disabled", enabled=False)
    for language, texts in (
        ("zh-CN", ["已停用", "已结束", "未开始", "生效中"]),
        ("en", ["disabled", "ended", "scheduled", "running"]),
    ):
        rows = client.get(DISCOUNTS, headers={"accept-language": language}).json()["results"]
        assert [row["state_text"] for row in rows] == texts
    assert [row["state_color"] for row in rows] == ["red", "red", "red", "green"]
    for state in ("running", "scheduled", "ended", "disabled"):
        rows = client.get(DISCOUNTS, params={"state": state}).json()["results"]
        assert [row["name"] for row in rows] == [state]


def test_a_list_is_filtered_by_whom_and_what_it_concerns(shop: Client) -> None:
    make(shop, name="list", priority=3)
    make(shop, name="vip mugs", user_ids=[], group_ids=["VIP"], product_ids=[], category_ids=["mugs"])
    make(shop, name="all", user_ids=[], all_users=True, product_ids=[8], priority=1)
    for query, found in (
        ("user=1", ["vip mugs", "list", "all"]),
        ("user=2", ["list", "all"]),
        ("user=3", ["all"]),
        ("product=7", ["vip mugs", "list"]),
        ("user=2&product=8&name=L", ["list", "all"]),
        ("priority=3", ["list"]),
        ("from=2026-11-12T00:00:00Z", []),
        ("to=2026-11-10T16:00:00.000001Z&sort=name", ["all", "list", "vip mugs"]),
        ("page=2&page_size=2", ["all"]),
    ):
        page = shop.get(f"{DISCOUNTS}?{query}").json()
        assert [row["name"] for row in page["results"]] == found, query
    assert (page["total"], page["total_pages"], page["has_next"], page["has_previous"]) == (3, 2, False, True)


def test_shoppers_see_what_is_running_and_for_them(shop: Client) -> None:
    mine = make(shop, name="mine", key="k")["id"]
    others = make(shop, name="others", user_ids=[2])["id"]
    later = make(shop, name="later", effective_time="2026-11-11T18:00:00Z")["id"]
    vip = make(shop, name="vip", user_ids=[], group_ids=["VIP"], priority=1)["id"]
    shopper = serving.shopper(shop, "1")
    rows = shop.get(DISCOUNTS, headers=shopper).json()["results"]
    assert [row["id"] for row in rows] == [mine, vip]
    one = shop.get(f"{DISCOUNTS}{mine}/", headers=shopper).json()
    for answer in (rows[0], one):
        assert (answer["user_count"], answer["group_count"], answer["key"]) == (None, None, None)
    assert (one["user_ids"], one["group_ids"], one["product_ids"]) == (None, None, ["7", "8"])
    for hidden in (others, later):
        assert refusal(shop.get(f"{DISCOUNTS}{hidden}/", headers=shopper)) == (404, "DISCOUNT_NOT_FOUND")
    assert refusal(shop.get(f"{DISCOUNTS}?user=2", headers=shopper)) == (403, "FORBIDDEN")
    assert shop.get(f"{DISCOUNTS}?user=1&state=scheduled", headers=shopper).json()["total"] == 0
    storefront = serving.key(shop, "discounts")
    assert shop.get(DISCOUNTS, headers=storefront).json()["total"] == 4


def test_a_deleted_one_is_gone(client: Client) -> None:
    id_ = make(client)["id"]
    address = f"{DISCOUNTS}{id_}/"
    assert client.delete(address).json() == {"id": id_, "message": "折扣已删除"}
    for again in (client.get(address), client.patch(address, json={"priority": 1}), client.delete(address)):
        assert refusal(again) == (404, "DISCOUNT_DELETED")
        assert again.json()["message"] == "折扣已删除"
    assert refusal(client.get(f"{DISCOUNTS}99/")) == (404, "DISCOUNT_NOT_FOUND")
    assert client.get(DISCOUNTS).json()["total"] == 0


def test_what_was_changed_meanwhile_is_not_overwritten(client: Client) -> None:
    make(client)
    address = f"{DISCOUNTS}1/"
    read = {"if-match": client.get(address).headers["etag"]}
    changed = client.patch(address, json={"amount": "6", "enabled": False}, headers=read)
    assert (changed.json()["amount"], changed.json()["state"]) == ("6.00", "disabled")
    assert refusal(client.patch(address, json={"amount": 7}, headers=read)) == (412, "PRECONDITION_FAILED")
    assert refusal(client.delete(address, headers=read)) == (412, "PRECONDITION_FAILED")
    assert client.delete(address, headers={"if-match": changed.headers["etag"]}).status_code == 200


def test_long_lists_are_read_page_by_page(client: Client) -> None:
    id_ = make(client, product_ids=list(range(1001)))["id"]
    one = client.get(f"{DISCOUNTS}{id_}/").json()
    assert (one["product_ids"], one["product_count"], one["user_ids"]) == (None, 1001, ["1", "2"])
    page = client.get(f"{DISCOUNTS}{id_}/targets/?kind=product&q=100&page_size=2").json()
    assert (page["results"], page["total"]) == (["100", "1000"], 2)
    assert (
        client.patch(f"{DISCOUNTS}{id_}/", json={"remove_product_ids": [0]}).json()["product_count"] == 1000
    )


def test_the_seeds_batch(client: Client) -> None:
    """As its TypeScript sends it; the date is that of the shop's zone, where it is the 12th already."""
    body = {
        "user_id": 1, "product_ids": [7, 8], "amount": 100, "priority": 1,
        "effective_time": "2026-11-11T17:00:00.000Z", "expiration_time": "2026-12-11T17:00:00.000Z",
    }  # fmt: skip
    made = client.post(f"{DISCOUNTS}batch_set/", json=body)
    assert made.status_code == 201
    answer = made.json()
    assert (answer["name"], answer["amount"]) == ("批量折扣 2026-11-12", "100.00")
    assert (answer["user_ids"], answer["product_ids"]) == (["1"], ["7", "8"])
    named = client.post(f"{DISCOUNTS}batch_set/", json=body | {"name": "老客", "amount": "1.5"}).json()
    assert (named["name"], named["amount"]) == ("老客", "1.50")
    empty = client.post(f"{DISCOUNTS}batch_set/", json={}).json()["details"]
    assert [one["path"] for one in empty] == [
        "amount", "user_id", "product_ids", "effective_time", "expiration_time",
    ]  # fmt: skip
    assert empty[1]["message"] == "请至少选择一个用户"


def test_a_batch_is_all_or_nothing_and_names_unknown_ids(shop: Client) -> None:
    body = {**sent(), "user_id": 5, "product_ids": [7, 9, 10]}
    del body["user_ids"]
    refused = shop.post(f"{DISCOUNTS}batch_set/", json=body)
    assert refusal(refused) == (400, "VALIDATION_ERROR")
    assert [(one["path"], one["message"]) for one in refused.json()["details"]] == [
        ("user_id", "1 个用户不存在：5"), ("product_ids", "2 个商品不存在：10, 9"),
    ]  # fmt: skip
    assert shop.get(DISCOUNTS).json()["total"] == 0


def test_rows_are_imported_and_faults_told_by_line(client: Client) -> None:
    good = {**sent(), "key": "a-1", "amount": 5.25}
    body = (
        "\n".join(json.dumps(one) for one in (good, {**good, "amount": -1}, {**good, "key": "a-2"}))
        + '\n{"amount": 1e999999999999999999999}'
    )
    for dry_run, total in ((True, 0), (False, 2)):
        answer = client.post(f"{DISCOUNTS}import/?dry_run={dry_run}", content=body, headers=LINES)
        assert answer.status_code == 200
        report = answer.json()
        errors = report.pop("errors")
        assert [(one["line"], one["path"], one["code"]) for one in errors] == [
            (2, "amount", "negative"), (4, "", "not_json"),
        ]  # fmt: skip
        assert errors[0]["message"] == "请输入折扣金额，不能小于 0"
        assert report == {
            "received": 4, "created": 2, "updated": 0, "unchanged": 0, "rejected": 2, "lines": 4, "dry_run": dry_run,
        }  # fmt: skip
        assert client.get(DISCOUNTS).json()["total"] == total
    assert client.post(f"{DISCOUNTS}import/", content=body, headers=LINES).json()["unchanged"] == 2


def test_a_stream_that_is_none_of_rows(client: Client) -> None:
    for type_, body in (
        ("application/pdf", b"x"), ("text/csv", b""), ("text/csv", b"name,nonsense\n"), ("text/csv", b"\xff\xfe"),
    ):  # fmt: skip
        answer = client.post(f"{DISCOUNTS}import/", content=body, headers={"content-type": type_})
        assert refusal(answer) == (400, "VALIDATION_ERROR"), body


def test_why_a_discount_does_not_count(shop: Client) -> None:
    worse = make(shop, name="worse", priority=1)["id"]
    best = make(shop, name="best", priority=2, amount=None, discount_type="percent", discount_value=9.5)["id"]
    address = f"{DISCOUNTS}{worse}/debug/"
    plain = shop.get(address).json()
    assert (plain["status"], plain["user_count"], plain["product_count"], plain["pair"]) == (
        "生效中",
        2,
        2,
        None,
    )
    pair = shop.get(f"{address}?user=1&product=7").json()["pair"]
    assert (pair["price"], pair["amount"], pair["reason"], pair["winner"]) == (
        "60.00",
        "5.00",
        "lower_priority",
        best,
    )
    assert pair["message"] == f"优先级 1 低于折扣 {best} 的 2"
    assert [(one["id"], one["amount"], one["reason"]) for one in pair["candidates"]] == [
        (best, "3.00", "wins"), (worse, "5.00", "lower_priority"),
    ]  # fmt: skip
    ended = shop.get(f"{address}?user=1&product=7&at=2026-11-12T00:00:00Z").json()
    assert (ended["status"], ended["state_text"], ended["pair"]["reason"]) == ("已失效", "已结束", "ended")
    theirs = shop.get(f"{address}?user=9&product=7").json()["pair"]
    assert (theirs["concerns_user"]["by"], theirs["reason"], theirs["winner"]) == (
        None,
        "not_this_user",
        None,
    )
    assert refusal(shop.get(f"{address}?user=1")) == (400, "VALIDATION_ERROR")


def test_debug_agrees_with_the_query_about_a_product_that_is_not_known(shop: Client) -> None:
    id_ = make(shop, product_ids=[], all_products=True)["id"]
    pair = shop.get(f"{DISCOUNTS}{id_}/debug/?user=1&product=9").json()["pair"]
    query = shop.get(f"{DISCOUNTS}query_user_products/?user_id=1&product_ids=9").json()["9"]
    assert (pair["amount"], pair["winner"]) == (query["amount"], query["discount_id"]) == ("0.00", None)
    assert (pair["price"], pair["reason"]) == (None, "unknown_product")
    assert pair["message"] == "商城资料中没有该商品：查询为 0.00，购物车须给出单价才有折扣"


def test_a_clock_of_a_discount_needs_no_job(tmp_path: Path) -> None:
    now = [NOON]
    with serving.client(tmp_path, lambda: now[0]) as client:
        make(client)
        states = []
        for at in (datetime(2026, 11, 10, 16, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)):
            for moment in (timedelta(microseconds=-1), timedelta()):
                now[0] = at + moment
                states.append(client.get(f"{DISCOUNTS}1/").json()["state"])
        assert states == ["scheduled", "running", "running", "ended"]

"""Codes over HTTP: made, listed, taken away, brought, voided, shown, redeemed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http import serving

TEMPLATES = "/api/marketing/coupon-templates"
REDEEM = "/api/marketing/coupons/redeem-code"
PATTERN = "SUMMER-####-####-####"
LIMITS = {"redeem_code": dict.fromkeys(("customer", "device", "person", "ip"))}
"""none, so that a test may try as often as it wants"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[serving.Client]:
    with serving.client(tmp_path, abuse=LIMITS) as made:
        yield made


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Client]:
    """For many requests that change nothing."""
    with serving.client(tmp_path_factory.mktemp("codes")) as made:
        yield made


@pytest.fixture(scope="module")
def refused_at(refusing: serving.Client) -> str:
    return template(refusing)


def template(client: TestClient, *, publish: bool = True, **more: Any) -> str:
    """The address of the codes of a new one."""
    new = {
        "name": "满百减十", "type": "discount", "value": "10.00", "min_amount": "100.00", "valid": {"days": 7},
        "ways": ["code"], **more,
    }  # fmt: skip
    made = client.post(TEMPLATES, json=new)
    assert made.status_code == 201, made.text
    if publish:
        assert client.post(f"{TEMPLATES}/{made.json()['id']}/publish").status_code == 200
    return f"{TEMPLATES}/{made.json()['id']}/codes"


def make(client: TestClient, address: str, **asked: Any) -> list[str]:
    answer = client.post(address, json={"count": 1, "pattern": PATTERN, **asked})
    assert answer.status_code == 201, answer.text
    codes: list[str] = answer.json()["codes"]
    return codes


def refused(answer: Any, status: int) -> tuple[str, list[str]]:
    """The code of a refusal, and those of its details."""
    assert answer.status_code == status, answer.text
    return answer.json()["error"], [one["code"] for one in answer.json()["details"]]


def test_codes_made_at_once(client: TestClient) -> None:
    address = template(client)
    codes = make(client, address, count=1000)
    assert len(set(codes)) == 1000
    page = client.get(address, params={"text": codes[0].lower()}).json()
    assert page["results"][0] | {"created_at": None} == {
        "code": codes[0], "state": "unused", "uses_limit": 1, "per_customer": None, "used": 0, "task_id": 1,
        "voided_at": None, "created_at": None,
    }  # fmt: skip
    assert client.get(address, params={"page_size": 100}).json()["total"] == 1000


def test_codes_made_by_a_task(client: serving.Client) -> None:
    address = template(client)
    asked = {"count": 1001, "prefix": "双十一-", "length": 12, "check_digit": False, "charset": "0123456789"}
    answer = client.post(address, json=asked, headers={"idempotency-key": "k"})
    assert answer.status_code == 202, answer.text
    task = answer.json()
    assert (task["kind"], task["total"]) == ("codes", 1001)
    assert client.post(address, json=asked, headers={"idempotency-key": "k"}).json()["id"] == task["id"]
    client.service.tasks.run_waiting()
    assert client.get(f"/api/admin/tasks/{task['id']}").json()["state"] == "done"
    exported = client.get(f"{address}.csv", params={"task": task["id"]})
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert len({row["code"] for row in rows}) == 1001
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.headers["cache-control"] == "no-store"
    voiding = client.post(f"{address}/void", json={"task": task["id"]})
    assert voiding.status_code == 202
    client.service.tasks.run_waiting()
    assert client.get(address, params={"state": "void"}).json()["total"] == 1001


def test_a_shared_code(client: TestClient) -> None:
    address = template(client)
    answer = client.post(address, json={"code": " SAVE10 ", "uses_limit": 500, "per_customer": 1})
    assert (answer.status_code, answer.json()["code"], answer.json()["uses_limit"]) == (201, "SAVE10", 500)
    again = client.post(template(client), json={"code": "ｓａｖｅ10", "uses_limit": 5})
    assert refused(again, 409) == ("CODE_EXISTS", [])


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, ["missing"]),
        ({"count": 1}, ["no_pattern"]),
        ({"count": 1000, "pattern": "####"}, ["too_small"]),
        ({"count": 1, "pattern": "SAVE"}, ["too_few_drawn"]),
        ({"count": 1, "pattern": "=1-" + PATTERN}, ["not_pattern"]),
        ({"count": 1, "pattern": PATTERN, "charset": "AAB"}, ["not_charset"]),
        ({"count": 1, "pattern": PATTERN, "uses_limit": 2}, ["not_of_shared"]),
        ({"code": "SAVE10"}, ["needs_limit"]),
        ({"code": "SAVE10", "uses_limit": 1, "count": 2}, ["two_ways"]),
        ({"code": "+SAVE", "uses_limit": 1}, ["not_code"]),
        ({"code": "\ud800", "uses_limit": 1}, None),
        ({"code": "a\0", "uses_limit": 1}, None),
        ({"count": 10**9, "pattern": PATTERN}, None),
        ({"count": 2**63, "pattern": PATTERN}, None),
        ({"count": "5", "pattern": PATTERN}, None),
        ({"count": True, "pattern": PATTERN}, None),
        ({"count": 1, "pattern": PATTERN, "colour": "red"}, None),
        ([], None),
    ],
)
def test_mistakes(refusing: TestClient, refused_at: str, body: Any, faults: list[str] | None) -> None:
    sent = {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
    error, found = refused(refusing.post(refused_at, **sent), 400)  # type: ignore[arg-type]
    assert error == "VALIDATION_ERROR"
    assert faults is None or found == faults


@pytest.mark.parametrize("id_", ["999", "x", "0", "-1", str(2**63), "1e3", "%00"])
def test_no_template(refusing: TestClient, id_: str) -> None:
    address = f"{TEMPLATES}/{id_}/codes"
    answers = [
        refusing.get(address),
        refusing.get(f"{address}.csv"),
        refusing.post(address, json={"count": 1, "pattern": PATTERN}),
        refusing.put(f"{address}/import", content=b"code\nA\n", headers={"content-type": "text/csv"}),
    ]
    assert {refused(one, 404)[0] for one in answers} == {"COUPON_TEMPLATE_NOT_FOUND"}


def test_a_template_that_takes_none(client: TestClient) -> None:
    answer = client.post(template(client, ways=["claim"]), json={"count": 1, "pattern": PATTERN})
    assert refused(answer, 409)[0] == "TEMPLATE_WITHOUT_CODES"


def test_an_import_and_its_report(client: TestClient) -> None:
    address = template(client)
    body = "code,uses_limit,per_customer\nA-1,,\nA-2,500,1\n=cmd,1,\na-1,1,\nA-3,x,\n"
    headers = {"content-type": "text/csv"}
    answer = client.put(f"{address}/import", content=body.encode(), headers=headers)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    errors = [(one["line"], one["path"], one["code"]) for one in report.pop("errors")]
    assert report == {"received": 5, "created": 2, "unchanged": 1, "rejected": 2, "lines": 6}
    assert errors == [(4, "code", "not_code"), (6, "uses_limit", "not_count")]
    exported = client.get(f"{address}.csv").content
    assert client.put(f"{address}/import", content=exported, headers=headers).json()["unchanged"] == 2
    wrong = client.put(f"{address}/import", content=b"A-1\n", headers=headers)
    assert refused(wrong, 400) == ("VALIDATION_ERROR", ["unknown_column"])


def test_voiding_one(client: TestClient) -> None:
    address = template(client)
    (code,) = make(client, address)
    assert client.post(f"{address}/void", json={"code": code}).json()["state"] == "void"
    assert refused(client.post(f"{address}/void", json={"code": "nope"}), 409)[0] == "CODE_NOT_FOUND"
    assert refused(client.post(f"{address}/void", json={}), 400)[1] == ["void_what"]
    assert refused(client.post(f"{address}/void", json={"task": 99}), 404)[0] == "TASK_NOT_FOUND"


def test_a_qr_code(client: TestClient, tmp_path: Path) -> None:
    (code,) = make(client, template(client))
    plain = client.get(f"/api/marketing/codes/{code.lower()}/qr.svg")
    assert (plain.status_code, plain.headers["content-type"]) == (200, "image/svg+xml")
    assert plain.text.startswith("<svg ")
    assert refused(client.get("/api/marketing/codes/NOPE/qr.svg"), 409)[0] == "CODE_NOT_FOUND"
    assert refused(client.get("/api/marketing/codes/a%00/qr.svg"), 400)[0] == "VALIDATION_ERROR"
    link = {"code_link": "https://shop.example/coupons?code={code}"}
    (tmp_path / "other").mkdir()
    with serving.client(tmp_path / "other", marketing_service=link) as other:
        other_address = template(other)
        made = other.post(other_address, json={"code": code, "uses_limit": 1})
        assert made.status_code == 201
        linked = other.get(f"/api/marketing/codes/{code}/qr.svg")
    assert len(linked.text) > len(plain.text)


def test_who_may_see_codes(client: TestClient) -> None:
    """Who knows one can use it: a viewer may not."""
    address = template(client)
    for headers in (
        serving.operator(client, "viewer"),
        serving.key(client, "coupons"),
        {"authorization": ""},
    ):
        for answer in (
            client.get(address, headers=headers),
            client.get(f"{address}.csv", headers=headers),
            client.post(address, json={"count": 1, "pattern": PATTERN}, headers=headers),
        ):
            assert answer.status_code in (401, 403)


# -- redeeming


def redeem(client: TestClient, code: str, headers: dict[str, str], **more: Any) -> Any:
    return client.post(REDEEM, json={"code": code, **more}, headers=headers)


def test_a_code_becomes_a_coupon(client: TestClient) -> None:
    address, shop = template(client), serving.key(client, "coupons")
    (code,) = make(client, address)
    answer = redeem(client, f" {code.lower()} ", shop, user_id=41)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["user_id"], answer.json()["source"]) == ("41", "code")
    assert redeem(client, code, shop, user_id="41").json() == answer.json()  # it is that customer's already
    assert refused(redeem(client, code, shop, user_id="42"), 409)[0] == "CODE_USED_UP"
    (found,) = client.get(address, params={"state": "used"}).json()["results"]
    assert (found["code"], found["used"]) == (code, 1)


def test_a_shared_code_has_its_limits(client: TestClient) -> None:
    address, shop = template(client), serving.key(client, "coupons")
    client.post(address, json={"code": "SAVE10", "uses_limit": 3, "per_customer": 2})

    def tried(customer: str, **headers: str) -> Any:
        return redeem(client, "save10", {**shop, **headers}, user_id=customer)

    first = tried("a", **{"idempotency-key": "k"})
    assert tried("a", **{"idempotency-key": "k"}).json() == first.json()
    assert tried("a").status_code == 201
    assert refused(tried("a"), 409) == ("COUPON_LIMIT_REACHED", ["limit_reached"])
    assert tried("b").status_code == 201
    assert refused(tried("c"), 409)[0] == "CODE_USED_UP"


def test_many_at_once_for_one_code(client: TestClient) -> None:
    address, shop = template(client), serving.key(client, "coupons")
    (code,) = make(client, address)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: redeem(client, code, shop, user_id=f"u{i}"), range(16)))
    assert sorted(one.status_code for one in answers) == [201] + [409] * 15


def wrong_codes(client: TestClient) -> dict[str, str]:
    """One of each that is not good for the customer "x": why, and the code."""
    void, used, ended, foreign, sold_out = (make(client, template(client, **more))[0] for more in (
        {}, {}, {}, {"audience": {"kind": "list", "customers": ["y"]}}, {"total": 1, "per_customer": 1},
    ))  # fmt: skip
    listed = client.get(TEMPLATES, params={"page_size": 100}).json()["results"]
    by_code = {
        one["code"]: f"{TEMPLATES}/{each['id']}"
        for each in listed
        for one in client.get(f"{TEMPLATES}/{each['id']}/codes").json()["results"]
    }
    client.post(f"{by_code[void]}/codes/void", json={"code": void})
    client.post(f"{by_code[ended]}/close")
    shop = serving.key(client, "coupons")
    redeem(client, used, shop, user_id="y")
    redeem(client, make(client, f"{by_code[sold_out]}/codes")[0], shop, user_id="y")
    return {
        "CODE_NOT_FOUND": "NO-SUCH-CODE",
        "CODE_VOID": void,
        "CODE_USED_UP": used,
        "COUPON_NOT_CLAIMABLE": ended,
        "COUPON_NOT_FOR_CUSTOMER": foreign,
        "COUPON_SOLD_OUT": sold_out,
    }


def test_a_shop_is_told_why(client: TestClient) -> None:
    shop = serving.key(client, "coupons")
    for why, code in wrong_codes(client).items():
        assert refused(redeem(client, code, shop, user_id="x"), 409)[0] == why


def test_to_a_shopper_all_wrong_codes_look_alike(client: TestClient) -> None:
    codes = wrong_codes(client)
    for code in codes.values():
        answer = redeem(client, code, serving.shopper(client, "x"))
        assert refused(answer, 409) == ("CODE_NOT_FOUND", [])
        shown = {key: value for key, value in answer.json().items() if key != "request_id"}
        assert shown == {"error": "CODE_NOT_FOUND", "message": "兑换码无效", "details": []}


def test_what_was_mistyped_is_no_guess(client: TestClient) -> None:
    (code,) = make(client, template(client))
    last = next(letter for letter in "ABC" if letter != code[-1])
    shopper = serving.shopper(client, "x")
    for _ in range(15):
        assert refused(redeem(client, code[:-1] + last, shopper), 409) == ("CODE_NOT_FOUND", ["mistyped"])
    assert redeem(client, code, shopper).status_code == 201


def test_guessing_is_stopped_for_right_codes_too(client: TestClient) -> None:
    (code,) = make(client, template(client))
    shopper = serving.shopper(client, "x")
    answers = [redeem(client, f"GUESS-{i}", shopper).status_code for i in range(12)]
    assert answers == [409] * 10 + [429] * 2
    stopped = redeem(client, code, shopper)
    assert refused(stopped, 429)[0] == "TOO_MANY_REQUESTS"
    assert int(stopped.headers["retry-after"]) > 0


def test_for_whom_codes_are_redeemed(client: TestClient) -> None:
    codes = make(client, template(client), count=4)
    shopper, shop = serving.shopper(client, "x"), serving.key(client, "coupons")
    assert redeem(client, codes[0], shopper).json()["user_id"] == "x"
    assert redeem(client, codes[1], shopper, user_id="x").status_code == 201
    assert refused(redeem(client, codes[2], shopper, user_id="y"), 403)[0] == "FORBIDDEN"
    assert refused(redeem(client, codes[2], shop), 400)[1] == ["missing"]
    for body in (
        {"user_id": "a b"},
        {"user_id": True},
        {"code": "a\0"},
        {"code": "x" * 201},
        {"code": 5},
        {"risk": 1},
    ):
        answer = client.post(REDEEM, json={"code": codes[2], "user_id": "x", **body}, headers=shop)
        assert answer.status_code == 400, body
    for code in ("", " ", "=1+1", "ﷺ" * 200, "%", "😀"):
        assert refused(redeem(client, code, shop, user_id="z"), 409)[0] == "CODE_NOT_FOUND"
    assert redeem(client, codes[3], serving.operator(client, "admin"), user_id="x").status_code == 403
    assert redeem(client, codes[3], serving.key(client, "orders"), user_id="x").status_code == 403

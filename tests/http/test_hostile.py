"""Bodies that no shop sends: each is refused with a 4xx in the one shape of errors, and nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, cart, line, promotion

JSON = {"content-type": "application/json"}
NESTED = 100_000

BODIES = {
    "nothing": b"",
    "half a document": b'{"currency": "CNY", "lines": [',
    "not UTF-8": b'{"currency": "\xff"}',
    "UTF-16": '{"currency": "CNY"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"currency": "CNY", "lines": []}',
    "a list": b"[]",
    "null": b"null",
    "NaN": b'{"currency": "CNY", "lines": NaN}',
    "infinity": b'{"currency": "CNY", "lines": 1e999}',
    "5,000 digits": b'{"currency": "CNY", "lines": ' + b"9" * 5000 + b"}",
    "100,000 brackets": b"[" * NESTED,
    "100,000 brackets, closed": b"[" * NESTED + b"]" * NESTED,
    "100,000 objects": b'{"a":' * NESTED + b"1" + b"}" * NESTED,
    "half a surrogate pair": b'{"currency": "\\ud800", "lines": []}',
    "half a surrogate pair and more": b'{"currency": "\\ud800x", "lines": []}',
    "a NUL": b'{"currency": "CNY", "lines": [], "codes": ["a\\u0000b"]}',
    "a NUL in a key": b'{"currency": "CNY", "lines": [], "a\\u0000b": 1}',
    "a bare NUL": b'{"currency": "CNY", "lines": [], "codes": ["a\0b"]}',
}
DOCUMENTS: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is sent: the path and the code of its fault
    "no currency": ({"lines": []}, "currency", "missing"),
    "no lines": ({"currency": "CNY"}, "lines", "missing"),
    "promotions are not taken from carts": (cart(promotions=[]), "promotions", "unknown_key"),
    "a wrong key": (cart(shiping=None), "shiping", "unknown_key"),
    "money as a number": (cart(lines=[line(unit_price=60)]), "lines[0].unit_price", "not_amount"),
    "three decimals": (cart(lines=[line(unit_price="60.000")]), "lines[0].unit_price", "not_amount"),
    "a negative price": (cart(lines=[line(unit_price="-1.00")]), "lines[0].unit_price", "not_amount"),
    "half a unit": (cart(lines=[line(quantity=0.5)]), "lines[0].quantity", "not_whole"),
    "no unit": (cart(lines=[line(quantity=0)]), "lines[0].quantity", "not_whole"),
    "true units": (cart(lines=[line(quantity=True)]), "lines[0].quantity", "not_whole"),
    "2^53 units": (cart(lines=[line(quantity=2**53)]), "lines[0].quantity", "not_whole"),
    "an id twice": (cart(lines=[line(), line()]), "lines[1].id", "used_twice"),
    "an empty id": (cart(lines=[line(id=" ")]), "lines[0].id", "not_name"),
    "true as an id": (cart(customer={"id": True}), "customer.id", "not_name"),
    "501 lines": (cart(lines=[line(id=str(i)) for i in range(501)]), "lines", "too_many"),
    "21 codes": (cart(codes=[str(i) for i in range(21)]), "codes", "too_many"),
    "an instant without an offset": (cart(at="2026-01-15T12:00:00"), "at", "not_instant"),
    "an unknown strategy": (cart(strategy="cheapest"), "strategy", "not_choice"),
    "hints as a text": (cart(hints="yes"), "hints", "not_flag"),
}
TYPES = ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "", "json"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving.client(tmp_path_factory.mktemp("hostile")) as made:
        window = {"kind": "time_window", "from": "09:00", "until": "18:00", "timezone": "Asia/Shanghai"}
        assert made.post(PROMOTIONS, json=promotion(conditions=[window])).status_code == 201
        yield made


def refused(answer: Any, status: int = 400, code: str = "VALIDATION_ERROR") -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert set(found) == {"error", "message", "details", "request_id"}
    assert found["error"] == code
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


@pytest.mark.parametrize("route", [QUOTES, PROMOTIONS])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_document(client: TestClient, route: str, body: bytes) -> None:
    refused(client.post(route, content=body, headers=JSON))


@pytest.mark.parametrize(("body", "path", "code"), DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_document_with_a_fault(
    client: TestClient, body: dict[str, Any], path: str, code: str, language: str
) -> None:
    answer = client.post(QUOTES, content=json.dumps(body), headers={**JSON, "accept-language": language})
    (fault,) = refused(answer)["details"]
    assert (fault["path"], fault["code"]) == (path, code)
    chinese = any("一" <= letter <= "鿿" for letter in fault["message"])
    assert chinese == (language == "zh-CN"), fault["message"]


def test_every_fault_is_named_at_once(client: TestClient) -> None:
    body = cart(lines=[line(quantity=0, unit_price=1)], context={"chanel": "web"})
    paths = [fault["path"] for fault in refused(client.post(QUOTES, json=body))["details"]]
    assert sorted(paths) == ["context.chanel", "lines[0].quantity", "lines[0].unit_price"]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("route", [QUOTES, PROMOTIONS])
def test_a_body_that_does_not_call_itself_json(client: TestClient, route: str, kind: str) -> None:
    answer = client.post(route, content=json.dumps(cart()), headers={"content-type": kind})
    assert refused(answer)["details"][0]["code"] == "not_json_type"


def in_pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 65_536 + 1):
        yield b" " * 65_536


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("route", [QUOTES, PROMOTIONS])
def test_a_body_over_a_mebibyte(client: TestClient, route: str, chunked: bool) -> None:
    size = 1024 * 1024 + 1
    content = in_pieces(size) if chunked else b" " * size
    refused(client.post(route, content=content, headers=JSON), 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("0001-01-01T00:00:00Z", 400),
        ("0002-01-01T00:00:00Z", 200),
        ("1969-12-31T23:59:59Z", 200),
        ("2024-02-29T00:00:00+14:00", 200),
        ("9998-12-31T23:59:59.999999Z", 200),
        ("9999-12-31T23:59:59.999999Z", 400),
    ],
)
def test_the_ends_of_time(client: TestClient, at: str, status: int) -> None:
    """In the outermost years a local day may not exist."""
    assert client.post(QUOTES, json=cart(at=at)).status_code == status


@pytest.mark.parametrize(
    "more",
    [
        {"lines": [line(quantity=2**53 - 1, unit_price="90071992547409.91")]},
        {"lines": [line(id=str(i), attributes={"colour": "红", "size": 1, "new": True}) for i in range(500)]},
        {"lines": []},
        {"codes": ["", " ", "ＳＡＶＥ", "😀" * 1000]},
        {"customer": None, "shipping": None, "context": {"channel": None}, "at": None, "strategy": None},
    ],
    ids=["the largest line", "500 lines", "an empty cart", "odd codes", "nulls where a default is"],
)
def test_what_is_odd_and_right(client: TestClient, more: dict[str, Any]) -> None:
    assert client.post(QUOTES, json=cart(**more)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "NOT_FOUND"),
        ("GET", QUOTES, 405, "METHOD_NOT_ALLOWED"),
        ("PATCH", PROMOTIONS, 405, "METHOD_NOT_ALLOWED"),
        ("GET", f"{PROMOTIONS}?page=0", 400, "VALIDATION_ERROR"),
        ("GET", f"{PROMOTIONS}?page=x", 400, "VALIDATION_ERROR"),
        ("GET", f"{PROMOTIONS}?page_size=101", 400, "VALIDATION_ERROR"),
        ("GET", f"{PROMOTIONS}?page=99999999999999999999", 400, "VALIDATION_ERROR"),
        ("GET", f"{PROMOTIONS}/%00", 404, "PROMOTION_NOT_FOUND"),
        ("GET", f"{PROMOTIONS}/%ff", 404, "PROMOTION_NOT_FOUND"),
    ],
)
def test_a_wrong_address(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    refused(client.request(method, path), status, code)


def test_a_request_keeps_its_own_id_if_it_is_harmless(client: TestClient) -> None:
    def answered(given: str) -> str:
        return client.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"]

    assert answered("shop-4711") == "shop-4711"
    assert answered('"}{') != '"}{'
    assert answered("x" * 65) != "x" * 65

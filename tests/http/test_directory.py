"""`/api/directory/…`: streams of rows in, one hostile thing at a time; pages out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http import serving
from youhui.directory import importing

CUSTOMERS, PRODUCTS, CATEGORIES = (
    f"/api/directory/{kind}" for kind in ("customers", "products", "categories")
)
JSONL = {"content-type": "application/x-ndjson"}
CSV = {"content-type": "text/csv"}
MUG = {"id": "M1", "sku": "MUG-RED", "name": "马克杯", "price": "49.00"}


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def put(client: TestClient, address: str, body: bytes | Iterator[bytes], **headers: str) -> dict[str, Any]:
    answer = client.put(address, content=body, headers={**JSONL, **headers})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    changed = [found[name] for name in ("created", "updated", "unchanged", "deleted", "rejected")]
    assert found["received"] == sum(changed)
    return found


def test_rows_in_and_a_page_out(client: TestClient) -> None:
    report = put(
        client, PRODUCTS, lines(MUG, {"id": 2, "name": "T恤", "price": 129, "stock": 3, "active": False})
    )
    assert report == {
        "received": 2, "created": 2, "updated": 0, "unchanged": 0, "deleted": 0, "rejected": 0, "lines": 2,
        "errors": [],
    }  # fmt: skip
    page = client.get(PRODUCTS).json()
    assert (page["total"], page["has_next"]) == (2, False)
    assert page["results"][0] == {
        "id": "2", "sku": "2", "name": "T恤", "price": "129.00", "currency": "CNY", "cost": None, "stock": 3,
        "categories": [], "attributes": {}, "active": False,
    }  # fmt: skip
    assert put(client, PRODUCTS, lines(MUG, {"id": "2", "price": 129.0}))["unchanged"] == 2


def test_csv_and_its_lists_and_attributes(client: TestClient) -> None:
    body = "\ufeffid,name,phone,groups,attributes.城市,attributes.age:number,registered_at\r\n"
    body += '1001,"张,三",13812345678,VIP|新客,上海,30,2026-01-02T03:04:05+08:00\r\n'
    assert put(client, CUSTOMERS, body.encode(), **CSV)["created"] == 1
    (one,) = client.get(CUSTOMERS, params={"group": "新客"}).json()["results"]
    assert one == {
        "id": "1001", "name": "张,三", "phone": "138****5678", "groups": ["VIP", "新客"],
        "attributes": {"城市": "上海", "age": 30}, "registered_at": "2026-01-01T19:04:05Z",
    }  # fmt: skip
    changed = put(client, CUSTOMERS, b"id,phone\n1001,\n", **CSV)
    assert changed["updated"] == 1
    (one,) = client.get(CUSTOMERS).json()["results"]
    assert (one["phone"], one["name"]) == (None, "张,三")


def test_gzip(client: TestClient) -> None:
    assert put(client, PRODUCTS, gzip.compress(lines(MUG)), **{"content-encoding": "gzip"})["created"] == 1
    bomb = put(client, PRODUCTS, gzip.compress(b"\n" * 10**8), **{"content-encoding": "gzip"})
    assert [one["code"] for one in bomb["errors"]] == ["expands_too_much"]


@pytest.mark.parametrize(("currency", "price"), [("JPY", "1200"), ("KWD", "1200.000"), (None, "1200.00")])
def test_amounts_are_of_the_currency_that_is_named(
    client: TestClient, currency: str | None, price: str
) -> None:
    address = f"{PRODUCTS}?currency={currency}" if currency else PRODUCTS
    put(client, address, lines({"id": 1, "name": "x", "price": 1200}))
    assert client.get(PRODUCTS).json()["results"][0]["price"] == price


def row(**more: object) -> bytes:
    return lines({"id": 1, "name": "x", "price": 1, **more})


ROWS: dict[str, tuple[bytes, str, str]] = {
    # what is sent: the path and the code of its fault
    "no id": (b'{"name": "x", "price": 1}', "id", "missing"),
    "an empty id": (row(id=""), "id", "not_a_shop_id"),
    "an id with a comma": (row(id="a,b"), "id", "not_a_shop_id"),
    "an id of 65": (row(id="x" * 65), "id", "not_a_shop_id"),
    "half a number as an id": (row(id=1.5), "id", "not_a_shop_id"),
    "true as an id": (row(id=True), "id", "not_a_shop_id"),
    "a list as an id": (row(id=[1]), "id", "not_a_shop_id"),
    "no name": (b'{"id": 1, "price": 1}', "name", "missing"),
    "a name of spaces": (row(name="  "), "name", "missing"),
    "a name of 201": (row(name="x" * 201), "name", "too_long"),
    "a name with a line end": (row(name="a\nb"), "name", "not_printable"),
    "a number as a name": (row(name=5), "name", "not_text"),
    "no price": (b'{"id": 1, "name": "x"}', "price", "missing"),
    "a price below nothing": (row(price=-1), "price", "negative"),
    "three decimals": (row(price=1.005), "price", "too_precise"),
    "a price with an exponent": (b'{"id": 1, "name": "x", "price": 1e999}', "price", "too_large"),
    "a tiny price": (b'{"id": 1, "name": "x", "price": 1e-999999}', "price", "too_precise"),
    "a flag as a price": (row(price=True), "price", "not_number"),
    "2^63 as a price": (row(price=2**63), "price", "too_large"),
    "2^53 cents": (row(price="90071992547409.92"), "price", "too_large"),
    "a currency in small letters": (row(currency="cny"), "currency", "not_currency"),
    "2^63 in stock": (row(stock=2**63), "stock", "not_whole"),
    "half a unit in stock": (row(stock=0.5), "stock", "not_whole"),
    "categories as a text": (row(categories="a"), "categories", "not_list"),
    "a category with a space": (row(categories=["a", "b c"]), "categories[1]", "not_a_shop_id"),
    "51 categories": (row(categories=[*range(51)]), "categories", "too_many"),
    "attributes as a list": (row(attributes=[]), "attributes", "not_attributes"),
    "nested attributes": (row(attributes={"a": {"b": 1}}), "attributes.a", "not_attribute"),
    "half a number as an attribute": (row(attributes={"a": 0.5}), "attributes.a", "not_attribute"),
    "an attribute without a name": (row(attributes={"": 1}), "attributes", "not_attribute_name"),
    "active as a number": (row(active=1), "active", "not_flag"),
    "a wrong key": (row(catgories=[]), "catgories", "unknown_key"),
    "a NUL": (b'{"id": 1, "name": "x\\u0000", "price": 1}', "", "not_printable"),
    "half a surrogate pair": (b'{"id": 1, "name": "\\ud800", "price": 1}', "", "not_json"),
    "NaN": (b'{"id": 1, "name": "x", "price": NaN}', "", "not_json"),
    "not UTF-8": (b'{"id": 1, "name": "\xff", "price": 1}', "", "not_in_charset"),
    "a list": (b"[1]", "", "not_object"),
    "ten megabytes": (b"x" * 10**7, "", "too_long_row"),
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service for the tests that do not mind what is there already."""
    with serving.client(tmp_path_factory.mktemp("directory")) as made:
        yield made


@pytest.mark.parametrize(("row", "path", "code"), ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_bad_row_is_named_and_stops_no_other(
    shared: TestClient, row: bytes, path: str, code: str, language: str
) -> None:
    report = put(
        shared,
        PRODUCTS,
        lines(MUG) + row.strip() + b"\n" + lines({**MUG, "id": "M2"}),
        **{"accept-language": language},
    )
    (error,) = report["errors"]
    assert (error["line"], error["path"], error["code"]) == (2, path, code)
    chinese = any("一" <= letter <= "鿿" for letter in error["message"])
    assert chinese == (language == "zh-CN"), error["message"]
    assert "{" not in error["message"].replace("{…}", "").replace('{"', "")
    assert (report["created"] + report["unchanged"], report["rejected"], report["lines"]) == (2, 1, 3)


def test_every_fault_of_a_row_is_named(shared: TestClient) -> None:
    report = put(
        shared, CUSTOMERS, lines({"phone": "ask", "groups": 1, "registered_at": "2026-01-01", "x": 1})
    )
    assert sorted((one["path"], one["code"]) for one in report["errors"]) == [
        ("groups", "not_list"), ("id", "missing"), ("phone", "not_phone"), ("registered_at", "no_zone"),
        ("x", "unknown_key"),
    ]  # fmt: skip
    assert report["rejected"] == 1


def test_a_thousand_are_listed_and_all_are_counted(shared: TestClient) -> None:
    report = put(shared, CUSTOMERS, b"x\n" * 1_500)
    assert (report["rejected"], len(report["errors"])) == (1_500, 1_000)


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"content-type": "application/x-www-form-urlencoded"}, b"id=1", "not_rows_type"),
        ({"content-type": "text/csv; charset=latin1"}, b"id\n1", "not_a_charset"),
        ({**JSONL, "content-encoding": "br"}, b"", "not_an_encoding"),
        (CSV, b"", "no_header"),
        (CSV, b"id,nmae\n1,x\n", "unknown_column"),
        (CSV, "编号\n".encode("gbk"), "not_in_charset"),
    ],
)
def test_a_stream_that_is_none_is_refused(
    shared: TestClient, headers: dict[str, str], body: bytes, code: str
) -> None:
    for address in (CUSTOMERS, PRODUCTS, CATEGORIES):
        answer = shared.put(address, content=body, headers=headers)
        assert (answer.status_code, answer.json()["details"][0]["code"]) == (400, code)


def test_an_empty_body_and_only_a_header_are_no_rows(shared: TestClient) -> None:
    assert put(shared, PRODUCTS, b"")["received"] == 0
    assert put(shared, PRODUCTS, b"id,price\n", **CSV)["lines"] == 1


def test_a_long_stream_in_small_pieces(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches and chunks, in any order of keys; then again from a line on."""
    monkeypatch.setattr(importing, "CHUNK", 500)
    body = lines(*({**MUG, "id": f"p{i:05}", "name": "杯" * 50} for i in range(6_000)))
    assert len(body) > 1_000_000

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(body), 10_007):
            yield body[at : at + 10_007]

    assert put(client, PRODUCTS, pieces())["created"] == 6_000
    assert client.get(PRODUCTS, params={"page": 60, "page_size": 100}).json()["results"][-1]["id"] == "p05999"
    again = put(client, f"{PRODUCTS}?from_line=5991", pieces())
    assert (again["received"], again["unchanged"], again["lines"]) == (10, 10, 6_000)


def test_chosen_ids_come_in_their_order(client: TestClient) -> None:
    put(client, PRODUCTS, lines(*({**MUG, "id": f"p{i}"} for i in range(150))))
    page = client.get(PRODUCTS, params={"ids": "p7,nope,p149,p7,", "page": 9}).json()
    assert ([one["id"] for one in page["results"]], page["total"], page["page"]) == (["p7", "p149"], 2, 1)
    hundred = ",".join(f"p{i}" for i in range(100))
    assert len(client.get(PRODUCTS, params={"ids": hundred}).json()["results"]) == 100
    assert client.get(PRODUCTS, params={"ids": ""}).json()["results"] == []
    refused = client.get(PRODUCTS, params={"ids": f"{hundred},p100"})
    assert (refused.status_code, refused.json()["details"][0]["code"]) == (400, "too_many_ids")


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "ids=%00",
        "sort=price",
        "active=maybe",
        "page=0",
        "page_size=101",
        "currency=x",
        f"q={'x' * 101}",
    ],
)
@pytest.mark.parametrize("address", [CUSTOMERS, PRODUCTS, CATEGORIES])
def test_a_question_that_cannot_be_answered(shared: TestClient, address: str, query: str) -> None:
    if query.startswith("currency"):
        answer = shared.put(f"{PRODUCTS}?{query}", content=b"", headers=JSONL)
    elif query.startswith("active") and address != PRODUCTS:
        return
    else:
        answer = shared.get(f"{address}?{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("q", ["%", "_", "'", '"', "\\", "!", "%25", "\ud7ff", "😀", "İ", "\t", "a\nb", "--"])
def test_whatever_is_searched_for_is_looked_for(shared: TestClient, q: str) -> None:
    put(shared, PRODUCTS, lines(MUG))
    answer = shared.get(PRODUCTS, params={"q": q, "category": q, "sort": "name"})
    assert (answer.status_code, answer.json()["total"]) == (200, 0)


def test_who_may(client: TestClient) -> None:
    bringing = serving.key(client, "directory")
    assert put(client, PRODUCTS, lines(MUG), **bringing)["created"] == 1
    assert client.get(PRODUCTS, headers=bringing).status_code == 200
    assert (
        client.put(PRODUCTS, content=b"", headers={**JSONL, **serving.key(client, "quote")}).status_code
        == 403
    )
    viewer = serving.operator(client, "viewer")
    assert client.get(CUSTOMERS, headers=viewer).status_code == 200
    assert client.put(CUSTOMERS, content=b"", headers={**JSONL, **viewer}).status_code == 403


def test_a_category_and_all_below_it(client: TestClient) -> None:
    tree = [{"id": "mugs", "name": "杯", "parent": "home"}, {"id": "home", "name": "家居"}]
    assert put(client, CATEGORIES, lines(*tree))["created"] == 2
    put(client, PRODUCTS, lines({**MUG, "categories": ["mugs"]}, {**MUG, "id": "other"}))
    found = client.get(PRODUCTS, params={"category": "home", "q": "马克", "active": True}).json()
    assert [one["id"] for one in found["results"]] == ["M1"]
    assert client.get(CATEGORIES, params={"q": "家"}).json()["results"] == [
        {"id": "home", "name": "家居", "parent": None}
    ]


@pytest.mark.slow
def test_a_client_that_goes_away_leaves_whole_chunks(tmp_path: Path) -> None:
    """Over a real socket: half of the announced body, then nothing; sending it all completes it."""
    import socket
    from urllib.parse import urlsplit

    import httpx2

    body = lines(*({**MUG, "id": f"p{i:05}", "name": "杯" * 60} for i in range(9_000)))
    url = f"sqlite:///{tmp_path / 'youhui.db'}"
    with serving.process(url) as address:
        admin = serving.admin(url)
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
            head = f"PUT {PRODUCTS} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\n"
            head += f"authorization: {admin['authorization']}\r\ncontent-length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[: len(body) * 2 // 3])
        report = httpx2.put(
            f"{address}{PRODUCTS}", content=body, headers={**JSONL, **admin}, timeout=60
        ).json()
        assert report["created"] + report["unchanged"] == 9_000
        assert httpx2.get(f"{address}{PRODUCTS}", headers=admin).json()["total"] == 9_000

"""The directory in each kind of database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from youhui import bootstrap
from youhui.bootstrap import Service
from youhui.checkout.ports import CustomerFacts
from youhui.checkout.store import Source, read_versions
from youhui.directory import importing, store
from youhui.directory.importing import Report
from youhui.directory.model import Customer, Filters, Kind, Product
from youhui.platform import audit
from youhui.platform.principals import SYSTEM
from youhui.platform.rows import Written
from youhui.platform.settings import Settings

NOW = datetime(2026, 11, 11, 4, tzinfo=UTC)
ALL = Filters()


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    made = bootstrap.service(Settings(database_url=database_url), lambda: NOW)
    made.start()
    yield made
    made.stop()


def bring(service: Service, kind: Kind, rows: Iterable[dict[str, Any]]) -> Report:
    """What becomes of these rows."""
    upload = service.directory.upload(kind, Written("jsonl"), SYSTEM)
    for row in rows:
        upload.feed(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    report = upload.finish()
    upload.leave()
    return report


def counts(report: Report) -> tuple[int, int, int, int, int]:
    """Created, updated, unchanged, deleted, rejected."""
    return report.created, report.updated, report.unchanged, report.deleted, report.rejected


def version(service: Service) -> int:
    with service.database.reading() as connection:
        return read_versions(connection)[Source.DIRECTORY]


def page(service: Service, kind: Kind, filters: Filters = ALL, **more: Any) -> tuple[list[str], int]:
    asked: dict[str, Any] = {"sort": "id", "offset": 0, "limit": 20, **more}
    found, total = service.directory.page(kind, filters, **asked)
    return [one.id for one in found], total


def product(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "name": f"杯 {id_}", "price": "12.50", **more}


def chain(length: int) -> list[tuple[str, str | None]]:
    """One category below the other."""
    return [(f"d{i}", f"d{i - 1}" if i else None) for i in range(length)]


FULL_CUSTOMER = {
    "id": "张三-😀", "name": "张三", "phone": "+86 138-1234-5678", "groups": ["VIP", "新客", "VIP"],
    "attributes": {"城市": "上海", "age": 30, "vip": True}, "registered_at": "0002-01-01T08:00:00.123456+08:00",
}  # fmt: skip
FULL_PRODUCT = {
    "id": 9007199254740993, "sku": "mug/红", "name": "x" * 200, "price": "90071992547409.91", "cost": 0.10,
    "stock": -(2**53) + 1, "categories": ["c1", 2], "attributes": {"a" * 64: "b" * 200}, "active": False,
}  # fmt: skip


def test_what_is_stored_comes_back(service: Service) -> None:
    assert counts(bring(service, "customers", [FULL_CUSTOMER])) == (1, 0, 0, 0, 0)
    assert counts(bring(service, "products", [FULL_PRODUCT])) == (1, 0, 0, 0, 0)
    assert service.directory.some("customers", ["张三-😀", "x"]) == [
        Customer(
            id="张三-😀", name="张三", phone="+86 138-1234-5678", groups=("VIP", "新客"),
            attributes={"城市": "上海", "age": 30, "vip": True},
            registered_at=datetime(2, 1, 1, 0, 0, 0, 123456, tzinfo=UTC),
        )
    ]  # fmt: skip
    assert service.directory.some("products", ["9007199254740993"]) == [
        Product(
            id="9007199254740993", sku="mug/红", name="x" * 200, price=2**53 - 1, currency="CNY", cost=10,
            stock=-(2**53) + 1, categories=("c1", "2"), attributes={"a" * 64: "b" * 200}, active=False,
        )
    ]  # fmt: skip


def test_the_same_rows_again_change_nothing(service: Service) -> None:
    """No version, no trace, no lock."""
    rows = [product(f"p{i}", categories=[f"c{i % 3}"], attributes={"n": i}) for i in range(50)]
    assert counts(bring(service, "products", rows)) == (50, 0, 0, 0, 0)
    assert bring(service, "customers", [FULL_CUSTOMER]).created == 1
    before = version(service)
    assert counts(bring(service, "products", rows)) == (0, 0, 50, 0, 0)
    assert counts(bring(service, "customers", [FULL_CUSTOMER])) == (0, 0, 1, 0, 0)
    assert version(service) == before
    with service.database.reading() as connection:
        entries, total = audit.entries(connection, 0, 10, object="directory:products")
    assert (total, entries[0].actor, entries[0].after) == (
        1, "admin:system", {"created": 50, "updated": 0, "deleted": 0},
    )  # fmt: skip


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what a row says: what is different afterwards
    "nothing": ({}, {}),
    "a name": ({"name": " 新 "}, {"name": "新"}),
    "a price, of the shop's currency": ({"price": 5}, {"price": 500}),
    "a sku is cleared: it is the id again": ({"sku": None}, {"sku": "p"}),
    "a list is replaced": ({"categories": ["b"]}, {"categories": ("b",)}),
    "a list is cleared": ({"categories": None}, {"categories": ()}),
    "attributes are merged": ({"attributes": {"a": None, "c": True}}, {"attributes": {"b": 1, "c": True}}),
    "an attribute changes its type": ({"attributes": {"b": True}}, {"attributes": {"a": "x", "b": True}}),
    "attributes are cleared": ({"attributes": None}, {"attributes": {}}),
    "stock is not known any more": ({"stock": None}, {"stock": None}),
    "it is taken off": ({"active": False}, {"active": False}),
    "active is what is cleared": ({"active": None}, {}),
    "another currency, with all amounts": (
        {"currency": "JPY", "price": "7", "cost": "3"}, {"currency": "JPY", "price": 7, "cost": 3},
    ),
    "another currency: what is not said is not known": (
        {"currency": "JPY", "price": "7"}, {"currency": "JPY", "price": 7, "cost": None},
    ),
}  # fmt: skip


def test_a_row_changes_what_it_names(service: Service) -> None:
    """And null clears it (JSON Merge Patch); unchanged is what comes out as it was."""
    first = product("p", sku="S", cost="1.00", stock=5, categories=["a"], attributes={"a": "x", "b": 1})
    plain = Product(
        id="p", sku="S", name="杯 p", price=1250, currency="CNY", cost=100, stock=5, categories=("a",),
        attributes={"a": "x", "b": 1},
    )  # fmt: skip
    for label, (said, expected) in CHANGES.items():
        bring(service, "products", [{"id": "p", "delete": True}, first])
        report = bring(service, "products", [{"id": "p", **said}])
        (after,) = service.directory.some("products", ["p"])
        assert {name: getattr(after, name) for name in expected} == expected, label
        others = [name for name in Product.__struct_fields__ if name not in expected]
        assert [getattr(after, name) for name in others] == [getattr(plain, name) for name in others], label
        assert counts(report) == ((0, 1, 0, 0, 0) if expected else (0, 0, 1, 0, 0)), label


def test_of_one_id_in_a_stream_the_last_wins(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [product("a"), product("b"), product("a", name="x"), product("c"), product("a", name="y")]
    for chunk in (1, 2, 100):
        monkeypatch.setattr(importing, "CHUNK", chunk)
        report = bring(service, "products", rows)
        assert report.received == sum(counts(report)) == 5
        assert [one.name for one in service.directory.some("products", ["a"])] == ["y"]
        bring(service, "products", [{"id": name, "delete": True} for name in "abc"])


def test_a_stream_that_is_broken_off_leaves_whole_chunks_and_is_completed_by_sending_it_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    rows = [product(f"p{i:02}", categories=[f"c{i % 2}"]) for i in range(35)]
    upload = service.directory.upload("products", Written("jsonl"), SYSTEM)
    upload.feed("".join(json.dumps(row) + "\n" for row in rows[:27]).encode())
    upload.leave()
    assert (page(service, "products")[1], upload.report.next_line) == (20, 21)
    assert counts(bring(service, "products", rows)) == (15, 0, 20, 0, 0)
    assert page(service, "products", category="c1") == ([f"p{i:02}" for i in range(1, 35, 2)], 17)
    with service.database.reading() as connection:
        entries, _ = audit.entries(connection, 0, 10, object="directory:products")
    assert [(entry.after or {})["created"] for entry in entries] == [15, 20]


def test_members_are_found_by_group_and_products_by_category_with_all_below(service: Service) -> None:
    tree = [("c", None), ("c1", "c"), ("c11", "c1"), ("c2", "c"), ("d", None)]
    bring(service, "categories", [{"id": id_, "name": id_, "parent": parent} for id_, parent in tree])
    bring(service, "products", [product(f"p-{id_}", categories=[id_, "other"]) for id_, _ in tree])
    assert page(service, "products", category="c") == (["p-c", "p-c1", "p-c11", "p-c2"], 4)
    assert page(service, "products", category="c1") == (["p-c1", "p-c11"], 2)
    assert page(service, "products", category="nowhere") == ([], 0)
    assert page(service, "products", category="other", limit=2, offset=4) == (["p-d"], 5)
    bring(service, "products", [{"id": "p-c", "categories": ["d"]}, {"id": "p-c11", "delete": True}])
    assert page(service, "products", category="c") == (["p-c1", "p-c2"], 2)
    assert page(service, "products", category="d") == (["p-c", "p-d"], 2)
    bring(service, "customers", [{"id": name, "groups": ["vip", name]} for name in ("x", "y")])
    assert page(service, "customers", Filters(group="vip")) == (["x", "y"], 2)
    bring(service, "customers", [{"id": "x", "groups": []}])
    assert page(service, "customers", Filters(group="vip")) == (["y"], 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sku", ["p1", "p2"]),  # a sku begins so
        ("SKU-R", ["p1"]),
        ("p", ["P3", "p1", "p2"]),  # an id does, in either case
        ("p1", ["p1"]),
        ("ku-", []),  # no sku and no name
        ("马克", ["p1", "p2"]),  # in a name
        ("杯 a%", ["p1"]),
        ("100%", ["p1"]),
        ("_b", ["p2"]),
        ("!", ["P3"]),
        ("\\", []),
        ("MUG", ["p2"]),
        ("nothing", []),
    ],
)
def test_a_search(service: Service, text: str, found: list[str]) -> None:
    rows = [
        product("p1", sku="SKU-red", name="马克杯 A% 100%"),
        product("p2", sku="sku-blue", name="马克杯_B mug"),
        product("P3", name="T恤!"),
        product("x"),
    ]
    bring(service, "products", rows)
    assert page(service, "products", Filters(text)) == (sorted(found), len(found))
    assert page(service, "products", Filters(text, active=True))[1] == len(found)
    assert page(service, "products", Filters(text, active=False))[1] == 0


def test_customers_are_found_by_a_part_of_their_phone(service: Service) -> None:
    bring(
        service,
        "customers",
        [FULL_CUSTOMER, {"id": "u2", "name": "Li", "phone": 13900001111}, {"id": "1111"}],
    )
    for text, found in [("5678", ["张三-😀"]), ("86138", ["张三-😀"]), ("1111", ["1111", "u2"]), ("0001", ["u2"]),
                        ("李", []), ("li", ["u2"])]:  # fmt: skip
        assert page(service, "customers", Filters(text)) == (found, len(found)), text


def test_pages_are_sorted_and_counted(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["b", "A", "c", "a"]
    bring(service, "products", [product(f"p{i}", name=name) for i, name in enumerate(names)])
    assert page(service, "products", sort="name") == (["p1", "p3", "p0", "p2"], 4)
    assert page(service, "products", offset=2, limit=2) == (["p2", "p3"], 4)
    assert page(service, "products", offset=4, limit=2) == ([], 4)
    monkeypatch.setattr(store, "COUNTED", 3)
    assert page(service, "products", Filters("p"), limit=2)[1] == 3
    assert page(service, "products", limit=2)[1] == 4


TREES: dict[str, tuple[list[tuple[str, str | None]], dict[str, str]]] = {
    # rows of (id, parent): what is rejected, and why
    "a parent may come later": ([("c", "b"), ("b", "a"), ("a", None)], {}),
    "an unknown parent": ([("a", "x"), ("b", "a"), ("c", None)], dict.fromkeys("ab", "unknown_parent")),
    "below itself": ([("a", "a")], {"a": "cycle"}),
    "a ring": ([("a", "b"), ("b", "c"), ("c", "a")], dict.fromkeys("abc", "cycle")),
    "a ring with what was there": ([("root", "leaf")], {"root": "cycle"}),
    "deep enough": (chain(32), {}),
    "too deep": (chain(33), {"d32": "too_deep"}),
    "moved too deep": ([*chain(31), ("root", "d30")], {"root": "too_deep"}),
    "moved": ([("leaf", None), ("root", "leaf")], {}),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "rejected"), TREES.values(), ids=TREES)
def test_categories_make_a_tree(
    service: Service, rows: list[tuple[str, str | None]], rejected: dict[str, str]
) -> None:
    """root above leaf was there before; what would spoil the tree is rejected, the rest is taken."""
    bring(service, "categories", [{"id": "root", "name": "r"}, {"id": "leaf", "name": "l", "parent": "root"}])
    report = bring(
        service, "categories", [{"id": id_, "name": id_, "parent": parent} for id_, parent in rows]
    )
    assert {rows[one.line - 1][0]: one.fault.code for one in report.errors} == rejected
    service.shop.refresh()
    expected = {"root": None, "leaf": "root", **{id_: up for id_, up in rows if id_ not in rejected}}
    with service.database.reading() as connection:
        stored = store.beside(connection, "categories", ())
    assert {id_: getattr(one, "parent", "?") for id_, one in stored.items()} == expected


def test_a_category_goes_when_nothing_lies_below_it(service: Service) -> None:
    bring(service, "categories", [{"id": "a", "name": "a"}, {"id": "b", "name": "b", "parent": "a"}])
    refused = bring(service, "categories", [{"id": "a", "delete": True}])
    assert [(one.fault.path, one.fault.code) for one in refused.errors] == [("delete", "has_children")]
    both = [{"id": "a", "delete": True}, {"id": "b", "delete": True}]
    assert counts(bring(service, "categories", both)) == (0, 0, 0, 2, 0)
    assert counts(bring(service, "categories", both)) == (0, 0, 2, 0, 0)


def test_imports_at_once_all_arrive(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same and of other rows; links are those of whoever was last."""
    monkeypatch.setattr(importing, "CHUNK", 5)

    def run(n: int) -> Report:
        own = [product(f"own{n}-{i}", categories=["own"]) for i in range(20)]
        return bring(
            service, "products", [*own, *(product(f"p{i}", categories=[f"c{n}"]) for i in range(10))]
        )

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(run, range(4)))
    assert [report.rejected for report in reports] == [0] * 4
    assert page(service, "products")[1] == 90
    assert page(service, "products", category="own")[1] == 80
    for i in range(10):
        (one,) = service.directory.some("products", [f"p{i}"])
        linked = [n for n in range(4) if f"p{i}" in page(service, "products", category=f"c{n}")[0]]
        assert [f"c{n}" for n in linked] == list(one.categories)


# -- what checkout asks


def test_checkout_knows_customers_and_products(service: Service) -> None:
    shop = service.shop
    tree = [("c", None), ("c1", "c"), ("c11", "c1")]
    bring(service, "categories", [{"id": id_, "name": id_, "parent": parent} for id_, parent in tree])
    bring(service, "products", [product("p1", sku="S", categories=["c11", "x"]), product("p2", sku="p1")])
    bring(service, "customers", [{"id": "u", "groups": ["vip"], "attributes": {"age": 3}}])
    assert shop.held_customer("u") is None
    assert shop.customer("u") == CustomerFacts("u", ("vip",), {"age": 3})
    assert shop.held_customer("u") == (shop.customer("u"),)
    assert shop.customer("nobody") is None
    assert shop.held_customer("nobody") == (None,)
    assert shop.held_products(["p1"]) is None
    found = shop.products(["p1", "S", "nothing"])
    assert {name: one.id for name, one in found.items()} == {"p1": "p1", "S": "p1"}
    assert found["p1"].categories == ("c11", "x", "c1", "c")
    assert shop.held_products(["S", "p1", "nothing"]) == found
    assert shop.held_products(["S", "p2"]) is None
    assert shop.held_products([]) == {}
    assert shop.ancestors(["c1", "new"]) == ("c1", "new", "c")
    assert shop.missing_customers(["a", "u", "b", "a"]) == ["a", "b"]
    assert shop.missing_products(["S", "p2"]) == ["S"]
    assert shop.missing_categories(["c", "d"]) == ["d"]


def test_what_is_held_is_never_older_than_the_last_change(service: Service) -> None:
    shop = service.shop
    bring(service, "categories", [{"id": "c", "name": "c"}, {"id": "top", "name": "t"}])
    bring(service, "products", [product("p", categories=["c"])])
    assert shop.products(["p"])["p"].categories == ("c",)
    assert shop.customer("u") is None
    bring(service, "categories", [{"id": "c", "parent": "top"}])
    assert shop.held_products(["p"]) is None
    assert shop.products(["p"])["p"].categories == ("c", "top")
    assert shop.ancestors(["c"]) == ("c", "top")
    bring(service, "customers", [{"id": "u"}])
    assert shop.customer("u") == CustomerFacts("u")


def test_another_node_follows(service: Service, database_url: str) -> None:
    other = bootstrap.service(Settings(database_url=database_url), lambda: NOW)
    other.following.look()
    assert other.shop.products(["p"]) == {}
    bring(service, "categories", [{"id": "c", "name": "c"}, {"id": "b", "name": "b", "parent": "c"}])
    bring(service, "products", [product("p", categories=["b"])])
    other.following.look()
    assert other.shop.products(["p"])["p"].categories == ("b", "c")
    other.database.close()


def test_a_sku_of_several_means_an_active_one(service: Service) -> None:
    rows = [product("a", sku="S", active=False), product("c", sku="S"), product("b", sku="S")]
    bring(service, "products", rows)
    assert service.shop.products(["S"])["S"].id == "b"


def test_long_lists_of_ids_are_looked_up(service: Service) -> None:
    bring(service, "products", [product(f"p{i}") for i in range(100)])
    ids = [f"p{i}" for i in range(35_616)]
    assert service.shop.missing_products(ids) == ids[100:]

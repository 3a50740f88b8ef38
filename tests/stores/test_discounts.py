"""Discounts in each kind of database."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from youhui import bootstrap
from youhui.bootstrap import Service
from youhui.checkout.ports import CustomerFacts, ProductFacts
from youhui.checkout.store import Source, read_versions
from youhui.discounts import importing
from youhui.discounts.forms import CHANGE, WHOLE, draft, read_form
from youhui.discounts.importing import CHUNK, Importing, Report
from youhui.discounts.jobs import ARCHIVE, archive
from youhui.discounts.model import Buyer, Discount, Item, Wanted
from youhui.discounts.problems import (
    DiscountArchived,
    DiscountDeleted,
    DiscountExists,
    DiscountNotFound,
    InvalidDiscount,
)
from youhui.discounts.service import Discounts
from youhui.discounts.tables import discount_customers, discount_products, discounts
from youhui.platform import audit, migrate
from youhui.platform.db import MYSQL
from youhui.platform.principals import SYSTEM
from youhui.platform.problems import Outdated
from youhui.platform.rows import Written
from youhui.platform.settings import Settings

NOON = datetime(2026, 11, 11, 12, 0, 0, 123457, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(database_url: str, clock: Clock) -> Iterator[Service]:
    made = bootstrap.service(Settings(database_url=database_url), clock)
    migrate.upgrade(made.database)
    yield made
    made.database.close()


@pytest.fixture
def made(service: Service) -> Discounts:
    return service.discounts


def add(made: Discounts, **more: Any) -> Discount:
    """5.00 off for users 1 and 2 on products 7 and 8, running for a day."""
    sent = {
        "name": "双11-😀", "amount": 5, "user_ids": [1, 2], "product_ids": [7, 8],
        "effective_time": NOON.isoformat(), "expiration_time": (NOON + DAY).isoformat(), **more,
    }  # fmt: skip
    return made.create(draft(read_form(sent, WHOLE), "CNY"), SYSTEM)


def change(made: Discounts, id_: int, version: int | None = None, **sent: Any) -> Discount:
    return made.update(id_, read_form(sent, CHANGE), SYSTEM, version)


def trace(service: Service, id_: int) -> list[audit.Entry]:
    """The latest first."""
    with service.database.reading() as connection:
        return list(audit.entries(connection, 0, 100, object=f"discount:{id_}")[0])


def version(service: Service) -> int:
    with service.database.reading() as connection:
        return read_versions(connection)[Source.DISCOUNTS]


def names(made: Discounts, **wanted: Any) -> list[str]:
    found, total = made.page(Wanted(**wanted), 0, 100)
    assert total == len(found)
    return [one.terms.name for one in found]


@contextmanager
def written(service: Service) -> Iterator[list[tuple[str, int]]]:
    """The statements that write, and how many rows each wrote."""
    seen: list[tuple[str, int]] = []

    def note(_c: Any, cursor: Any, statement: str, _p: Any, _x: Any, _m: Any) -> None:
        if found := re.match(r"(INSERT INTO|UPDATE|DELETE FROM) `?\"?(\w+)", statement):
            seen.append((found[2], cursor.rowcount))

    event.listen(service.database.engine, "after_cursor_execute", note)
    yield seen
    event.remove(service.database.engine, "after_cursor_execute", note)


def test_what_is_stored_comes_back(made: Discounts) -> None:
    window = {"effective_time": "0002-01-01T00:00:00Z", "expiration_time": "9998-12-31T23:59:59.999999Z"}
    added = add(
        made, amount="90071992547409.91", priority=-(2**53) + 1, key="a-1", group_ids=["VIP"], **window
    )
    assert made.get(added.id) == added
    assert added.terms.value == 2**53 - 1
    assert added.terms.expiration_time == datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert (added.created_at, added.updated_at) == (NOON, NOON)
    assert made.lists(added) == {
        "customer": ["1", "2"], "group": ["VIP"], "product": ["7", "8"], "category": [],
    }  # fmt: skip


def test_ids_are_told_apart_exactly(made: Discounts) -> None:
    ids = ["save", "SAVE", "ｓａｖｅ", "sävë", "😀"]
    added = add(made, user_ids=ids)
    assert made.lists(added)["customer"] == sorted(ids)
    assert [made.page(Wanted(buyer=Buyer(one)), 0, 9)[1] for one in ("save", "Save")] == [1, 0]


def test_lists_are_stored_as_lists_and_not_as_their_product(service: Service, made: Discounts) -> None:
    with written(service) as rows:
        add(made, user_ids=list(range(50)), product_ids=list(range(700)))
    assert sum(count for table, count in rows if table == "discount_customers") == 50
    assert sum(count for table, count in rows if table == "discount_products") == 700


def test_a_change_writes_only_what_differs(service: Service, made: Discounts) -> None:
    before = add(made, product_ids=list(range(2000)))
    kept = [str(n) for n in range(1, 2000)]
    for sent in (
        {"add_product_ids": [2000, 5], "remove_product_ids": [0, 9999]},
        {"product_ids": [*kept, "2001"]},
    ):
        with written(service) as rows:
            changed = change(made, before.id, **sent)
        lists = [(table, count) for table, count in rows if table.startswith("discount_")]
        assert lists == [("discount_products", 1), ("discount_products", 1)]
        assert (changed.products, changed.customers) == (2000, 2)
    assert set(made.targets(before.id, "product", "", 0, 3000)[0]) == {*kept, "2001"}


def test_an_unchanged_change_changes_nothing(service: Service, made: Discounts) -> None:
    before = add(made)
    nothing: list[dict[str, Any]] = [
        {},
        {"amount": "5.00", "user_ids": [2, 1, "1"], "priority": 0, "all_users": False},
        {"add_user_ids": [1], "remove_product_ids": [9]},
    ]
    for sent in nothing:
        assert change(made, before.id, **sent) == before
    assert (version(service), len(trace(service, before.id))) == (1, 1)


def test_each_change_moves_the_time_of_update_on(made: Discounts, clock: Clock) -> None:
    """By the clock, and by a microsecond where the clock stands still or went back."""
    added = add(made)
    times = [added.updated_at]
    steps: list[tuple[int, dict[str, Any]]] = [
        (0, {"priority": 1}), (-5, {"add_user_ids": [3]}), (10, {"enabled": False}),
    ]  # fmt: skip
    for seconds, sent in steps:
        clock.now += timedelta(seconds=seconds)
        times.append(change(made, added.id, **sent).updated_at)
    micro = timedelta(microseconds=1)
    assert times == [NOON, NOON + micro, NOON + 2 * micro, NOON + timedelta(seconds=5)]


def test_a_change_that_leaves_nobody_or_nothing_is_refused(made: Discounts) -> None:
    added = add(made)
    refused: list[dict[str, Any]] = [{"user_ids": []}, {"remove_product_ids": [7, 8]}]
    for sent in refused:
        with pytest.raises(InvalidDiscount):
            change(made, added.id, **sent)
    assert made.get(added.id) == added
    assert change(made, added.id, user_ids=[], all_users=True).all_customers


def test_only_the_version_that_was_read_is_changed(made: Discounts) -> None:
    added = add(made)
    changed = change(made, added.id, version=added.version, priority=1)
    with pytest.raises(Outdated):
        change(made, added.id, version=added.version, priority=2)
    with pytest.raises(Outdated):
        made.remove(added.id, SYSTEM, added.version)
    made.remove(added.id, SYSTEM, changed.version)


def test_a_deleted_one_is_gone_and_frees_its_key(made: Discounts) -> None:
    added = add(made, key="a-1")
    with pytest.raises(DiscountExists):
        add(made, key="a-1")
    made.remove(added.id, SYSTEM)
    for use in (made.get, lambda id_: made.remove(id_, SYSTEM), lambda id_: change(made, id_, priority=1)):
        with pytest.raises(DiscountDeleted):
            use(added.id)
    with pytest.raises(DiscountNotFound):
        made.get(added.id + 1)
    assert names(made) == []
    assert add(made, key="a-1").key == "a-1"


def test_every_write_leaves_its_trace(service: Service, made: Discounts) -> None:
    """Who, when, what, before and after; nothing for a write that was refused (P22)."""
    added = add(made)
    change(made, added.id, amount=6, product_ids=[*range(30)])
    with pytest.raises(InvalidDiscount):
        change(made, added.id, user_ids=[])
    made.remove(added.id, SYSTEM)
    deleted, updated, created = trace(service, added.id)
    assert [one.action for one in (created, updated, deleted)] == [
        "discount.create", "discount.update", "discount.delete",
    ]  # fmt: skip
    assert created.before is None
    assert updated.before == created.after
    assert updated.after is not None
    assert (updated.after["discount_value"], updated.after["product_count"]) == ("6.00", 30)
    added_ids: Any = updated.after["added_product_ids"]
    assert (len(added_ids), added_ids[-1]) == (21, "…")
    assert deleted.after is None


def test_writers_at_once_get_versions_of_their_own(service: Service, made: Discounts) -> None:
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda n: add(made, name=f"d{n}"), range(12)))
    assert sorted(one.version for one in added) == list(range(1, 13))
    one = added[0].id
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: change(made, one, add_product_ids=[100 + n]), range(12)))
    assert made.get(one).products == 2 + 12


def test_changes_at_once_end_as_one_after_the_other(made: Discounts) -> None:
    """Each replaces a whole list: in the end one of them stands, whole, and its count is right."""
    added = add(made)
    lists = [[str(n * 100 + k) for k in range(20)] for n in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: change(made, added.id, product_ids=one), lists))
    now = made.get(added.id)
    assert made.lists(now)["product"] in [sorted(one) for one in lists]
    assert now.products == 20
    assert made.page(Wanted(item=Item("7")), 0, 9)[1] == 0


def test_of_changes_to_one_version_exactly_one_is_made(service: Service, made: Discounts) -> None:
    added = add(made)

    def attempt(n: int) -> bool:
        try:
            change(made, added.id, version=added.version, priority=n, add_user_ids=[n])
        except Outdated:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(attempt, range(10, 18)))
    assert done.count(True) == 1
    now = made.get(added.id)
    winner = 10 + done.index(True)
    assert (now.terms.priority, made.lists(now)["customer"]) == (winner, ["1", str(winner), "2"])
    assert len(trace(service, added.id)) == 2


def test_of_new_ones_with_one_key_exactly_one_is_made(made: Discounts) -> None:
    def attempt(n: int) -> str:
        try:
            return add(made, name=f"d{n}", key="same").terms.name
        except DiscountExists:
            return ""

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(attempt, range(8)))
    assert sorted(filter(None, done)) == names(made)
    assert len(names(made)) == 1


def test_an_import_may_run_beside_other_writers(made: Discounts) -> None:
    """New ones, batches and two imports of the same keys: every one is there, once."""
    rows = "".join(row(n) for n in range(60))

    def work(n: int) -> tuple[int, int, int, int]:
        if n % 2:
            return outcome(bring(made, rows))
        batch = {"user_ids": [9], "name": f"batch {n}"}
        return (1, 0, 0, 0) if add(made, **batch).id else (0, 0, 0, 0)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(work, range(8)))
    assert sorted(done) == [(0, 0, 60, 0)] * 3 + [(1, 0, 0, 0)] * 4 + [(60, 0, 0, 0)]
    found, total = made.page(Wanted(), 0, 100)
    assert (total, len({one.id for one in found}), len({one.key for one in found})) == (64, 64, 61)


def test_one_that_is_archived_while_it_is_changed(made: Discounts, clock: Clock) -> None:
    """Either it was changed before it was put away, with its new list, or it is not changed any more."""
    ids = [add(made, name=f"d{n}").id for n in range(12)]
    order = [*ids[6:], *ids[:6]]
    clock.now += 92 * DAY

    def work(id_: int) -> bool:
        if id_ == ids[0]:
            return bool(archive(made, 90 * DAY))
        try:
            return bool(change(made, id_, add_product_ids=[9]))
        except DiscountArchived:
            return False

    with ThreadPoolExecutor(4) as pool:
        changed = dict(zip(order, pool.map(work, order), strict=True))
    for id_ in ids[1:]:
        kept = made.lists(made.get(id_))["product"]
        assert kept == (["7", "8", "9"] if changed[id_] else ["7", "8"])
        assert made.get(id_).archived_at is not None


def test_what_a_list_is_of(made: Discounts) -> None:
    """Filters, by what a merchant would ask."""
    later, earlier = NOON + DAY, NOON - DAY
    window = {"effective_time": later.isoformat(), "expiration_time": (later + DAY).isoformat()}
    add(made, name="now", priority=3)
    add(made, name="Later 100%", priority=2, **window)
    past = {"effective_time": (earlier - DAY).isoformat(), "expiration_time": NOON.isoformat()}
    add(made, name="past", priority=1, **past)
    add(made, name="off", enabled=False, discount_type="percent", amount=None, discount_value=9)
    add(made, name="all", user_ids=[], all_users=True, product_ids=[], all_products=True, priority=-1)
    add(
        made, name="kinds", user_ids=[], group_ids=["VIP"], product_ids=[], category_ids=["home"], priority=-2
    )
    everything = ["now", "Later 100%", "past", "off", "all", "kinds"]
    assert names(made) == everything
    assert names(made, descending=False) == everything[::-1]
    for wanted, found in (
        ({"name": "a"}, ["Later 100%", "past", "all"]),
        ({"name": "lATER"}, ["Later 100%"]),
        ({"name": "0%"}, ["Later 100%"]),
        ({"name": "_"}, []),
        ({"priority": 0}, ["off"]),
        ({"state": "running"}, ["now", "all", "kinds"]),
        ({"state": "scheduled"}, ["Later 100%"]),
        ({"state": "ended"}, ["past"]),
        ({"state": "disabled"}, ["off"]),
        ({"state": "archived"}, []),
        ({"type": "percent"}, ["off"]),
        ({"since": later}, ["Later 100%"]),
        ({"until": NOON}, ["past"]),
        ({"buyer": Buyer("1")}, ["now", "Later 100%", "past", "off", "all"]),
        ({"buyer": Buyer("3")}, ["all"]),
        ({"buyer": Buyer("3", frozenset({"VIP", "x"}))}, ["all", "kinds"]),
        ({"item": Item("9", frozenset({"home"}))}, ["all", "kinds"]),
        ({"item": Item("7"), "buyer": Buyer("2"), "running": True}, ["now", "all"]),
    ):
        assert names(made, **wanted) == found, wanted
    for sort in ("effective_time", "expiration_time", "created_at", "updated_at", "name"):
        assert names(made, sort=sort, descending=True) == names(made, sort=sort, descending=False)[::-1]


def test_the_order_is_total(made: Discounts) -> None:
    added = [add(made, name=f"d{n}", priority=n % 2) for n in range(9)]
    change(made, added[1].id, amount=6)
    pages = [made.page(Wanted(), offset, 2)[0] for offset in range(0, 10, 2)]
    assert [one.terms.name for page in pages for one in page] == "d1 d7 d5 d3 d8 d6 d4 d2 d0".split()


def test_a_page_costs_three_queries(service: Service, made: Discounts) -> None:
    for n in range(30):
        add(made, name=f"d{n}")
    seen = []
    event.listen(service.database.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    made.page(Wanted(buyer=Buyer("1"), item=Item("7")), 0, 25)
    assert len([one for one in seen if one.startswith("SELECT")]) == 3


def test_pages_of_a_list(made: Discounts) -> None:
    added = add(made, product_ids=[*range(100), "A%b", "a_b"])
    assert made.targets(added.id, "product", "9", 0, 5) == (["19", "29", "39", "49", "59"], 19)
    assert made.targets(added.id, "product", "9", 15, 5) == (["96", "97", "98", "99"], 19)
    assert made.targets(added.id, "product", "%", 0, 5) == (["A%b"], 1)
    assert made.targets(added.id, "product", "A_", 0, 5) == (["a_b"], 1)
    assert made.targets(added.id, "group", "", 0, 5) == ([], 0)


def test_long_over_ones_are_put_away_and_still_show(service: Service, made: Discounts, clock: Clock) -> None:
    old, off, new = add(made, name="old", key="k"), add(made, name="gone"), add(made, name="new")
    change(made, new.id, expiration_time=(NOON + 100 * DAY).isoformat())
    made.remove(off.id, SYSTEM)
    clock.now += 92 * DAY
    assert made.count_over(clock.now - 90 * DAY) == 2
    assert archive(made, 90 * DAY) == 2
    before = version(service)
    assert archive(made, 90 * DAY) == 0
    assert version(service) == before
    assert names(made) == ["new"]
    assert names(made, state="archived") == ["old"]
    found = made.get(old.id)
    assert (found.state(clock.now), found.archived_at) == ("archived", clock.now)
    assert made.lists(found) == made.lists(new)
    assert made.targets(old.id, "product", "8", 0, 5) == (["8"], 1)
    judgement = made.explain(old.id, None, ("1", "7")).judgement
    assert judgement is not None
    assert (judgement.user.by, judgement.verdict.reason) == ("customer", "archived")
    for use in (lambda: change(made, old.id, priority=1), lambda: made.remove(old.id, SYSTEM)):
        with pytest.raises(DiscountArchived):
            use()
    with service.database.reading() as connection:
        for table in (discount_customers, discount_products):
            kept = connection.execute(table.select().with_only_columns(table.c.discount_id).distinct())
            assert list(kept.scalars()) == [new.id]
    assert trace(service, old.id)[0].action == "discount.archive"


def test_archiving_is_a_scheduled_job(service: Service, made: Discounts, clock: Clock) -> None:
    add(made)
    clock.now += 92 * DAY
    service.jobs.run(ARCHIVE)
    assert names(made, state="archived") == ["双11-😀"]


CUSTOMERS, PRODUCTS = {"1", "2", "3"}, {str(n) for n in range(1, 10)}


class Known:
    """A directory of customers 1 to 3, products 1 to 9 in the category "mugs" below "home"."""

    def held_customer(self, id: str) -> tuple[CustomerFacts | None] | None:  # noqa: A002
        return None

    def customer(self, id: str) -> CustomerFacts | None:  # noqa: A002
        return CustomerFacts(id, ("VIP",)) if id in CUSTOMERS else None

    def held_products(self, names: Collection[str]) -> Mapping[str, ProductFacts] | None:
        return None

    def products(self, names: Collection[str]) -> Mapping[str, ProductFacts]:
        return {n: ProductFacts(n, n, n, 6000, "CNY", ("mugs", "home")) for n in names if n in PRODUCTS}

    def ancestors(self, categories: Collection[str]) -> Sequence[str]:
        return list(categories)

    def missing_customers(self, ids: Collection[str]) -> Sequence[str]:
        return [one for one in ids if one not in CUSTOMERS]

    def missing_products(self, ids: Collection[str]) -> Sequence[str]:
        return [one for one in ids if one not in PRODUCTS]

    def missing_categories(self, ids: Collection[str]) -> Sequence[str]:
        return [one for one in ids if one not in ("mugs", "home")]


@pytest.fixture
def known(service: Service, clock: Clock) -> Discounts:
    return Discounts(service.database, Known(), clock, lambda: None)


def test_unknown_ids_are_named_and_nothing_is_stored(known: Discounts) -> None:
    with pytest.raises(InvalidDiscount) as refused:
        add(known, user_ids=[1, 55], product_ids=[*range(1, 50)], category_ids=["mugs", "shoes"])
    users, products, categories = refused.value.details
    assert (users.code, users.params) == ("unknown_user", {"count": 1, "ids": "55"})
    assert products.params["count"] == 40
    assert str(products.params["ids"]).split(", ") == [str(n) for n in range(10, 30)]
    assert categories.say("zh-CN") == "1 个分类不存在：shoes"
    assert names(known) == []


def test_a_change_is_checked_for_what_it_adds(made: Discounts, known: Discounts) -> None:
    before_the_directory = add(made, product_ids=[7, 77])
    assert change(known, before_the_directory.id, product_ids=[7, 77, 8]).products == 3
    with pytest.raises(InvalidDiscount):
        change(known, before_the_directory.id, add_product_ids=[78])


def test_a_pair_is_explained_with_what_the_directory_knows(known: Discounts) -> None:
    vip = {"user_ids": [], "group_ids": ["VIP"], "product_ids": [], "category_ids": ["home"]}
    better = add(known, name="better", priority=2, **vip)
    worse = add(known, name="worse", priority=1)
    other = add(known, name="other", user_ids=[3])
    judgement = known.explain(worse.id, None, ("1", "7")).judgement
    assert judgement is not None
    assert (judgement.winner, judgement.verdict.reason) == (better.id, "lower_priority")
    assert [one.discount.id for one in judgement.candidates] == [better.id, worse.id]
    theirs = known.explain(better.id, None, ("1", "7")).judgement
    assert theirs is not None
    assert (theirs.user.value, theirs.product.value, theirs.verdict.amount) == ("VIP", "home", 500)
    mine = known.explain(other.id, None, ("1", "7")).judgement
    assert mine is not None
    assert mine.verdict.reason == "not_this_user"


CSV = "key,name,amount,user_ids,product_ids,effective_time,expiration_time,priority,enabled\n"


def row(key: object, amount: object = 5, users: str = "1|2") -> str:
    return f"{key},d{key},{amount},{users},7;8,2026-11-11T00:00:00Z,2026-11-12T00:00:00Z,3,true\n"


def bring(made: Discounts, rows: str, **options: Any) -> Report:
    importing = Importing(made, "CNY", Written("csv"), SYSTEM, **options)
    importing.feed((CSV + rows).encode())
    return importing.finish()


def outcome(report: Report) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.rejected


def test_an_import_is_done_once_however_often_it_is_sent(service: Service, made: Discounts) -> None:
    rows = "".join(row(n) for n in range(CHUNK + 5))
    assert outcome(bring(made, rows)) == (CHUNK + 5, 0, 0, 0)
    at = version(service)
    assert outcome(bring(made, rows)) == (0, 0, CHUNK + 5, 0)
    assert version(service) == at, "what changes nothing has no version"
    assert outcome(bring(made, row(1, 6) + row(2, users="2|3") + row(3))) == (0, 2, 1, 0)
    (changed,) = made.page(Wanted(name="d2", state="running", buyer=Buyer("3")), 0, 9)[0]
    assert made.lists(changed)["customer"] == ["2", "3"]


def test_a_bad_row_is_named_and_stops_no_other(known: Discounts) -> None:
    rows = row("a") + row("b", -1) + row("c", users="1|99") + row("d") + row("d", 6) + row("a b")
    for dry_run in (True, False):
        report = bring(known, rows, dry_run=dry_run)
        assert outcome(report) == (2, 1, 0, 3)
        assert [(one.line, one.fault.path, one.fault.code) for one in report.errors] == [
            (3, "amount", "negative"), (4, "user_ids", "unknown_user"), (7, "key", "not_a_shop_id"),
        ]  # fmt: skip
        assert len(names(known)) == (0 if dry_run else 2)


def test_a_dry_run_writes_nothing_and_counts_the_same(service: Service, made: Discounts) -> None:
    """Also of keys that come again, in the same chunk and in a later one, and of what is stored already."""
    rows = (
        row(3) + "".join(row(n) for n in range(CHUNK + 1)) + row(0, 6) + row(1) + row(2, users="3") + row(2)
    )
    for counts in ((CHUNK + 1, 3, 2, 0), (0, 4, CHUNK + 2, 0)):
        before = version(service)
        dry = bring(made, rows, dry_run=True)
        assert (dry.dry_run, version(service)) == (True, before)
        assert outcome(dry) == counts
        assert outcome(bring(made, rows)) == counts


def test_an_import_leaves_one_trace_for_each_transaction(service: Service, made: Discounts) -> None:
    """It names what was made and what was changed, and of that what it was before (P22)."""
    bring(made, row("a") + row("b") + row("c"))
    ids = [one.id for one in made.page(Wanted(sort="name", descending=False), 0, 9)[0]]
    bring(made, row("a") + row("b", 6) + row("c", users="1") + row("d"))
    with service.database.reading() as connection:
        (second, first), total = audit.entries(connection, 0, 9, object="discounts")
    assert (total, first.action, first.before) == (2, "discount.import", {})
    assert first.after == {"created": 3, "updated": 0, "created_ids": ids, "updated_to": {}}
    b, c = str(ids[1]), str(ids[2])
    assert second.before == {b: {"discount_value": "5.00"}, c: {"user_count": 2}}
    assert second.after == {
        "created": 1, "updated": 2, "created_ids": [ids[2] + 1],
        "updated_to": {b: {"discount_value": "6.00"}, c: {"user_count": 1}},
    }  # fmt: skip


def test_long_stored_lists_are_compared_a_portion_at_a_time(
    made: Discounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(row(n, users="|".join(map(str, range(20)))) for n in range(30))
    bring(made, rows)
    monkeypatch.setattr(importing, "STORED_IDS", 50)
    assert outcome(bring(made, rows + row(3) + row(4, users="1"))) == (0, 2, 30, 0)


def test_an_archived_one_is_not_changed_by_an_import(made: Discounts, clock: Clock) -> None:
    bring(made, row("a"))
    clock.now += 92 * DAY
    archive(made, 90 * DAY)
    report = bring(made, row("a", 6) + row("b"))
    assert outcome(report) == (1, 0, 0, 1)
    assert report.errors[0].fault.code == "archived"


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "ix_discounts_shelf_priority_updated_at_id_name"),
        (Wanted(descending=False), "ix_discounts_shelf_priority_updated_at_id_name"),
        (Wanted(priority=3), "ix_discounts_shelf_priority_updated_at_id_name"),
        (Wanted(sort="effective_time"), "ix_discounts_shelf_effective_time_id"),
        (Wanted(sort="expiration_time"), "ix_discounts_shelf_expiration_time_id"),
        (Wanted(sort="created_at"), "ix_discounts_shelf_created_at_id"),
        (Wanted(sort="updated_at"), "ix_discounts_shelf_updated_at_id"),
        (Wanted(sort="name"), "ix_discounts_shelf_name_id"),
    ],
)
def test_a_page_is_read_off_an_index(service: Service, made: Discounts, wanted: Wanted, index: str) -> None:
    copy_often(service, add(made).id)
    seen: list[tuple[str, Any]] = []
    event.listen(service.database.engine, "before_cursor_execute", lambda *a: seen.append((a[2], a[3])))
    made.page(wanted, 0, 20)
    query, parameters = next(one for one in seen if "LIMIT" in one[0])
    with service.database.reading() as connection:
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        plan = connection.exec_driver_sql(f"{explain} {query}", parameters)
        said = "\n".join(str(one) for one in plan)
    assert index in said, said


def copy_often(service: Service, id_: int) -> None:
    """Thousands of discounts like this one, each a minute later."""
    with service.database.writing() as connection:
        row = dict(connection.execute(discounts.select().where(discounts.c.id == id_)).one()._mapping)
        del row["id"], row["shelf"]
        minute = timedelta(minutes=1)
        times = ("effective_time", "expiration_time", "created_at", "updated_at")
        rows = [
            row | {key: row[key] + n * minute for key in times} | {"id": id_ + n, "priority": n % 7}
            for n in range(1, 3001)
        ]
        connection.execute(insert(discounts), rows)
    with service.database.writing() as connection:
        mysql = connection.dialect.name in MYSQL
        connection.execute(text("ANALYZE TABLE discounts" if mysql else "ANALYZE discounts"))

"""What the hot routes ask of discounts, on each kind of database: as the seed's code would answer, in few queries."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, text

from tests.stores import discount_worlds as worlds
from tests.stores.discount_worlds import CUSTOMERS, EVERYONE, MOMENT, NOON, PRODUCTS, Clock, stored, terms
from youhui import bootstrap
from youhui.bootstrap import Service
from youhui.checkout.completing import ALL, Stated
from youhui.discounts import lookup
from youhui.discounts.lookup import Best
from youhui.discounts.model import Draft, Scope
from youhui.discounts.reading import concerning
from youhui.discounts.tables import discount_customers, discount_products, discounts
from youhui.engine import Cart, Customer, Line, Ruleset
from youhui.platform.principals import SYSTEM
from youhui.platform.settings import Settings


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(database_url: str, clock: Clock) -> Iterator[Service]:
    made = bootstrap.service(Settings(database_url=database_url), clock)
    made.start()
    worlds.open_shop(made)
    yield made
    made.stop()


def amount(best: Best) -> tuple[int, int | None]:
    return best.amount, None if best.discount is None else best.discount.id


def quoted(service: Service, customer: str, products: list[str], at: datetime) -> list[int]:
    """What a quote of one unit each takes of each line, where only discounts apply."""
    taken: dict[str, int] = {}
    for currency in ("CNY", "JPY"):
        lines = tuple([Line(p, p, 0, 1) for p in products if PRODUCTS[p][1] == currency])
        stated = Stated(Cart(currency, lines, Customer(customer)), (ALL,) * len(lines), True, True)
        ready = service.completing.looked_up(stated, at)
        quote = Ruleset().overlay(ready.layer).price(ready.cart, at=at)
        taken |= {line.id: line.discount for line in quote.lines}
        held = service.completing.held(stated, at)
        assert held == ready or at < service.clock()
    return [taken[p] for p in products]


WORLDS = st.lists(st.tuples(worlds.DRAFTS, st.sampled_from(worlds.INSTANTS[:3])), max_size=9)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_best_one_is_the_seeds_and_a_quote_takes_it(service: Service, data: st.DataObject) -> None:
    clock = service.clock
    assert isinstance(clock, Clock)
    made = worlds.replace_all(service, data.draw(WORLDS), clock)
    products = list(PRODUCTS)
    for customer in CUSTOMERS:
        for at in worlds.INSTANTS:
            wanted = [worlds.best(made, customer, product, at) for product in products]
            found = service.discount_lookup.best(customer, products, at)
            assert [amount(found[p]) for p in products] == wanted, (customer, at)
            assert quoted(service, customer, products, at) == [taken for taken, _ in wanted], (customer, at)


@contextmanager
def queries(service: Service) -> Iterator[list[tuple[str, Any]]]:
    """The statements that this thread sends meanwhile, without those that begin a transaction."""
    sent: list[tuple[str, Any]] = []
    mine = threading.get_ident()

    def count(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if threading.get_ident() == mine and not statement.startswith("BEGIN"):
            sent.append((statement, parameters))

    event.listen(service.database.engine, "before_cursor_execute", count)
    yield sent
    event.remove(service.database.engine, "before_cursor_execute", count)


def test_three_queries_cold_and_none_warm(service: Service, clock: Clock) -> None:
    for number in range(30):
        stored(service, Draft(terms=terms(priority=number), scope=EVERYONE), clock)
    service.shop.tree()
    with queries(service) as sent:
        cold = service.discount_lookup.best("ann", list(PRODUCTS))
    assert len(sent) == 3, sent
    with queries(service) as sent:
        assert service.discount_lookup.held_best("ann", list(PRODUCTS)) == cold
        assert service.discount_lookup.best("ann", list(PRODUCTS)) == cold
    assert sent == []


def test_only_what_is_not_held_is_looked_up(service: Service, clock: Clock) -> None:
    stored(service, Draft(terms=terms(), scope=EVERYONE), clock)
    service.discount_lookup.best("ann", ["P1"])
    with queries(service) as sent:
        both = service.discount_lookup.best("ann", ["P1", "P2"])
    assert len(sent) == 2, "the second product, and what concerns it"
    assert service.discount_lookup.held_best("ann", ["P2", "P1"]) == both
    counts = service.metrics.cache("discounts")
    assert (counts.hits, counts.misses) == (1, 0)
    assert service.discount_lookup.held_best("bob", ["P1"]) is None
    assert (counts.hits, counts.misses) == (1, 1)


def test_many_who_ask_at_once_get_what_one_gets(service: Service, clock: Clock) -> None:
    for number in range(5):
        stored(service, Draft(terms=terms(priority=number), scope=EVERYONE), clock)
    service.shop.tree()
    together = threading.Barrier(8)

    def ask(_: int) -> Mapping[str, Best]:
        together.wait(30)
        return service.discount_lookup.best("ann", list(PRODUCTS))

    with queries(service) as sent, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len(sent) <= 8 * 3
    assert answers == [service.discount_lookup.held_best("ann", list(PRODUCTS))] * 8


def test_a_change_is_seen_at_once(service: Service, clock: Clock) -> None:
    """P16, on the node that wrote."""
    lookup = service.discount_lookup
    assert amount(lookup.best("ann", ["P1"])["P1"]) == (0, None)
    first = stored(service, Draft(terms=terms(value=300), scope=EVERYONE), clock)
    assert amount(lookup.best("ann", ["P1"])["P1"]) == (300, first.id)
    second = stored(service, Draft(terms=terms(priority=1), scope=EVERYONE), clock)
    assert amount(lookup.best("ann", ["P1"])["P1"]) == (500, second.id)
    service.discounts.remove(second.id, SYSTEM)
    assert amount(lookup.best("ann", ["P1"])["P1"]) == (300, first.id)


def test_a_customer_who_joins_a_group_has_its_discounts(service: Service, clock: Clock) -> None:
    stored(service, Draft(terms=terms(), scope=Scope(groups=frozenset({"vip"}), all_products=True)), clock)
    assert service.discount_lookup.best("col", ["P1"])["P1"].amount == 0
    worlds.bring(service, "customers", {"id": "col", "groups": ["vip"]})
    assert service.discount_lookup.best("col", ["P1"])["P1"].amount == 500


def test_it_starts_and_ends_to_the_microsecond_without_being_looked_up_again(
    service: Service, clock: Clock
) -> None:
    """P15: the window is no part of what is held."""
    begins, ends = NOON + 3 * MOMENT, NOON + 5 * MOMENT
    stored(service, Draft(terms=terms(effective_time=begins, expiration_time=ends), scope=EVERYONE), clock)
    service.discount_lookup.best("ann", ["P1"])
    with queries(service) as sent:
        found = []
        for _ in range(7):
            held = service.discount_lookup.held_best("ann", ["P1"])
            assert held is not None
            found.append(held["P1"].amount)
            clock.at += MOMENT
    assert (found, sent) == ([0, 0, 0, 500, 500, 0, 0], [])


def test_the_past_goes_past_what_is_held(service: Service, clock: Clock) -> None:
    ended = stored(service, Draft(terms=terms(expiration_time=NOON - MOMENT), scope=EVERYONE), clock)
    asked = service.discount_lookup
    assert amount(asked.best("ann", ["P1"])["P1"]) == (0, None)
    before = NOON - 2 * MOMENT
    assert asked.held_best("ann", ["P1"], before) is None
    assert amount(asked.best("ann", ["P1"], before)["P1"]) == (500, ended.id)
    long_ago = NOON - timedelta(days=400)
    asked.best("ann", ["P1"], long_ago)
    assert asked.held_best("ann", ["P1"], long_ago) is None, "nobody else asks for that"
    assert asked.held_best("ann", ["P1"]) is not None


def test_nothing_is_held_longer_than_the_settings_say(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("youhui.discounts.lookup.time.monotonic", lambda: now)
    asked = service.discount_lookup
    asked.best("ann", ["P1"])
    now = 40.0
    asked.best("ann", ["P1", "P2"])
    now = 59.9
    assert asked.held_best("ann", ["P1"]) is not None
    now = 60.0
    assert asked.held_best("ann", ["P1"]) is None


def test_many_products_of_one_customer_do_not_fill_the_memory(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MOST_OF_ONE", 2)
    for products in (["P1", "P2"], ["P3"]):
        assert len(service.discount_lookup.best("ann", products)) == len(products)
    assert service.discount_lookup.held_best("ann", ["P1"]) is None
    assert service.discount_lookup.held_best("ann", ["P3"]) is not None


def test_more_names_than_a_query_takes(service: Service, clock: Clock) -> None:
    """A cart may state many categories; SQLite takes 32,766 parameters."""
    kitchen = Scope(all_customers=True, categories=frozenset({"kitchen"}))
    made = stored(service, Draft(terms=terms(), scope=kitchen), clock)
    facts = [(f"p{i}", frozenset(f"c{i}-{k}" for k in range(100)) | {"kitchen"}) for i in range(400)]
    found = service.discount_lookup._read(lookup.Who("ann", frozenset()), facts, NOON)
    assert {pair: [one.id for one in ranked] for pair, ranked in found.items()} == {
        pair: [made.id] for pair in facts
    }


def test_the_query_reads_no_table_as_a_whole(service: Service) -> None:
    """Its plan, with enough rows for a plan to matter."""
    fill(service)
    with service.database.reading() as connection:
        dialect = connection.dialect.name
        if dialect == "postgresql":
            connection.execute(
                text("SET LOCAL enable_seqscan = off")
            )  # a table of so few rows is read at once
        named = [f"P{i}" for i in range(100)]
        with queries(service) as sent:
            list(concerning(connection, "c1", ["vip"], named, ["mugs", "books"], NOON))
        ((statement, parameters),) = sent
        how = "EXPLAIN QUERY PLAN " if dialect == "sqlite" else "EXPLAIN "
        rows = connection.exec_driver_sql(how + statement, parameters).all()
    plan = "\n".join(" ".join(map(str, row)) for row in rows)
    if dialect == "sqlite":
        scanned = [str(row[3]) for row in rows if str(row[3]).startswith("SCAN ")]
        assert set(scanned) <= {"SCAN c"}, (
            plan
        )  # the customer's own discounts, which the query has just found
    elif dialect == "postgresql":
        assert "Seq Scan" not in plan, plan
    else:
        tables = {row[2]: row[3] for row in rows if row[2] in ("w", "d", "p")}
        assert set(tables) == {"w", "d", "p"}
        assert not {"ALL", "index"}.intersection(tables.values()), plan


def fill(service: Service) -> None:
    """1,000 discounts, each for 10 customers and 30 products or a category."""
    common = {
        "name": "d", "type": "amount", "value": 100, "currency": "CNY", "priority": 0, "enabled": True,
        "effective_time": NOON, "expiration_time": NOON + timedelta(days=1), "all_products": False,
        "customers": 10, "groups": 0, "version": 1, "created_at": NOON, "updated_at": NOON,
    }  # fmt: skip
    ids = range(1, 1001)
    with service.database.writing() as connection:
        connection.execute(
            insert(discounts),
            [
                {
                    "id": i,
                    **common,
                    "all_customers": i % 100 == 0,
                    "products": 30,
                    "categories": int(i % 50 == 0),
                }
                for i in ids
            ],
        )
        connection.execute(
            insert(discount_customers),
            [
                {"discount_id": i, "kind": "customer", "value": f"c{(i * 7 + k * 13) % 500}"}
                for i in ids
                for k in range(10)
            ],
        )
        connection.execute(
            insert(discount_products),
            [
                {"discount_id": i, "kind": "product", "value": f"P{(i * 31 + k) % 3000}"}
                for i in ids
                for k in range(30)
            ]
            + [{"discount_id": i, "kind": "category", "value": "mugs"} for i in ids if i % 50 == 0],
        )
    with service.database.writing() as connection:
        for table in ("discounts", "discount_customers", "discount_products"):
            analyze = "ANALYZE TABLE" if connection.dialect.name in ("mysql", "mariadb") else "ANALYZE"
            if connection.dialect.name != "sqlite":
                connection.execute(text(f"{analyze} {table}")).close()

"""Promotions in each kind of database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from sqlalchemy import text

from youhui import bootstrap
from youhui.bootstrap import Service
from youhui.checkout.orders.checking import check
from youhui.checkout.quoting import Quoting
from youhui.engine import Cart, Line
from youhui.platform import audit
from youhui.platform.db import MYSQL, UTCDateTime
from youhui.platform.principals import SYSTEM
from youhui.platform.problems import Outdated
from youhui.platform.settings import Settings
from youhui.promotions import store
from youhui.promotions.lookup import StoredRules
from youhui.promotions.model import State, StoredPromotion, Wanted
from youhui.promotions.problems import PromotionExists, PromotionNotFound, PromotionOverlap
from youhui.promotions.rules import Terms, read_terms

MICRO = datetime(2026, 11, 11, 16, 0, 0, 123457, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    made = bootstrap.service(Settings(database_url=database_url), lambda: MICRO)
    made.start()
    yield made
    made.stop()


def terms(name: str, amount: str = "10.00", **more: Any) -> Terms:
    action = {"kind": "amount_off", "amount": amount, "target": "order"}
    document = {"id": name, "actions": [action], **more}
    return read_terms(document, "CNY", bootstrap.kinds())


def listed(service: Service) -> list[StoredPromotion]:
    return service.promotions.page(0, 100)[0]


def total(quoting: Quoting) -> int:
    priced = quoting.priced("CNY")
    cart = Cart("CNY", (Line("1", "MUG", 10_000, 1),))
    return priced.ruleset.price(cart, at=MICRO).total


def test_what_is_stored_comes_back(service: Service) -> None:
    window = {"valid_from": "0002-01-01T00:00:00Z", "valid_until": "9998-12-31T23:59:59.999999Z"}
    sent = terms("双11-😀", priority=-(2**53) + 1, active=False, stock=2**53 - 1, **window)
    (added,) = service.promotions.add([sent], SYSTEM)
    assert service.promotions.get("双11-😀") == added
    assert added.created_at == MICRO
    assert added.valid_until == datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert added.document["stock"] == 2**53 - 1


def test_an_id_is_taken_once_and_told_apart_exactly(service: Service) -> None:
    service.promotions.add([terms("save"), terms("SAVE"), terms("ｓａｖｅ"), terms("sävë")], SYSTEM)
    before = listed(service)
    with pytest.raises(PromotionExists):
        service.promotions.add([terms("new"), terms("SAVE", "20.00")], SYSTEM)
    assert listed(service) == before, "all or none"


def test_a_change_keeps_the_place_and_a_new_one_comes_last(service: Service) -> None:
    service.promotions.add([terms("b"), terms("a")], SYSTEM)
    service.promotions.replace(terms("b", "20.00"), SYSTEM)
    service.promotions.remove("a", SYSTEM)
    service.promotions.add([terms("c"), terms("a")], SYSTEM)
    assert [(one.id, one.version) for one in listed(service)] == [("b", 3), ("c", 5), ("a", 6)]
    for missing in (
        lambda: service.promotions.remove("x", SYSTEM),
        lambda: service.promotions.replace(terms("x"), SYSTEM),
    ):
        with pytest.raises(PromotionNotFound):
            missing()


def test_every_write_leaves_its_trace(service: Service) -> None:
    """Who, when, what, before and after; nothing for a write that was refused (P22)."""
    service.promotions.add([terms("a", "10.00")], SYSTEM)
    service.promotions.replace(terms("a", "11.00"), SYSTEM)
    with pytest.raises(Outdated):
        service.promotions.remove("a", SYSTEM, version=1)
    service.promotions.remove("a", SYSTEM, version=2)
    with service.database.reading() as connection:
        (deleted, updated, created), total = audit.entries(connection, 0, 10, object="promotion:a")
    assert (total, deleted.actor, updated.at.tzinfo) == (3, "admin:system", UTC)
    assert [one.action for one in (created, updated, deleted)] == [
        "promotion.create", "promotion.update", "promotion.delete",
    ]  # fmt: skip
    assert [amount(created.before), amount(created.after)] == [None, "10.00"]
    assert [amount(updated.before), amount(updated.after)] == ["10.00", "11.00"]
    assert [amount(deleted.before), amount(deleted.after)] == ["11.00", None]


def amount(document: Mapping[str, Any] | None) -> object:
    return None if document is None else document["actions"][0]["amount"]


def test_writers_at_once_get_versions_of_their_own(service: Service) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: service.promotions.add([terms(f"p{n}")], SYSTEM), range(12)))
    assert sorted(one.version for one in listed(service)) == list(range(1, 13))


def test_another_node_follows_every_kind_of_change(service: Service) -> None:
    """Whatever happened between two looks, both nodes price by the same rules in the same order."""
    other = Quoting(StoredRules(service.database, service.registry))

    def both() -> list[int]:
        other.refresh()
        here, there = service.quoting.priced("CNY").ruleset, other.priced("CNY").ruleset
        assert here.version == there.version
        stored = [terms_of(row, service) for row in listed(service)]
        compiled = tuple(one.promotion for one in stored if one.currency == "CNY")
        assert here.promotions() == there.promotions() == compiled
        return [total(service.quoting), total(other)]

    assert both() == [10_000, 10_000]
    service.promotions.add([terms("a", "10.00"), terms("b", "20.00"), terms("c", "30.00")], SYSTEM)
    assert both() == [4_000, 4_000]
    service.promotions.replace(terms("a", "11.00"), SYSTEM)
    service.promotions.remove("b", SYSTEM)
    assert both() == [5_900, 5_900]
    service.promotions.remove("a", SYSTEM)
    service.promotions.add([terms("a", "1.00")], SYSTEM)
    assert both() == [6_900, 6_900]
    service.promotions.replace(terms("c", "5.00", currency="EUR"), SYSTEM)
    assert both() == [9_900, 9_900]


def terms_of(row: StoredPromotion, service: Service) -> Terms:
    return read_terms({**row.document, "currency": row.currency}, "CNY", service.registry)


def test_one_that_cannot_be_read_leaves_the_others_alone(service: Service) -> None:
    """As when the package that brought its kind is gone."""
    service.promotions.add([terms("good"), terms("bad")], SYSTEM)
    spoil = text("UPDATE promotions SET document = :document, version = 3 WHERE id = 'bad'")
    with service.database.writing() as connection:
        connection.execute(spoil, {"document": '{"id":"bad","actions":[{"kind":"gone"}]}'})
        connection.execute(text("UPDATE rules_version SET version = 3 WHERE id = 1"))
    service.quoting.refresh()
    assert total(service.quoting) == 9_000


def test_a_page_is_read_off_the_index(service: Service) -> None:
    with service.database.writing() as connection:
        name = connection.dialect.name
        row = terms("p").stored(position=0, version=0, created_at=MICRO, at=MICRO)
        for n in range(2_000):
            store.add(connection, replace(row, id=f"p{n}", position=n))
    with service.database.writing() as connection:
        connection.execute(text("ANALYZE TABLE promotions" if name in MYSQL else "ANALYZE promotions"))
        explain = "EXPLAIN QUERY PLAN" if name == "sqlite" else "EXPLAIN"
        plan = connection.execute(text(f"{explain} SELECT * FROM promotions ORDER BY position, id LIMIT 20"))
        said = "\n".join(str(row) for row in plan)
    assert "ix_promotions_position_id" in said, said
    assert not re.search("TEMP B-TREE|filesort|Sort", said), said


def test_an_instant_without_a_zone_is_not_stored(service: Service) -> None:
    with pytest.raises(ValueError, match="time zone"):
        UTCDateTime().process_bind_param(datetime(2026, 1, 1), service.database.engine.dialect)  # noqa: DTZ001


# -- types and states


def sale(*skus: str, **more: Any) -> Terms:
    products = [{"sku": sku, "price": "1.00", "stock": 5} for sku in skus]
    return read_terms(
        {"type": "flash_sale", "id": "sale", "products": products, **more}, "CNY", bootstrap.kinds()
    )


def test_another_node_follows_the_life_of_forms(service: Service) -> None:
    """In each step both nodes hold the same rules in the same order, as one does that loads them all afresh."""
    other = Quoting(StoredRules(service.database, service.registry))
    promotions = service.promotions
    steps: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: promotions.add([sale("a", "b"), terms("p")], SYSTEM), ["p"]),
        (lambda: promotions.replace(sale("b", "c"), SYSTEM), ["p"]),
        (lambda: promotions.step("sale", "publish", SYSTEM), ["p", "sale#2", "sale#3"]),
        (lambda: promotions.replace(sale("c"), SYSTEM), ["p", "sale#3"]),
        (lambda: promotions.add([terms("q")], SYSTEM), ["p", "sale#3", "q"]),
        (lambda: promotions.replace(sale("a", "b", "c", "d"), SYSTEM),
         ["p", "sale#3", "q", "sale#1", "sale#2", "sale#4"]),
        (lambda: promotions.step("sale", "pause", SYSTEM), ["p", "q"]),
        (lambda: promotions.step("sale", "publish", SYSTEM), ["p", "sale#3", "q", "sale#1", "sale#2", "sale#4"]),
        (lambda: promotions.step("sale", "close", SYSTEM), ["p", "q"]),
        (lambda: promotions.remove("sale", SYSTEM), ["p", "q"]),
    ]  # fmt: skip
    for change, expected in steps:
        change()
        other.refresh()
        afresh = Quoting(StoredRules(service.database, service.registry))
        afresh.refresh()
        held = [one.priced("CNY").ruleset.promotions() for one in (service.quoting, other, afresh)]
        assert held[0] == held[1] == held[2]
        assert [one.id for one in held[0] if one.active] == expected
        report = check(service.database, StoredRules(service.database, service.registry).terms)
        assert report.sound, report


def test_a_list_by_state_is_what_each_says_of_itself(service: Service) -> None:
    windows = {"valid_from": MICRO, "valid_until": MICRO}
    for n, (key, away) in enumerate((key, away) for key in windows for away in (-1, 0, 1)):
        at = (MICRO + timedelta(microseconds=away)).isoformat()
        service.promotions.add([terms(f"p{n}", **{key: at})], SYSTEM)
    service.promotions.add(
        [terms("off", active=False), terms("draft", status="draft"), terms("done")], SYSTEM
    )
    service.promotions.step("done", "close", SYSTEM)
    everything = listed(service)
    for state in get_args(State):
        found, total = service.promotions.page(0, 100, Wanted(state=state))
        assert [one.id for one in found] == [one.id for one in everything if one.state(MICRO) == state]
        assert total == len(found) > 0


def test_an_older_promotion_may_have_the_id_of_a_rule(service: Service) -> None:
    """New ones have no # in their ids, but who called one sale#1 before has it still."""
    service.promotions.add([terms("sale#1")], SYSTEM)
    with pytest.raises(PromotionExists):
        service.promotions.add([sale("a")], SYSTEM)
    service.promotions.remove("sale#1", SYSTEM)
    service.promotions.add([sale("a")], SYSTEM)


def test_two_flash_sales_are_not_published_at_once(service: Service) -> None:
    """Each looks at the others under the lock of all rules."""
    names = [f"s{n}" for n in range(4)]
    service.promotions.add([replace_id(sale("a"), name) for name in names], SYSTEM)

    def publish(name: str) -> bool:
        try:
            service.promotions.step(name, "publish", SYSTEM)
        except PromotionOverlap:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(publish, names)).count(True) == 1


def replace_id(terms: Terms, name: str) -> Terms:
    rules = {of: replace(rule, id=name) for of, rule in terms.rules.items()}
    return replace(terms, id=name, rules=rules, form={**(terms.form or {}), "id": name})

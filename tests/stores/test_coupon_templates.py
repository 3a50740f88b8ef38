"""Templates of coupons in each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from youhui.checkout.orders import tables as order_tables
from youhui.checkout.orders.model import Key
from youhui.checkout.orders.problems import LimitBelowUse
from youhui.checkout.store import Source, read_versions
from youhui.coupons.model import CouponStatus, Template, TemplateState
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.tables import coupon_codes, coupon_terms, coupons
from youhui.coupons.templates import store
from youhui.coupons.templates.forms import Usual
from youhui.coupons.templates.lookup import Lookup
from youhui.coupons.templates.model import Wanted
from youhui.coupons.templates.problems import BelowIssued, InvalidTemplate, TemplateInState
from youhui.coupons.templates.service import Move, Templates
from youhui.engine import BUILT_IN
from youhui.engine.actions.amount_off import AmountOff
from youhui.platform import audit, migrate
from youhui.platform.db import Database
from youhui.platform.principals import SYSTEM
from youhui.platform.problems import Outdated, Unavailable

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
LATER = "2026-12-31T16:00:00Z"


@dataclass
class Shop:
    """Templates on a database, at a time that a test may turn."""

    database: Database
    now: datetime = NOON
    noticed: list[datetime] = field(default_factory=list)

    @property
    def templates(self) -> Templates:
        return Templates(
            self.database,
            BUILT_IN,
            lambda: self.now,
            lambda: self.noticed.append(self.now),
            Usual("CNY", "Asia/Shanghai"),
        )

    def made(self, *, published: bool = False, **more: Any) -> Template:
        sent = {"name": "满100减20", "value": 20, "min_amount": "100.00", "expire_at": LATER, **more}
        new = self.templates.create(sent, SYSTEM)
        return self.templates.move(new.id, "publish", SYSTEM) if published else new

    def issued(self, template: Template, *statuses: CouponStatus, ends_at: datetime | None = None) -> None:
        """Coupons of it, one of each status."""
        with self.database.writing() as connection:
            store.add_issued(connection, {template.id: len(statuses)})
            known = connection.execute(select(func.count()).select_from(coupons)).scalar_one()
            rows = [
                {
                    "template_id": template.id, "terms_id": template.terms_id, "customer": "c1", "status": status,
                    "order_no": "A1" if status in ("locked", "used") else None, "starts_at": NOON,
                    "ends_at": ends_at or NOON + timedelta(days=9), "source": "claim", "source_id": "",
                    "issue_key": f"claim:test:{known + i}", "issued_at": NOON, "issued_by": "key:1", "changed_at": NOON,
                }
                for i, status in enumerate(statuses)
            ]  # fmt: skip
            connection.execute(insert(coupons), rows)

    def read(self, work: Callable[[Any], Any]) -> Any:
        with self.database.reading() as connection:
            return work(connection)


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    made = Shop(Database(database_url))
    migrate.upgrade(made.database)
    yield made
    made.database.close()


EVERYTHING: dict[str, Any] = {
    "name": "双11-😀" + "长" * 95, "type": "discount", "value": "8.55", "value_type": "percent",
    "max_discount": "50.00", "min_amount": "90071992547409.91", "min_quantity": 2, "threshold_of": "running",
    "scope": {"products": ["p1", "杯"], "exclude": {"skus": ["x"]}}, "conditions": [{"kind": "logged_in"}],
    "valid": {"starts_at": "2026-11-01T00:00:00+08:00", "ends_at": "2027-01-01T00:00:00.123457Z"},
    "time_zone": "America/New_York", "ways": ["claim", "push", "registration", "payment", "code"],
    "audience": {"kind": "list", "customers": ["c2", 7, "客"]}, "total": 2**53 - 1, "usage_limit": 100,
    "per_customer": 3, "per_customer_per_day": 1, "claim_from": "2026-11-11T00:00:00Z",
    "claim_until": "2026-12-12T00:00:00Z", "budget": "9999.99", "payment_from": 0, "priority": -5,
    "combines_with_coupons": True, "several_per_order": True, "combines_with_promotions": False,
    "excludes_tags": ["秒杀"], "skip_lines_of_tags": ["flash"], "check_scope": False, "give_back": "pro_rata",
    "currency": "CNY",
}  # fmt: skip


def test_what_is_stored_comes_back(shop: Shop) -> None:
    new = shop.templates.create(EVERYTHING, SYSTEM)
    assert shop.templates.get(new.id) == new
    assert (new.terms.percent_paid, new.terms.min_amount, new.total) == (8550, 2**53 - 1, 2**53 - 1)
    assert new.terms.validity.ends_at == datetime(2027, 1, 1, 0, 0, 0, 123457, UTC)
    assert shop.read(lambda c: store.audience(c, new.id)) == ["7", "c2", "客"]


def test_a_change_of_terms_is_for_future_coupons(shop: Shop) -> None:
    first = shop.made(published=True)
    renamed = shop.templates.change(first.id, {"name": "新名", "total": 5}, SYSTEM)
    assert renamed.terms_id == first.terms_id
    cheaper = shop.templates.change(first.id, {"value": "10.00"}, SYSTEM)
    assert cheaper.terms_id != first.terms_id
    known = shop.read(lambda c: store.terms_of(c, [first.terms_id, cheaper.terms_id, 999]))
    assert {id_: (one.amount, template) for id_, (one, template) in known.items()} == {
        first.terms_id: (2000, first.id),
        cheaper.terms_id: (1000, first.id),
    }


def test_every_write_moves_the_version_and_leaves_a_trace(shop: Shop) -> None:
    new = shop.made()
    shop.templates.move(new.id, "publish", SYSTEM, new.version)
    with pytest.raises(Outdated):
        shop.templates.move(new.id, "pause", SYSTEM, new.version)
    shop.templates.move(new.id, "pause", SYSTEM)
    shop.templates.change(new.id, {"total": 7}, SYSTEM)
    shop.templates.void(new.id, "面额填错", SYSTEM)
    assert shop.read(lambda c: read_versions(c)[Source.COUPONS]) == shop.templates.get(new.id).version == 5
    assert len(shop.noticed) == 5
    found, _ = shop.read(lambda c: audit.entries(c, 0, 9, object=f"coupon-template:{new.id}"))
    assert [one.action.partition(".")[2] for one in found] == ["void", "update", "pause", "publish", "create"]
    assert (found[0].before["status"], found[0].after["status"]) == ("paused", "void")
    assert found[0].after["reason"] == "面额填错"


ALLOWED: dict[str, set[str]] = {
    "draft": {"publish", "change", "delete"},
    "publish": {"publish", "pause", "close", "void", "change"},
    "pause": {"pause", "publish", "close", "void", "change"},
    "close": {"close", "void"},
    "void": {"void"},
}
"""what can be done with one where it stands; what was done already is done once more"""


def test_what_can_be_done_where_it_stands(shop: Shop) -> None:
    steps: dict[str, Callable[[int], object]] = {
        "publish": lambda id_: shop.templates.move(id_, "publish", SYSTEM),
        "pause": lambda id_: shop.templates.move(id_, "pause", SYSTEM),
        "close": lambda id_: shop.templates.move(id_, "close", SYSTEM),
        "void": lambda id_: shop.templates.void(id_, "", SYSTEM),
        "change": lambda id_: shop.templates.change(id_, {"name": "x"}, SYSTEM),
        "delete": lambda id_: shop.templates.remove(id_, SYSTEM),
    }
    for done, allowed in ALLOWED.items():
        for name, step in steps.items():
            new = shop.made(published=done != "draft")
            if done != "draft":
                steps[done](new.id)
            if name in allowed:
                step(new.id)
                continue
            with pytest.raises(TemplateInState):
                step(new.id)
    with pytest.raises(CouponTemplateNotFound):
        steps["delete"](999)


def test_a_list_knows_states_by_the_clock(shop: Shop) -> None:
    """The windows are half-open, to the microsecond."""
    shop.now = NOON - timedelta(days=1)
    tick = timedelta(microseconds=1)
    cases: list[tuple[Move | None, datetime | None, datetime | None, TemplateState]] = [
        (None, None, None, "draft"),
        ("publish", None, None, "claiming"),
        ("publish", NOON, NOON + tick, "claiming"),
        ("publish", NOON + tick, None, "scheduled"),
        ("publish", None, NOON, "ended"),
        ("pause", NOON + tick, None, "paused"),
        ("close", None, None, "ended"),
        ("void", None, None, "void"),
    ]
    expected: dict[TemplateState, list[int]] = {}
    for done, since, until, state in cases:
        window = {"claim_from": since and since.isoformat(), "claim_until": until and until.isoformat()}
        new = shop.made(**window, published=done is not None)
        if done is not None:
            shop.templates.move(new.id, done, SYSTEM)
        expected.setdefault(state, []).insert(0, new.id)
        assert shop.templates.get(new.id).state(NOON) == state
    shop.now = NOON
    pages = {state: shop.templates.page(Wanted(state=state), 0, 9) for state in expected}
    assert {state: [one.id for one in found] for state, (found, _) in pages.items()} == expected
    claimable = shop.read(lambda c: store.with_way(c, "claim", NOON))
    assert [one.id for one in claimable] == sorted(expected["claiming"])


def test_a_list_by_what_is_wanted(shop: Shop) -> None:
    mug = shop.made(name="杯 100% off_", ways=["claim"])
    ship = shop.made(name="包邮券", type="shipping", value=None, ways=["push"], currency="USD")

    def ids(**wanted: Any) -> list[int]:
        return [one.id for one in shop.templates.page(Wanted(**wanted), 0, 9)[0]]

    assert ids() == [ship.id, mug.id], "the newest first"
    assert ids(name="100%") == ids(name="f_") == ids(way="claim") == ids(currency="CNY") == [mug.id]
    assert ids(name="%邮") == ids(name="_")[:0] == []
    assert ids(type="shipping") == ids(way="push") == [ship.id]
    assert shop.templates.page(Wanted(), 1, 1) == ([shop.templates.get(mug.id)], 2)


def test_totals_and_types_once_something_was_issued(shop: Shop) -> None:
    template = shop.made(total=10, published=True)
    shop.issued(template, "unused", "used", "locked")
    with pytest.raises(BelowIssued) as below:
        shop.templates.change(template.id, {"total": 2}, SYSTEM)
    assert below.value.params == {"issued": 3}
    for change in ({"type": "shipping", "value": None}, {"currency": "USD"}):
        with pytest.raises(InvalidTemplate) as caught:
            shop.templates.change(template.id, change, SYSTEM)
        assert [one.code for one in caught.value.details] == ["fixed"]
    for total in (3, None, 11):
        assert shop.templates.change(template.id, {"total": total}, SYSTEM).total == total
    # The CHECK behind it all (P1); MariaDB's driver has no class of its own for it.
    with pytest.raises((IntegrityError, Unavailable)), shop.database.writing() as connection:
        store.add_issued(connection, {template.id: 9})


def test_numbers_and_what_voiding_concerns(shop: Shop) -> None:
    template = shop.made(total=10, published=True)
    shop.issued(template, "unused", "unused", "locked", "used", "expired", "void")
    shop.issued(template, "unused", ends_at=NOON)
    (counted,) = shop.templates.counted([template])
    assert counted.coupons == {"unused": 3, "locked": 1, "used": 1, "expired": 1, "void": 1}
    voided = shop.templates.void(template.id, "", SYSTEM)
    assert (voided.unused, voided.locked) == (2, 1), "one is over by the clock"
    assert shop.read(store.voided) == {template.id: NOON}


def test_limits_are_counters(shop: Shop) -> None:
    template = shop.made(budget="100.00", usage_limit=5)
    key = Key(f"coupon-template:{template.id}")
    counters = order_tables.counters
    mine = counters.c.promotion == key.promotion

    def limits() -> list[tuple[int | None, int | None]]:
        wanted = select(counters.c.uses_limit, counters.c.amount_limit).where(mine)
        return [tuple(row) for row in shop.read(lambda c: c.execute(wanted).all())]

    assert limits() == [(5, 10_000)]
    with shop.database.writing() as connection:
        connection.execute(counters.update().where(mine).values(uses_used=2, amount_used=4000))
    assert shop.templates.counted([template])[0].budget_used == 4000
    with pytest.raises(LimitBelowUse):
        shop.templates.change(template.id, {"usage_limit": 1}, SYSTEM)
    shop.templates.change(template.id, {"usage_limit": 2, "budget": "40.00"}, SYSTEM)
    assert limits() == [(2, 4000)]
    shop.templates.remove(template.id, SYSTEM)
    assert limits() == []


def test_a_draft_that_has_codes_stays(shop: Shop) -> None:
    template = shop.made()
    with shop.database.writing() as connection:
        row = {
            "code_key": "a",
            "code": "A",
            "template_id": template.id,
            "task_id": 0,
            "uses_limit": 1,
            "used": 0,
        }
        connection.execute(insert(coupon_codes).values(**row, created_at=NOON))
    with pytest.raises(TemplateInState):
        shop.templates.remove(template.id, SYSTEM)
    assert shop.templates.get(template.id) == template


def test_a_copy_is_a_draft_of_its_own(shop: Shop) -> None:
    old = shop.templates.create(EVERYTHING, SYSTEM)
    new = shop.templates.copy(old.id, SYSTEM)
    assert (new.status, new.issued, new.terms) == ("draft", 0, old.terms)
    assert new.name.endswith("长 副本")
    assert len(new.name) == 100
    assert new.terms_id != old.terms_id
    shop.templates.change(new.id, {"audience": {"kind": "all"}}, SYSTEM)
    assert shop.read(lambda c: store.audience_sizes(c, [old.id, new.id])) == {old.id: 3}


def test_a_list_of_customers_stays_unless_another_is_sent(shop: Shop) -> None:
    template = shop.made(audience={"kind": "list", "customers": [f"c{i}" for i in range(1500)]})
    shop.templates.change(template.id, {"total": 9, "audience": {"kind": "list", "customers": None}}, SYSTEM)
    (counted,) = shop.templates.counted([template], listed=True)
    assert (counted.audience_size, counted.customers) == (1500, None)
    shop.templates.change(template.id, {"audience": {"kind": "list", "customers": ["a"]}}, SYSTEM)
    assert shop.templates.counted([template], listed=True)[0].customers == ("a",)


def test_claims_of_a_template_wait_for_one_another(shop: Shop) -> None:
    """The last piece: many lock the row, look, and write."""
    template = shop.made(total=1, published=True)

    def claim(_: int) -> bool:
        with shop.database.writing() as connection:
            found = store.lock(connection, [template.id, 999])[template.id]
            if found.issued < 1:
                store.add_issued(connection, {template.id: 1})
                return True
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(claim, range(8))) == [False] * 7 + [True]


def test_memory_holds_templates_by_version_and_terms_for_ever(shop: Shop) -> None:
    version = 1
    lookup = Lookup(shop.database, BUILT_IN, lambda: version)
    template = shop.made()
    of = {template.terms_id: template.id, 999: template.id, 998: 997}
    assert lookup.templates([template.id, 999]) == {template.id: template}
    assert list(lookup.compiled(of)) == [template.terms_id]
    renamed = shop.templates.change(template.id, {"name": "新名", "value": 30}, SYSTEM)
    assert lookup.templates([template.id]) == {template.id: template}, "as of the version that it follows"
    version = 2
    assert lookup.templates([template.id]) == {template.id: renamed}
    of = {template.terms_id: template.id, renamed.terms_id: template.id}
    found = lookup.compiled(of)
    assert [(one.name, one.actions) for _, one in sorted(found.items())] == [
        ("新名", (AmountOff(amount=2000, target="order"),)),
        ("新名", (AmountOff(amount=3000, target="order"),)),
    ]
    with shop.database.writing() as connection:
        connection.execute(coupon_terms.delete().where(coupon_terms.c.template_id == template.id))
    assert lookup.compiled(of) == found, "from memory"


def test_terms_that_cannot_be_read_stop_no_others(shop: Shop) -> None:
    one, other = shop.made(), shop.made(conditions=[{"kind": "logged_in"}])
    with shop.database.writing() as connection:
        document = shop.templates.get(other.id).terms
        mine = coupon_terms.c.id == other.terms_id
        gone = {"type": document.type, "amount": 1, "conditions": [{"kind": "moon_is_full"}]}
        connection.execute(coupon_terms.update().where(mine).values(document=gone))
    lookup = Lookup(shop.database, BUILT_IN, lambda: 1)
    assert list(lookup.compiled({one.terms_id: one.id, other.terms_id: other.id})) == [one.terms_id]

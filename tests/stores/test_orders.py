"""Orders on real databases, through the committer: what each command does to orders, counters, holds and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from youhui.checkout.orders import batch, counter_store, store
from youhui.checkout.orders.commands import (
    Cancel,
    Changed,
    Done,
    GiveBackPart,
    HoldEnded,
    Pay,
    Place,
    Redemption,
    Versions,
)
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.model import (
    Claim,
    Frozen,
    FrozenCut,
    FrozenLine,
    FrozenPromotion,
    GiveBack,
    Key,
    Limits,
    Numbers,
    Order,
    Vector,
)
from youhui.checkout.orders.problems import (
    KeyReused,
    OrderExists,
    OrderNotFound,
    OrderState,
    RefundExists,
    RefundTooMuch,
)
from youhui.checkout.store import Source, next_version, read_versions
from youhui.platform import migrate
from youhui.platform.committing import Conflict
from youhui.platform.db import Database

BEGAN = datetime(2026, 11, 11, 8, tzinfo=UTC)


@dataclass(slots=True)
class Shop:
    """A database with a committer, whose clock is turned by hand."""

    database: Database
    now: datetime = BEGAN
    heard: dict[Key, Numbers] = field(default_factory=dict)
    committer: Committer = field(init=False)

    def __post_init__(self) -> None:
        self.committer = Committer(self.database, clock=lambda: self.now, published=self.heard.update)

    def place(self, order_no: str, *redemptions: Redemption, **more: Any) -> Done:
        return self.committer.wait(placing(order_no, *redemptions, **{"versions": self.versions(), **more}))

    def pay(self, order_no: str, **more: Any) -> Done:
        return self.committer.wait(Pay(order_no=order_no, request="pay", caller="key:1", **more))

    def cancel(self, order_no: str) -> Done:
        return self.committer.wait(Cancel(order_no=order_no, request="cancel", caller="key:1"))

    def refund(
        self, order_no: str, refund_no: str, lines: Mapping[str, int] = {}, *, shipping: bool = False
    ) -> Done:
        request = f"{refund_no} {dict(lines)} {shipping}"
        return self.committer.wait(
            GiveBackPart(
                order_no=order_no,
                request=request,
                caller="key:1",
                refund_no=refund_no,
                lines=lines,
                shipping=shipping,
            )
        )

    def versions(self) -> Versions:
        with self.database.reading() as connection:
            read = read_versions(connection)
        return Versions(read[Source.PROMOTIONS], read[Source.DISCOUNTS])

    def numbers(self, key: Key) -> Numbers:
        with self.database.reading() as connection:
            return counter_store.read_numbers(connection, [key], self.now)[key]

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(text)]

    def entries(self, order_no: str) -> list[tuple[Any, ...]]:
        """Kind, number, uses, amount, units, discount; in the order of writing."""
        return self.rows(
            "SELECT kind, number, uses, amount, units, discount FROM ledger "
            f"WHERE order_no = '{order_no}' ORDER BY id"
        )


@contextmanager
def shop_on(url: str) -> Iterator[Shop]:
    database = Database(url)
    migrate.upgrade(database)
    shop = Shop(database)
    shop.committer.start()
    yield shop
    shop.committer.stop()
    database.close()


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with shop_on(database_url) as made:
        yield made


def taking(
    promotion: str = "p", *limits: Limits, amount: int = 100, units: int = 0, customer: str = ""
) -> Redemption:
    """One use of a promotion with such limits: of all customers, or of one."""
    claims = tuple(Claim(Key(promotion, customer), limit) for limit in limits)
    return Redemption(promotion, Vector(1, amount, units), claims)


def placing(order_no: str, *redemptions: Redemption, **more: Any) -> Place:
    """An order of three units at 10.00 and shipping of 5.00, from which each redemption took its amount."""
    policy: GiveBack = more.pop("give_back", "full_refund")
    cuts = tuple(FrozenCut(one.promotion, one.moved.amount, (), one.moved.units) for one in redemptions)
    off = sum(one.moved.amount for one in redemptions)
    promotions = tuple(
        FrozenPromotion(one.promotion, None, one.moved.amount, 0, one.moved.units, policy)
        for one in redemptions
    )
    line = FrozenLine("1", "MUG", "MUG", 3, 1000, 3000 - off, cuts)
    terms: dict[str, Any] = {
        "request": f"place {order_no}",
        "caller": "key:1",
        "currency": "CNY",
        "customer": "ann",
        "hold_for": timedelta(minutes=15),
        "total": 3500,
        "discount": off,
        "frozen": Frozen((line,), promotions, 500, 500),
        "redemptions": redemptions,
        **more,
    }
    return Place(order_no=order_no, **terms)


ALL = Key("p")


def test_an_order_holds_what_it_takes_and_uses_it_when_it_is_paid(shop: Shop) -> None:
    order = shop.place("o1", taking("p", Limits(uses=2), units=1)).order
    assert (order.state, order.payable, order.hold_until) == ("pending", 3400, BEGAN + timedelta(minutes=15))
    assert shop.numbers(ALL) == Numbers(Vector(0, 0, 0), Vector(1, 100, 1))
    shop.now += timedelta(minutes=1)
    paid = shop.pay("o1").order
    assert (paid.state, paid.paid_at) == ("paid", shop.now)
    assert shop.numbers(ALL) == Numbers(Vector(1, 100, 1), Vector(0, 0, 0)) == shop.heard[ALL]
    assert [entry[0] for entry in shop.entries("o1")] == ["hold", "commit"]
    assert shop.rows("SELECT * FROM holds") == []


def test_what_ends_a_hold_puts_back_exactly_what_it_took(shop: Shop) -> None:
    both = (taking("p", Limits(uses=1)), taking("q", Limits(amount=500), amount=400))
    shop.place("o1", *both)
    with pytest.raises(Changed) as full:
        shop.place("o2", *both)
    assert full.value.promotions == ("p", "q")
    assert shop.cancel("o1").order.state == "cancelled"
    assert shop.numbers(ALL).taken == shop.numbers(Key("q")).taken == Vector(0, 0, 0)
    assert [entry[0] for entry in shop.entries("o1")] == ["hold", "hold", "release", "release"]
    assert shop.place("o2", *both).order.state == "pending"


def test_an_order_takes_all_or_nothing(shop: Shop) -> None:
    shop.place("o1", taking("q", Limits(uses=1)))
    with pytest.raises(Changed):
        shop.place("o2", taking("p", Limits(uses=1)), taking("q", Limits(uses=1)))
    shop.place("o3", taking("p", Limits(uses=1)))
    assert shop.rows("SELECT order_no FROM orders ORDER BY order_no") == [("o1",), ("o3",)]


def test_a_hold_ends_by_the_clock_and_without_a_job(shop: Shop) -> None:
    limited = taking("p", Limits(uses=1))
    shop.place("o1", limited)
    shop.now += timedelta(minutes=15) - timedelta(microseconds=1)
    assert shop.numbers(ALL).taken.uses == 1
    with pytest.raises(Changed):
        shop.place("o2", limited)
    shop.now += timedelta(microseconds=1)
    assert shop.numbers(ALL).taken.uses == 0, "who only reads leaves out what has expired"
    shop.place("o2", limited)
    assert [entry[0] for entry in shop.entries("o1")] == ["hold", "expire"]
    assert shop.rows("SELECT state FROM orders WHERE order_no = 'o1'") == [("expired",)]


def test_more_expired_holds_than_are_ended_at_once_are_all_ended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_EXPIRED", 2)
    limited = taking("p", Limits(uses=5))
    for number in range(5):
        shop.place(f"o{number}", limited)
    shop.now += timedelta(minutes=15)
    for number in range(5, 10):
        shop.place(f"o{number}", limited)
    assert shop.numbers(ALL).taken.uses == 5


def test_late_payment_takes_again_or_is_refused(shop: Shop) -> None:
    limited = taking("p", Limits(uses=1))
    shop.place("o1", limited)
    shop.now += timedelta(hours=1)
    with pytest.raises(HoldEnded) as ended:
        shop.pay("o1")
    assert ended.value.order.state == "expired"
    shop.place("o2", limited)
    late = {"again": (limited,), "versions": shop.versions()}
    with pytest.raises(Changed) as full:
        shop.pay("o1", **late)
    assert full.value.promotions == ("p",)
    shop.cancel("o2")
    paid = shop.pay("o1", **late).order
    assert (paid.state, paid.taken_at) == ("paid", shop.now)
    assert [entry[:2] for entry in shop.entries("o1")] == [
        ("hold", ""),
        ("expire", ""),
        ("hold", "late"),
        ("commit", "late"),
    ]
    assert shop.numbers(ALL) == Numbers(Vector(1, 100, 0), Vector(0, 0, 0))
    assert shop.pay("o1").replayed


def test_a_cancelled_order_is_not_paid_late(shop: Shop) -> None:
    shop.place("o1")
    shop.now += timedelta(hours=1)
    assert shop.cancel("o1").order.state == "cancelled"
    with pytest.raises(OrderState):
        shop.pay("o1", again=(), versions=shop.versions())


def test_the_same_request_has_one_effect_and_one_answer(shop: Shop) -> None:
    limited = taking("p", Limits(uses=9))
    placed = shop.place("o1", limited)
    paid = shop.pay("o1")
    shop.now += timedelta(minutes=1)
    refunded = shop.refund("o1", "r1", {"1": 1})
    whole = shop.refund("o1", "r2")
    for first, again in (
        (placed, shop.place("o1", limited)),
        (paid, shop.pay("o1")),
        (refunded, shop.refund("o1", "r1", {"1": 1})),
        (whole, shop.refund("o1", "r2")),
    ):
        assert again == Done(first.order, first.refund, replayed=True)
    assert len(shop.entries("o1")) == 4
    with pytest.raises(OrderExists):
        shop.place("o1", limited, request="another")
    with pytest.raises(RefundExists):
        shop.refund("o1", "r1", {"1": 2})


def test_a_key_belongs_to_the_request_that_succeeded_with_it(shop: Shop) -> None:
    limited = taking("p", Limits(uses=1))
    shop.place("o1", limited, idempotency_key="k1")
    with pytest.raises(Changed):
        shop.place("o2", limited, idempotency_key="k2")
    assert shop.place("o3", idempotency_key="k2").order.order_no == "o3", "a refusal frees its key"
    with pytest.raises(KeyReused):
        shop.place("o4", idempotency_key="k1")
    assert shop.place("o4", idempotency_key="k1", caller="key:2").order.order_no == "o4"


def test_what_was_priced_by_older_rules_is_not_placed(shop: Shop) -> None:
    old = shop.versions()
    with shop.database.writing() as connection:
        next_version(connection, Source.DISCOUNTS)
    with pytest.raises(Changed) as changed:
        shop.place("o1", versions=old)
    assert changed.value.promotions == ()
    assert shop.place("o1").order.state == "pending"


def test_what_has_ended_is_not_placed(shop: Shop) -> None:
    with pytest.raises(Changed):
        shop.place("o1", not_after=BEGAN)
    shop.place("o1", not_after=BEGAN + timedelta(microseconds=1))


def test_counters_of_a_customer_and_of_a_period_are_made_when_they_are_first_needed(shop: Shop) -> None:
    day = Claim(
        Key("p", "", "2026-11-10T16:00Z/day"),
        Limits(uses=2),
        BEGAN - timedelta(hours=16),
        BEGAN + timedelta(hours=8),
    )
    mine = Claim(Key("p", "ann"), Limits(uses=1))
    once = Redemption("p", Vector(1, 100, 0), (mine, day))
    shop.place("o1", once)
    with pytest.raises(Changed):
        shop.place("o2", once)
    theirs = Redemption("p", Vector(1, 100, 0), (Claim(Key("p", "bob"), Limits(uses=1)), day))
    shop.place("o2", theirs, customer="bob")
    assert shop.numbers(day.key).taken.uses == 2
    shop.now += timedelta(hours=8)
    with pytest.raises(Changed):
        shop.place("o3", Redemption("p", Vector(1, 100, 0), (day,)), customer="cat")


@pytest.mark.parametrize(
    ("policy", "after_one", "after_all"),
    [
        ("never", Vector(1, 100, 3), Vector(1, 100, 3)),
        ("full_refund", Vector(1, 100, 3), Vector(0, 0, 0)),
        ("pro_rata", Vector(1, 67, 2), Vector(0, 0, 0)),
    ],
)
def test_a_refund_gives_back_by_the_policy(
    shop: Shop, policy: GiveBack, after_one: Vector, after_all: Vector
) -> None:
    shop.place("o1", taking("p", Limits(uses=5), units=3), give_back=policy)
    shop.pay("o1")
    first = shop.refund("o1", "r1", {"1": 1})
    assert first.refund is not None
    assert (first.refund.amount, first.order.state) == (966, "partially_refunded")
    assert shop.numbers(ALL).used == after_one
    amounts = [966]
    for number, lines, shipping in (("r2", {"1": 1}, False), ("r3", {}, True), ("r4", {"1": 1}, False)):
        refund = shop.refund("o1", number, lines, shipping=shipping).refund
        assert refund is not None
        amounts.append(refund.amount)
    assert amounts == [966, 967, 500, 967]
    assert sum(amounts) == 3400
    assert shop.numbers(ALL).used == after_all
    assert shop.rows("SELECT state, refunded FROM orders") == [("refunded", 3400)]
    for lines in ({"1": 1}, {}):
        with pytest.raises(OrderState):
            shop.refund("o1", "r9", lines)


def test_no_more_is_refunded_than_is_left(shop: Shop) -> None:
    shop.place("o1", taking())
    with pytest.raises(OrderState):
        shop.refund("o1", "r1")
    shop.pay("o1")
    shop.refund("o1", "r1", {"1": 2}, shipping=True)
    for lines, shipping in (({"1": 2}, False), ({}, True), ({"1": 1}, True)):
        with pytest.raises(RefundTooMuch):
            shop.refund("o1", "r2", lines, shipping=shipping)


def test_there_must_be_such_an_order(shop: Shop) -> None:
    for what in (shop.pay, shop.cancel, partial(shop.refund, refund_no="r1")):
        with pytest.raises(OrderNotFound):
            what("o1")


def test_a_promotion_without_a_limit_touches_no_counter(shop: Shop) -> None:
    """P5; its entries are in the ledger all the same."""
    shop.place("o1", taking())
    assert shop.rows("SELECT * FROM counters") == shop.rows("SELECT * FROM holds") == []
    shop.pay("o1")
    assert shop.entries("o1") == [("hold", "", 1, 100, 0, 100), ("commit", "", 1, 100, 0, 100)]


def test_tidying_ends_what_has_expired(shop: Shop) -> None:
    shop.place("o1", taking("p", Limits(uses=1)))
    shop.place("o2")
    shop.now += timedelta(minutes=15)
    with shop.database.writing() as connection:
        assert batch.tidy(connection, shop.now) == 2
    with shop.database.writing() as connection:
        assert batch.tidy(connection, shop.now) == 0
    with shop.database.reading() as connection:
        order = store.read_order(connection, "o1")
    assert isinstance(order, Order)
    assert (order.state, order.ended_at) == ("expired", shop.now)


def test_the_database_itself_refuses_more_than_a_limit(shop: Shop) -> None:
    """The CHECK behind the decision: on every database it is known for what it is."""
    shop.place("o1", taking("p", Limits(uses=1)))
    with shop.database.reading() as connection:
        locked = counter_store.lock_counters(connection, [ALL])
    locked[ALL].held = Vector(2, 200, 0)
    with pytest.raises(Conflict), shop.database.writing() as connection, store.conflicts():
        counter_store.change_counters(connection, locked.values())

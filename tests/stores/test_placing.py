"""Orders priced and placed in each kind of database, by nodes that know nothing of each other but what is stored.

A node here follows nothing by itself: it prices by the rules and counters of its last look, as in the worst second.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from hashlib import blake2b
from threading import current_thread
from typing import Any

import pytest
from sqlalchemy import event, text

from tests import servers
from tests.http.serving import cart, line, promotion
from tests.stores import discount_worlds as worlds
from tests.stores.discount_worlds import NOON, Clock, stored, terms
from youhui import bootstrap
from youhui.bootstrap import Service
from youhui.checkout.orders.commands import Done, Versions
from youhui.checkout.orders.model import Frozen, Key
from youhui.checkout.orders.problems import (
    HoldExpired,
    KeyReused,
    OrderExists,
    OrderNotFound,
    QuoteChanged,
)
from youhui.checkout.orders.requests import AskedRefund, OrderRequests, Sent
from youhui.checkout.store import Source
from youhui.discounts.model import Draft, Scope
from youhui.platform import migrate
from youhui.platform.clock import DatabaseClock, system_clock
from youhui.platform.principals import SYSTEM
from youhui.platform.problems import Invalid
from youhui.platform.settings import Settings
from youhui.promotions.rules import read_terms

MINUTE = timedelta(minutes=1)
HOLD = 15 * MINUTE


class Node:
    """A process of the shop's, and its storefront."""

    def __init__(self, service: Service, runner: asyncio.Runner) -> None:
        self.service = service
        self.run = runner.run
        self.looked = 0
        """statements that its readers have sent"""
        event.listen(service.database.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self.looked += current_thread().name.startswith("readers")

    def look(self) -> None:
        """What the thread does each second."""
        self.service.following.look()

    def save(self, document: dict[str, Any]) -> None:
        """A promotion, new or changed; this node prices by it at once, the others when they look."""
        read = read_terms(document, "CNY", self.service.registry)
        with self.service.database.reading() as connection:
            known = connection.execute(
                text("SELECT id FROM promotions WHERE id = :id"), {"id": document["id"]}
            )
            there = known.first() is not None
        if there:
            self.service.promotions.replace(read, SYSTEM)
        else:
            self.service.promotions.add([read], SYSTEM)

    def total(self, **more: Any) -> int:
        """What a quote says."""
        asked = self.service.requests.read(json.dumps(cart(**more)).encode())
        return self.run(self.service.pricing.quoted(asked)).quote.total

    async def placing(self, order_no: str, payable: str, key: str | None = None, **more: Any) -> Done:
        body = json.dumps(cart(order_no=order_no, expected_payable=payable, **more)).encode()
        asked = OrderRequests(self.service.requests, HOLD, HOLD).read(body)
        return await self.service.orders.place(asked, sent(body, key))

    def place(self, order_no: str, payable: str, key: str | None = None, **more: Any) -> Done:
        return self.run(self.placing(order_no, payable, key, **more))

    def pay(self, order_no: str) -> Done:
        return self.run(self.service.orders.pay(order_no, sent(order_no.encode())))

    def cancel(self, order_no: str) -> Done:
        return self.run(self.service.orders.cancel(order_no, sent(order_no.encode())))

    def changed(self, order_no: str, payable: str, **more: Any) -> int:
        """The total of the new quote that a placing is refused with."""
        with pytest.raises(QuoteChanged) as refused:
            self.place(order_no, payable, **more)
        return refused.value.quote.total


def sent(body: bytes, key: str | None = None) -> Sent:
    return Sent(caller="storefront:1", idempotency_key=key, request=blake2b(body, digest_size=16).hexdigest())


def ann(name: str = "ann") -> dict[str, str]:
    return {"id": name}


@contextmanager
def opened(url: str, clock: Callable[[], datetime] | None) -> Iterator[Node]:
    service = bootstrap.service(Settings(database_url=url), clock)
    migrate.upgrade(service.database)
    service.following.look()
    service.committer.start()
    with asyncio.Runner() as runner:
        yield Node(service, runner)
    service.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_node(database_url: str, clock: Clock) -> Iterator[Callable[[], Node]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(opened(database_url, clock))


@pytest.fixture
def one(open_node: Callable[[], Node]) -> Node:
    return open_node()


@pytest.fixture
def other(one: Node, open_node: Callable[[], Node]) -> Node:
    return open_node()


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in memory stays there: whatever is found out is found out for a reason."""
    monkeypatch.setattr("youhui.checkout.orders.pricing.SECONDS", 3600.0)


def used(node: Node, key: Key) -> tuple[int, int]:
    """Uses that are paid for and held, as they are stored."""
    where = "promotion = :promotion AND customer = :customer AND period = :period"
    with node.service.database.reading() as connection:
        row = connection.execute(
            text(f"SELECT uses_used, uses_held FROM counters WHERE {where}"), key._asdict()
        ).one()
    return row[0], row[1]


# -- what an order keeps


def test_an_order_keeps_every_amount_down_to_the_unit(one: Node) -> None:
    worlds.open_shop(one.service)
    clock = one.service.clock
    assert isinstance(clock, Clock)
    five = Draft(
        terms=terms(value=500), scope=Scope(customers=frozenset({"ann"}), products=frozenset({"P1"}))
    )
    discount = stored(one.service, five, clock).id
    dime = [{"kind": "amount_off", "amount": "0.10", "target": "order"}]
    flash = [{"kind": "amount_off", "amount": "10.00", "target": "each_unit", "selector": {"skus": ["MUG"]}}]
    tote = {"kind": "gift", "sku": "TOTE", "quantity": 2}
    one.save(promotion("flash", actions=flash, stock=1, give_back="never", lane="item"))
    one.save(
        promotion("dime", actions=dime, give_back="pro_rata", usage_limit=9, code="DIME") | {"name": "一角"}
    )
    one.save(promotion("gift", actions=[tote]))
    one.save(promotion("ship", actions=[{"kind": "free_shipping"}], lane="shipping"))
    lines = [line(), {"id": "2", "product": "P1", "quantity": 1}]
    done = one.place("n1", "124.89", customer=ann(), lines=lines, codes=["dime"], shipping={"price": "8.00"})
    order, frozen = done.order, done.order.frozen
    assert (order.total, order.discount, order.payable) == (14799, 2310, 12489)
    assert [
        (one.id, one.sku, one.product, one.quantity, one.unit_price, one.paid) for one in frozen.lines
    ] == [
        ("1", "MUG", "MUG", 2, 6000, 10991),
        ("2", "P1-sku", "P1", 1, 1999, 1498),
    ]
    assert cuts(frozen) == [
        [("flash", 1000, ((1, 1000), (1, 0)), 1), ("dime", 9, ((1, 4), (1, 5)), 0)],
        [(f"discount:{discount}", 500, ((1, 500),), 0), ("dime", 1, ((1, 1),), 0)],
    ]
    assert [
        (one.id, one.name, one.amount, one.shipping, one.units, one.give_back) for one in frozen.promotions
    ] == [
        ("flash", None, 1000, 0, 1, "never"),
        (f"discount:{discount}", "five off", 500, 0, 0, "full_refund"),
        ("dime", "一角", 10, 0, 0, "pro_rata"),
        ("gift", None, 0, 0, 0, "full_refund"),
        ("ship", None, 800, 800, 0, "full_refund"),
    ]
    assert [(gift.sku, gift.quantity) for gift in frozen.promotions[3].gifts] == [("TOTE", 2)]
    assert (frozen.shipping, frozen.shipping_paid, frozen.codes) == (800, 0, ("dime",))
    found = one.run(one.service.orders.order("n1"))
    assert (found.order, found.refunds, found.at) == (order, (), NOON)
    paid = sum(one.paid for one in frozen.lines) + frozen.shipping_paid
    assert paid == order.payable == order.total - sum(one.amount for one in frozen.promotions)


def cuts(frozen: Frozen) -> list[list[tuple[object, ...]]]:
    return [[(cut.promotion, cut.amount, cut.runs, cut.units) for cut in one.cuts] for one in frozen.lines]


# -- rules that changed on another node


def test_an_order_is_placed_by_the_rules_of_now_or_not_at_all(one: Node, other: Node) -> None:
    one.save(promotion())
    other.look()
    one.save(promotion(actions=[{"kind": "amount_off", "amount": "20.00", "target": "order"}]))
    assert other.total() == 11_000, "its last look was before that"
    assert other.changed("n1", "110.00") == 10_000
    assert other.place("n1", "100.00").order.payable == 10_000


def test_a_change_that_moves_no_price_is_not_noticed(one: Node, other: Node) -> None:
    one.save(promotion())
    other.look()
    one.save(promotion("p2", code="NOT-ENTERED"))
    done = other.place("n1", "110.00")
    assert done.order.frozen.ruleset_version == one.service.quoting.priced("CNY").ruleset.version


def test_a_discount_of_another_node_counts_at_once(one: Node, other: Node) -> None:
    worlds.open_shop(one.service)
    other.look()
    lines = [{"id": "1", "product": "P1", "quantity": 1}]
    assert other.total(customer=ann(), lines=lines) == 1999
    clock = one.service.clock
    assert isinstance(clock, Clock)
    stored(one.service, Draft(terms=terms(), scope=worlds.EVERYONE), clock)
    assert other.changed("n1", "19.99", customer=ann(), lines=lines) == 1499


def test_what_ends_while_an_order_is_placed_is_not_given(open_node: Callable[[], Node], clock: Clock) -> None:
    """It is priced a moment before the end and decided a moment after."""
    one = open_node()
    one.save(promotion(valid_until=NOON.isoformat()))
    clock.at = NOON - worlds.MOMENT
    run = one.service.committer.run

    async def later(command: Any) -> Done:
        clock.at = NOON
        return await run(command)

    one.service.committer.run = later  # type: ignore[method-assign]
    assert one.changed("n1", "110.00") == 12_000


def test_rules_that_never_stay_as_they_are_stop_an_order_in_the_end(one: Node, other: Node) -> None:
    """Two tries more; the answer is the newest quote, even if its payable is what was expected."""
    one.save(promotion())
    other.look()
    run, tries = other.service.committer.run, []

    async def after_a_change(command: Any) -> Done:
        tries.append(command)
        one.save(promotion("p2", code=f"CODE{len(tries)}"))
        return await run(command)

    other.service.committer.run = after_a_change  # type: ignore[method-assign]
    assert other.changed("n1", "110.00") == 11_000
    assert len(tries) == 3
    assert len({command.versions for command in tries}) == 3


# -- counters that another node has moved


@pytest.mark.usefixtures("forgetful")
def test_the_last_use_is_given_once(one: Node, other: Node) -> None:
    one.save(promotion(usage_limit=1))
    other.look()
    assert [node.total() for node in (one, other)] == [11_000, 11_000]
    one.place("n1", "110.00")
    assert [node.total() for node in (one, other)] == [12_000, 11_000], "as it was read"
    assert other.changed("n2", "110.00") == 12_000
    assert other.total() == 12_000
    assert used(one, Key("p1")) == (0, 1)


@pytest.mark.usefixtures("forgetful")
def test_nothing_is_refused_that_there_is_room_for(one: Node, other: Node) -> None:
    """The counter in memory says that it is used up; meanwhile another node has given it back."""
    one.save(promotion(usage_limit=1))
    other.look()
    one.place("n1", "110.00")
    assert other.total() == 12_000
    one.cancel("n1")
    assert other.total() == 12_000, "as it was read"
    assert other.place("n2", "110.00").order.discount == 1_000


@pytest.mark.usefixtures("forgetful")
def test_a_hold_that_has_ended_keeps_nobody_out(one: Node, clock: Clock) -> None:
    one.save(promotion(usage_limit=1))
    one.place("n1", "110.00")
    clock.at += HOLD
    assert one.place("n2", "110.00").order.discount == 1_000


def test_of_many_at_once_as_many_get_it_as_there_are(one: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """And those who do not cost one look at the counters together, or a few, however slow the machine is."""
    monkeypatch.setattr("youhui.checkout.orders.pricing.SECONDS", 3600.0)
    one.save(promotion(usage_limit=2))

    async def all_at_once() -> list[Done | BaseException]:
        orders = [one.placing(f"n{n}", "110.00") for n in range(64)]
        return await asyncio.gather(*orders, return_exceptions=True)

    assert one.total() == 11_000
    before = one.looked
    done = one.run(all_at_once())
    placed = [one.order.order_no for one in done if isinstance(one, Done)]
    assert placed == ["n0", "n1"]
    assert sum(isinstance(one, QuoteChanged) for one in done) == 62
    counters, orders = 2, 62
    assert one.looked - before <= 3 * counters + orders, "each refused one asks if it was placed before"
    assert used(one, Key("p1")) == (0, 2)


def test_placing_asks_nothing_beside_the_committer(one: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("youhui.checkout.orders.pricing.SECONDS", 3600.0)
    one.save(promotion(usage_limit=9, usage_limit_per_customer=9, budget="900.00"))
    one.place("n1", "110.00", customer=ann())
    before = one.looked
    for n in range(2, 5):
        one.place(f"n{n}", "110.00", customer=ann())
        assert one.total(customer=ann()) == 11_000
    assert one.looked == before
    assert used(one, Key("p1", "ann")) == (0, 4)


# -- once


def test_the_same_request_is_answered_the_same_whatever_has_changed(one: Node) -> None:
    worlds.open_shop(one.service)
    one.save(promotion(usage_limit=1))
    cart = {"customer": ann(), "lines": [{"id": "1", "product": "P1", "quantity": 7}]}
    first = one.place("n1", "129.93", "key", **cart)
    assert not first.replayed
    again = {"replayed": True, "order": first.order}
    for change in (
        lambda: None,
        lambda: one.save(promotion(usage_limit=1, active=False)),
        lambda: worlds.bring(one.service, "products", {"id": "P1", "price": "99.00"}),
        lambda: worlds.bring(one.service, "products", {"id": "P1", "currency": "EUR", "price": "1.00"}),
        lambda: one.pay("n1"),
    ):
        change()
        for key in ("key", None):
            done = one.place("n1", "129.93", key, **cart)
            assert {"replayed": done.replayed, "order": done.order} == again
    with pytest.raises(QuoteChanged):
        one.place("n2", "129.93", lines=[line()])
    with pytest.raises(Invalid):
        one.place("n2", "129.93", "key2", **cart)


def test_a_number_and_a_key_are_of_one_request(one: Node) -> None:
    one.place("n1", "120.00", "key")
    for payable in ("120.00", "1.00"):  # found out by the committer, and before it
        with pytest.raises(OrderExists):
            one.place("n1", payable, customer=ann())
        with pytest.raises(KeyReused):
            one.place("n2", payable, "key")
    assert one.place("n2", "120.00", "free").order.order_no == "n2"


def test_a_refused_request_leaves_its_key_free(one: Node) -> None:
    one.changed("n1", "1.00", key="key")
    assert not one.place("n1", "120.00", "key").replayed


def test_there_is_no_such_order(one: Node) -> None:
    for ask in (one.pay, one.cancel):
        with pytest.raises(OrderNotFound):
            ask("n1")
    with pytest.raises(OrderNotFound):
        one.run(one.service.orders.order("n1"))
    with pytest.raises(OrderNotFound):
        one.run(one.service.orders.refund("n1", AskedRefund(refund_no="r1"), sent(b"")))


# -- paid too late


def late(node: Node, clock: Clock, document: dict[str, Any]) -> None:
    """An order whose time is over."""
    node.save(document)
    node.place("n1", "110.00", customer=ann())
    clock.at += HOLD


def test_a_late_payment_takes_again_what_there_is_room_for(one: Node, clock: Clock) -> None:
    late(one, clock, promotion(usage_limit=1, usage_limit_per_customer=1))
    paid = one.pay("n1")
    assert (paid.order.state, paid.order.paid_at) == ("paid", clock.at)
    assert [used(one, key) for key in (Key("p1"), Key("p1", "ann"))] == [(1, 0), (1, 0)]
    assert one.pay("n1").replayed


def test_a_late_payment_is_refused_where_there_is_none(one: Node, clock: Clock) -> None:
    late(one, clock, promotion(usage_limit=1))
    one.place("n2", "110.00")
    with pytest.raises(HoldExpired):
        one.pay("n1")
    assert one.run(one.service.orders.order("n1")).order.state == "expired"
    one.cancel("n2")
    assert one.pay("n1").order.state == "paid", "a refusal had no effect"


@pytest.mark.parametrize(
    ("changed", "key", "count"),
    [
        (promotion(usage_limit=1, usage_window="day"), Key("p1", "", "2026-11-11T00:00Z/day"), (1, 0)),
        (promotion(usage_limit_per_customer=1), Key("p1", "ann"), (1, 0)),
        (promotion(), None, None),
        (None, None, None),
    ],
    ids=["in another period", "of each customer", "no limit any more", "no promotion any more"],
)
def test_a_late_payment_goes_by_the_terms_of_now(
    one: Node,
    other: Node,
    clock: Clock,
    changed: dict[str, Any] | None,
    key: Key | None,
    count: tuple[int, int] | None,
) -> None:
    late(one, clock, promotion(usage_limit=1))
    other.look()
    if changed is None:
        other.service.promotions.remove("p1", SYSTEM)
    else:
        other.save(changed)
    assert one.pay("n1").order.discount == 1_000, "the price stays as it was placed"
    if key is not None:
        assert used(one, key) == count


def test_a_day_that_ends_while_it_is_paid_late_is_no_reason(one: Node, clock: Clock) -> None:
    late(one, clock, promotion(usage_limit=1, usage_window="day"))
    run = one.service.committer.run
    midnight = NOON + timedelta(hours=12)
    clock.at = midnight - worlds.MOMENT

    async def later(command: Any) -> Done:
        if command.again is not None:
            clock.at = midnight
        return await run(command)

    one.service.committer.run = later  # type: ignore[method-assign]
    assert one.pay("n1").order.paid_at == midnight
    assert used(one, Key("p1", "", "2026-11-12T00:00Z/day")) == (1, 0)


def test_versions_are_those_that_it_was_priced_by(one: Node) -> None:
    one.save(promotion())
    asked = one.service.requests.read(json.dumps(cart()).encode())
    quoted = one.run(one.service.pricing.quoted(asked))
    version = one.service.following.version
    assert (
        quoted.versions == Versions(version(Source.PROMOTIONS), version(Source.DISCOUNTS)) == Versions(1, 0)
    )


# -- the clock


def test_a_node_whose_clock_is_wrong_decides_by_the_databases(
    postgresql_server: servers.DatabaseServer, mariadb_server: servers.DatabaseServer
) -> None:
    hour = timedelta(hours=1)
    for server, ahead in ((postgresql_server, hour), (mariadb_server, -hour)):
        with server.database() as url, opened(url, None) as one:
            clock = one.service.clock
            assert isinstance(clock, DatabaseClock)
            clock._local = lambda ahead=ahead: system_clock() + ahead  # type: ignore[misc]
            one.look()
            assert abs(clock() - system_clock()) < MINUTE
            now = system_clock()
            one.save(promotion(valid_from=(now - MINUTE).isoformat(), valid_until=(now + MINUTE).isoformat()))
            order = one.place("n1", "110.00").order
            assert abs(order.placed_at - now) < MINUTE
            assert one.run(one.service.orders.order("n1")).order.state_at(clock()) == "pending"

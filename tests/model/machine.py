"""A shop's days in random order, on two nodes and in the model: both must answer the same, and count the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, product
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from tests import checked
from tests.model import books
from tests.model.model import (
    PRICES,
    ZONES,
    Amounts,
    Cart,
    Length,
    Order,
    Quote,
    Refused,
    Shop,
    Terms,
    Took,
    total,
)
from tests.model.nodes import Answer, Clock, Node, Request, nodes_on, placing, refunding
from youhui.checkout.orders import jobs
from youhui.checkout.orders.model import Order as Answered
from youhui.checkout.orders.model import Refund

BEGAN = datetime(2026, 11, 11, 8, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)

nodes = st.integers(0, 1)
zones = st.sampled_from(sorted(ZONES))
holds = st.sampled_from([60, 900, 86_400])
lengths = st.sampled_from(["always", "always", "day", "week"])
few = st.none() | st.integers(1, 4)
prices = {"off": (1_000, 1_250), "mug": (513, 600), "ship": (0, 0), "code": (700, 701)}
stored = st.integers(0, 11)
"""one of the promotions that are stored"""
carts = st.builds(
    lambda mugs, teas, shipping, customer, code: Cart(
        {sku: n for sku, n in (("MUG", mugs), ("TEA", teas)) if n} or {"TEA": 1}, shipping, customer, code
    ),
    st.integers(0, 4),
    st.integers(0, 2),
    st.sampled_from([1_200, 0]),
    st.sampled_from(["ann", "bob", None]),
    st.booleans(),
)
"""at least 51.30, which is more than all promotions take together"""


@st.composite
def terms(draw: st.DrawFn, name: str | None = None) -> Terms:
    name = name or draw(st.sampled_from(sorted(prices)))
    uses, each = draw(few), draw(few)
    budget = draw(st.none() | st.integers(500, 4_000))
    return Terms(
        name=name,
        off=draw(st.sampled_from(prices[name])),
        uses=uses,
        uses_in=draw(lengths) if uses else "always",
        each=each,
        each_in=draw(lengths) if each else "always",
        budget=budget,
        budget_in=draw(lengths) if budget else "always",
        over_budget="skip" if name == "mug" else draw(st.sampled_from(["skip", "cap"])),
        stock=draw(st.none() | st.integers(0, 6)) if name == "mug" else None,
        zone=draw(zones),
        give_back=draw(st.sampled_from(["never", "full_refund", "pro_rata"])),
    )


def _calm(machine: Days) -> bool:
    """Between two changes of terms something is to be bought."""
    return machine.calm > 2


def _stored(machine: Days) -> bool:
    return _calm(machine) and bool(machine.shop.terms)


class Days(RuleBasedStateMachine):
    """`fresh`: a new database that has its tables, and its URL."""

    orders = Bundle("orders")
    seen: ClassVar[Counter[str]] = Counter()
    """what was asked for, and what was answered"""

    def __init__(self, fresh: Callable[[], AbstractContextManager[str]]) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.url = self.stack.enter_context(fresh())
        self.clock = Clock(BEGAN)
        self.nodes = self.stack.enter_context(nodes_on(self.url, self.clock))
        self.shop = Shop(BEGAN)
        self.looked = [True, True]
        self.calm = 0
        self.numbers = count(1)
        self.answered: dict[Request, bytes] = {}
        self.first: dict[tuple[str, str, str], bytes] = {}

    def teardown(self) -> None:
        with self.stack:
            checked.assert_sound(self.url)

    @initialize(offers=st.lists(terms(), min_size=2, unique_by=lambda one: one.name))
    def open(self, offers: list[Terms]) -> None:
        for one in offers:
            self.store(0, one)

    # -- prices

    @rule(node=nodes, cart=carts)
    def quote(self, node: int, cart: Cart) -> None:
        """What the other node took is known within a second."""
        self.turn(self.shop.now + timedelta(seconds=1.5))
        assert self.nodes.run(self.node(node).quote(cart.document())) == [self.shop.quote(cart).payable]

    # -- placing

    @rule(target=orders, node=nodes, cart=carts, hold=holds, keyed=st.booleans())
    def place(self, node: int, cart: Cart, hold: int, keyed: bool) -> object:
        quote = self.shop.quote(cart)
        request = self.placing(cart, quote.payable, hold, keyed)
        answer = self.send(node, request)
        assert answer.refused is None, answer
        self.keep(request, answer)
        self.adopt(answer, cart, quote, hold)
        return request.order_no

    @rule(target=orders, node=nodes, cart=carts, back=st.booleans())
    def place_and_pay(self, node: int, cart: Cart, back: bool) -> object:
        order_no = self.place(node, cart, 900, keyed=False)
        self.pay(1 - node, order_no, keyed=True)
        if back:
            self.refund_one_of_each_line(node, order_no)
        return order_no

    @rule(node=nodes, cart=carts, off=st.sampled_from([-1, 1, 10_001]), keyed=st.booleans())
    def expect_another_price(self, node: int, cart: Cart, off: int, keyed: bool) -> None:
        payable = self.shop.quote(cart).payable
        request = self.placing(cart, payable + off, 900, keyed)
        answer = self.send(node, request)
        assert (answer.refused, answer.payable) == ("QUOTE_CHANGED", payable)
        if keyed:
            again = replace(self.placing(cart, payable, 60), key=request.key)
            self.placed(node, again, cart, 60)

    @rule(target=orders, cart=carts, many=st.integers(2, 5), hold=holds)
    def rush(self, cart: Cart, many: int, hold: int) -> object:
        """All at once on both nodes at the same price: as many get it as there is room for."""
        quote = self.shop.quote(cart)
        requests = [self.placing(cart, quote.payable, hold) for _ in range(many)]
        answers = self.at_once(requests)
        placed = []
        for request, answer in sorted(
            zip(requests, answers, strict=True), key=lambda one: one[1].refused or ""
        ):
            if self.shop.quote(cart).payable != quote.payable:
                assert answer.refused == "QUOTE_CHANGED", answer
                continue
            assert answer.refused is None, answer
            self.keep(request, answer)
            self.adopt(answer, cart, quote, hold)
            placed.append(request.order_no)
        return multiple(*placed)

    @rule(node=nodes, order_no=orders, cart=carts)
    def place_under_a_number_that_is_taken(self, node: int, order_no: str, cart: Cart) -> None:
        request = placing(order_no, cart.document(), self.shop.quote(cart).payable, 7)
        assert self.send(node, request).refused == "ORDER_EXISTS"

    # -- what comes after

    @rule(node=nodes, order_no=orders, keyed=st.booleans())
    def pay(self, node: int, order_no: str, keyed: bool) -> None:
        self.judge(node, self.request("pay", order_no, keyed), lambda: self.shop.pay(order_no))

    @rule(node=nodes, order_no=orders, late=st.sampled_from([timedelta(), timedelta(hours=20)]))
    def pay_after_the_deadline(self, node: int, order_no: str, late: timedelta) -> None:
        """At its very instant already."""
        order = self.shop.order(order_no)
        if order.state(self.shop.now) == "pending":
            self.turn(order.hold_until + late)
        self.pay(node, order_no, keyed=False)

    @rule(node=nodes, order_no=orders, keyed=st.booleans())
    def cancel(self, node: int, order_no: str, keyed: bool) -> None:
        self.judge(node, self.request("cancel", order_no, keyed), lambda: self.shop.cancel(order_no))

    @rule(order_no=orders)
    def pay_and_cancel_at_once(self, order_no: str) -> None:
        state = self.shop.order(order_no).state(self.shop.now)
        pay, cancel = self.request("pay", order_no), self.request("cancel", order_no)
        answers = self.at_once([pay, cancel])
        paid, cancelled = [answer.refused is None for answer in answers]
        if state == "pending":
            assert paid != cancelled, answers
        if paid:
            self.shop.pay(order_no)
            self.keep(pay, answers[0])
        if cancelled:
            self.shop.cancel(order_no)
            self.keep(cancel, answers[1])

    @rule(node=nodes, order_no=orders, line=st.sampled_from(sorted(PRICES)), units=st.integers(1, 5), shipping=st.booleans())
    def refund_units(self, node: int, order_no: str, line: str, units: int, shipping: bool) -> None:
        self.refund(node, order_no, {line: units}, shipping)

    @rule(node=nodes, order_no=orders)
    def refund_one_of_each_line(self, node: int, order_no: str) -> None:
        self.refund(node, order_no, dict.fromkeys(self.shop.order(order_no).lines, 1), False)

    @rule(node=nodes, order_no=orders)
    def refund_shipping(self, node: int, order_no: str) -> None:
        self.refund(node, order_no, {}, True)

    @rule(node=nodes, order_no=orders)
    def refund_all_that_is_left(self, node: int, order_no: str) -> None:
        self.refund(node, order_no, {}, False)

    @rule(node=nodes, order_no=orders)
    def refund_a_line_that_is_not_there(self, node: int, order_no: str) -> None:
        self.refund(node, order_no, {"CUP": 1}, False)

    @rule(order_no=orders)
    def refund_all_twice_at_once(self, order_no: str) -> None:
        """Under two numbers: one of them comes too late."""
        requests = [refunding(order_no, self.new("r"), {}, False) for _ in range(2)]
        answers = self.at_once(requests)
        for request, answer in sorted(
            zip(requests, answers, strict=True), key=lambda one: one[1].refused or ""
        ):
            self.judged(request, answer, lambda: self.shop.refund(order_no, self.new("model"), {}, shipping=False))

    @rule(node=nodes, order_no=orders, units=st.integers(1, 3))
    def use_a_refund_number_again(self, node: int, order_no: str, units: int) -> None:
        order = self.shop.order(order_no)
        for number in list(order.refunds)[:1]:
            request = refunding(order_no, number, {"MUG": 97 + units}, True)
            assert self.send(node, request).refused == "REFUND_EXISTS"

    # -- once

    @precondition(lambda self: self.answered)
    @rule(node=nodes, which=st.integers(0, 10_000))
    def send_again(self, node: int, which: int) -> None:
        request = list(self.answered)[which % len(self.answered)]
        answer = self.send(node, request)
        assert answer.refused is None, answer
        assert answer.done is not None
        assert answer.done.replayed
        assert answer.body == self.answered[request]

    @precondition(lambda self: self.answered)
    @rule(which=st.integers(0, 10_000))
    def send_again_at_once(self, which: int) -> None:
        """To both nodes: with its key, or without it."""
        request = list(self.answered)[which % len(self.answered)]
        for answer in self.at_once([request, replace(request, key=None)]):
            assert answer.refused is None, answer
            assert answer.body == self.answered[request]

    @precondition(lambda self: any(request.key for request in self.answered))
    @rule(node=nodes, which=st.integers(0, 10_000), cart=carts, off=st.integers(0, 1))
    def use_a_key_for_something_else(self, node: int, which: int, cart: Cart, off: int) -> None:
        keys = [request.key for request in self.answered if request.key]
        key = keys[which % len(keys)]
        place = self.placing(cart, self.shop.quote(cart).payable + off, 60)
        for request in (place, self.request("pay", self.new("o")), self.request("cancel", self.new("o"))):
            assert self.send(node, replace(request, key=key)).refused == "IDEMPOTENCY_KEY_REUSED"

    @rule(node=nodes, keyed=st.booleans())
    def name_an_order_that_is_not_there(self, node: int, keyed: bool) -> None:
        number = self.new("o")
        for request in (
            self.request("pay", number, keyed),
            self.request("cancel", number, keyed),
            refunding(number, "r1", {}, False),
        ):
            assert self.send(node, request).refused == "ORDER_NOT_FOUND"

    # -- time

    @rule(seconds=st.integers(1, 1_000))
    def wait(self, seconds: int) -> None:
        self.turn(self.shop.now + timedelta(seconds=seconds))

    @rule(early=st.booleans())
    def wait_for_a_deadline(self, early: bool) -> None:
        """Until the next hold ends, or until an instant before."""
        live = [one.hold_until for one in self.shop.orders.values() if one.state(self.shop.now) == "pending"]
        if live:
            self.turn(max(self.shop.now, min(live) - early * INSTANT))

    @rule(zone=zones, early=st.booleans())
    def wait_for_midnight(self, zone: str, early: bool) -> None:
        day = self.shop.now.astimezone(ZONES[zone]) + timedelta(days=1)
        midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
        self.turn(midnight.astimezone(UTC) - early * INSTANT)

    @rule(node=nodes)
    def tidy(self, node: int) -> None:
        jobs.end_all_expired(self.node(node).database, self.clock)

    @rule(node=nodes)
    def look(self, node: int) -> None:
        """What each node does every second."""
        self.node(node).look()
        self.looked[node] = True

    # -- terms

    @precondition(_calm)
    @rule(node=nodes, new=terms())
    def save(self, node: int, new: Terms) -> None:
        """Whatever limits and windows it had before."""
        self.store(node, new)

    @precondition(_stored)
    @rule(node=nodes, which=stored)
    def raise_limits(self, node: int, which: int) -> None:
        old = self.stored(which)
        more = [None if limit is None else limit + 1 for *_, limit in old.limits()]
        self.store(node, _limited(old, *more), accepted=True)

    @precondition(_stored)
    @rule(node=nodes, which=stored)
    def limit_to_what_is_taken(self, node: int, which: int) -> None:
        """Introduced with entries there already, or lowered as far as can be."""
        old = self.stored(which)
        taken = self.taken(old)
        stock = taken.units if old.name == "mug" else None
        self.store(node, _limited(_always(old), max(taken.uses, 1), None, taken.money, stock), accepted=True)

    @precondition(_stored)
    @rule(node=nodes, which=stored, less=st.integers(1, 2))
    def limit_below_what_is_taken(self, node: int, which: int, less: int) -> None:
        old = self.stored(which)
        uses = self.taken(old).uses
        if uses > less:
            self.store(node, _limited(_always(old), uses - less, None, None, None), accepted=False)

    @precondition(_stored)
    @rule(node=nodes, which=stored)
    def lift_limits(self, node: int, which: int) -> None:
        self.store(node, _limited(_always(self.stored(which)), None, None, None, None), accepted=True)

    @precondition(_stored)
    @rule(node=nodes, which=stored, length=lengths, zone=zones)
    def change_the_windows(self, node: int, which: int, length: Length, zone: str) -> None:
        old = self.stored(which)
        new = replace(
            old,
            uses_in=length if old.uses else "always",
            each_in=length if old.each else "always",
            budget_in=length if old.budget else "always",
            zone=zone,
        )
        self.store(node, new)

    @precondition(_stored)
    @rule(node=nodes, which=stored, dear=st.integers(0, 1))
    def change_the_price(self, node: int, which: int, dear: int) -> None:
        old = self.stored(which)
        self.store(node, replace(old, off=prices[old.name][dear]), accepted=True)

    @precondition(_stored)
    @rule(node=nodes, which=stored, active=st.booleans(), lasts=st.none() | st.integers(1, 900))
    def begin_or_end(self, node: int, which: int, active: bool, lasts: int | None) -> None:
        """At once, or at an instant that comes."""
        until = None if lasts is None else self.shop.now + timedelta(seconds=lasts)
        self.store(node, replace(self.stored(which), active=active, until=until), accepted=True)

    @precondition(_stored)
    @rule(node=nodes, which=stored)
    def remove(self, node: int, which: int) -> None:
        name = self.stored(which).name
        self.node(node).remove(name)
        del self.shop.terms[name]
        self.looked[1 - node] = False
        self.calm = 0

    # -- what is always so

    @invariant()
    def a_step_was_taken(self) -> None:
        self.seen["steps"] += 1
        self.calm += 1

    @invariant()
    def counters_are_what_orders_took(self) -> None:
        with self.node(0).database.reading() as connection:
            said = books.counters(connection, self.shop.now)
        assert {row.promotion for row in said} <= self.shop.terms.keys()
        for name, one in self.shop.terms.items():
            rows = {row: numbers for row, numbers in said.items() if row.promotion == name}
            expected = dict(self.counted(one))
            for row, numbers in rows.items():
                assert (bool(row.customer), _length(row)) in one.scopes(), row
                assert numbers == expected.get(row, books.NOTHING), row
            for row, (used, held) in expected.items():
                window = one.window(_length(row), self.shop.now)
                needed = any(used) or any(held) or not (row.customer or row.period)
                if window.name == row.period and needed:
                    assert row in rows, row

    def counted(self, one: Terms) -> Mapping[books.Row, books.Said]:
        """All counters that its limits could have, with what the model counts."""
        took = [order for order in self.shop.orders.values() if one.name in order.took]
        instants = [self.shop.now, *[order.taken_at for order in took]]
        found = {}
        for each, length in one.scopes():
            people = {order.customer for order in took if order.customer} if each else {None}
            for who, window in product(people, one.windows(length, instants)):
                row = books.Row(one.name, who or "", window.name)
                found[row] = books.Said(
                    self.shop.used(one.name, who, window), self.shop.held(one.name, who, window)
                )
        return found

    @invariant()
    def orders_are_where_the_clock_says(self) -> None:
        with self.node(1).database.reading() as connection:
            written = books.states(connection)
            sums = books.ledger(connection)
        assert written.keys() == self.shop.orders.keys()
        for number, (state, refunded) in written.items():
            order = self.shop.orders[number]
            now = order.state(self.shop.now)
            assert state == now or (state, now) == ("pending", "expired"), number
            assert refunded == order.refunded, number
        for name in {name for order in self.shop.orders.values() for name in order.took}:
            self.agrees(name, sums, {number for number, (state, _) in written.items() if state == "pending"})

    def agrees(
        self, name: str, sums: Mapping[tuple[str, str], tuple[Amounts, int]], pending: set[str]
    ) -> None:
        """The ledger with the orders that took of a promotion; of all that ended, what was held went."""
        orders = {number: one for number, one in self.shop.orders.items() if name in one.took}
        paid = [one for one in orders.values() if one.paid]
        none = (Amounts(), 0)
        committed = total([Amounts(), *[one.took[name].amounts for one in paid]])
        assert sums.get((name, "commit"), none) == (committed, committed.money)
        back = total([Amounts(), *[one.given_back(name) for one in paid]])
        undone = sum(one.undone(name).money for one in paid)
        assert sums.get((name, "reverse"), none) == (back, undone)
        hold, *ended = [sums.get((name, kind), none)[0] for kind in ("hold", "commit", "release", "expire")]
        left = [one.took[name].amounts for number, one in orders.items() if number in pending]
        assert total([*ended, *left]) == hold

    # -- asking

    def node(self, which: int) -> Node:
        return self.nodes.all[which]

    def send(self, node: int, request: Request) -> Answer:
        """A node that has not looked may refuse a price by the rules of a moment ago; it never takes one by them."""
        looked = self.looked[node]
        answer = self.nodes.run(self.node(node).send(request))[0]
        if answer.refused == "QUOTE_CHANGED" and not looked:
            self.look(node)
            answer = self.nodes.run(self.node(node).send(request))[0]
        self.count([request], [answer])
        return answer

    def at_once(self, requests: list[Request]) -> list[Answer]:
        """By turns to one node and to the other."""
        self.look(0)
        self.look(1)
        answers = self.nodes.run(*[self.node(i % 2).send(one) for i, one in enumerate(requests)])
        self.count(requests, answers)
        return list(answers)

    def count(self, requests: Sequence[Request], answers: Sequence[Answer]) -> None:
        for request, answer in zip(requests, answers, strict=True):
            again = "again" if answer.done and answer.done.replayed else "done"
            self.seen[f"{request.operation}: {answer.refused or again}"] += 1

    def placing(self, cart: Cart, payable: int, hold: int, keyed: bool = False) -> Request:
        return placing(self.new("o"), cart.document(), payable, hold, self.new("key") if keyed else None)

    def request(self, operation: str, order_no: str, keyed: bool = False) -> Request:
        return Request(operation, order_no, key=self.new("key") if keyed else None)

    def refund(self, node: int, order_no: str, lines: dict[str, int], shipping: bool) -> None:
        number = self.new("r")
        request = refunding(order_no, number, lines, shipping, self.new("key"))
        self.judge(node, request, lambda: self.shop.refund(order_no, number, lines, shipping=shipping))

    def stored(self, which: int) -> Terms:
        terms = sorted(self.shop.terms.values(), key=lambda one: one.name)
        return terms[which % len(terms)]

    def taken(self, one: Terms) -> Amounts:
        """By all customers, ever."""
        return self.shop.taken(one.name, None, one.window("always", self.shop.now))

    def new(self, kind: str) -> str:
        return f"{kind}{next(self.numbers)}"

    def turn(self, now: datetime) -> None:
        """The clock; within a second each node has looked."""
        self.clock.now = self.shop.now = now
        for node in (0, 1):
            self.look(node)

    # -- judging

    def judge(self, node: int, request: Request, by_model: Callable[[], int | None]) -> None:
        self.judged(request, self.send(node, request), by_model)

    def judged(self, request: Request, answer: Answer, by_model: Callable[[], int | None]) -> None:
        try:
            amount = by_model()
        except Refused as refused:
            assert answer.refused == refused.code, (request, answer)
            return
        assert answer.refused is None, (request, answer)
        assert answer.done is not None
        refund = answer.done.refund
        assert (refund.amount if refund else None) == amount
        self.keep(request, answer)

    def keep(self, request: Request, answer: Answer) -> None:
        """What the first answer to an operation was, every later one must be."""
        assert answer.done is not None
        number = answer.done.refund.refund_no if answer.done.refund else ""
        what = (request.operation, request.order_no, number)
        assert answer.body == self.first.setdefault(what, answer.body)
        self.answered[request] = answer.body

    def placed(self, node: int, request: Request, cart: Cart, hold: int) -> None:
        quote = self.shop.quote(cart)
        answer = self.send(node, request)
        assert answer.refused is None, answer
        self.keep(request, answer)
        self.adopt(answer, cart, quote, hold)

    def adopt(self, answer: Answer, cart: Cart, quote: Quote, hold: int) -> None:
        """How much each promotion took the model knows; from which lines is for the engine to say, if it adds up."""
        assert answer.done is not None
        order = answer.done.order
        took = {one: self.took(order, one) for one in [promotion.id for promotion in order.frozen.promotions]}
        assert {name: one.amounts for name, one in took.items()} == quote.takes
        assert (order.payable, order.total, order.customer) == (quote.payable, cart.price, cart.customer)
        now = self.shop.now
        lines = {line.id: (line.quantity, line.paid) for line in order.frozen.lines}
        assert {line: quantity for line, (quantity, _) in lines.items()} == cart.quantities
        for line, (quantity, paid) in lines.items():
            off = [one.lines[line][0] for one in took.values() if line in one.lines]
            assert all(amount > 0 for amount in off)
            assert paid == PRICES[line] * quantity - sum(off) >= 0
        self.shop.orders[order.order_no] = Order(
            order.order_no, cart.customer, now, now + timedelta(seconds=hold), now, took, lines,
            order.frozen.shipping_paid, order.total, order.discount,
        )  # fmt: skip

    def took(self, order: Answered, name: str) -> Took:
        promotion = next(one for one in order.frozen.promotions if one.id == name)
        cuts = [(line.id, cut) for line in order.frozen.lines for cut in line.cuts if cut.promotion == name]
        assert sum(cut.amount for _, cut in cuts) + promotion.shipping == promotion.amount
        assert sum(cut.units for _, cut in cuts) == promotion.units
        assert promotion.give_back == self.shop.terms[name].give_back
        amounts = Amounts(1, promotion.amount, promotion.units)
        lines = {line: (cut.amount, cut.units) for line, cut in cuts}
        return Took(amounts, promotion.give_back, lines, promotion.shipping)

    def store(self, node: int, new: Terms, accepted: bool | None = None) -> None:
        """`accepted`: whether it must be; None: it must be if all that was taken fits, and not if too much is taken now."""
        fits, over = self.shop.fits(new), self.shop.over(new)
        try:
            self.node(node).store(new.document(), new=new.name not in self.shop.terms)
        except Refused as refused:
            self.seen[f"terms: {refused.code}"] += 1
            assert refused.code == "LIMIT_BELOW_USE"
            assert not fits
            assert not accepted
        else:
            assert not over
            assert accepted is not False
            self.seen["terms: saved"] += 1
            self.shop.terms[new.name] = new
            self.looked[1 - node] = False
            self.calm = 0


def _limited(old: Terms, uses: int | None, each: int | None, budget: int | None, stock: int | None) -> Terms:
    return replace(old, uses=uses, each=each, budget=budget, stock=stock)


def _always(old: Terms) -> Terms:
    return replace(old, uses_in="always", each_in="always", budget_in="always")


def _length(row: books.Row) -> str:
    return row.period.rpartition("/")[2] or "always"

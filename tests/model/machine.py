"""A shop's days in random order, on two nodes and in the model: both must answer the same, and count the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from functools import partial
from itertools import product
from typing import cast

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, precondition, rule

from tests.model import books
from tests.model.asking import Asking
from tests.model.nodes import placing, refunding
from tests.model.offers import carts, holds, latenesses, lengths, nodes, prices, stored, terms, zones
from tests.model.terms import PRICES, ZONES, Amounts, Cart, Length, Terms, total
from youhui.checkout.orders import jobs

INSTANT = timedelta(microseconds=1)


def _calm(machine: Days) -> bool:
    """Between two changes of terms something is to be bought."""
    return machine.calm > 2


def _stored(machine: Days) -> bool:
    return _calm(machine) and bool(machine.shop.terms)


class Days(Asking):
    """Its rules are what may happen; its invariants look at the database after each."""

    orders = Bundle("orders")

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
    def place(self, node: int, cart: Cart, hold: int, keyed: bool) -> str:
        return self.new_order(node, cart, hold, keyed)

    @rule(target=orders, node=nodes, cart=carts, back=st.booleans())
    def place_and_pay(self, node: int, cart: Cart, back: bool) -> str:
        order_no = self.new_order(node, cart, 900)
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

    @rule(target=orders, node=nodes, cart=carts, late=latenesses, tight=st.booleans())
    def place_and_pay_late(self, node: int, cart: Cart, late: timedelta, tight: bool) -> str:
        order_no = self.new_order(node, cart, 60)
        self.pay_late(1 - node, order_no, late, tight)
        return order_no

    @rule(node=nodes, order_no=orders, late=latenesses, tight=st.booleans())
    def pay_late(self, node: int, order_no: str, late: timedelta, tight: bool) -> None:
        """At the very instant of its deadline already. If it is tight, nothing is left of what it would take again."""
        order = self.shop.order(order_no)
        if order.state(self.shop.now) == "pending":
            self.turn(order.hold_until + late)
        if tight:
            for old in [one for name, one in self.shop.terms.items() if name in order.took]:
                self.store(node, self.exhausted(old), accepted=True)
        self.pay(node, order_no, keyed=False)

    @rule(node=nodes, order_no=orders, keyed=st.booleans())
    def cancel(self, node: int, order_no: str, keyed: bool) -> None:
        self.judge(node, self.request("cancel", order_no, keyed), lambda: self.shop.cancel(order_no))

    @rule(node=nodes, order_no=orders, first=st.permutations(["pay", "cancel"]))
    def pay_and_cancel_at_once(self, node: int, order_no: str, first: list[str]) -> None:
        """In one transaction, or in two: what arrives first is done first, but late payment has to come back."""
        requests = [self.request(operation, order_no) for operation in first]
        answers = self.nodes.run(*[self.node(node).send(one) for one in requests])
        self.count(requests, answers)
        asked = list(zip(requests, answers, strict=True))
        if self.shop.order(order_no).state(self.shop.now) == "expired":
            asked.sort(key=lambda one: one[0].operation)
        by_model = {"pay": self.shop.pay, "cancel": self.shop.cancel}
        for request, answer in asked:
            self.judged(request, answer, partial(by_model[request.operation], order_no))

    @rule(
        node=nodes,
        order_no=orders,
        line=st.sampled_from(sorted(PRICES)),
        units=st.integers(1, 5),
        shipping=st.booleans(),
    )
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
        numbers = [self.new("r"), self.new("r")]
        requests = [refunding(order_no, number, {}, False) for number in numbers]
        asked = zip(numbers, requests, self.at_once(requests), strict=True)
        for number, request, answer in sorted(asked, key=lambda one: one[2].refused or ""):
            self.judged(request, answer, partial(self.shop.refund, order_no, number, {}, shipping=False))

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
        self.store(node, old.limited(*more), accepted=True)

    @precondition(_stored)
    @rule(node=nodes, which=stored)
    def limit_to_what_is_taken(self, node: int, which: int) -> None:
        """Introduced with entries there already, or lowered as far as can be."""
        self.store(node, self.exhausted(self.stored(which)), accepted=True)

    @precondition(_stored)
    @rule(node=nodes, which=stored, less=st.integers(1, 2))
    def limit_below_what_is_taken(self, node: int, which: int, less: int) -> None:
        old = self.stored(which)
        uses = self.taken(old).uses
        if uses > less:
            self.store(node, old.always().limited(uses - less, None, None, None), accepted=False)

    @precondition(_stored)
    @rule(node=nodes, which=stored)
    def lift_limits(self, node: int, which: int) -> None:
        self.store(node, self.stored(which).always().limited(None, None, None, None), accepted=True)

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


def _length(row: books.Row) -> Length:
    return cast("Length", row.period.rpartition("/")[2] or "always")

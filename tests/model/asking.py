"""Asks both nodes and the model, and judges the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import ClassVar, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from tests import checked
from tests.model.model import Order, Quote, Refused, Shop, Took
from tests.model.nodes import Answer, Clock, Node, Request, nodes_on, placing, refunding
from tests.model.terms import PRICES, Amounts, Cart, Terms
from youhui.checkout.orders.model import Order as Answered

T = TypeVar("T")
BEGAN = datetime(2026, 11, 11, 8, tzinfo=UTC)


class Asking(RuleBasedStateMachine):
    """`fresh`: a new database that has its tables, and its URL."""

    seen: ClassVar[Counter[str]] = Counter()
    """what was asked for, and what was answered"""

    def __init__(self, fresh: Callable[[], AbstractContextManager[str]]) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.url = self.stack.enter_context(fresh())
        self.clock = Clock(BEGAN)
        self.nodes = self.stack.enter_context(nodes_on(self.url, self.clock))
        self.shop = Shop(BEGAN)
        self.calm = 0
        self.numbers = count(1)
        self.answered: dict[Request, bytes] = {}
        self.first: dict[tuple[str, str, str], bytes] = {}

    def teardown(self) -> None:
        with self.stack:
            checked.assert_sound(self.url)

    # -- asking

    def node(self, which: int) -> Node:
        return self.nodes.all[which]

    def send(self, node: int, request: Request) -> Answer:
        """To a node that may not have looked since the other one changed the terms: no order is placed or refused by
        the old ones (P16).
        """
        answer = self.nodes.run(self.node(node).send(request))[0]
        self.count([request], [answer])
        return answer

    def at_once(self, requests: list[Request]) -> list[Answer]:
        """By turns to one node and to the other."""
        answers = self.nodes.run(*[self.node(i % 2).send(one) for i, one in enumerate(requests)])
        self.count(requests, answers)
        return list(answers)

    def count(self, requests: Sequence[Request], answers: Sequence[Answer]) -> None:
        for request, answer in zip(requests, answers, strict=True):
            self.seen[f"{request.operation}: {_said(request, answer)}"] += 1

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

    def exhausted(self, old: Terms) -> Terms:
        """With limits of which nothing is left, one use aside that there must be."""
        taken = self.taken(old)
        stock = taken.units if old.name == "mug" else None
        return old.always().limited(max(taken.uses, 1), None, taken.money, stock)

    def new(self, kind: str) -> str:
        return f"{kind}{next(self.numbers)}"

    def turn(self, now: datetime) -> None:
        """The clock; within a second each node has looked."""
        self.clock.now = self.shop.now = now
        for node in self.nodes.all:
            node.look()

    # -- judging

    def judge(self, node: int, request: Request, by_model: Callable[[], int | None]) -> None:
        self.judged(request, self.send(node, request), by_model)

    def judged(self, request: Request, answer: Answer, by_model: Callable[[], int | None]) -> None:
        refused, amount = _outcome(by_model)
        assert answer.refused == refused, (request, answer)
        if answer.done is not None:
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

    def new_order(self, node: int, cart: Cart, hold: int, keyed: bool = False) -> str:
        """Placed at the price that the model knows. Its number."""
        request = self.placing(cart, self.shop.quote(cart).payable, hold, keyed)
        self.placed(node, request, cart, hold)
        return request.order_no

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
        """`accepted`: whether it must be. None: it must be if all that was taken fits, and must not if that of now
        does not.
        """
        fits, over = self.shop.fits(new), self.shop.over(new)
        save = partial(self.node(node).store, new.document(), new=new.name not in self.shop.terms)
        refused, _ = _outcome(save)
        if refused is not None:
            self.seen[f"terms: {refused}"] += 1
            assert refused == "LIMIT_BELOW_USE"
            assert not fits
            assert not accepted
        else:
            assert not over
            assert accepted is not False
            self.seen["terms: saved"] += 1
            self.shop.terms[new.name] = new
            self.calm = 0


def _outcome(by_whom: Callable[[], T]) -> tuple[str | None, T | None]:
    """The code of a refusal, or what it led to."""
    try:
        return None, by_whom()
    except Refused as refused:
        return refused.code, None


def _said(request: Request, answer: Answer) -> str:
    """In a word."""
    if answer.done is None:
        return str(answer.refused)
    order = answer.done.order
    late = "late, " if request.operation == "pay" and order.taken_at != order.placed_at else ""
    return late + ("again" if answer.done.replayed else "done")

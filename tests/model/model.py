"""Orders as DESIGN.md and docs/orders.md promise them, in plain Python: no rows, no locks, no caches.

It shares nothing with what is tested. Nothing is counted along the way: every number is summed up over the orders when
it is asked for. Amounts are in fen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from tests.model.terms import Amounts, Cart, Terms, Window, total

State: TypeAlias = Literal["pending", "paid", "partially_refunded", "refunded", "cancelled", "expired"]


class Refused(Exception):
    """Says the code of a refusal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Took:
    """What an order took of one promotion when it was placed: of which line, what of shipping."""

    amounts: Amounts
    give_back: str
    lines: Mapping[str, tuple[int, int]]
    """money and units of stock, by line"""
    shipping: int


@dataclass
class Order:
    """`taken_at`: when what it takes was taken. `lines`: quantity and what is paid for it, by line."""

    order_no: str
    customer: str | None
    placed_at: datetime
    hold_until: datetime
    taken_at: datetime
    took: Mapping[str, Took]
    lines: Mapping[str, tuple[int, int]]
    shipping_paid: int
    total: int
    discount: int
    paid: bool = False
    cancelled: bool = False
    returned: dict[str, int] = field(default_factory=dict)
    returned_shipping: bool = False
    refunds: dict[str, int] = field(default_factory=dict)
    """money by number"""

    def state(self, now: datetime) -> State:
        if self.cancelled:
            return "cancelled"
        if not self.paid:
            return "pending" if now < self.hold_until else "expired"
        if self.complete:
            return "refunded"
        return "partially_refunded" if self.refunds else "paid"

    @property
    def complete(self) -> bool:
        """Whether nothing is left to give back."""
        return self.returned_shipping and not any(self.left().values())

    @property
    def refunded(self) -> int:
        """The money that was given back, by what was returned (P14)."""
        lines = sum(
            part(paid, quantity, self.returned.get(line, 0)) for line, (quantity, paid) in self.lines.items()
        )
        return lines + self.returned_shipping * self.shipping_paid

    def left(self) -> dict[str, int]:
        """Units that were not returned, by line."""
        return {line: quantity - self.returned.get(line, 0) for line, (quantity, _) in self.lines.items()}

    def undone(self, promotion: str) -> Amounts:
        """The share of a promotion in what was returned, one use with the last of it."""
        took = self.took[promotion]
        money = self.returned_shipping * took.shipping
        units = 0
        for line, (off, stock) in took.lines.items():
            quantity, returned = self.lines[line][0], self.returned.get(line, 0)
            money += part(off, quantity, returned)
            units += part(stock, quantity, returned)
        return Amounts(int(self.complete), money, units)

    def given_back(self, promotion: str) -> Amounts:
        """What its limits got back."""
        took = self.took[promotion]
        if took.give_back == "pro_rata":
            return self.undone(promotion)
        return took.amounts if took.give_back == "full_refund" and self.complete else Amounts()


def part(amount: int, quantity: int, returned: int) -> int:
    """What so many units of a line have of an amount."""
    return amount * returned // quantity


@dataclass(frozen=True)
class Quote:
    """What is to be paid, and what each promotion takes."""

    payable: int
    takes: Mapping[str, Amounts]


class Shop:
    """A clock, promotions by name, and orders by number."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.terms: dict[str, Terms] = {}
        self.orders: dict[str, Order] = {}

    # -- what is counted

    def used(self, promotion: str, customer: str | None, window: Window) -> Amounts:
        """By one customer, or by all (None)."""
        orders = [one for one in self._counted(promotion, customer, window) if one.paid]
        took = total([Amounts(), *[one.took[promotion].amounts for one in orders]])
        back = total([Amounts(), *[one.given_back(promotion) for one in orders]])
        return Amounts(*[a - b for a, b in zip(took, back, strict=True)])

    def held(self, promotion: str, customer: str | None, window: Window) -> Amounts:
        """The same of unpaid orders before their deadline."""
        orders = self._counted(promotion, customer, window)
        live = [one.took[promotion].amounts for one in orders if one.state(self.now) == "pending"]
        return total([Amounts(), *live])

    def taken(self, promotion: str, customer: str | None, window: Window) -> Amounts:
        """Used and held."""
        return total([self.used(promotion, customer, window), self.held(promotion, customer, window)])

    def _counted(self, promotion: str, customer: str | None, window: Window) -> list[Order]:
        return [
            one
            for one in self.orders.values()
            if promotion in one.took and customer in (None, one.customer) and window.holds(one.taken_at)
        ]

    def left(self, terms: Terms, customer: str | None) -> list[int | None]:
        """What is left of uses, money and units, for this customer now; None: there is no limit."""
        found: list[int | None] = [None, None, None]
        for each, length, which, limit in terms.limits():
            if limit is not None and not (each and customer is None):
                who = customer if each else None
                left = limit - self.taken(terms.name, who, terms.window(length, self.now))[which]
                other = found[which]
                found[which] = left if other is None else min(left, other)
        return found

    def fits(self, terms: Terms) -> bool:
        """Whether all that was taken so far is within these limits, whoever took it in whichever window."""
        for each, length, which, limit in terms.limits():
            orders = [one for one in self.orders.values() if terms.name in one.took]
            people = {one.customer for one in orders if one.customer} if each else {None}
            windows = terms.windows(length, [one.taken_at for one in orders])
            taken = [self.taken(terms.name, who, window)[which] for who in people for window in windows]
            if limit is not None and any(count > limit for count in taken):
                return False
        return True

    def over(self, terms: Terms) -> bool:
        """Whether all customers together have taken more than these limits allow in the windows of now."""
        return any(
            limit is not None
            and not each
            and self.taken(terms.name, None, terms.window(length, self.now))[which] > limit
            for each, length, which, limit in terms.limits()
        )

    # -- what is asked for

    def quote(self, cart: Cart) -> Quote:
        takes = {name: took for name, terms in self.terms.items() if (took := self._takes(terms, cart)).money}
        return Quote(cart.price - sum(took.money for took in takes.values()), takes)

    def _takes(self, terms: Terms, cart: Cart) -> Amounts:
        uses, money, units = self.left(terms, cart.customer)
        out = not terms.active or (terms.until is not None and self.now >= terms.until)
        guest = terms.each is not None and cart.customer is None
        if out or guest or any(left is not None and left <= 0 for left in (uses, money, units)):
            return Amounts()
        takes = terms.takes(cart)
        if units is not None:
            count = min(units, cart.quantities.get("MUG", 0))
            takes = Amounts(1, terms.off * count, count)
        if money is None or takes.money <= money:
            return takes
        return takes._replace(money=money) if terms.over_budget == "cap" else Amounts()

    def order(self, order_no: str) -> Order:
        if order_no not in self.orders:
            raise Refused("ORDER_NOT_FOUND")
        return self.orders[order_no]

    def pay(self, order_no: str) -> None:
        order = self.order(order_no)
        state = order.state(self.now)
        if state == "cancelled":
            raise Refused("ORDER_STATE")
        if state == "expired":
            if not all(self._has_room(name, order) for name in order.took):
                raise Refused("HOLD_EXPIRED")
            order.taken_at = self.now
        order.paid = True

    def _has_room(self, promotion: str, order: Order) -> bool:
        """By the terms of now; nothing limits one that was removed."""
        terms = self.terms.get(promotion)
        if terms is None:
            return True
        left = self.left(terms, order.customer)
        return all(
            most is None or more <= most
            for most, more in zip(left, order.took[promotion].amounts, strict=True)
        )

    def cancel(self, order_no: str) -> None:
        order = self.order(order_no)
        if order.paid:
            raise Refused("ORDER_STATE")
        order.cancelled = True

    def refund(self, order_no: str, number: str, units: Mapping[str, int], *, shipping: bool) -> int:
        """The money. Neither units nor shipping: all that is left."""
        order = self.order(order_no)
        if number in order.refunds:
            raise Refused("REFUND_EXISTS")
        if order.state(self.now) not in ("paid", "partially_refunded"):
            raise Refused("ORDER_STATE")
        left = order.left()
        if not units and not shipping:
            units, shipping = left, not order.returned_shipping
        if any(line not in left for line in units):
            raise Refused("VALIDATION_ERROR")
        if any(count > left[line] for line, count in units.items()) or (shipping and order.returned_shipping):
            raise Refused("REFUND_TOO_MUCH")
        before = order.refunded
        for line, count in units.items():
            order.returned[line] = order.returned.get(line, 0) + count
        nothing_left = not any(order.left().values())
        order.returned_shipping |= shipping or (nothing_left and not order.shipping_paid)
        order.refunds[number] = order.refunded - before
        return order.refunds[number]

"""What a cart leaves out comes from the directory; of a shopper's cart everything does that the shop decides.

Then the cart's own rules are found. Both from memory where they can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import compress
from operator import attrgetter
from typing import NamedTuple, TypeVar

from youhui.checkout.ports import CartFacts, CustomerFacts, Directory, OrdersCount, ProductFacts, RuleSource
from youhui.checkout.problems import invalid
from youhui.engine import Cart, Customer, Layer, Line, Problem
from youhui.platform.principals import Principal
from youhui.platform.problems import Forbidden


class LeftOut(NamedTuple):
    """Which keys of a line were not stated: the line has placeholders there, and a name that it is known by."""

    sku: bool
    product: bool
    unit_price: bool
    categories: bool
    attributes: bool


T = TypeVar("T")

_UNIT_PRICE, _PRODUCT = attrgetter("unit_price"), attrgetter("product")
ALL = LeftOut(True, True, True, True, True)


class Stated(NamedTuple):
    """A cart as it was stated. `lines`: what each leaves out; the others: whether the customer does."""

    cart: Cart
    lines: tuple[LeftOut, ...]
    groups: bool
    attributes: bool
    orders_count: bool = False
    sold_only: bool = False
    """whether a product must be known and for sale"""


class Ready(NamedTuple):
    """A cart with nothing left out, and the rules that are its own."""

    cart: Cart
    layer: Layer


def stated_by(principal: Principal, stated: Stated) -> Stated:
    """What counts of it: all, of a shopper only what and how many. Raises Forbidden for somebody else's cart."""
    mine = principal.customer
    if mine is None:
        return stated
    cart = stated.cart
    if cart.customer is not None and cart.customer.id != mine:
        raise Forbidden
    lines = tuple([Line(line.id, line.sku, 0, line.quantity, line.product) for line in cart.lines])
    return Stated(
        replace(cart, lines=lines, customer=Customer(mine)), (ALL,) * len(lines), True, True, True, True
    )


class Completing:
    """Completes carts from the directory and from the orders placed here, and finds their rules."""

    def __init__(self, directory: Directory, source: RuleSource, orders: OrdersCount) -> None:
        self._directory = directory
        self._source = source
        self._orders = orders

    def held(self, stated: Stated, at: datetime) -> Ready | None:
        """From memory, without waiting: None if something must be looked up. Raises Invalid."""
        directory, names, customer = self._directory, _names(stated), _customer(stated)
        products = directory.held_products(names) if names else {}
        person = directory.held_customer(customer) if customer is not None else (None,)
        placed = _placed(stated, self._orders.held)
        if products is None or person is None or placed is None:
            return None
        cart = _completed(stated, products, person[0], placed)
        layer = self._source.held(self._facts(cart, at))
        return None if layer is None else Ready(cart, layer)

    def looked_up(self, stated: Stated, at: datetime) -> Ready:
        """The same, looked up: a query each for products, customer, orders and rules. Raises Invalid, Unavailable."""
        directory, names, customer = self._directory, _names(stated), _customer(stated)
        products = directory.products(names) if names else {}
        person = directory.customer(customer) if customer is not None else None
        placed = _placed(stated, self._orders.count)
        cart = _completed(stated, products, person, placed)
        return Ready(cart, self._source.rules_for(self._facts(cart, at)))

    def _facts(self, cart: Cart, at: datetime) -> CartFacts:
        customer = cart.customer
        if customer is None:
            return CartFacts(None, frozenset(), {}, cart.currency, at)
        above = self._directory.ancestors
        products: dict[str, frozenset[str]] = {}
        for line in cart.lines:
            categories = frozenset(above(line.categories))  # the directory's own are with all above already
            other = products.get(line.product)
            products[line.product] = categories if other is None else categories | other
        return CartFacts(customer.id, frozenset(customer.groups), products, cart.currency, at)


def _names(stated: Stated) -> tuple[str, ...]:
    """Of the products that something is left out of."""
    return tuple(compress(map(_PRODUCT, stated.cart.lines), map(any, stated.lines)))


def _customer(stated: Stated) -> str | None:
    """Of whom something is left out."""
    customer = stated.cart.customer
    return customer.id if customer is not None and (stated.groups or stated.attributes) else None


def _placed(stated: Stated, count: Callable[[str, str], T]) -> T | int:
    """How many orders the customer has placed: as stated, or counted."""
    customer = stated.cart.customer
    if customer is None:
        return 0
    return count(customer.id, stated.cart.currency) if stated.orders_count else customer.orders_count


def _completed(
    stated: Stated, products: Mapping[str, ProductFacts], person: CustomerFacts | None, placed: int
) -> Cart:
    cart = stated.cart
    if any(map(_UNIT_PRICE, stated.lines)) and (problems := list(_problems(stated, products))):
        raise invalid(problems)
    lines = cart.lines
    if products:
        known = map(products.get, map(_PRODUCT, lines))
        lines = tuple(map(_line, lines, stated.lines, known))
    customer = cart.customer
    if customer is not None and (person is not None or placed != customer.orders_count):
        customer = _known(customer, stated, person or CustomerFacts(customer.id), placed)
    if lines is cart.lines and customer is cart.customer:
        return cart
    return Cart(cart.currency, lines, customer, cart.shipping, cart.codes, cart.context)


def _problems(stated: Stated, products: Mapping[str, ProductFacts]) -> Iterator[Problem]:
    for i, (line, left) in enumerate(zip(stated.cart.lines, stated.lines, strict=True)):
        if not left.unit_price:
            continue
        facts = products.get(line.product)
        if stated.sold_only and (facts is None or not facts.active):
            yield Problem(f"lines[{i}].product", "not_for_sale", {"got": line.product})
        elif facts is None:
            yield Problem(f"lines[{i}].unit_price", "unknown_product", {"got": line.product})
        elif facts.currency != stated.cart.currency:
            params = {"got": line.product, "currency": facts.currency}
            yield Problem(f"lines[{i}].unit_price", "other_currency", params)


def _line(line: Line, left: LeftOut, facts: ProductFacts | None) -> Line:
    """A new line only where there is something to say: making one takes as long as a look at ten."""
    if facts is None or not (
        left.unit_price
        or (left.categories and facts.categories)
        or (left.attributes and facts.attributes)
        or (left.sku and facts.sku != line.sku)
        or (left.product and facts.id != line.product)
    ):
        return line
    return Line(
        line.id,
        facts.sku if left.sku else line.sku,
        facts.price if left.unit_price else line.unit_price,
        line.quantity,
        facts.id if left.product else line.product,
        facts.categories if left.categories else line.categories,
        facts.attributes if left.attributes else line.attributes,
        line.min_unit_price,
        line.discountable,
    )


def _known(customer: Customer, stated: Stated, person: CustomerFacts, placed: int) -> Customer:
    return Customer(
        customer.id,
        person.groups if stated.groups else customer.groups,
        placed,
        person.attributes if stated.attributes else customer.attributes,
    )

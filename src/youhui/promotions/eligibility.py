"""Whether promotions give something for one unit of a product, and what one takes of an amount: the Python API.

engine = PromotionEngine(…)   # service.promotion_engine of a running service
engine.check_promotion_eligibility("42", "1001")
engine.calculate_discount("double11", Decimal("200.00"))
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from youhui.checkout.orders.counter_store import read_numbers
from youhui.checkout.orders.limits import claims_of, used_of
from youhui.checkout.ports import CustomerFacts, Directory, OrdersCount, ProductFacts
from youhui.checkout.quoting import Quoting
from youhui.checkout.values import minor_units
from youhui.engine import Cart, Customer, Line, Options, Promotion, Quote, Registry, Ruleset, Usage
from youhui.engine.actions.base import Action
from youhui.engine.conditions.base import Condition
from youhui.engine.money import format_amount
from youhui.engine.prices import Facts, Prices
from youhui.engine.selectors import Selector
from youhui.engine.shapes import nested
from youhui.platform.db import Database
from youhui.promotions import store
from youhui.promotions.lookup import readable_rules
from youhui.promotions.model import StoredPromotion
from youhui.promotions.problems import NeedsCart, PromotionNotActive
from youhui.promotions.publishing import line_of, selectors_of

_ALL = Options(guests="refuse", explain="all")
_OF_AMOUNTS = frozenset(
    {"subtotal_at_least", "subtotal_more_than", "total_at_least", "time_window", "currency"}
)
"""conditions that an amount and an instant say enough about"""
OF_WHO = frozenset(
    "customer_group customer_is customer_attribute logged_in first_order nth_order orders_at_least".split()
)
_OF_CUSTOMERS = OF_WHO | {"channel", "country", "payment_method", "shipping_method"}
"""conditions on who buys, and how: for the eligibility, not for an amount"""
_NESTING = frozenset({"all", "any", "not"})
_AMOUNT_TARGETS = frozenset({"order", "order_and_shipping", "across_lines", "lines", "shipping"})
_OF_UNITS = ("units", "units_per_line", "group_size")


@dataclass(frozen=True, slots=True)
class Priced:
    """A cart priced by the rules of promotions alone."""

    cart: Cart
    quote: Quote
    ruleset: Ruleset


class PromotionEngine:
    """Asks the rules that are held in memory, the counters in the database, and the directory. May wait."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        quoting: Quoting,
        directory: Directory,
        orders: OrdersCount,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._registry = registry
        self._quoting = quoting
        self._directory = directory
        self._orders = orders
        self._clock = clock

    # -- the seed's

    def check_promotion_eligibility(
        self, user_id: str | int, product_id: str | int, promotion: str | None = None
    ) -> bool:
        """Whether a running promotion (or this one) gives the customer something for one unit of the product.

        False for a product that the directory does not have for sale. Raises PromotionNotFound, Unavailable.
        """
        product = self.product(str(product_id))
        if product is None:
            return False
        cart = self.unit_cart(product, str(user_id))
        if promotion is None:
            ruleset = self._quoting.priced(cart.currency).ruleset
            rules = [rule.promotion for rule in ruleset.candidates(cart)]
            return bool(self._priced(cart, ruleset, rules).quote.applied)
        return bool(self.priced(cart, self.running(promotion, active_only=False)).quote.applied)

    def calculate_discount(self, promotion: str | StoredPromotion, order_amount: Decimal) -> Decimal:
        """What it takes of an order of this amount in its scope, to the minor unit of its currency.

        Of one synthetic line; who buys is not asked. Raises PromotionNotFound, PromotionNotActive, NeedsCart (what it
        takes depends on lines or units), checkout's Wrong (no amount of its currency), Unavailable.
        """
        stored = self.running(promotion)
        quote = self.of_amount(stored, minor_units(order_amount, stored.currency)).quote
        return Decimal(format_amount(quote.total_discount, stored.currency))

    # -- what the routes ask beside it

    def running(self, promotion: str | StoredPromotion, *, active_only: bool = True) -> StoredPromotion:
        """Raises PromotionNotFound, PromotionNotActive if it does not run, Unavailable."""
        if isinstance(promotion, str):
            with self._database.reading() as connection:
                promotion = store.get(connection, promotion)
        if active_only and promotion.state(self._clock()) != "running":
            raise PromotionNotActive
        return promotion

    def product(self, name: str) -> ProductFacts | None:
        """One that is for sale. Raises Unavailable."""
        facts = self._directory.products([name]).get(name)
        return facts if facts is not None and facts.active else None

    def unit_cart(self, product: ProductFacts, user: str | None) -> Cart:
        """One unit of it, of a customer or a guest. Raises Unavailable."""
        customer = None if user is None else self.customer(user, product.currency)
        return Cart(product.currency, (line_of(product),), customer)

    def customer(self, user: str, currency: str) -> Customer:
        """As the directory and the orders placed here know it. Raises Unavailable."""
        facts = self._directory.customer(user) or CustomerFacts(user)
        return Customer(user, facts.groups, self._orders.count(user, currency), facts.attributes)

    def priced(self, cart: Cart, promotion: StoredPromotion) -> Priced:
        """A cart by its rules alone, as of now. Raises Unavailable."""
        rules = [rule.promotion for rule in readable_rules(promotion, self._registry)]
        ruleset = Ruleset(rules if promotion.currency == cart.currency else ())
        return self._priced(cart, ruleset, rules)

    def of_amount(self, promotion: StoredPromotion, amount: int) -> Priced:
        """An order of this amount (minor units) in its scope, by it alone. Raises NeedsCart, Unavailable."""
        rules = [rule.promotion for rule in readable_rules(promotion, self._registry)]
        if len(rules) != 1:
            raise NeedsCart
        rule = replace(rules[0], conditions=tuple(_asked(rules[0].conditions)))
        cart = Cart(promotion.currency, (_line(rule, amount),), codes=rule.code_keys()[:1])
        return self._priced(cart, Ruleset([rule]), [rule], Options(guests="allow", explain="all"))

    def concerning(self, product: ProductFacts) -> frozenset[str]:
        """The ids of promotions (and of their rules), but of drafts, that name the product or no goods at all."""
        line = line_of(product)
        rules = self._quoting.priced(product.currency).ruleset.promotions()
        found = [rule.id for rule in rules if concerns(rule, line)]
        return frozenset([*found, *(name.rpartition("#")[0] for name in found)])

    def _priced(
        self, cart: Cart, ruleset: Ruleset, rules: Collection[Promotion], options: Options = _ALL
    ) -> Priced:
        at = self._clock()
        customer = None if cart.customer is None else cart.customer.id
        keys = [claim.key for rule in rules for claim in claims_of(rule, customer, at)]
        with self._database.reading() as connection:
            numbers = read_numbers(connection, keys, at)
        usage = Usage({rule.id: used_of(rule, customer, at, numbers.get) for rule in rules})
        return Priced(cart, ruleset.price(cart, usage, at=at, options=options), ruleset)


def concerns(rule: Promotion, line: Line) -> bool:
    """Whether one of its actions or conditions means the line, or it names no goods at all."""
    selectors = _selectors(rule)
    return not selectors or any(one.matches(line) for one in selectors)


def _selectors(rule: Promotion) -> list[Selector]:
    parts: Sequence[object] = [*rule.actions, *nested(rule.conditions)]
    return [one for part in parts for one in selectors_of(part)]


def is_for(rule: Promotion, cart: Cart, at: datetime) -> bool:
    """Whether its conditions on the customer hold."""
    facts = Facts(cart, at)
    prices = Prices.untouched(facts)
    asked = [one for one in rule.conditions if one.kind in OF_WHO]
    return all(one.holds(facts, prices) for one in asked)


def _asked(conditions: Sequence[Condition]) -> Iterator[Condition]:
    """Those that an amount answers; what is asked of the customer is left out. Raises NeedsCart."""
    for condition in conditions:
        kinds = {one.kind for one in nested([condition])} - _NESTING
        if kinds <= _OF_AMOUNTS:
            yield condition
        elif not kinds <= _OF_CUSTOMERS:
            raise NeedsCart


def _line(rule: Promotion, amount: int) -> Line:
    """One line of this amount that all its selectors mean. Raises NeedsCart."""
    if not all(map(_says_enough, rule.actions)):
        raise NeedsCart
    selectors = _selectors(rule)
    sku = next((one.skus[0] for one in selectors if one.skus), "any")
    product = next((one.products[0] for one in selectors if one.products), sku)
    categories = tuple([one.categories[0] for one in selectors if one.categories])
    attributes = {name: values[0] for one in selectors for name, values in one.attributes or () if values}
    line = Line("1", sku, amount, 1, product, categories, attributes)
    if not all(one.matches(line) for one in selectors):
        raise NeedsCart
    return line


def _says_enough(action: Action) -> bool:
    """Whether an amount of one line is all that it depends on."""
    if action.kind in ("free_shipping", "gift"):
        return getattr(action, "per", None) is None
    if getattr(action, "target", None) not in _AMOUNT_TARGETS or action.kind == "fixed_price":
        return False
    return getattr(action, "by", "subtotal") == "subtotal" and not any(
        getattr(action, name, None) for name in _OF_UNITS
    )

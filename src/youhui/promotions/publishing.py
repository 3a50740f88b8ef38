"""What is looked at before a promotion goes live: other flash sales, what lint finds, and whether costs are covered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, cast

from youhui.checkout.ports import Directory, ProductFacts
from youhui.checkout.quoting import Quoting
from youhui.engine import Cart, Customer, Line, Promotion, Registry, Usage
from youhui.engine.conditions.customer_group import CustomerGroup
from youhui.engine.conditions.time_window import TimeWindow
from youhui.engine.money import format_amount, parse_amount
from youhui.engine.prices import microseconds
from youhui.engine.selectors import Selector
from youhui.engine.shapes import fields_of, nested
from youhui.lint import Finding, lint, sentence
from youhui.lint.opening import Span, minutes_of
from youhui.lint.subject import Subject
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault
from youhui.promotions.lookup import readable_rules
from youhui.promotions.model import StoredPromotion
from youhui.promotions.problems import BelowCost, PromotionOverlap

MOST_COMPARED = 30
"""live promotions that lint looks at beside the new one: of those that meet it in one cart the nearest by priority"""
MOST_RULES = 5
"""of a flash sale that lint looks at: they differ in their products only"""
MOST_READ = 5_000
"""live promotions whose products, groups and codes are looked at"""
MOST_PRODUCTS = 500
"""whose costs are looked up: first those that the promotion names"""
MOST_CODES = 20
"""that a customer may enter"""
QUANTITIES = (1, 10)
"""units of each of them that are priced"""
_BELOW = both("成本 {cost}，叠加后只付 {left}", "It costs {cost}, and together {left} is paid")


# -- other flash sales


def check_overlap(sale: StoredPromotion, others: Iterable[StoredPromotion]) -> None:
    """Raises PromotionOverlap if another flash sale has one of its products in one of its hours."""
    mine = _products(sale)
    for other in others:
        both_have = mine & _products(other)
        if other.id != sale.id and both_have and _meet(sale, other):
            raise PromotionOverlap(min(both_have).partition(":")[2], other.id)


def _products(sale: StoredPromotion) -> set[str]:
    return {part.of for part in sale.parts() if part.document is not None}


def _meet(one: StoredPromotion, other: StoredPromotion) -> bool:
    """Whether there may be an instant at which both are open. Hours of different zones are taken to meet."""
    starts = [at for at in (one.valid_from, other.valid_from) if at is not None]
    ends = [at for at in (one.valid_until, other.valid_until) if at is not None]
    if Span(max(starts, default=None), min(ends, default=None)).empty:
        return False
    hours, others = _hours(one), _hours(other)
    return not (hours and others) or any(_share(mine, theirs) for mine in hours for theirs in others)


def _hours(sale: StoredPromotion) -> list[TimeWindow]:
    form = cast("Mapping[str, Any]", sale.form or {})
    zone = form.get("time_zone", "UTC")
    return [
        TimeWindow(
            None if slot.get("days") is None else tuple(slot["days"]),
            _minutes(slot.get("from", "00:00")),
            _minutes(slot.get("until", "24:00")),
            zone,
        )
        for slot in form.get("slots", ())
    ]


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _share(one: TimeWindow, other: TimeWindow) -> bool:
    return one.timezone != other.timezone or bool(minutes_of(one) & minutes_of(other))


# -- what runs beside it


class Loss(NamedTuple):
    """So many units of a product for less than they cost, in minor units of a currency."""

    product: str
    quantity: int
    left: int
    cost: int
    currency: str

    def fault(self) -> Fault:
        """As details say it."""
        params: dict[str, str | int] = {
            "product": self.product,
            "quantity": self.quantity,
            "left": format_amount(self.left, self.currency),
            "cost": format_amount(self.cost, self.currency),
        }
        return Fault("", "below_cost", partial(_say_loss, params), params)


def _say_loss(params: Mapping[str, str | int], language: Language) -> str:
    return f"{params['product']} × {params['quantity']}: {_BELOW[language].format_map(params)}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `findings` are those of lint that concern the promotion."""

    findings: tuple[Finding, ...] = ()
    losses: tuple[Loss, ...] = ()

    def require(self) -> None:
        """Raises BelowCost if an order can come below cost, or be free."""
        free = [
            Fault("", one.code, partial(sentence, one)) for one in self.findings if one.code == "free_order"
        ]
        if faults := [*[loss.fault() for loss in self.losses], *free]:
            raise BelowCost(faults)


class Publishing:
    """Looks at a promotion beside what is live in its currency."""

    def __init__(
        self, quoting: Quoting, directory: Directory, registry: Registry, clock: Callable[[], datetime]
    ) -> None:
        self._quoting = quoting
        self._directory = directory
        self._registry = registry
        self._clock = clock

    def checked(self, promotion: StoredPromotion) -> Checked:
        """What publishing it now would mean. Raises Unavailable."""
        now = microseconds(self._clock())
        rules = [_from(rule.promotion, now) for rule in readable_rules(promotion, self._registry)]
        subject = Subject.of(rules[:MOST_RULES], Usage(), promotion.currency)
        live = next(iter(subject.live.values()), None)
        beside = [] if live is None else self._beside(promotion, live.scene.cart, now)
        report = lint([*beside, *rules[:MOST_RULES]], currency=promotion.currency)
        mine = {rule.id for rule in rules}
        findings = tuple([one for one in report.findings if not mine.isdisjoint(one.promotions)])
        losses = () if live is None else self._losses(promotion, rules, live.scene.at)
        return Checked(findings, tuple(losses))

    def _beside(self, promotion: StoredPromotion, cart: Cart, now: int) -> list[Promotion]:
        """Those that may give something to a cart that it gives something to, and are not over."""
        candidates = self._quoting.priced(promotion.currency).ruleset.candidates(cart)
        mine = {part.id for part in promotion.parts()}
        found = [rule.promotion for rule in candidates if rule.promotion.active and rule.id not in mine]
        lasting = [one for one in found if one.valid_until is None or one.valid_until > now]
        near = sorted(
            lasting, key=lambda one: (one.lane != promotion.lane, abs(one.priority - promotion.priority))
        )
        chosen = {one.id for one in near[:MOST_COMPARED]}
        return [_from(one, now) for one in lasting if one.id in chosen]

    def _losses(self, promotion: StoredPromotion, rules: Sequence[Promotion], at: datetime) -> Iterator[Loss]:
        """Of products that it or another names, by one and by ten, with all that runs at this instant, when it does."""
        currency, mine = promotion.currency, {rule.id for rule in rules}
        ruleset = self._quoting.priced(currency).ruleset
        stack = ruleset.changed(rules, [name for name in mine if ruleset.get(name) is not None])
        every = [*rules, *(one for one in islice(ruleset.promotions(), MOST_READ) if one.active)]
        customer = _everyones(every)
        codes = tuple(dict.fromkeys([rule.code for rule in every if rule.code is not None]))[:MOST_CODES]
        for facts in self._with_cost(list(dict.fromkeys([*_named(rules), *_named(every)])), currency):
            cost = cost_of(facts) or 0
            for quantity in QUANTITIES:
                cart = Cart(currency, (line_of(facts, quantity),), customer, codes=codes)
                quote = stack.price(cart, at=at)
                left, ours = quote.lines[0].total, [one for one in quote.applied if one.promotion in mine]
                if left < cost * quantity and ours:
                    yield Loss(facts.id, quantity, left, cost * quantity, currency)
                    break

    def _with_cost(self, names: Sequence[str], currency: str) -> list[ProductFacts]:
        """Those of these products whose cost is known, each once."""
        products = self._directory.products(names[:MOST_PRODUCTS]) if names else {}
        found = {one.id: one for one in products.values() if one.currency == currency}
        return [one for one in found.values() if cost_of(one) is not None]


def _from(rule: Promotion, now: int) -> Promotion:
    """As it will be when it is published, from now on: what is over is of no concern."""
    start = now if rule.valid_from is None else max(rule.valid_from, now)
    return replace(rule, active=True, valid_from=start)


def _named(rules: Iterable[Promotion]) -> Iterator[str]:
    """The products and skus that their actions name, in their order."""
    for rule in rules:
        for action in rule.actions:
            for one in selectors_of(action):
                yield from (*(one.products or ()), *(one.skus or ()))


def selectors_of(made: object) -> Iterator[Selector]:
    """All selectors of a condition or an action, also of its parts."""
    for field in fields_of(type(made)):
        value = getattr(made, field.name)
        if isinstance(value, Selector):
            yield value
        elif value is not None and field.shape.form == "object":
            yield from selectors_of(value)


def _everyones(rules: Iterable[Promotion]) -> Customer:
    """A new customer who is in every group that is named."""
    conditions = [one for rule in rules for one in nested(rule.conditions) if isinstance(one, CustomerGroup)]
    return Customer("new", tuple(dict.fromkeys([group for one in conditions for group in one.any_of])))


def line_of(facts: ProductFacts, quantity: int = 1) -> Line:
    """So many units of a product as the directory knows it."""
    return Line("1", facts.sku, facts.price, quantity, facts.id, facts.categories, facts.attributes)


def cost_of(facts: ProductFacts) -> int | None:
    """What a unit costs the shop, in minor units: the directory's cost, or an attribute `cost` such as "12.50"."""
    if facts.cost is not None:
        return facts.cost
    try:
        return parse_amount(str(facts.attributes.get("cost", "")), facts.currency)
    except ValueError:
        return None

"""Random carts and promotions as documents, over every kind that a registry has.

A kind's document is drawn from its typed fields (`youhui.engine.shapes`), so that a kind of a third party is tested
without a word here. The pools of values are small, so that promotions and carts really meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hypothesis import strategies as st

from youhui.engine import BUILT_IN, InvalidDocument, Registry, decode_promotion
from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.forms import Form
from youhui.engine.money import format_amount
from youhui.engine.promotion import OrderCap
from youhui.engine.selectors import Selector
from youhui.engine.shapes import Field, Shape, fields_of

Document: TypeAlias = dict[str, Any]
Draw: TypeAlias = st.DrawFn

SKUS = ["MUG", "CUP", "TEA", "POT"]
PRODUCTS = ["MUG", "CUP", "DRINK"]
CATEGORIES = ["mugs", "tea", "sale"]
CUSTOMERS = ["ann", "bob"]
GROUPS = ["vip", "staff"]
TAGS = ["flash", "coupon"]
CODES = ["SAVE", " save ", "ＳＡＶＥ", "GIFT", "none"]
CONTEXT = {"channel": ["web", "app"], "country": ["CN", "US"], "payment_method": ["card", "cash"]}
METHODS = ["post", "van"]
CURRENCIES = ["CNY", "CNY", "CNY", "JPY", "KWD"]
ATTRIBUTES: dict[str, list[object]] = {
    "color": ["red", "blue"],
    "size": [1, 2, 3],
    "new": [True, False],
    "born": ["1990-05-01", "2000-02-29"],
}
INSTANTS = [
    "2026-01-15T12:00:00Z",
    "2026-01-16T23:59:59.999999+08:00",
    "2026-03-08T06:59:59Z",
    "2026-11-01T05:30:00Z",
    "2026-11-01T00:00:00+00:00",
]
ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]
PERCENTS = ["0", "5", "10", "12.5", "33.333", "50", "99.99", "100", "150"]
PRICES = st.sampled_from([0, 1, 2, 3, 7, 10, 99, 100, 333, 500, 999, 1000, 1250, 4999]) | st.integers(0, 3000)
AMOUNTS = st.sampled_from([0, 1, 2, 5, 10, 50, 100, 101, 300, 500, 1000, 2000, 5000]) | st.integers(0, 4000)

POOLS: dict[str, list[str]] = {
    "skus": SKUS,
    "products": PRODUCTS,
    "categories": CATEGORIES,
    "customer_is": CUSTOMERS,
    "customer_group": GROUPS,
    "shipping_method": METHODS,
    "currency": ["CNY", "JPY", "KWD"],
    "customer_attribute": ["red", "blue", "1990-05-01"],
    "product_attribute": ["red", "blue", "1990-05-01"],
    "name": sorted(ATTRIBUTES),
    "sku": SKUS,
    **CONTEXT,
}
"""words of a text field, by its key or by its kind"""
EVERYTHING = sorted({word for words in POOLS.values() for word in words})

ONE_OF: Mapping[str, list[set[str]]] = {
    "customer_attribute": [{"any_of"}, {"at_least"}, {"at_least", "at_most"}, {"from"}, {"from", "until"}, {"is"}],
    "product_attribute": [{"any_of"}, {"at_most"}, {"at_least", "at_most"}, {"until"}, {"from", "until"}, {"is"}],
    "Get": [{"percent"}, {"amount"}],
    "Tier": [{"percent"}, {"amount"}],
}  # fmt: skip
"""optional keys of which exactly one of these sets is given"""


def rarely(draw: Draw) -> bool:
    """One time in four; shrinks to no."""
    return draw(st.integers(0, 3)) == 3


class Documents:
    """Draws documents of one registry and one currency."""

    def __init__(self, registry: Registry, currency: str) -> None:
        self.registry = registry
        self.currency = currency

    def amount(self, draw: Draw, minor: st.SearchStrategy[int] = AMOUNTS) -> str:
        return format_amount(draw(minor), self.currency)

    def of(self, draw: Draw, cls: Any, depth: int) -> Document:
        """A document of a kind or of a part of one, with the keys that its target allows."""
        document: Document = {"kind": cls.kind} if hasattr(cls, "kind") else {}
        targets = getattr(cls, "targets", None)
        if targets is not None:
            document["target"] = draw(st.sampled_from(sorted(targets)))
        allowed = None if targets is None else {"target", *targets[document["target"]]}
        name = str(document.get("kind", cls.__name__))
        choices = ONE_OF.get(name)
        chosen = draw(st.sampled_from(choices)) if choices else set()
        either = set().union(*choices) if choices else set()
        fields = [
            f for f in fields_of(cls) if f.key not in document and (allowed is None or f.key in allowed)
        ]
        rare = draw(st.integers(0, 4 ** len(fields) - 1))  # two bits a field: given where both are set
        for k, field in enumerate(fields):
            asked = field.required or rare >> 2 * k & 3 == 3
            if field.key in chosen or (asked and field.key not in either):
                document[field.key] = self.value(draw, field, field.shape, document, name, depth)
        return REPAIRS.get(name, _as_it_is)(draw, document)

    def value(self, draw: Draw, field: Field, shape: Shape, parent: Document, name: str, depth: int) -> Any:
        """A value of one form, from the pool that its key or its kind names."""
        if shape.item is not None:
            item = shape.item
            most = 2 if item.form in ("action", "object", "condition") else 3
            least = 1 if item.form in ("action", "object") or draw(st.integers(0, 9)) else 0
            return [
                self.value(draw, field, item, parent, name, depth)
                for _ in range(draw(st.integers(least, most)))
            ]
        if shape.form == "object":
            return self.of(draw, shape.cls, depth - (shape.cls is Selector))
        if shape.form == "condition":
            return self.condition(draw, depth - 1)
        if shape.form == "action":
            return self.action(draw)
        if shape.form is Form.LEVEL:
            return draw(st.integers(0, 4)) if parent.get("by") == "quantity" else self.amount(draw)
        if shape.form is Form.AMOUNT:
            return self.amount(draw)
        if shape.form == "choice":
            return draw(st.sampled_from(shape.choices))
        if shape.form in ("text", Form.NAME):
            return draw(st.sampled_from(POOLS.get(field.key) or POOLS.get(name) or EVERYTHING))
        return draw(PLAIN[shape.form])

    def condition(self, draw: Draw, depth: int) -> Document:
        """A condition; at depth 0 one that nests no other."""
        kinds = [
            cls
            for cls in self.registry.conditions.values()
            if depth > 0 or not any(_nests(field.shape) for field in fields_of(cls))
        ]
        return self.of(draw, draw(st.sampled_from(kinds)), depth)

    def action(self, draw: Draw) -> Document:
        return self.of(draw, draw(st.sampled_from(list(self.registry.actions.values()))), 1)


def _nests(shape: Shape) -> bool:
    return shape.form == "condition" or (shape.item is not None and _nests(shape.item))


def _as_it_is(draw: Draw, document: Document) -> Document:
    return document


def _selector(draw: Draw, document: Document) -> Document:
    """`exclude` nests once at most."""
    if "exclude" in document:
        document["exclude"].pop("exclude", None)
    return document


def _percent_off(draw: Draw, document: Document) -> Document:
    """Without a most there is nothing to spread over lines."""
    if document["target"] == "lines" and "max_amount" not in document:
        document.pop("spread", None)
    return document


def _cheapest_off(draw: Draw, document: Document) -> Document:
    if document.get("nth", 1) > document["per"]:
        del document["nth"]
    return document


def _tiered(draw: Draw, document: Document) -> Document:
    """Levels all differ, and each tier has what the target can do."""
    if document["by"] == "quantity":
        document.pop("of", None)
    document["tiers"] = list({tier["at_least"]: tier for tier in document["tiers"]}.values())
    target = document["target"]
    for tier in document["tiers"]:
        if "percent" in tier and target not in PercentOff.targets:
            del tier["percent"]
            tier["amount"] = tier["at_least"] if isinstance(tier["at_least"], str) else None
        if "amount" in tier and target not in AmountOff.targets:
            del tier["amount"]
            tier["percent"] = draw(PLAIN["percent"])
    return document


def _time_window(draw: Draw, document: Document) -> Document:
    if document.get("from", "00:00") == document.get("until", "24:00"):
        document.pop("from", None)
        document.pop("until", None)
    return document


REPAIRS: Mapping[str, Callable[[Draw, Document], Document]] = {
    "Selector": _selector,
    "percent_off": _percent_off,
    "cheapest_off": _cheapest_off,
    "tiered": _tiered,
    "time_window": _time_window,
}
"""what fields of one kind must have together, so that few drawn documents are thrown away"""

PLAIN: Mapping[Form | str, st.SearchStrategy[Any]] = {
    Form.POSITIVE: st.integers(1, 4),
    Form.COUNT: st.integers(0, 3),
    Form.WHOLE: st.integers(-2, 3),
    Form.CLOCK: st.sampled_from(["00:00", "06:00", "12:00", "20:00", "22:30"]),
    Form.ZONE: st.sampled_from(ZONES),
    Form.CODE: st.sampled_from(CODES[:4]),
    Form.INSTANT: st.sampled_from(INSTANTS),
    Form.DATE: st.sampled_from(["1980-01-01", "1990-05-01", "2000-01-01"]),
    Form.CURRENCY: st.sampled_from(["CNY", "JPY", "KWD"]),
    Form.ATTRIBUTES: st.sampled_from(sorted(ATTRIBUTES)).flatmap(
        lambda name: st.lists(st.sampled_from(ATTRIBUTES[name]), max_size=2).map(lambda found: {name: found})
    ),
    "flag": st.booleans(),
    "percent": st.sampled_from(PERCENTS),
}


# -- promotions

TERMS: Mapping[str, st.SearchStrategy[Any]] = {
    "active": st.just(False),
    "code": st.sampled_from(CODES[:4]),
    "priority": st.integers(-1, 2),
    "lane": st.sampled_from(["item", "order", "coupon", "shipping"]),
    "base": st.just("original"),
    "skip_discounted_lines": st.just(True),
    "tags": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2),
    "excludes_tags": st.lists(st.sampled_from(TAGS), min_size=1, max_size=1),
    "skip_lines_of_tags": st.lists(st.sampled_from(TAGS), min_size=1, max_size=1),
    "valid_from": st.sampled_from(["2026-01-01T00:00:00Z", *INSTANTS]),
    "valid_until": st.sampled_from(["2027-01-01T00:00:00Z", *INSTANTS]),
    "usage_limit": st.integers(0, 5),
    "usage_limit_per_customer": st.integers(0, 3),
    "used": st.integers(0, 2),
    "used_by_customer": st.integers(0, 1),
    "units_left": st.integers(0, 5),
    "rounding": st.sampled_from(["half_even", "down"]),
    "round_on": st.just("price"),
}
OFTEN = ("priority", "lane", "base", "rounding", "round_on")
"""drawn three times as often as the others"""


@st.composite
def promotion(
    draw: Draw, name: str, others: list[str], currency: str, registry: Registry = BUILT_IN
) -> Document:
    """The document of one promotion that the codec reads; `others` are ids that it may exclude."""
    documents = Documents(registry, currency)
    found: Document = {"id": name}
    for key in draw(st.lists(st.sampled_from([*TERMS, *OFTEN, *OFTEN]), max_size=4, unique=True)):
        found[key] = draw(TERMS[key])
    if "code" in found and rarely(draw):
        found["code_match"] = "exact"
    if rarely(draw):
        found["stacking"] = draw(
            st.sampled_from(["exclusive", "best_in_group", "best_in_group", "first_per_line"])
        )
        if found["stacking"] != "exclusive":
            found["group"] = draw(st.sampled_from(["g", "h"]))
    if others and draw(st.integers(0, 5)) == 1:
        found["excludes"] = [draw(st.sampled_from(others))]
    if draw(st.integers(0, 5)) == 1:
        found |= {"budget": documents.amount(draw), "over_budget": draw(st.sampled_from(["skip", "cap"]))}
        found |= {"budget_used": documents.amount(draw, st.sampled_from([0, 1, 100]))}
    if draw(st.integers(0, 7)) == 1:
        cap = documents.of(draw, OrderCap, 0)
        found["order_cap"] = cap or {"amount": documents.amount(draw)}
    found["conditions"] = [
        documents.condition(draw, 2) for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2])))
    ]
    found["actions"] = [documents.action(draw) for _ in range(draw(st.sampled_from([1, 1, 1, 2])))]
    return found


def readable(document: Document, currency: str, registry: Registry = BUILT_IN) -> bool:
    """Whether the codec takes the terms."""
    terms = {key: value for key, value in document.items() if key not in COUNTERS}
    try:
        decode_promotion(terms, currency, registry)
    except InvalidDocument:
        return False
    return True


COUNTERS = ("used", "used_by_customer", "budget_used", "units_left")


# -- carts and cases


def _some(draw: Draw, words: list[str], most: int = 2) -> list[str]:
    return draw(st.lists(st.sampled_from(words), max_size=most, unique=True))


def _attributes(draw: Draw) -> dict[str, object]:
    return {name: draw(st.sampled_from(ATTRIBUTES[name])) for name in _some(draw, sorted(ATTRIBUTES))}


def _line(draw: Draw, name: str, currency: str) -> Document:
    price = draw(PRICES)
    line: Document = {
        "id": name,
        "sku": draw(st.sampled_from(SKUS)),
        "unit_price": format_amount(price, currency),
        "quantity": draw(st.integers(1, 6)),
    }
    if rarely(draw):
        line["product"] = draw(st.sampled_from(PRODUCTS))
    if categories := _some(draw, CATEGORIES):
        line["categories"] = categories
    if draw(st.booleans()):
        line["attributes"] = _attributes(draw)
    if rarely(draw):
        line["min_unit_price"] = format_amount(
            draw(st.sampled_from([1, price // 2, price, price + 1])), currency
        )
    if draw(st.integers(0, 9)) == 9:
        line["discountable"] = False
    return line


@st.composite
def carts(draw: Draw, most_lines: int = 4) -> Document:
    """The cart keys of a case."""
    currency = draw(st.sampled_from(CURRENCIES))
    found: Document = {"currency": currency}
    count = draw(st.sampled_from([1, *range(most_lines + 1), most_lines]))
    found["lines"] = [_line(draw, "abcdef"[i], currency) for i in range(count)]
    if draw(st.booleans()):
        found["customer"] = {
            "id": draw(st.sampled_from(CUSTOMERS)),
            "groups": _some(draw, GROUPS),
            "orders_count": draw(st.integers(0, 3)),
            "attributes": _attributes(draw),
        }
    if draw(st.booleans()):
        found["shipping"] = {"price": format_amount(draw(PRICES), currency)}
        if draw(st.booleans()):
            found["shipping"]["method"] = draw(st.sampled_from(METHODS))
    if draw(st.booleans()):
        found["codes"] = _some(draw, CODES, 3)
    found["context"] = {key: draw(st.sampled_from(words)) for key, words in CONTEXT.items() if rarely(draw)}
    return found


@st.composite
def cases(draw: Draw, most: int = 5, registry: Registry = BUILT_IN) -> Document:
    """A whole case without what is expected: a cart, an instant, promotions of every kind."""
    found: Document = draw(carts())
    names = [f"p{n}" for n in range(draw(st.integers(1, most)))]
    drawn = [
        draw(promotion(name, [other for other in names if other != name], found["currency"], registry))
        for name in names
    ]
    kept = [p for p in drawn if readable(p, found["currency"], registry)]
    for p in kept:
        if any(other not in [q["id"] for q in kept] for other in p.get("excludes", [])):
            del p["excludes"]
    return {**found, "now": draw(st.sampled_from(INSTANTS)), "promotions": kept}

"""Random promotions over every kind that a registry has, carts, and whole cases, as documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.engine.documents import Document, Documents, Draw, rarely, readable
from tests.engine.pools import (
    ATTRIBUTES,
    CATEGORIES,
    CODES,
    CONTEXT,
    CURRENCIES,
    CUSTOMERS,
    GROUPS,
    INSTANTS,
    METHODS,
    PRICES,
    PRODUCTS,
    SKUS,
    TAGS,
)
from youhui.engine import BUILT_IN, Registry
from youhui.engine.money import format_amount
from youhui.engine.promotion import LIMITS, OrderCap

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
    "stock": st.integers(0, 5),
    "units_per_customer": st.integers(0, 5),
    "units_per_order": st.integers(1, 4),
    "units_by_customer": st.integers(0, 2),
    "timezone": st.sampled_from(["Asia/Shanghai", "America/New_York"]),
    "give_back": st.sampled_from(["never", "pro_rata"]),
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
    for limit, window in LIMITS.items():
        if limit in found and rarely(draw):
            found[window] = draw(st.sampled_from(["always", "day", "week", "month"]))
    if draw(st.integers(0, 7)) == 1:
        cap = documents.of(draw, OrderCap, 0)
        found["order_cap"] = cap or {"amount": documents.amount(draw)}
    found["conditions"] = [
        documents.condition(draw, 2) for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2])))
    ]
    found["actions"] = [documents.action(draw) for _ in range(draw(st.sampled_from([1, 1, 1, 2])))]
    return found


def _some(draw: Draw, words: list[str], most: int = 2) -> list[str]:
    return draw(st.lists(st.sampled_from(words), max_size=most, unique=True))


def _attributes(draw: Draw) -> dict[str, object]:
    return {name: draw(st.sampled_from(ATTRIBUTES[name])) for name in _some(draw, sorted(ATTRIBUTES), 4)}


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

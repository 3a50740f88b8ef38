"""The inputs of the benchmarks: the floor's promotions and carts as the engine takes them, and variations of them."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from bench import floor
from youhui.engine import Cart, Customer, Line, Promotion, Ruleset, decode_promotions

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
APPLIED: list[dict[str, Any]] = [
    {"kind": "percent_off", "percent": "10", "target": "lines", "selector": {"categories": ["cat0"]}},
    {"kind": "amount_off", "amount": "5.00", "target": "order"},
    {"kind": "amount_off", "amount": "1.00", "target": "each_unit", "selector": {"categories": ["cat0"]}},
]


def documents(count: int, applied: int = 3) -> list[dict[str, Any]]:
    """So many active promotions with the floor's terms; the first `applied` match every cart."""
    made = []
    for i, (least, group, category) in enumerate(floor.terms(count)):
        matches = i < applied
        category = "cat0" if matches else category
        conditions: list[dict[str, Any]] = [{"kind": "contains", "selector": {"categories": [category]}}]
        if least:
            conditions.append({"kind": "subtotal_at_least", "amount": f"{least // 100}.00"})
        if group is not None and not matches:
            conditions.append({"kind": "customer_group", "any_of": [group]})
        action = APPLIED[i % 3] if matches else APPLIED[0] | {"selector": {"categories": [category]}}
        if applied > 3 and matches:  # small enough that a hundred of them still find something to take
            action = action | ({"percent": "1"} if i % 3 == 0 else {"amount": "0.05"})
        made.append({"id": f"p{i}", "name": f"Promotion {i}", "conditions": conditions, "actions": [action]})
    return made


def crowded(count: int) -> tuple[Promotion, ...]:
    """So many active promotions in 20 categories, also the cart's, for 50 groups that its customer is not in.

    The floor's terms name 300 categories, few promotions each; here every value is named by many.
    """
    rnd = random.Random(2)
    made = documents(3)
    for i in range(3, count):
        category = {"categories": [f"cat{rnd.randrange(20)}"]}
        group = {"kind": "customer_group", "any_of": [f"G{rnd.randrange(50)}"]}
        conditions = [{"kind": "contains", "selector": category}, group]
        made.append(
            {"id": f"p{i}", "conditions": conditions, "actions": [APPLIED[0] | {"selector": category}]}
        )
    return decode_promotions(made, "EUR")[0]


def promotions(count: int, applied: int = 3) -> tuple[Promotion, ...]:
    """The same, read."""
    return decode_promotions(documents(count, applied), "EUR")[0]


def ruleset(count: int, applied: int = 3) -> Ruleset:
    """The same, compiled."""
    return Ruleset(promotions(count, applied))


def cart(lines: int, quantity: int | None = None) -> Cart:
    """The floor's cart: quantities of 2 to 4, unless one is given for every line."""
    made = [
        Line(f"l{i}", f"SKU-{i:04d}", 1000 + 37 * i, quantity or 2 + i % 3, categories=(f"cat{i % 5}", "all"))
        for i in range(lines)
    ]
    return Cart("EUR", tuple(made), Customer("u1", ("gold",)))

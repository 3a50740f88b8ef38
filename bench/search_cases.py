"""Inputs for the search of best_for_customer: promotions that all apply to one cart, some excluding each other.

A shop's campaign day: offers on categories, 满减 and tiers, coupons of which one may be used, gifts, free shipping.
Every promotion alone gives something; about one pair in eight is excluded by id, coupons exclude each other by their
tag, and two offers on a category are a group. Seeded: the same number gives the same case.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

from youhui.engine import Cart, Line, Promotion, Shipping, decode_promotions

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
CATEGORIES = ("tea", "mugs", "books", "toys")


def cart() -> Cart:
    """Ten lines of four categories, one to four units each, and delivery: 700 to 800 in all."""
    lines = tuple(
        Line(f"l{i}", f"SKU-{i}", 1290 + 370 * i, 1 + i % 4, categories=(CATEGORIES[i % 4],))
        for i in range(10)
    )
    return Cart("CNY", lines, shipping=Shipping(1200))


def promotions(count: int, seed: int) -> tuple[Promotion, ...]:
    """So many promotions that apply to the cart."""
    return decode_promotions(documents(count, seed), "CNY")[0]


def documents(count: int, seed: int) -> list[dict[str, Any]]:
    """The same as documents."""
    random = Random(seed)
    made = [{"id": f"p{n:02d}", "priority": random.randint(0, 9)} | _terms(random, n) for n in range(count)]
    grouped = random.sample([p for p in made if p["lane"] == "item"], 2)
    for promotion in grouped:
        promotion |= {"stacking": "best_in_group", "group": "offer"}
    for n, promotion in enumerate(made):
        others = [other["id"] for other in made[:n] if random.randrange(8) == 0]
        if others:
            promotion["excludes"] = others
    return made


def _terms(random: Random, n: int) -> dict[str, Any]:
    """Every kind in turn, so that each case has them all; the numbers are drawn."""
    category = {"categories": [random.choice(CATEGORIES)]}
    makers = (
        _line_offer,
        _full_cut,
        _coupon,
        _set_offer,
        _tiers,
        _line_offer,
        _coupon,
        _set_offer,
        _extra,
        _full_cut,
    )
    return makers[n % len(makers)](random, category)


def _line_offer(random: Random, category: dict[str, Any]) -> dict[str, Any]:
    percent = {
        "kind": "percent_off",
        "target": "lines",
        "percent": str(random.randint(5, 30)),
        "selector": category,
    }
    each = {
        "kind": "amount_off",
        "target": "each_unit",
        "amount": f"{random.randint(1, 6)}.00",
        "selector": category,
    }
    return {"lane": "item", "actions": [random.choice([percent, each])]}


def _set_offer(random: Random, category: dict[str, Any]) -> dict[str, Any]:
    second = {"kind": "cheapest_off", "percent": "50", "per": 2, "selector": category}
    free = {
        "kind": "buy_x_get_y", "repeat": 1, "buy": {"quantity": 2, "selector": category},
        "get": {"quantity": 1, "percent": "100", "selector": category},
    }  # fmt: skip
    bundle = {
        "kind": "fixed_price",
        "target": "bundle",
        "price": f"{random.randint(30, 60)}.00",
        "units": 3,
        "repeat": 1,
    }
    return {"lane": "item", "actions": [random.choice([second, free, bundle])]}


def _full_cut(random: Random, category: dict[str, Any]) -> dict[str, Any]:
    least = random.choice([200, 300, 400, 500])
    condition = {"kind": "subtotal_at_least", "amount": f"{least}.00", "of": "running"}
    action = {"kind": "amount_off", "target": "order", "amount": f"{least // random.choice([8, 10, 15])}.00"}
    return {"lane": "order", "conditions": [condition], "actions": [action]}


def _tiers(random: Random, category: dict[str, Any]) -> dict[str, Any]:
    tiers = [{"at_least": f"{least}.00", "percent": str(5 + least // 100)} for least in (200, 400, 600)]
    return {
        "lane": "order",
        "actions": [{"kind": "tiered", "by": "subtotal", "target": "order", "tiers": tiers}],
    }


def _coupon(random: Random, category: dict[str, Any]) -> dict[str, Any]:
    amount = {"kind": "amount_off", "target": "order", "amount": f"{random.randint(10, 60)}.00"}
    percent = {
        "kind": "percent_off", "target": "order", "percent": str(random.randint(5, 15)), "max_amount": "50.00",
    }  # fmt: skip
    tags = {"tags": ["coupon"], "excludes_tags": ["coupon"]}
    return {"lane": "coupon", "actions": [random.choice([amount, percent])]} | tags


def _extra(random: Random, category: dict[str, Any]) -> dict[str, Any]:
    shipping = {"kind": "free_shipping"}
    gift = {"kind": "gift", "sku": "TOTE", "quantity": 1, "value": f"{random.randint(5, 25)}.00"}
    return {"lane": "shipping", "actions": [random.choice([shipping, gift])]}

"""The oracle's conditions (FORMAT.md 4 and docs/algorithm/extensions.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.engine.oracle_cart import Shop

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def holds(c: dict[str, Any], shop: Shop, now: datetime) -> bool:
    """Whether a condition holds for the cart as it is."""
    kind = c["kind"]
    if kind == "not":
        return not holds(c["condition"], shop, now)
    if kind == "any":
        return any(holds(inner, shop, now) for inner in c["conditions"])
    if kind == "all":
        return all(holds(inner, shop, now) for inner in c["conditions"])
    if kind == "time_window":
        return open_at(c, now)
    if kind in ("logged_in", "customer_is", "customer_group", "customer_attribute") or "order" in kind:
        return shop.customer is not None and about_customer(c, shop.customer)
    if "any_of" in c and kind != "product_attribute":
        known = {**shop.context, "shipping_method": shop.shipping_method, "currency": shop.currency}
        return known.get(kind) is not None and known[kind] in c["any_of"]
    return about_lines(c, shop)


def about_lines(c: dict[str, Any], shop: Shop) -> bool:
    kind = c["kind"]
    running = c.get("of") == "running"
    if kind == "total_at_least":
        lines = sum(u.left if running else u.original for line in shop.lines for u in line.units)
        return lines + (shop.shipping_left if running else shop.shipping) >= shop.money(c["amount"])
    if kind == "product_attribute":
        mine = [line for line in shop.matching(None) if passes(c, line.attributes.get(c["name"]))]
        return bool(sum(len(line.units) for line in mine) >= c.get("quantity", 1))
    matching = shop.matching(c.get("selector"))
    units = [unit for line in matching for unit in line.units]
    worth = sum(unit.left if running else unit.original for unit in units)
    if kind == "subtotal_at_least":
        return worth >= shop.money(c["amount"])
    if kind == "subtotal_more_than":
        return worth > shop.money(c["amount"])
    if kind in ("quantity_at_least", "contains"):
        return bool(len(units) >= c.get("quantity", 1))
    if kind == "distinct_at_least":
        return bool(len({line.product for line in matching}) >= c["quantity"])
    assert kind == "contains_only"
    return shop.lines != [] and matching == shop.lines


def about_customer(c: dict[str, Any], customer: dict[str, Any]) -> bool:
    kind, orders = c["kind"], customer.get("orders_count", 0)
    if kind == "logged_in":
        return True
    if kind == "customer_is":
        return customer["id"] in c["any_of"]
    if kind == "customer_group":
        return any(group in c["any_of"] for group in customer.get("groups", []))
    if kind == "customer_attribute":
        return passes(c, customer.get("attributes", {}).get(c["name"]))
    if kind == "orders_at_least":
        return bool(orders >= c["n"])
    return bool(orders == (0 if kind == "first_order" else c["n"] - 1))


def passes(c: dict[str, Any], value: object) -> bool:
    """A typed test of an attribute; a value of another type, or none, fails."""
    if "is" in c:
        return isinstance(value, bool) and value == c["is"]
    if "any_of" in c:
        return isinstance(value, str) and value in c["any_of"]
    if "from" in c or "until" in c:
        if not isinstance(value, str) or len(value) != 10 or value[4] + value[7] != "--":
            return False
        return bool(c.get("from", "") <= value < c.get("until", "9999-99-99"))
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return bool(c.get("at_least", value) <= value <= c.get("at_most", value))


def open_at(c: dict[str, Any], now: datetime) -> bool:
    clock = now.astimezone(ZoneInfo(c.get("timezone", "UTC")))
    time, day = clock.strftime("%H:%M"), clock.weekday()
    start, end = c.get("from", "00:00"), c.get("until", "24:00")
    if start > end and time < end:
        day -= 1  # the part after midnight belongs to the day before
    inside = start <= time < end if start < end else time >= start or time < end
    return inside and ("days" not in c or DAYS[day % 7] in c["days"])

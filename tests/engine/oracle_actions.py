"""The oracle's actions (FORMAT.md 5 to 7 and docs/algorithm/extensions.md)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.engine.oracle_cart import Shop, Unit, rounded, spread

Document = dict[str, Any]
Units = list[Unit]
OF_LINES = ("lines", "across_lines", "each_line", "each_unit", "bundle")


def percentage(text: str) -> Fraction:
    """One over 100 counts as 100."""
    return min(Fraction(text) / 100, Fraction(1))


def reached(actions: list[Document], shop: Shop) -> set[str]:
    """The lines that the actions may take something from, whatever the prices."""
    found: set[str] = set()
    for a in actions:
        if a["kind"] in ("free_shipping", "gift") or a.get("target") == "shipping":
            continue
        if a["kind"] == "buy_x_get_y":
            selector = a["get"].get("selector")
        else:
            selector = a.get("selector") if a.get("target") in (None, *OF_LINES) else None
        found |= {line.id for line in shop.matching(selector)}
    return found


class Play:
    """The units that exist for a promotion, at the prices it computes with."""

    def __init__(self, shop: Shop, p: Document, lines: set[str], caps: dict[str, int] | None) -> None:
        self.shop = shop
        self.lines = lines
        self.caps = caps or {}
        self.original = p.get("base") == "original"
        self.rounding: str = p.get("rounding", "half_up")
        self.round_on: str = p.get("round_on", "discount")

    def units(self, selector: Document | None = None) -> Units:
        lines = [line for line in self.shop.matching(selector) if line.id in self.lines]
        return [unit for line in lines for unit in line.units[: self.caps.get(line.id)]]

    def price(self, units: Unit | Units) -> int:
        if isinstance(units, list):
            return sum(self.price(unit) for unit in units)
        return units.original if self.original else units.left

    @property
    def shipping(self) -> int:
        return self.shop.shipping if self.original else self.shop.shipping_left

    def percent(self, text: str, total: int) -> int:
        share = percentage(text)
        if self.round_on == "price":
            return total - rounded(total - total * share, self.rounding)
        return rounded(total * share, self.rounding)

    def ordered(self, units: Units, dearest: bool) -> Units:
        return sorted(units, key=lambda unit: -self.price(unit) if dearest else self.price(unit))

    def take(self, units: Units, amount: int) -> None:
        """From units of one line, spread over them by running price."""
        shares = spread(amount, [(unit.left, unit.room) for unit in units])
        for unit, share in zip(units, shares, strict=True):
            unit.left -= share

    def take_each(self, unit: Unit, amount: int) -> None:
        unit.left -= min(max(amount, 0), unit.room)

    def take_across(self, units: Units, amount: int, way: str | None) -> None:
        """Spread over the lines of these units, then in each line."""
        lines = by_line(self.shop, units)
        shares = spread(amount, [part(mine) for mine in lines], way or "largest_fraction", self.rounding)
        for mine, share in zip(lines, shares, strict=True):
            self.take(mine, share)

    def take_shipping(self, amount: int) -> None:
        self.shop.shipping_left -= min(max(amount, 0), self.shop.shipping_left)


def part(units: Units) -> tuple[int, int]:
    return sum(unit.left for unit in units), sum(unit.room for unit in units)


def by_line(shop: Shop, units: Units) -> list[Units]:
    chosen = {id(unit) for unit in units}
    found = [[unit for unit in line.units if id(unit) in chosen] for line in shop.lines]
    return [mine for mine in found if mine]


def act(a: Document, play: Play) -> list[tuple[str, int, int]]:
    """Takes what an action takes; answers its gifts: (sku, quantity, value of a piece)."""
    if a["kind"] == "gift":
        per = a.get("per")
        times = 1 if per is None else len(play.units(per.get("selector"))) // per["quantity"]
        value = play.shop.money(a["value"]) if "value" in a else 0
        return [(a["sku"], a["quantity"] * times, value)] if times else []
    if a["kind"] == "free_shipping":
        play.take_shipping(play.shop.shipping_left)
    else:
        ACTIONS[a["kind"]](a, play)
    return []


def affected(a: Document, play: Play) -> Units:
    """The line keys, in their order."""
    units = play.units(a.get("selector"))
    if "group_size" in a:
        lines = sorted(by_line(play.shop, units), key=lambda mine: -len(mine))
        whole = [unit for mine in lines for unit in mine]
        units = whole[: len(whole) // a["group_size"] * a["group_size"]]
        units = [unit for mine in by_line(play.shop, units) for unit in mine]
    dearest = a.get("pick") == "dearest"
    if "units_per_line" in a:
        chosen = []
        for mine in by_line(play.shop, units):
            chosen += play.ordered([u for u in mine if u.room], dearest)[: a["units_per_line"]]
        units = chosen
    if "units" in a:
        units = [unit for mine in by_line(play.shop, units) for unit in mine if unit.room]
        units = play.ordered(units, dearest)[: a["units"]]
    return units


def percent_off(a: Document, play: Play) -> None:
    most = play.shop.money(a["max_amount"]) if "max_amount" in a else None
    if a["target"] == "lines":
        return percent_off_lines(a, play, most)
    units = play.units() if a["target"] != "shipping" else []
    items = min(play.percent(a["percent"], play.price(units)), part(units)[1])
    shipping = 0
    if a["target"] != "order":
        shipping = min(play.percent(a["percent"], play.shipping), play.shop.shipping_left)
    if most is not None:
        items, shipping = spread(most, [(items, items), (shipping, shipping)])
    play.take_across(units, items, a.get("spread"))
    return play.take_shipping(shipping)


def percent_off_lines(a: Document, play: Play, most: int | None) -> None:
    lines = by_line(play.shop, affected(a, play))
    if a.get("round_per") == "unit":
        each = [[min(play.percent(a["percent"], play.price(u)), u.room) for u in mine] for mine in lines]
        gives = [sum(amounts) for amounts in each]
    else:
        each = []
        gives = [min(play.percent(a["percent"], play.price(mine)), part(mine)[1]) for mine in lines]
    if most is not None and sum(gives) > most:
        way = a.get("spread", "largest_fraction")
        gives = spread(most, list(zip(gives, gives, strict=True)), way, play.rounding)
        each = []
    for k, mine in enumerate(lines):
        if each:
            for unit, amount in zip(mine, each[k], strict=True):
                play.take_each(unit, amount)
        else:
            play.take(mine, gives[k])


def amount_off(a: Document, play: Play) -> None:
    target, amount = a["target"], play.shop.money(a["amount"])
    units = affected(a, play) if target != "shipping" else []
    if "per" in a:
        times = play.price(play.units(a.get("selector"))) // play.shop.money(a["per"]["subtotal"])
        amount *= min(times, a["per"].get("max_times", times))
    if target == "each_unit":
        more = play.shop.money(a["additional_amount"]) if "additional_amount" in a else amount
        for mine in by_line(play.shop, units):
            for k, unit in enumerate(mine):
                play.take_each(unit, more if k else amount)
    elif target == "each_line":
        for mine in by_line(play.shop, units):
            play.take(mine, amount)
    elif target == "shipping":
        play.take_shipping(amount)
    elif target == "order_and_shipping":
        left = play.shop.shipping_left
        items, shipping = spread(amount, [part(units), (left, left)])
        play.take_across(units, items, a.get("spread"))
        play.take_shipping(shipping)
    else:
        play.take_across(units, amount, a.get("spread"))


def fixed_price(a: Document, play: Play) -> None:
    price = play.shop.money(a["price"])
    if a["target"] == "shipping":
        play.take_shipping(play.shipping - price)
    elif a["target"] == "each_unit":
        for unit in affected(a, play):
            play.take_each(unit, play.price(unit) - price)
    else:
        units = play.ordered(play.units(a.get("selector")), a.get("pick") != "cheapest")
        size = a.get("units", len(units))
        sets = [units[k : k + size] for k in range(0, len(units) - size + 1, size)] if units else []
        for one in sets[: a.get("repeat")]:
            play.take_across(one, max(play.price(one) - price, 0), a.get("spread"))


def cheapest_off(a: Document, play: Play) -> None:
    units = play.ordered(play.units(a.get("selector")), dearest=True)
    per, nth = a["per"], a.get("nth", 1)
    chosen = [units[k + per - nth] for k in range(0, len(units) - per + 1, per)]
    for mine in by_line(play.shop, chosen):
        play.take(mine, play.percent(a["percent"], play.price(mine)))


def buy_x_get_y(a: Document, play: Play) -> None:
    buy, get, shared = a["buy"], a["get"], a.get("consume") == "shared"
    to_buy = [u for u in play.units(buy.get("selector")) if not (shared and u.consumed)]
    to_get = [u for u in play.units(get.get("selector")) if not (shared and u.consumed)]
    both = {id(unit) for unit in to_buy + to_get}
    rounds = min(
        len(to_buy) // buy["quantity"],
        len(to_get) // get["quantity"],
        len(both) // (buy["quantity"] + get["quantity"]),
    )
    rounds = min(rounds, a.get("repeat", rounds))
    dearest = a.get("pick") == "dearest"
    buyable = {id(unit) for unit in to_buy}
    taken: Units = []
    for unit in play.ordered(to_get, dearest):
        if len(taken) == rounds * get["quantity"]:
            break
        if id(unit) in buyable:
            if len(buyable) - 1 < rounds * buy["quantity"]:
                continue
            buyable.remove(id(unit))
        taken.append(unit)
    left = play.ordered([unit for unit in to_buy if id(unit) in buyable], not dearest)
    bought = left[: rounds * buy["quantity"]]
    for mine in by_line(play.shop, taken):
        if "percent" in get:
            play.take(mine, play.percent(get["percent"], play.price(mine)))
        else:
            for unit in mine:
                play.take_each(unit, play.shop.money(get["amount"]))
    if shared:
        for unit in taken + bought:
            unit.consumed = True


def tiered(a: Document, play: Play) -> None:
    units = play.units(a.get("selector"))
    if a["by"] == "quantity":
        measured, level = len(units), int
    else:
        of = a.get("of", "original" if play.original else "running")
        measured = sum(u.original if of == "original" else u.left for u in units)
        level = play.shop.money  # type: ignore[assignment]
    reached_ = [tier for tier in a["tiers"] if measured >= level(tier["at_least"])]
    if not reached_:
        return
    tier = max(reached_, key=lambda tier: level(tier["at_least"]))
    plain: Document = {key: a[key] for key in ("target", "spread") if key in a}
    if a["target"] in OF_LINES and "selector" in a:
        plain["selector"] = a["selector"]
    if "percent" in tier:
        percent_off({**plain, "percent": tier["percent"]}, play)
    else:
        amount_off({**plain, "amount": tier["amount"]}, play)


ACTIONS = {
    "percent_off": percent_off,
    "amount_off": amount_off,
    "fixed_price": fixed_price,
    "cheapest_off": cheapest_off,
    "buy_x_get_y": buy_x_get_y,
    "tiered": tiered,
}

"""What a promotion gives, in one line for shoppers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from youhui.engine import Promotion
from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.base import Action
from youhui.engine.actions.buy_x_get_y import BuyXGetY
from youhui.engine.actions.cheapest_off import CheapestOff
from youhui.engine.actions.fixed_price import FixedPrice
from youhui.engine.actions.free_shipping import FreeShipping
from youhui.engine.actions.gift import Gift
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.actions.tiered import Tiered
from youhui.engine.conditions.quantity_at_least import QuantityAtLeast
from youhui.engine.conditions.subtotal_at_least import SubtotalAtLeast
from youhui.engine.money import Percent, format_amount
from youhui.platform.languages import Language, both

_WORDS: Mapping[str, Mapping[Language, str]] = {
    "from": both("满 {much} ", "from {much}: "),
    "units": both("{many} 件", "{many} units"),
    "percent": both("{zhe} 折", "{percent} % off"),
    "amount": both("减 {money}", "{money} off"),
    "each": both("每件减 {money}", "{money} off each"),
    "every": both("每满 {much} 减 {money}", "{money} off for every {much}"),
    "price": both("特价 {money}", "for {money}"),
    "bundle": both("{money} 任选 {many} 件", "any {many} for {money}"),
    "set": both("整套 {money}", "all together for {money}"),
    "nth": both("每 {many} 件中一件 {off}", "one of every {many}: {off}"),
    "get": both("买 {many} 件，另 {others} 件 {off}", "buy {many}, get {others} more: {off}"),
    "free": both("免费", "free"),
    "shipping": both("包邮", "free shipping"),
    "shipping_less": both("运费优惠", "cheaper shipping"),
    "gift": both("赠 {sku} × {many}", "{sku} × {many} as a gift"),
    "gift_per": both("每买 {per} 件赠 {sku} × {many}", "{sku} × {many} as a gift for every {per} units"),
    "sale": both("秒杀价低至 {money}", "on sale from {money}"),
    "sale_of": both("{many} 款商品秒杀", "{many} products on sale"),
    "other": both("优惠", "a discount"),
    "join": both("，", ", "),
}


def line_of_words(rules: Sequence[Promotion], currency: str, language: Language) -> str:
    """Of the rules of one promotion."""
    say = partial(_said, currency, language)
    if len(rules) > 1:
        prices = [action.price for rule in rules for action in rule.actions if isinstance(action, FixedPrice)]
        return say("sale", money=min(prices)) if prices else say("sale_of", many=len(rules))
    return say("join").join([_needs(rule, say) + _gives(rule, say) for rule in rules])


Say = Callable[..., str]


def _said(currency: str, language: Language, key: str, **values: Any) -> str:
    for name in ("money", "much"):
        if isinstance(values.get(name), int):
            text = format_amount(values[name], currency)
            values[name] = f"¥{text}" if currency == "CNY" else f"{currency} {text}"
    return _WORDS[key][language].format(**values)


def _needs(rule: Promotion, say: Say) -> str:
    """The first threshold that its conditions set."""
    for condition in rule.conditions:
        if isinstance(condition, SubtotalAtLeast):
            return say("from", much=condition.amount)
        if isinstance(condition, QuantityAtLeast):
            return say("from", much=say("units", many=condition.quantity))
    return ""


def _gives(rule: Promotion, say: Say) -> str:
    return say("join").join([found for action in rule.actions for found in _given(action, say)])


def _given(action: Action, say: Say) -> Iterator[str]:
    match action:
        case PercentOff() if action.target != "shipping":
            yield _percent(action.percent, say)
        case AmountOff() if action.target != "shipping":
            yield _amount_off(action, say)
        case FixedPrice() if action.target == "bundle":
            yield (
                say("bundle", money=action.price, many=action.units)
                if action.units
                else say("set", money=action.price)
            )
        case FixedPrice() if action.target == "each_unit":
            yield say("price", money=action.price)
        case Tiered():
            yield from _tiers(action, say)
        case CheapestOff():
            yield say("nth", many=action.per, off=_percent(action.percent, say))
        case BuyXGetY():
            get = action.get
            off = say("amount", money=get.amount) if get.percent is None else _percent(get.percent, say)
            yield say("get", many=action.buy.quantity, others=get.quantity, off=off)
        case Gift():
            key = "gift" if action.per is None else "gift_per"
            yield say(key, sku=action.sku, many=action.quantity, per=action.per and action.per.quantity)
        case FreeShipping():
            yield say("shipping")
        case PercentOff() | AmountOff() | FixedPrice():
            yield say("shipping_less")
        case _:
            yield say("other")


def _amount_off(action: AmountOff, say: Say) -> str:
    if action.per is not None:
        return say("every", much=action.per.subtotal, money=action.amount)
    return say("each" if action.target == "each_unit" else "amount", money=action.amount)


def _tiers(action: Tiered, say: Say) -> Iterator[str]:
    for tier in sorted(action.tiers, key=lambda tier: tier.at_least):
        level = tier.at_least if action.by == "subtotal" else say("units", many=tier.at_least)
        off = say("amount", money=tier.amount) if tier.percent is None else _percent(tier.percent, say)
        yield say("from", much=level) + off


def _percent(percent: Percent, say: Say) -> str:
    share = min(Fraction(percent.numerator, percent.denominator), Fraction(1))
    if share == 1:
        return say("free")
    left = 10 * (1 - share)
    zhe = Decimal(left.numerator) / Decimal(left.denominator)
    return say("percent", zhe=f"{zhe.quantize(Decimal('0.01')).normalize():f}", percent=percent)

"""Why a discount is, or is not, the one that a customer gets for a product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from youhui.checkout.ports import ProductFacts
from youhui.discounts.model import Buyer, Discount, Item, Kind, State, Terms
from youhui.discounts.rules import Candidate, chosen, off
from youhui.platform.languages import Language, both

Reason: TypeAlias = Literal[
    "wins",
    "lower_priority",
    "updated_earlier",
    "lower_id",
    "scheduled",
    "ended",
    "disabled",
    "archived",
    "not_this_user",
    "not_this_product",
    "other_currency",
    "unknown_product",
]

SENTENCES: Mapping[Reason, Mapping[Language, str]] = {
    "wins": both("生效：优先级最高", "It is the one that counts"),
    "lower_priority": both(
        "优先级 {priority} 低于折扣 {rival} 的 {rival_priority}",
        "Its priority {priority} is lower than {rival_priority} of discount {rival}",
    ),
    "updated_earlier": both(
        "优先级相同，但折扣 {rival} 更新更晚",
        "The priority is the same, and discount {rival} was updated later",
    ),
    "lower_id": both(
        "优先级和更新时间都相同，但折扣 {rival} 的编号更大",
        "Priority and time of update are the same, and discount {rival} has the larger id",
    ),
    "scheduled": both("未开始：{effective_time} 生效", "It begins at {effective_time}"),
    "ended": both("已结束：{expiration_time} 过期", "It ended at {expiration_time}"),
    "disabled": both("已停用", "It is disabled"),
    "archived": both("已归档", "It is archived"),
    "not_this_user": both("不适用于该用户", "It is not for this user"),
    "not_this_product": both("不适用于该商品", "It is not for this product"),
    "other_currency": both(
        "折扣货币 {currency} 与商品货币 {product_currency} 不同",
        "It is in {currency}, the product in {product_currency}",
    ),
    "unknown_product": both(
        "商城资料中没有该商品：查询为 0.00，购物车须给出单价才有折扣",
        "The directory has no such product: the query answers 0.00, and only a cart that states its price has it",
    ),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A customer and a product, with what the directory knows of it."""

    buyer: Buyer
    item: Item
    product: ProductFacts | None


@dataclass(frozen=True, slots=True)
class Concern:
    """By what a discount is for a customer, or for a product: "all", or a list and what of it; None if it is not."""

    by: Kind | Literal["all"] | None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one discount. `amount`: off one unit, in minor units of its currency: 0 of a product that the
    directory does not know, None of one in another currency.
    """

    discount: Discount
    reason: Reason
    params: Mapping[str, str | int]
    amount: int | None

    def say(self, language: Language) -> str:
        """The reason in words."""
        return SENTENCES[self.reason][language].format_map(self.params)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of a customer and a product: what becomes of the discount in question, and of all that concern the two."""

    pair: Pair
    user: Concern
    product: Concern
    verdict: Verdict
    winner: int | None
    candidates: Sequence[Verdict]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a discount stands at an instant; with a judgement if a customer and a product were named."""

    discount: Discount
    at: datetime
    judgement: Judgement | None = None

    @property
    def state(self) -> State:
        """At the instant."""
        return self.discount.state(self.at)


def judge(
    discount: Discount,
    at: datetime,
    pair: Pair,
    concerned: Mapping[Kind, set[str]],
    rivals: Sequence[Discount],
) -> Judgement:
    """`concerned`: what of the pair is in each list of the discount. `rivals`: the discounts for the pair."""
    ranked = sorted(rivals, key=lambda one: _candidate(one).rank)
    winner = _winner(ranked, pair.product, at)
    user = _concern(discount.all_customers, concerned, "customer", "group")
    product = _concern(discount.all_products, concerned, "product", "category")
    reason = _first_obstacle(discount, at, pair.product, user, product)
    return Judgement(
        pair,
        user,
        product,
        _verdict(discount, reason, pair, winner),
        None if winner is None else winner.id,
        [_verdict(one, _obstacle(one, at, pair.product), pair, winner) for one in ranked],
    )


def _candidate(discount: Discount) -> Candidate:
    return Candidate(discount.id, discount.terms, discount.updated_at, discount.version)


def _concern(all_: bool, concerned: Mapping[Kind, set[str]], *kinds: Kind) -> Concern:
    """The nearest way: by its own id before a group or category, before all."""
    for kind in kinds:
        if concerned[kind]:
            return Concern(kind, min(concerned[kind]))
    return Concern("all" if all_ else None)


def _winner(ranked: Sequence[Discount], product: ProductFacts | None, at: datetime) -> Discount | None:
    best = None if product is None else chosen(map(_candidate, ranked), product.currency, at)
    return next((one for one in ranked if best is not None and one.id == best.id), None)


def _first_obstacle(
    discount: Discount, at: datetime, facts: ProductFacts | None, user: Concern, product: Concern
) -> Reason | None:
    if user.by is None:
        return "not_this_user"
    return "not_this_product" if product.by is None else _obstacle(discount, at, facts)


def _obstacle(discount: Discount, at: datetime, product: ProductFacts | None) -> Reason | None:
    state = discount.state(at)
    if state != "running":
        return state
    if product is None:
        return "unknown_product"
    return None if discount.terms.currency == product.currency else "other_currency"


def _verdict(discount: Discount, obstacle: Reason | None, pair: Pair, winner: Discount | None) -> Verdict:
    """Where nothing of its own is in the way, only another discount can be."""
    reason = obstacle or _against(discount, winner)
    rival = winner or discount
    terms, product = discount.terms, pair.product
    return Verdict(
        discount,
        reason,
        {
            "priority": terms.priority,
            "rival": rival.id,
            "rival_priority": rival.terms.priority,
            "effective_time": _written(terms.effective_time),
            "expiration_time": _written(terms.expiration_time),
            "currency": terms.currency,
            "product_currency": "" if product is None else product.currency,
        },
        _amount(terms, product),
    )


def _amount(terms: Terms, product: ProductFacts | None) -> int | None:
    if product is None:
        return 0
    return off(terms, product.price) if product.currency == terms.currency else None


def _against(discount: Discount, winner: Discount | None) -> Reason:
    if winner is None or discount.id == winner.id:
        return "wins"
    if discount.terms.priority < winner.terms.priority:
        return "lower_priority"
    return "updated_earlier" if discount.updated_at < winner.updated_at else "lower_id"


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

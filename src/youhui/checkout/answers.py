"""A quote as it is answered: amounts as decimal strings, reasons as codes and as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from youhui.checkout.ports import Unusable
from youhui.checkout.schemas import (
    AppliedOut,
    CutOut,
    GapOut,
    GiftOut,
    HintOut,
    LineOut,
    Number,
    QuoteOut,
    RejectedOut,
    SearchOut,
    ShippingOut,
    VerdictOut,
)
from youhui.engine import Quote, Ruleset, Verdict
from youhui.engine.money import formatter
from youhui.engine.prices import Gap
from youhui.engine.pricing import Reason
from youhui.engine.quote import Applied, Hint, Search, Strategy
from youhui.engine.sentences import hint_sentence, reason_sentence
from youhui.platform.languages import Language, both

_encoder = msgspec.json.Encoder()
_UNUSABLE: Mapping[Unusable, Mapping[Language, str]] = {
    "unknown": both("没有这张券", "There is no such coupon"),
    "used": both("优惠券已使用", "The coupon has been used"),
    "locked": both("优惠券已被另一笔订单占用", "Another order holds the coupon"),
    "void": both("优惠券已作废", "The coupon has been voided"),
    "expired": both("优惠券已过期", "The coupon has expired"),
    "other_currency": both("优惠券的货币与订单不同", "The coupon is of another currency"),
    "not_started": both("优惠券尚未生效", "The coupon cannot be used yet"),
}
_NONE: Mapping[str, Unusable] = {}


def answer(
    quote: Quote,
    ruleset: Ruleset,
    strategy: Strategy,
    language: Language,
    unusable: Mapping[str, Unusable] = _NONE,
) -> bytes:
    """The quote as JSON. `unusable`: coupons that were to be used and cannot be."""
    return _encoder.encode(_Answer(quote, ruleset, language).quote(strategy, unusable))


def gap_out(gap: Gap, money: Callable[[int], str]) -> GapOut:
    """What is needed, what there is and what is missing."""

    def number(value: int | str | tuple[str, ...] | None) -> Number:
        if isinstance(value, int):
            return money(value) if gap.unit == "money" else value
        return list(value) if isinstance(value, tuple) else value

    return GapOut(gap.path, gap.kind, number(gap.needed), number(gap.actual), number(gap.missing), gap.unit)


class _Answer:
    """Writes one quote in one language."""

    def __init__(self, quote: Quote, ruleset: Ruleset, language: Language) -> None:
        self._quote = quote
        self._ruleset = ruleset
        self._language: Language = language
        self._money = formatter(quote.currency)

    def quote(self, strategy: Strategy, unusable: Mapping[str, Unusable]) -> QuoteOut:
        """All of it."""
        quote, money = self._quote, self._money
        applied = [self._applied(one) for one in quote.applied]
        subtotal, discount = quote.subtotal, quote.total_discount
        return QuoteOut(
            quote.currency,
            quote.at,
            quote.version,
            strategy,
            self._lines(),
            self._shipping(),
            money(subtotal),
            money(discount),
            money(subtotal - discount),
            applied,
            [gift for one in applied for gift in one.gifts],
            {code: self._rejected(code, reason) for code, reason in quote.rejected_codes.items()},
            {name: RejectedOut(why, _UNUSABLE[why][self._language]) for name, why in unusable.items()},
            [self._verdict(verdict) for verdict in quote.verdicts],
            None if quote.search is None else self._search(quote.search),
        )

    def _lines(self) -> list[LineOut]:
        """Each line, and what each promotion took of it in the order of application."""
        money = self._money
        lines = [
            LineOut(name, money(subtotal), money(discount), money(subtotal - discount), [])
            for name, subtotal, discount in self._quote.lines
        ]
        for applied in self._quote.applied:
            promotion = applied.promotion
            for index, amount in applied.amounts.items():
                lines[index].cuts.append(CutOut(promotion, money(amount)))
        return lines

    def _shipping(self) -> ShippingOut:
        quote, money = self._quote, self._money
        cuts = [CutOut(one.promotion, money(one.shipping)) for one in quote.applied if one.shipping]
        left = quote.shipping - quote.shipping_discount
        return ShippingOut(money(quote.shipping), money(quote.shipping_discount), money(left), cuts)

    def _applied(self, applied: Applied) -> AppliedOut:
        gifts = [GiftOut(gift.sku, gift.quantity) for gift in applied.gifts]
        return AppliedOut(
            applied.promotion, self._name(applied.promotion), self._money(applied.amount), gifts
        )

    def _verdict(self, verdict: Verdict) -> VerdictOut:
        name = self._name(verdict.promotion)
        if verdict.reason is None:
            given = self._money(verdict.amount)
            return VerdictOut(
                verdict.promotion, name, "applied", given, capped=verdict.capped, units=verdict.units
            )
        return VerdictOut(
            verdict.promotion,
            name,
            "refused",
            self._money(0),
            verdict.reason,
            self._why(verdict),
            None if verdict.gap is None else gap_out(verdict.gap, self._money),
            verdict.rival,
            None if verdict.margin is None else self._money(verdict.margin),
            hint=None if verdict.hint is None else self._hint(verdict.hint, name),
        )

    def _rejected(self, code: str, reason: Reason) -> RejectedOut:
        """With the numbers of the first promotion that the code would have unlocked, where it has a verdict."""
        plain = Verdict(code, reason)
        verdict = next((v for v in self._quote.verdicts if v.reason == reason and self._has(v, code)), plain)
        return RejectedOut(reason, self._why(verdict))

    def _has(self, verdict: Verdict, code: str) -> bool:
        promotion = self._ruleset.get(verdict.promotion)
        return promotion is not None and promotion.opened_by(code)

    def _why(self, verdict: Verdict) -> str:
        rival = None if verdict.rival is None else self._name(verdict.rival)
        name = self._name(verdict.promotion)
        return reason_sentence(verdict, name, self._quote.currency, self._language, rival_name=rival)

    def _hint(self, hint: Hint, name: str | None) -> HintOut:
        amount = None if hint.amount is None else self._money(hint.amount)
        message = hint_sentence(hint, name, self._quote.currency, self._language)
        return HintOut(hint.kind, message, self._money(hint.saves), amount, hint.units, hint.code)

    def _search(self, search: Search) -> SearchOut:
        money, runner_up, saving = self._money, search.runner_up, search.runner_up_saving
        return SearchOut(
            search.optimal,
            money(search.saving),
            money(search.bound),
            search.steps,
            None if runner_up is None else list(runner_up),
            None if saving is None else money(saving),
        )

    def _name(self, promotion: str) -> str | None:
        found = self._ruleset.get(promotion)
        return None if found is None else found.name

"""A quote as `POST /api/quotes` answers it: money as decimal strings, reasons as codes and as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import msgspec
from msgspec import Struct

from youhui.engine import Quote, Ruleset, Verdict
from youhui.engine.money import format_amount
from youhui.engine.prices import Gap
from youhui.engine.quote import Hint, Search, Strategy
from youhui.engine.sentences import hint_sentence, reason_sentence
from youhui.platform.languages import Language

Money = Callable[[int], str]
Number = str | int | list[str] | None
"""money as a decimal string, a count, or words"""


class CutOut(Struct, gc=False):
    promotion: str
    amount: str


class LineOut(Struct):
    id: str
    subtotal: str
    discount: str
    total: str
    cuts: list[CutOut]


class ShippingOut(Struct):
    price: str
    discount: str
    total: str
    cuts: list[CutOut]


class GiftOut(Struct, gc=False):
    sku: str
    quantity: int


class AppliedOut(Struct):
    promotion: str
    name: str | None
    amount: str
    gifts: list[GiftOut]


class RejectedOut(Struct, gc=False):
    reason: str
    message: str


class GapOut(Struct):
    path: str
    kind: str
    needed: Number
    actual: Number
    missing: str | int | None
    unit: str | None


class HintOut(Struct):
    kind: str
    message: str
    saves: str
    amount: str | None
    units: int | None
    code: str | None


class VerdictOut(Struct, omit_defaults=True):
    """Of an applied promotion what it gave; of a refused one why, in numbers where there are numbers.

    `units`: of how many units it was meant for, how many got it before its stock ran out. `margin`: by how much the
    rival gave more.
    """

    promotion: str
    name: str | None
    outcome: str
    amount: str
    reason: str | None = None
    message: str | None = None
    gap: GapOut | None = None
    rival: str | None = None
    margin: str | None = None
    capped: bool = False
    units: tuple[int, int] | None = None
    hint: HintOut | None = None


class SearchOut(Struct):
    """Of best_for_customer: no combination saves more than `bound`."""

    optimal: bool
    saving: str
    bound: str
    steps: int
    runner_up: list[str] | None
    runner_up_saving: str | None


class QuoteOut(Struct):
    """A priced cart. The subtotal is of lines and shipping, undiscounted; total = subtotal − total_discount."""

    currency: str
    at: datetime
    ruleset_version: str
    strategy: Strategy
    lines: list[LineOut]
    shipping: ShippingOut
    subtotal: str
    total_discount: str
    total: str
    applied: list[AppliedOut]
    gifts: list[GiftOut]
    rejected_codes: dict[str, RejectedOut]
    verdicts: list[VerdictOut]
    search: SearchOut | None


_encoder = msgspec.json.Encoder()


def answer(quote: Quote, ruleset: Ruleset, strategy: Strategy, language: Language) -> bytes:
    """The quote as JSON."""
    return _encoder.encode(answered(quote, ruleset, strategy, language))


def answered(quote: Quote, ruleset: Ruleset, strategy: Strategy, language: Language) -> QuoteOut:
    """The quote in the form of its answer."""
    money: Money = partial(format_amount, currency=quote.currency)
    names = {v.promotion: _name(ruleset, v.promotion) for v in quote.verdicts}
    lines, shipping_cuts, applied = _shares(quote, names, money)
    shipping = quote.shipping - quote.shipping_discount
    return QuoteOut(
        quote.currency,
        quote.at,
        quote.version,
        strategy,
        lines,
        ShippingOut(money(quote.shipping), money(quote.shipping_discount), money(shipping), shipping_cuts),
        money(quote.subtotal),
        money(quote.total_discount),
        money(quote.total),
        applied,
        [gift for one in applied for gift in one.gifts],
        _rejected(quote, language),
        [_verdict(v, names[v.promotion], quote.currency, money, language) for v in quote.verdicts],
        None if quote.search is None else _search(quote.search, money),
    )


def _shares(
    quote: Quote, names: Mapping[str, str | None], money: Money
) -> tuple[list[LineOut], list[CutOut], list[AppliedOut]]:
    """The lines with what each promotion took of them, what was taken of shipping, and what each gave in all."""
    lines = [
        LineOut(line.id, money(line.subtotal), money(line.discount), money(line.total), [])
        for line in quote.lines
    ]
    cuts_of = {line.id: line.cuts for line in lines}
    shipping: list[CutOut] = []
    given: list[AppliedOut] = []
    for applied in quote.applied:
        for cut in applied.cuts:
            cuts_of[cut.line].append(CutOut(applied.promotion, money(cut.amount)))
        if applied.shipping:
            shipping.append(CutOut(applied.promotion, money(applied.shipping)))
        gifts = [GiftOut(gift.sku, gift.quantity) for gift in applied.gifts]
        given.append(AppliedOut(applied.promotion, names[applied.promotion], money(applied.amount), gifts))
    return lines, shipping, given


def _name(ruleset: Ruleset, promotion: str) -> str | None:
    found = ruleset.get(promotion)
    return None if found is None else found.name


def _rejected(quote: Quote, language: Language) -> dict[str, RejectedOut]:
    return {
        code: RejectedOut(reason, reason_sentence(Verdict(code, reason), None, quote.currency, language))
        for code, reason in quote.rejected_codes.items()
    }


def _verdict(
    verdict: Verdict, name: str | None, currency: str, money: Money, language: Language
) -> VerdictOut:
    out = VerdictOut(
        verdict.promotion,
        name,
        "applied" if verdict.reason is None else "refused",
        money(verdict.amount),
        capped=verdict.capped,
        units=verdict.units,
    )
    if verdict.reason is not None:
        out.reason = verdict.reason
        out.message = reason_sentence(verdict, name, currency, language)
        out.gap = None if verdict.gap is None else _gap(verdict.gap, money)
        out.rival = verdict.rival
        out.margin = None if verdict.margin is None else money(verdict.margin)
        out.hint = None if verdict.hint is None else _hint(verdict.hint, name, currency, money, language)
    return out


def _gap(gap: Gap, money: Money) -> GapOut:
    def number(value: int | str | tuple[str, ...] | None) -> Number:
        if isinstance(value, int):
            return money(value) if gap.unit == "money" else value
        return list(value) if isinstance(value, tuple) else value

    missing = gap.missing
    left = money(missing) if missing is not None and gap.unit == "money" else missing
    return GapOut(gap.path, gap.kind, number(gap.needed), number(gap.actual), left, gap.unit)


def _hint(hint: Hint, name: str | None, currency: str, money: Money, language: Language) -> HintOut:
    amount = None if hint.amount is None else money(hint.amount)
    message = hint_sentence(hint, name, currency, language)
    return HintOut(hint.kind, message, money(hint.saves), amount, hint.units, hint.code)


def _search(search: Search, money: Money) -> SearchOut:
    return SearchOut(
        search.optimal,
        money(search.saving),
        money(search.bound),
        search.steps,
        None if search.runner_up is None else list(search.runner_up),
        None if search.runner_up_saving is None else money(search.runner_up_saving),
    )

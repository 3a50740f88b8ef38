"""Which of a customer's coupons a cart can use, what each saves, why the others cannot, and which are best together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from youhui.checkout.orders.pricing import Opened, Pricing, Quoted, Try
from youhui.checkout.ports import NO_WALLET, CouponRule, Unusable, Wallet
from youhui.checkout.requests import Asked
from youhui.coupons.lookup import Coupons, why_not
from youhui.coupons.rules import rule_of
from youhui.coupons.templates import store as stored
from youhui.coupons.templates.lookup import Lookup
from youhui.coupons.wallet import store
from youhui.coupons.wallet.model import Best, Fit, Fitting, Misfit, Shown
from youhui.coupons.wallet.service import old_terms, shown
from youhui.engine import Promotion, Ruleset, Verdict
from youhui.engine.quote import Applied
from youhui.platform.db import Database
from youhui.platform.readers import Readers


class _Mine(NamedTuple):
    """A coupon that may be tried, with the rule that it is priced by, or why it cannot be."""

    shown: Shown
    rule: CouponRule | Unusable


class Verdicts:
    """Prices a cart with each coupon of its customer, and with the best of them. `templates` are held in memory."""

    def __init__(
        self, database: Database, coupons: Coupons, templates: Lookup, pricing: Pricing, readers: Readers
    ) -> None:
        self._database = database
        self._coupons = coupons
        self._templates = templates
        self._pricing = pricing
        self._readers = readers

    async def fit(self, asked: Asked) -> Fit:
        """The coupons of the cart's customer and this cart: one query, the rest from memory.

        Those of the same terms give the same and are priced once. Raises Invalid, Unavailable.
        """
        opened = await self._pricing.opened(asked)
        mine = await self._readers.run(self._mine, opened)
        rules = _one_of_each(mine)
        bare = replace(asked.options, explain="applied", hints=False)
        usual = replace(bare, explain="considered")
        tries = [Try(NO_WALLET, bare), *[Try(Wallet((rule,)), usual) for rule in rules.values()]]
        if rules:
            best = replace(bare, strategy="best_for_customer")
            tries.append(Try(Wallet(_together(mine)), best))
        without, *quoted = await self._pricing.each(opened, tries)
        together = quoted.pop() if rules else without
        return await asyncio.to_thread(_fit, mine, without, dict(zip(rules, quoted, strict=True)), together)

    def _mine(self, opened: Opened) -> list[_Mine]:
        cart, at = opened.ready.cart, opened.at
        if cart.customer is None:
            return []
        with self._database.reading() as connection:
            found = store.unspent(connection, cart.customer.id, at)
        templates = self._templates.templates({one.template_id for one in found})
        compiled = self._templates.compiled({one.terms_id: one.template_id for one in found})
        terms = {}
        if old := old_terms(found, templates):
            with self._database.reading() as connection:
                terms = stored.terms_of(connection, old)
        return [
            _Mine(one, self._rule(one, compiled[one.coupon.terms_id], cart.currency))
            for one in shown(found, templates, terms, at)
            if one.coupon.terms_id in compiled
        ]

    def _rule(self, one: Shown, promotion: Promotion, currency: str) -> CouponRule | Unusable:
        coupon = one.coupon
        why = why_not(coupon, one.template, currency, one.at)
        shared = self._coupons.shared(one.template)
        return why or rule_of(coupon.id, promotion, shared, coupon.starts_at, coupon.ends_at)


def _one_of_each(mine: Sequence[_Mine]) -> dict[int, CouponRule]:
    """The rule of the first coupon of each terms, by these."""
    rules: dict[int, CouponRule] = {}
    for one in mine:
        if isinstance(one.rule, CouponRule):
            rules.setdefault(one.shown.coupon.terms_id, one.rule)
    return rules


def _together(mine: Sequence[_Mine]) -> tuple[CouponRule, ...]:
    """Those that an order could have together: of many alike the first to end, unless an order takes several."""
    rules: dict[tuple[int, int], CouponRule] = {}
    for one in mine:
        if isinstance(one.rule, CouponRule):
            coupon = one.shown.coupon
            rules.setdefault(
                (coupon.terms_id, coupon.id if one.shown.terms.several_per_order else 0), one.rule
            )
    return tuple(rules.values())


# -- what came of it


class _Outcome(NamedTuple):
    """A cart with one coupon only: what it was given, or why nothing."""

    quoted: Quoted
    came: Applied | Verdict


def _fit(mine: Sequence[_Mine], without: Quoted, alone: Mapping[int, Quoted], together: Quoted) -> Fit:
    """`alone`: the cart with one coupon of these terms, `together` with the best of all."""
    best = _best(without, together)
    outcomes = {terms_id: _outcome(quoted) for terms_id, quoted in alone.items()}
    usable: list[Fitting] = []
    unusable: list[Misfit] = []
    for one, rule in mine:
        if not isinstance(rule, CouponRule):
            unusable.append(Misfit(one, rule))
            continue
        quoted, came = outcomes[one.coupon.terms_id]
        if isinstance(came, Applied):
            saving = without.quote.total - quoted.quote.total
            chosen = best is not None and one.coupon.id in best.ids
            usable.append(Fitting(one, saving, came, chosen))
        else:
            unusable.append(Misfit(one, came, _name(quoted, came.rival)))
    usable.sort(key=_most_first)
    return Fit(without.quote.currency, without.quote.total, usable, unusable, best)


def _outcome(quoted: Quoted) -> _Outcome:
    quote, (rule,) = quoted.quote, quoted.wallet.rules
    id_ = rule.promotion.id
    applied = next((one for one in quote.applied if one.promotion == id_), None)
    return _Outcome(quoted, applied or quote.verdict(id_) or _verdict_alone(quoted, rule.promotion))


def _verdict_alone(quoted: Quoted, promotion: Promotion) -> Verdict:
    """Of a coupon that gives nothing for anything in the cart, and so was not even looked at."""
    options = replace(quoted.options, explain="all", strategy="priority")
    quote = Ruleset([promotion]).price(quoted.cart, at=quoted.quote.at, options=options)
    (verdict,) = quote.verdicts
    return verdict


def _name(quoted: Quoted, promotion: str | None) -> str | None:
    found = None if promotion is None else quoted.ruleset.get(promotion)
    return None if found is None else found.name


def _best(without: Quoted, together: Quoted) -> Best | None:
    quote, wallet = together.quote, together.wallet
    ids = [int(rule.coupon) for one in quote.applied if (rule := wallet.get(one.promotion)) is not None]
    if not ids or quote.search is None:
        return None
    return Best(ids, without.quote.total - quote.total, quote.total, quote.search.optimal)


def _most_first(one: Fitting) -> tuple[int, datetime, int]:
    coupon = one.shown.coupon
    return -(one.saving + one.gift_value), coupon.ends_at, coupon.id

"""What an order keeps of its quote: every amount that anything later is computed from. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from youhui.checkout.orders.commands import Place, Redemption
from youhui.checkout.orders.limits import redemption_of
from youhui.checkout.orders.model import Frozen, FrozenCut, FrozenGift, FrozenLine, FrozenPromotion
from youhui.checkout.orders.pricing import Quoted
from youhui.checkout.orders.requests import AskedOrder, Sent
from youhui.checkout.problems import invalid
from youhui.engine import Problem, Promotion
from youhui.engine.forms import LARGEST
from youhui.engine.quote import Applied

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def place_of(asked: AskedOrder, sent: Sent, quoted: Quoted) -> Place:
    """The command to place an order at this quote. Raises Invalid if it comes to more than can be written down."""
    quote, cart = quoted.quote, quoted.cart
    if quote.subtotal > LARGEST:
        raise invalid([Problem("lines", "order_too_large")])
    customer = None if cart.customer is None else cart.customer.id
    return Place(
        order_no=asked.order_no,
        request=sent.request,
        caller=sent.caller,
        idempotency_key=sent.idempotency_key,
        currency=quote.currency,
        customer=customer,
        total=quote.subtotal,
        discount=quote.total_discount,
        frozen=frozen_of(quoted),
        redemptions=tuple([_redemption(quoted, applied, customer) for applied in quote.applied]),
        hold_for=asked.hold_for,
        versions=quoted.versions,
        not_after=_first_end([_terms(quoted, applied) for applied in quote.applied]),
    )


def _redemption(quoted: Quoted, applied: Applied, customer: str | None) -> Redemption:
    rule = quoted.wallet.get(applied.promotion)
    if rule is None:
        return redemption_of(applied, _terms(quoted, applied), customer, quoted.quote.at)
    return redemption_of(applied, rule.limits, customer, quoted.quote.at, rule.coupon)


def frozen_of(quoted: Quoted) -> Frozen:
    """The amounts of a quote, down to the unit."""
    quote = quoted.quote
    return Frozen(
        lines=_lines(quoted),
        promotions=tuple([_promotion(quoted, applied) for applied in quote.applied]),
        shipping=quote.shipping,
        shipping_paid=quote.shipping - quote.shipping_discount,
        codes=quoted.cart.codes,
        ruleset_version=quote.version,
    )


def _lines(quoted: Quoted) -> tuple[FrozenLine, ...]:
    cuts = _cuts(quoted.quote.applied)
    pairs = zip(quoted.cart.lines, quoted.quote.lines, strict=True)
    return tuple(
        [
            FrozenLine(
                line.id,
                line.sku,
                line.product,
                line.quantity,
                line.unit_price,
                priced.total,
                tuple(cuts.get(line.id, ())),
            )
            for line, priced in pairs
        ]
    )


def _cuts(given: Iterable[Applied]) -> dict[str, list[FrozenCut]]:
    """By line id, in the order of application."""
    found: dict[str, list[FrozenCut]] = {}
    for applied in given:
        stocked = {applied.lines[i].id: units for i, units in applied.units.items()}
        for cut in applied.cuts:
            frozen = FrozenCut(applied.promotion, cut.amount, cut.units, stocked.get(cut.line, 0))
            found.setdefault(cut.line, []).append(frozen)
    return found


def _promotion(quoted: Quoted, applied: Applied) -> FrozenPromotion:
    terms, rule = _terms(quoted, applied), quoted.wallet.get(applied.promotion)
    return FrozenPromotion(
        id=applied.promotion,
        name=terms.name,
        amount=applied.amount,
        shipping=applied.shipping,
        units=applied.counted_units,
        give_back=terms.give_back,
        gifts=tuple([FrozenGift(gift.sku, gift.quantity) for gift in applied.gifts]),
        coupon="" if rule is None else rule.coupon,
        shared="" if rule is None else rule.limits.id,
    )


def _terms(quoted: Quoted, applied: Applied) -> Promotion:
    terms = quoted.ruleset.get(applied.promotion)
    assert terms is not None
    return terms


def _first_end(promotions: Iterable[Promotion]) -> datetime | None:
    ends = [terms.valid_until for terms in promotions if terms.valid_until is not None]
    return _EPOCH + timedelta(microseconds=min(ends)) if ends else None

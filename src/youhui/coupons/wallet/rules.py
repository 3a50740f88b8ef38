"""What a coupon gives in words, and what has happened to it so far. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from youhui.checkout.orders.requests import USE
from youhui.coupons.issuing.jobs import TEMPLATE_VOID
from youhui.coupons.model import Coupon, Step, Terms
from youhui.coupons.wallet.model import Event
from youhui.engine.money import format_amount
from youhui.platform.languages import Language, both
from youhui.platform.principals import SYSTEM

_SENTENCES: Mapping[str, Mapping[Language, str]] = {
    "amount": both("减{off}", "{off} off"),
    "amount_without": both("立减{off}", "{off} off"),
    "percent": both("{rate}折", "{off} % off"),
    "percent_with": both("享{rate}折", "{off} % off"),
    "most": both(" 最高减{most}", ", at most {most}"),
    "shipping": both("包邮", "free shipping"),
    "shipping_amount": both("运费减{off}", "{off} off shipping"),
    "gift": both("赠 {sku}×{quantity}", "{quantity} × {sku} free"),
    "from_amount": both("满{amount}", " from {amount}"),
    "from_units": both("满{units}件", " from {units} items"),
    "from_both": both("满{amount}且满{units}件", " from {amount} and {units} items"),
}


# -- words


def words(terms: Terms, currency: str, language: Language) -> str:
    """What it gives, and from which amount on, in one line: "满100减20", "8.5折 最高减70", "包邮", "赠 MUG×1"."""

    def say(key: str, **params: str | int) -> str:
        return _SENTENCES[key][language].format(**params)

    def money(amount: int) -> str:
        return _short(format_amount(amount, currency), currency, language)

    given, threshold = _given(terms, say, money), _threshold(terms, say, money)
    if language == "zh-CN":
        return threshold + given
    return f"{given[:1].upper()}{given[1:]}{threshold}"


def _given(terms: Terms, say: Callable[..., str], money: Callable[[int], str]) -> str:
    bare = not (terms.min_amount or terms.min_quantity)
    if terms.type == "gift":
        assert terms.gift is not None
        return say("gift", sku=terms.gift.sku, quantity=terms.gift.quantity)
    if terms.type == "shipping":
        return say("shipping") if terms.amount is None else say("shipping_amount", off=money(terms.amount))
    if terms.percent_paid is None:
        assert terms.amount is not None
        return say("amount_without" if bare else "amount", off=money(terms.amount))
    rate, off = _decimal(terms.percent_paid, 3), _decimal(10_000 - terms.percent_paid, 2)
    said = say("percent" if bare else "percent_with", rate=rate, off=off)
    return said if terms.max_discount is None else said + say("most", most=money(terms.max_discount))


def _threshold(terms: Terms, say: Callable[..., str], money: Callable[[int], str]) -> str:
    amount, units = terms.min_amount, terms.min_quantity
    if amount and units:
        return say("from_both", amount=money(amount), units=units)
    if amount:
        return say("from_amount", amount=money(amount))
    return say("from_units", units=units) if units else ""


def _short(amount: str, currency: str, language: Language) -> str:
    """Without decimals that are nothing. In Chinese, yuan go without saying."""
    if currency != "CNY":
        return f"{currency} {_plain(amount)}"
    return _plain(amount) if language == "zh-CN" else f"¥{_plain(amount)}"


def _decimal(number: int, places: int) -> str:
    whole, part = divmod(number, int(10**places))
    return _plain(f"{whole}.{part:0{places}d}")


def _plain(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


# -- what happened


def shown_order_no(coupon_id: int, order_no: str | None) -> str | None:
    """The shop's own number of an order: a direct use has one that begins with its coupon's."""
    return None if order_no is None else order_no.removeprefix(f"{USE}{coupon_id}:")


def history(coupon: Coupon, voided_at: datetime | None, steps: Sequence[Step], at: datetime) -> list[Event]:
    """All that has happened until an instant, in order, whether or not it was written down.

    `voided_at`: when its template was.
    """
    issued = Event(coupon.issued_at, "issue", coupon.issued_by, reason=coupon.source)
    written = [
        Event(step.at, step.kind, step.by, shown_order_no(coupon.id, step.order_no), step.reason)
        for step in steps
    ]
    events = [issued, *written]
    for event in _unwritten(coupon, voided_at, events[-1].kind, at):
        events.append(event._replace(at=max(event.at, events[-1].at)))
    return events


def _unwritten(coupon: Coupon, voided_at: datetime | None, last: str, at: datetime) -> Iterator[Event]:
    """A coupon that an order let go ends no earlier than that."""
    status = coupon.status_at(at, voided_at)
    if coupon.status == "locked" and status != "locked":
        assert coupon.locked_until is not None
        order_no = shown_order_no(coupon.id, coupon.order_no)
        yield Event(coupon.locked_until, "expire", SYSTEM.name, order_no)
    if status == "expired":
        yield Event(coupon.ends_at, "expired", SYSTEM.name)
    if status == "void" and last != "void":
        assert voided_at is not None
        yield Event(voided_at, "void", SYSTEM.name, reason=TEMPLATE_VOID)

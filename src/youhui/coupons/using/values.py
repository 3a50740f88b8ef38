"""What is sent to use a coupon: whose it is, which order, and what is in it or how much it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from hashlib import blake2b
from typing import TypeVar

from youhui.checkout.orders.requests import Sent, is_order_no, sent
from youhui.checkout.problems import decode_exactly, invalid, read_json
from youhui.checkout.requests import Requests
from youhui.checkout.values import SENTENCES, Wrong, amount, shop_id
from youhui.coupons.using.service import LONGEST_ORDER_NO, AskedUse
from youhui.engine import InvalidDocument, Options, Problem
from youhui.engine.money import format_amount, is_currency
from youhui.platform.edge import Call
from youhui.platform.languages import both
from youhui.platform.problems import Fault, Invalid, fault

T = TypeVar("T")

_OWN = ("user_id", "order_no", "order_amount", "risk")
_WHOLE = {
    "id": "order",
    "sku": "order",
    "product": "order",
    "categories": [],
    "attributes": {},
    "quantity": 1,
}
"""the one line of an order of which only the amount is known"""

_OPTIONS = Options(guests="refuse", explain="all")


def read_object(body: bytes) -> dict[str, object]:
    """A body's object, with numbers as they were written. Raises Invalid."""
    document = read_json(body, decode_exactly)
    if not isinstance(document, dict):
        raise invalid([Problem("", "not_object", {"got": type(document).__name__})])
    return document


def once(call: Call, document: Mapping[str, object]) -> Sent:
    """What makes a request the same as another: what it says of the order, from wherever it comes. Raises Invalid."""
    of_order = {key: value for key, value in document.items() if key != "risk"}
    said = json.dumps(of_order, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    request = blake2b(b"%b\n%b" % (call.path.encode(), said), digest_size=16).hexdigest()
    given = sent(call)
    return Sent(caller=given.caller, idempotency_key=given.idempotency_key, request=request)


def read_use(document: Mapping[str, object], requests: Requests, currency: str) -> AskedUse:
    """`currency` is the shop's, of an order that names none. Raises Invalid with every fault."""
    faults: list[Fault] = []
    customer = _read(faults, "user_id", document.get("user_id"), shop_id) or ""
    order_no = _order_no(faults, document)
    cart = {key: value for key, value in document.items() if key not in _OWN}
    given = cart.setdefault("currency", currency)
    cart["customer"] = {"id": customer or "?", "groups": [], "orders_count": 0}
    whole = "lines" not in cart
    if not whole and "order_amount" in document:
        faults.append(Fault("order_amount", "amount_or_lines", _AMOUNT_OR_LINES.__getitem__))
    if isinstance(given, str) and is_currency(given):
        if whole:
            total = _read(
                faults, "order_amount", document.get("order_amount"), lambda one: amount(one, given)
            )
            cart["lines"] = [{**_WHOLE, "unit_price": format_amount(total or 0, given)}]
        _write_amounts(cart, given)
    try:
        asked = requests.exact(cart, ())
    except InvalidDocument as error:
        raise Invalid([*faults, *invalid(error.problems).details]) from None
    if faults:
        raise Invalid(faults)
    stated = asked.stated._replace(groups=True, attributes=True, orders_count=True)
    # All verdicts: also a coupon that the index passes over is to say why.
    return AskedUse(asked._replace(stated=stated, options=_OPTIONS), customer, order_no, whole)


def read_cancel(document: Mapping[str, object]) -> str:
    """The shop's number of the order whose use is undone. Raises Invalid."""
    faults: list[Fault] = []
    order_no = _order_no(faults, document)
    unknown = sorted(document.keys() - {"order_no", "user_id"})
    if unknown:
        raise invalid([Problem(key[:60], "unknown_key", {"got": key[:60]}) for key in unknown])
    if faults:
        raise Invalid(faults)
    return order_no


def _order_no(faults: list[Fault], document: Mapping[str, object]) -> str:
    found = _read(faults, "order_no", document.get("order_no"), shop_id)
    if found is not None and (not is_order_no(found) or len(found) > LONGEST_ORDER_NO):
        faults.append(Fault("order_no", "not_an_order_no", _ORDER_NO.__getitem__))
    return found or ""


def _read(faults: list[Fault], key: str, value: object, read: Callable[[object], T]) -> T | None:
    if value is None:
        faults += invalid([Problem(key, "missing")]).details
        return None
    try:
        return read(value)
    except Wrong as wrong:
        faults.append(fault(key, wrong.code, SENTENCES[wrong.code], wrong.params))
        return None


def _write_amounts(cart: Mapping[str, object], currency: str) -> None:
    """Numbers that were sent as amounts become decimal strings with the currency's digits, where they have these."""
    lines = cart.get("lines")
    owners = [(line, "unit_price") for line in lines] if isinstance(lines, list) else []
    for owner, key in (*owners, (cart.get("shipping"), "price")):
        value = owner.get(key) if isinstance(owner, dict) else None
        if isinstance(owner, dict) and isinstance(value, int | Decimal) and not isinstance(value, bool):
            with suppress(Wrong):  # it is refused as it is, by the reader of carts
                owner[key] = format_amount(amount(value, currency), currency)


_ORDER_NO = both(
    f"订单号须为 1–{LONGEST_ORDER_NO} 个字符，不含空格、逗号、斜杠和控制字符",
    f"An order number has 1 to {LONGEST_ORDER_NO} characters here, and no space, comma, slash or control character",
)
_AMOUNT_OR_LINES = both("order_amount 与 lines 只能二选一", "Send `order_amount` or `lines`, not both")

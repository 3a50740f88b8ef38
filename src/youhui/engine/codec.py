"""Documents ⇄ objects: promotions and carts as FORMAT.md writes them, with every fault named by its path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import Any

from youhui.engine.facts import Cart, Usage, Used
from youhui.engine.kinds import BUILT_IN, Registry
from youhui.engine.money import format_amount
from youhui.engine.promotion import Promotion
from youhui.engine.reading import Reader
from youhui.engine.values import shown
from youhui.engine.writing import Writer

COUNTERS = ("used", "used_by_customer", "units_by_customer", "budget_used", "units_left")
"""keys of a promotion document that are not terms but what was used"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decode_promotions(
    documents: object, currency: str, registry: Registry = BUILT_IN, path: str = "promotions"
) -> tuple[tuple[Promotion, ...], Usage]:
    """Promotions of one currency in list order, and the counters written with them.

    Raises InvalidDocument with every fault: a key, kind or form that is wrong, an id used twice, an `excludes` that
    names no promotion of the list.
    """
    reader = Reader(registry, currency)
    promotions: list[Promotion] = []
    used: dict[str, Used] = {}
    if not isinstance(documents, list):
        reader.wrong(path, "not_list", got=shown(documents))
        documents = []
    for i, document in enumerate(documents):
        promotion = reader.build(f"{path}[{i}]", document, Promotion, COUNTERS)
        if isinstance(document, dict) and any(key in document for key in COUNTERS):
            counters = _counters(reader, f"{path}[{i}]", document)
            if promotion is not None:
                used[promotion.id] = counters
        if promotion is not None:
            promotions.append(promotion)
    if not reader.problems:
        _check_ids(reader, path, promotions)
    reader.done()
    return tuple(promotions), Usage(used)


def decode_promotion(document: object, currency: str, registry: Registry = BUILT_IN) -> Promotion:
    """The terms of one promotion; a counter among its keys is an error. Raises InvalidDocument."""
    reader = Reader(registry, currency)
    promotion = reader.build("", document, Promotion)
    reader.done()
    assert promotion is not None
    return promotion


def decode_counted(document: object, currency: str, registry: Registry = BUILT_IN) -> tuple[Promotion, Used]:
    """The terms of one promotion and the counters written with it. Raises InvalidDocument."""
    reader = Reader(registry, currency)
    promotion = reader.build("", document, Promotion, COUNTERS)
    used = _counters(reader, "", document) if isinstance(document, dict) else Used()
    reader.done()
    assert promotion is not None
    return promotion, used


def decode_cart(document: object, extra: Iterable[str] = ()) -> Cart:
    """A cart with its currency; `extra` keys of the document are passed over. Raises InvalidDocument."""
    currency = document.get("currency") if isinstance(document, dict) else None
    reader = Reader(BUILT_IN, currency if isinstance(currency, str) else "")
    cart = reader.build("", document, Cart, extra)
    if cart is not None:
        _unique(reader, "lines", [line.id for line in cart.lines])
    reader.done()
    assert cart is not None
    return cart


def decode_instant(value: object, path: str = "at") -> datetime:
    """The instant of a quote, aware, in UTC, to the microsecond. Raises InvalidDocument."""
    reader = Reader(BUILT_IN, "")
    microseconds = reader.instant(path, value)
    reader.done()
    at = _EPOCH + timedelta(microseconds=microseconds)
    if not MINYEAR < at.year < MAXYEAR:
        # There are zones in which this instant is in a year that no calendar of Python has.
        reader.wrong(path, "not_instant", got=shown(value))
        reader.done()
    return at


def encode_promotion(promotion: Promotion, currency: str, used: Used | None = None) -> dict[str, Any]:
    """The document of a promotion; keys with their default value are left out. The inverse of decoding."""
    document = Writer(currency).document(promotion)
    if used is not None:
        document |= {"used": used.used} if used.used else {}
        document |= {"used_by_customer": used.by_customer} if used.by_customer else {}
        document |= {"units_by_customer": used.units_by_customer} if used.units_by_customer else {}
        document |= {"budget_used": format_amount(used.budget, currency)} if used.budget else {}
        document |= {} if used.units_left is None else {"units_left": used.units_left}
    return document


def encode_cart(cart: Cart) -> dict[str, Any]:
    """The document of a cart; keys with their default value are left out. The inverse of decode_cart."""
    return Writer(cart.currency).document(cart)


def _counters(reader: Reader, path: str, document: Mapping[str, object]) -> Used:
    inside = f"{path}." if path else ""

    def count(key: str) -> int:
        value: int = reader.whole(f"{inside}{key}", document.get(key, 0), 0)
        return value

    budget = (
        reader.amount(f"{inside}budget_used", document["budget_used"]) if "budget_used" in document else 0
    )
    left = None if document.get("units_left") is None else count("units_left")
    return Used(count("used"), count("used_by_customer"), budget, left, count("units_by_customer"))


def _check_ids(reader: Reader, path: str, promotions: list[Promotion]) -> None:
    _unique(reader, path, [promotion.id for promotion in promotions])
    known = {promotion.id for promotion in promotions}
    for i, promotion in enumerate(promotions):
        for k, other in enumerate(promotion.excludes):
            if other not in known or other == promotion.id:
                reader.wrong(f"{path}[{i}].excludes[{k}]", "unknown_id", got=shown(other))


def _unique(reader: Reader, path: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for i, name in enumerate(ids):
        if name in seen:
            reader.wrong(f"{path}[{i}].id", "used_twice", got=shown(name))
        seen.add(name)

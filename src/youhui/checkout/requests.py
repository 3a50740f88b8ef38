"""A cart that is sent, and how to price it, read in one of two ways: fast if it is plain, exactly if it is not.

The fast way accepts less than the exact way and never anything else; what it does not accept is read again by the
engine's codec, which names every fault by its path, and takes numbers for ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from youhui.checkout.completing import LeftOut, Stated
from youhui.checkout.plain import (
    AUTO,
    MOST_CATEGORIES,
    MOST_CODES,
    MOST_COUPONS,
    MOST_GROUPS,
    MOST_LINES,
    PlainCart,
    decode_plain,
    plain_cart,
    plain_coupons,
)
from youhui.checkout.problems import invalid, read_json
from youhui.checkout.values import Wrong, shop_ids
from youhui.engine import (
    BUILT_IN,
    InvalidDocument,
    Options,
    Problem,
    decode_cart,
    decode_instant,
)
from youhui.engine.forms import LARGEST, Instant
from youhui.engine.money import format_amount, is_currency
from youhui.engine.quote import Explain, Strategy
from youhui.engine.reading import Reader
from youhui.platform.ids import is_shop_id


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a cart is to be priced: keys beside the cart's own.

    `at`: absent, now. `strategy`: absent, the shop's. `explain`: verdicts of the applied promotions only, of all
    considered, or of all. `hints`: look for what would make a refused promotion apply.
    """

    at: Instant | None = None
    strategy: Strategy | None = None
    explain: Explain = "considered"
    hints: bool = False


WISHES = ("at", "strategy", "explain", "hints")
COUPONS = "coupons"
"""the key of the coupons to price with"""


class _Wished(NamedTuple):
    strategy: Strategy | None
    coupons: object


class Asked(NamedTuple):
    """A cart as it was stated, and how to price it. `at` None is now.

    `coupons`: those that are named; None: the best of the customer's.
    """

    stated: Stated
    at: datetime | None
    options: Options
    coupons: tuple[str, ...] | None = ()


class Requests:
    """Reads bodies by the settings of the shop."""

    def __init__(self, strategy: Strategy = "priority") -> None:
        self._strategy: Strategy = strategy
        self._usual = Options(strategy=strategy, guests="refuse")

    def read(self, body: bytes) -> Asked:
        """The cart and how to price it. Raises Invalid."""
        plain = self.read_plain(body)
        return self.read_exactly(body) if plain is None else plain

    def read_plain(self, body: bytes) -> Asked | None:
        """None if there is anything to say about it: a fault, a number for an id, or too many of something."""
        try:
            document = decode_plain(body)
            asked = self.plain(document, body)
            at = None if document.at is None else decode_instant(document.at)
        except (ValueError, RecursionError):
            return None
        if at is None and document.explain == "considered" and not document.hints:
            return asked
        options = self._options(document, document.explain, document.hints)
        return asked._replace(at=at, options=options)

    def plain(self, document: PlainCart, body: bytes) -> Asked:
        """What every body with a cart has, decoded. Raises ValueError where the exact way would find a fault."""
        usual = document.strategy is None and document.coupons != AUTO
        options = self._usual if usual else self._options(document, "considered", False)
        return Asked(plain_cart(document, body), None, options, plain_coupons(document))

    def read_exactly(self, body: bytes) -> Asked:
        """The same by the engine's codec. Raises Invalid with every fault."""
        try:
            return self.exact(read_json(body))
        except InvalidDocument as error:
            raise invalid(error.problems) from None

    def exact(self, document: object, wishes: Sequence[str] = WISHES) -> Asked:
        """A decoded body with these wishes beside the cart. Raises InvalidDocument with every fault."""
        if isinstance(document, dict):
            _keep_ids(document)
            _bound(document)
        stated = _stated(document, (*wishes, COUPONS))
        given = document if isinstance(document, dict) else {}
        wish = _wishes({key: given[key] for key in wishes if key in given})
        at = decode_instant(given["at"]) if wish.at is not None else None
        coupons = _coupons(given.get(COUPONS, []))
        options = self._options(
            _Wished(wish.strategy, AUTO if coupons is None else ()), wish.explain, wish.hints
        )
        return Asked(stated, at, options, coupons)

    def _options(self, wished: PlainCart | _Wished, explain: Explain, hints: bool) -> Options:
        """Who leaves the choice of coupons to us gets the best of them, unless another strategy is asked for."""
        usual: Strategy = "best_for_customer" if wished.coupons == AUTO else self._strategy
        return Options(strategy=wished.strategy or usual, guests="refuse", explain=explain, hints=hints)


def _stated(document: object, beside: Sequence[str]) -> Stated:
    """The cart, with placeholders for what may be left out; keys `beside` its own are passed over.

    Raises InvalidDocument.
    """
    given = document if isinstance(document, dict) else {}
    lines, customer = _objects(given.get("lines")), _objects([given.get("customer")])
    left_out = tuple([LeftOut(*[key not in line for key in LeftOut._fields]) for line in lines])
    for line in lines:
        _fill(line, given.get("currency"))
    cart = decode_cart(document, beside)
    problems = [
        Problem(
            f"lines[{i}].{'sku' if left.product else 'product'}", "not_a_shop_id", {"got": line.product[:60]}
        )
        for i, (line, left) in enumerate(zip(cart.lines, left_out, strict=True))
        if not is_shop_id(line.product)
    ]
    if cart.customer is not None and not is_shop_id(cart.customer.id):
        problems.append(Problem("customer.id", "not_a_shop_id", {"got": cart.customer.id[:60]}))
    if problems:
        raise InvalidDocument(problems)
    return Stated(
        cart,
        left_out,
        *[any(key not in one for one in customer) for key in ("groups", "attributes", "orders_count")],
    )


def _objects(values: object) -> list[dict[str, object]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _fill(line: dict[str, object], currency: object) -> None:
    if "product" in line:
        line.setdefault("sku", line["product"])
    if isinstance(currency, str) and is_currency(currency):
        line.setdefault("unit_price", format_amount(0, currency))


def _wishes(given: Mapping[str, object]) -> Wishes:
    reader = Reader(BUILT_IN, "")
    wishes = reader.build("", given, Wishes)
    reader.done()
    assert wishes is not None
    return wishes


def _coupons(given: object) -> tuple[str, ...] | None:
    """Those that are named; None: the best. Raises InvalidDocument."""
    if given == AUTO:
        return None
    if not isinstance(given, list):
        raise InvalidDocument([Problem(COUPONS, "not_coupons")])
    try:
        return shop_ids(given, MOST_COUPONS)
    except Wrong as wrong:
        raise InvalidDocument([Problem(f"{COUPONS}{wrong.where}", wrong.code, wrong.params)]) from None


def _keep_ids(document: dict[str, object]) -> None:
    """Numbers that stand for ids become texts: of lines, skus, products, categories, customers and groups."""
    lines = document.get("lines")
    for line in lines if isinstance(lines, list) else ():
        _as_text(line, ("id", "sku", "product"), "categories")
    _as_text(document.get("customer"), ("id",), "groups")


def _as_text(owner: object, ids: Sequence[str], listed: str) -> None:
    if not isinstance(owner, dict):
        return
    for key in ids:
        if key in owner:
            owner[key] = id_text(owner[key])
    if isinstance(owner.get(listed), list):
        owner[listed] = [id_text(value) for value in owner[listed]]


def id_text(value: object) -> object:
    """A number that stands for an id as its text; anything else as it is."""
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
    return str(value) if whole else value


def _bound(document: dict[str, object]) -> None:
    """P23. Raises InvalidDocument."""
    sizes = [("lines", document, MOST_LINES), ("codes", document, MOST_CODES)]
    sizes += [("customer.groups", one, MOST_GROUPS) for one in _objects([document.get("customer")])]
    sizes += [
        (f"lines[{i}].categories", line, MOST_CATEGORIES)
        for i, line in enumerate(_objects(document.get("lines")))
    ]
    for path, owner, most in sizes:
        value = owner.get(path.rpartition(".")[2])
        if isinstance(value, list) and len(value) > most:
            raise InvalidDocument([Problem(path, "too_many", {"most": most})])

"""What is asked of orders, as it was sent: the bodies of `POST /api/orders` and of what comes after.

An order is read as a quote is: fast if it is plain, exactly if it is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import TypeVar

import msgspec

from youhui.checkout.plain import MOST_LINES, PlainCart
from youhui.checkout.problems import invalid, read_json
from youhui.checkout.requests import Asked, Requests, id_text
from youhui.engine import BUILT_IN, InvalidDocument, Problem
from youhui.engine.forms import LARGEST, Amount, Code, Positive, Whole
from youhui.engine.money import parse_amount
from youhui.engine.reading import Reader
from youhui.platform.edge import Call
from youhui.platform.ids import is_shop_id
from youhui.platform.languages import both
from youhui.platform.problems import Fault, Invalid

T = TypeVar("T")

LONGEST_KEY = 128
USE = "use:"
"""how the numbers of orders begin that no shop gives: they are uses of coupons in orders that a shop keeps itself"""
KEY_PATTERN = rf"^[\x21-\x7e]{{1,{LONGEST_KEY}}}$"
_KEY = re.compile(KEY_PATTERN.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request to change an order, as P6 knows it again.

    `caller` is whose Idempotency-Key it is (`Principal.name`); None: none was sent. `request` is a hash of all of it.
    """

    caller: str
    idempotency_key: str | None
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOrder:
    """An order to be placed. `asked.at` is None: it is priced at the time it is placed at.

    `expected_payable` in minor units of the cart's currency.
    """

    asked: Asked
    order_no: str
    expected_payable: int
    hold_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRefund:
    """A refund. `lines`: units by line id; neither lines nor shipping: all that is left."""

    refund_no: str
    lines: Mapping[str, int] = field(default_factory=dict)
    shipping: bool = False


def sent(call: Call, body: bytes = b"") -> Sent:
    """What makes a request the same as another: where it goes, and the bytes of a body that says something.

    Raises Invalid.
    """
    key = call.idempotency_key
    if key is not None and _KEY.fullmatch(key) is None:
        raise Invalid([_NOT_A_KEY])
    request = blake2b(b"%b\n%b" % (call.path.encode(), body), digest_size=16).hexdigest()
    return Sent(
        caller=call.principal.name, idempotency_key=None if key is None else key.decode(), request=request
    )


def is_order_no(text: str) -> bool:
    """Whether an order can have this number: an id of the shop that can stand in an address."""
    return is_shop_id(text) and "/" not in text and text not in (".", "..")


# -- an order


@dataclass(frozen=True, slots=True)
class _Beside:
    """The keys of an order beside its cart. `hold_seconds`: absent, the shop's."""

    order_no: Code
    expected_payable: Amount
    hold_seconds: Whole | None = None


_BESIDE = ("order_no", "expected_payable", "hold_seconds")


class _PlainOrder(PlainCart, kw_only=True):
    order_no: str
    expected_payable: str
    hold_seconds: int | None = None


_decode_plain = msgspec.json.Decoder(_PlainOrder).decode


class OrderRequests:
    """Reads bodies of orders. `hold`: for how long one is held unless it says so itself, `longest` at most."""

    def __init__(self, requests: Requests, hold: timedelta, longest: timedelta) -> None:
        self._requests = requests
        self._hold = hold
        self._longest = longest // timedelta(seconds=1)

    def read(self, body: bytes) -> AskedOrder:
        """The order. Raises Invalid."""
        plain = self.read_plain(body)
        return self.read_exactly(body) if plain is None else plain

    def read_plain(self, body: bytes) -> AskedOrder | None:
        """None if there is anything to say about it: a fault, a number for an id, or too many of something."""
        try:
            document = _decode_plain(body)
            asked = self._requests.plain(document, body)
            payable = parse_amount(document.expected_payable, document.currency)
        except (ValueError, RecursionError):
            return None
        beside = _Beside(document.order_no, payable, document.hold_seconds)
        if payable > LARGEST or any(self._faults(beside)):
            return None
        return self._order(asked, beside)

    def read_exactly(self, body: bytes) -> AskedOrder:
        """The same by the engine's codec. Raises Invalid with every fault."""
        document = read_json(body)
        given = document if isinstance(document, dict) else {}
        own = {key: given.pop(key) for key in _BESIDE if key in given}
        if "order_no" in own:
            own["order_no"] = id_text(own["order_no"])
        problems: list[Problem] = []
        asked = beside = None
        try:
            asked = self._requests.exact(document, ("strategy",))
        except InvalidDocument as error:
            problems += error.problems
        try:
            beside = self._beside(own, given.get("currency"))
        except InvalidDocument as error:
            problems += error.problems if given else ()
        if asked is None or beside is None:
            raise invalid(problems)
        return self._order(asked, beside)

    def _beside(self, own: Mapping[str, object], currency: object) -> _Beside:
        """Raises InvalidDocument."""
        beside = _built(own, _Beside, currency if isinstance(currency, str) else "")
        if problems := self._faults(beside):
            raise InvalidDocument(problems)
        return beside

    def _faults(self, beside: _Beside) -> Sequence[Problem]:
        problems = []
        if not is_order_no(beside.order_no):
            problems.append(Problem("order_no", "not_an_order_no"))
        if beside.order_no.startswith(USE):
            problems.append(Problem("order_no", "reserved_id", {"got": USE}))
        if beside.hold_seconds is not None and not 0 < beside.hold_seconds <= self._longest:
            problems.append(Problem("hold_seconds", "not_in_range", {"least": 1, "most": self._longest}))
        return problems

    def _order(self, asked: Asked, beside: _Beside) -> AskedOrder:
        seconds = beside.hold_seconds
        return AskedOrder(
            asked=asked,
            order_no=beside.order_no,
            expected_payable=beside.expected_payable,
            hold_for=self._hold if seconds is None else timedelta(seconds=seconds),
        )


# -- what comes after


@dataclass(frozen=True, slots=True)
class _RefundedLine:
    """So many units of a line."""

    id: Code
    quantity: Positive


@dataclass(frozen=True, slots=True)
class _RefundBody:
    """What is given back: units of lines, shipping, or all that is left."""

    refund_no: Code
    lines: tuple[_RefundedLine, ...] = ()
    shipping: bool = False
    all: bool = False


def read_refund(body: bytes) -> AskedRefund:
    """The body of a refund. Raises Invalid."""
    document = read_json(body)
    if isinstance(document, dict):
        _keep_ids(document)
    try:
        found = _built(document, _RefundBody)
    except InvalidDocument as error:
        raise invalid(error.problems) from None
    if problems := _refund_faults(found):
        raise invalid(problems)
    return AskedRefund(
        refund_no=found.refund_no,
        lines={line.id: line.quantity for line in found.lines},
        shipping=found.shipping,
    )


@dataclass(frozen=True, slots=True)
class _Nothing:
    pass


def read_nothing(body: bytes) -> None:
    """A body in which nothing is said: none, or `{}`. Raises Invalid."""
    if body:
        try:
            _built(read_json(body), _Nothing)
        except InvalidDocument as error:
            raise invalid(error.problems) from None


def _refund_faults(found: _RefundBody) -> list[Problem]:
    problems = []
    if not is_shop_id(found.refund_no):
        problems.append(Problem("refund_no", "not_a_shop_id"))
    if not (found.lines or found.shipping or found.all):
        problems.append(Problem("", "nothing_to_refund"))
    if found.all and (found.lines or found.shipping):
        problems.append(Problem("all", "all_alone"))
    if len(found.lines) > MOST_LINES:
        problems.append(Problem("lines", "too_many", {"most": MOST_LINES}))
    seen: set[str] = set()
    for i, line in enumerate(found.lines):
        if line.id in seen:
            problems.append(Problem(f"lines[{i}].id", "used_twice", {"got": line.id[:60]}))
        seen.add(line.id)
    return problems


def _keep_ids(document: dict[str, object]) -> None:
    """Numbers that stand for ids become texts."""
    if "refund_no" in document:
        document["refund_no"] = id_text(document["refund_no"])
    lines = document.get("lines")
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, dict) and "id" in line:
            line["id"] = id_text(line["id"])


def _built(document: object, cls: type[T], currency: str = "") -> T:
    """Raises InvalidDocument."""
    reader = Reader(BUILT_IN, currency)
    found = reader.build("", document, cls)
    reader.done()
    assert found is not None
    return found


_NOT_A_KEY = Fault(
    "Idempotency-Key",
    "not_a_key",
    both(
        f"须为 1–{LONGEST_KEY} 个可见的 ASCII 字符", f"It must be 1 to {LONGEST_KEY} visible ASCII characters"
    ).__getitem__,
)

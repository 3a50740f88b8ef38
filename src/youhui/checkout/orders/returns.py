"""What a refund gives back: money by line, the share of each promotion, and what its limits get back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from youhui.checkout.orders.model import (
    NOTHING,
    FrozenCut,
    FrozenLine,
    FrozenPromotion,
    GiveBack,
    Order,
    Returned,
    Vector,
)
from youhui.checkout.orders.problems import RefundTooMuch, UnknownLines


class Share(NamedTuple):
    """What a refund takes back of one promotion, as the ledger calls it, and of a `coupon` if it is one's.

    `discount` in money, `by_line` of it of lines; `moved`: what its limits get back.
    """

    promotion: str
    moved: Vector
    discount: int
    by_line: Mapping[str, int]
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """What is refunded. `lines`: (units, money) by line id; `shipping` in money, None: it is not; `complete`: nothing
    of the order is left.
    """

    lines: Mapping[str, tuple[int, int]]
    shipping: int | None
    after: Returned
    complete: bool
    shares: tuple[Share, ...]

    @property
    def amount(self) -> int:
        """All the money."""
        return sum([money for _, money in self.lines.values()]) + (self.shipping or 0)


def part(amount: int, quantity: int, before: int, units: int) -> int:
    """What `units` of `quantity` get of an amount when `before` of them had theirs. The parts sum to it (P14)."""
    return amount * (before + units) // quantity - amount * before // quantity


def return_of(order: Order, units: Mapping[str, int], shipping: bool) -> Return:
    """So many units of lines, and shipping; nothing named: all that is left.

    Shipping that cost nothing comes back with the last line. Raises UnknownLines, RefundTooMuch.
    """
    frozen, before = order.frozen, order.returned
    if not units and not shipping:
        units = {line.id: left for line in frozen.lines if (left := _left(line, before))}
        shipping = not before.shipping
    _check(order, units, shipping)
    back = {line.id: before.lines.get(line.id, 0) + units.get(line.id, 0) for line in frozen.lines}
    all_lines = all([back[line.id] == line.quantity for line in frozen.lines])
    shipping = shipping or (all_lines and not frozen.shipping_paid and not before.shipping)
    after = Returned({name: count for name, count in back.items() if count}, before.shipping or shipping)
    complete = all_lines and after.shipping
    lines = {
        line.id: (
            units[line.id],
            part(line.paid, line.quantity, before.lines.get(line.id, 0), units[line.id]),
        )
        for line in frozen.lines
        if line.id in units
    }
    shares = tuple([_share(order, promotion, units, shipping, complete) for promotion in frozen.promotions])
    return Return(lines, frozen.shipping_paid if shipping else None, after, complete, shares)


def _left(line: FrozenLine, before: Returned) -> int:
    return line.quantity - before.lines.get(line.id, 0)


def _check(order: Order, units: Mapping[str, int], shipping: bool) -> None:
    lines = {line.id: line for line in order.frozen.lines}
    unknown = [name for name in units if name not in lines]
    if unknown:
        raise UnknownLines(unknown)
    left = {name: _left(lines[name], order.returned) for name in units}
    if (not units and not shipping) or any([units[name] > left[name] for name in units]):
        raise RefundTooMuch(left)
    if shipping and order.returned.shipping:
        raise RefundTooMuch({**left, "": 0})


def _share(
    order: Order, promotion: FrozenPromotion, units: Mapping[str, int], shipping: bool, complete: bool
) -> Share:
    before = order.returned.lines
    by_line: dict[str, int] = {}
    stock, pieces = 0, promotion.units
    for line, cut in _cuts(order, promotion.id):
        pieces -= cut.units
        if line.id in units:
            returned, count = before.get(line.id, 0), units[line.id]
            by_line[line.id] = part(cut.amount, line.quantity, returned, count)
            stock += part(cut.units, line.quantity, returned, count)
    stock += pieces if complete else 0  # a gift belongs to no line
    discount = sum(by_line.values()) + (promotion.shipping if shipping else 0)
    whole = Vector(1, promotion.amount, promotion.units)
    moved = _moved(promotion.give_back, whole, Vector(int(complete), discount, stock), complete)
    lines = {name: money for name, money in by_line.items() if money}
    return Share(promotion.counted_as, moved, discount, lines, promotion.coupon)


def _cuts(order: Order, promotion: str) -> Iterator[tuple[FrozenLine, FrozenCut]]:
    for line in order.frozen.lines:
        for cut in line.cuts:
            if cut.promotion == promotion:
                yield line, cut


def _moved(policy: GiveBack, whole: Vector, in_part: Vector, complete: bool) -> Vector:
    if policy == "pro_rata":
        return in_part
    return whole if policy == "full_refund" and complete else NOTHING

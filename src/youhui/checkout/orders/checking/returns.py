"""P14: what was refunded is the cumulative floor of what was paid, and limits get back what the policy says, once.

Computed from the units that are back after each refund, not from what each refund was worth: another way to the same
numbers than the one by which they were made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from youhui.checkout.orders.checking.amounts import by_line
from youhui.checkout.orders.checking.reading import EntryRow, OrderRow, RefundRow
from youhui.checkout.orders.checking.report import Proof
from youhui.checkout.orders.model import (
    NOTHING,
    Frozen,
    FrozenCut,
    FrozenLine,
    FrozenPromotion,
    Returned,
    Vector,
)

_STATES = ("partially_refunded", "refunded")
_refunded = msgspec.json.Decoder(dict[str, tuple[int, int]])


@dataclass(frozen=True, slots=True)
class _Given:
    """What a promotion has been given back: money by line id and in all, and what its counters were."""

    lines: Mapping[str, int]
    discount: int
    moved: Vector

    def since(self, before: _Given) -> _Given:
        lines = {name: money for name, all_ in self.lines.items() if (money := all_ - before.lines[name])}
        return _Given(lines, self.discount - before.discount, self.moved.minus(before.moved))


@dataclass(frozen=True, slots=True)
class _Back:
    """An order with so many units of each line returned, and shipping or not."""

    frozen: Frozen
    units: Mapping[str, int]
    shipping: bool

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return self.shipping and all([self.units[line.id] == line.quantity for line in self.frozen.lines])

    def money(self) -> Mapping[str, int]:
        """What is refunded of each line."""
        return {line.id: self._floor(line.paid, line) for line in self.frozen.lines}

    def shipping_money(self) -> int:
        """What is refunded of shipping."""
        return self.frozen.shipping_paid if self.shipping else 0

    def given(self, promotion: FrozenPromotion) -> _Given:
        """What a promotion has back."""
        cuts = [
            (line, cut) for line in self.frozen.lines for cut in line.cuts if cut.promotion == promotion.id
        ]
        lines = {line.id: self._floor(cut.amount, line) for line, cut in cuts}
        discount = sum(lines.values()) + (promotion.shipping if self.shipping else 0)
        return _Given(lines, discount, self._moved(promotion, cuts, discount))

    def _moved(
        self, promotion: FrozenPromotion, cuts: Sequence[tuple[FrozenLine, FrozenCut]], discount: int
    ) -> Vector:
        whole = Vector(1, promotion.amount, promotion.units)
        if promotion.give_back == "pro_rata":
            pieces = promotion.units - sum([cut.units for _, cut in cuts])
            units = sum([self._floor(cut.units, line) for line, cut in cuts])
            units += pieces if self.complete else 0
            return Vector(int(self.complete), discount, units)
        return whole if promotion.give_back == "full_refund" and self.complete else NOTHING

    def _floor(self, amount: int, line: FrozenLine) -> int:
        return amount * self.units[line.id] // line.quantity

    def after(self, refund: RefundRow, units: Mapping[str, tuple[int, int]]) -> _Back:
        """With what a refund says that came back."""
        back = {name: count + units.get(name, (0, 0))[0] for name, count in self.units.items()}
        return _Back(self.frozen, back, self.shipping or bool(refund.returns_shipping))

    def is_possible(self) -> bool:
        """Whether there was so much."""
        return all([0 <= self.units[line.id] <= line.quantity for line in self.frozen.lines])


def check(
    order: OrderRow,
    frozen: Frozen,
    returned: Returned,
    entries: Sequence[EntryRow],
    refunds: Sequence[RefundRow],
    proof: Proof,
) -> None:
    """One order; most have no refund. `entries`: those of refunds."""
    if not (refunds or entries or order.refunded or order.state in _STATES):
        return
    proof.counted["refunds"] += len(refunds)
    reversals = {(entry.number, entry.promotion): entry for entry in entries}
    back = _Back(frozen, dict.fromkeys([line.id for line in frozen.lines], 0), False)
    expected: dict[tuple[str, str], _Given] = {}
    for number, refund in enumerate(refunds, 1):
        before, units = back, _refunded.decode(refund.by_line)
        back = before.after(refund, units)
        if not _is_right(refund, number, units, before, back):
            proof.fails("refund", order_no=order.order_no, refund_no=refund.refund_no)
        expected.update(_shares(refund, before, back))
    _whole(order, returned, refunds, back, proof)
    _reversals(order, expected, reversals, proof)


def _is_right(
    refund: RefundRow, number: int, units: Mapping[str, tuple[int, int]], before: _Back, back: _Back
) -> bool:
    """Its amounts are what more is refunded after it than before; nothing comes back twice, or more than there was."""
    lines, lines_before = back.money(), before.money()
    shipping = back.shipping_money() - before.shipping_money()
    money = sum([amount for _, amount in units.values()])
    return (
        refund.sequence == number
        and back.is_possible()
        and not (before.shipping and refund.returns_shipping)
        and all([count > 0 for count, _ in units.values()])
        and all(
            [amount == lines.get(name, -1) - lines_before.get(name, 0) for name, (_, amount) in units.items()]
        )
        and refund.shipping == shipping
        and refund.amount == money + shipping
    )


def _shares(refund: RefundRow, before: _Back, back: _Back) -> Iterator[tuple[tuple[str, str], _Given]]:
    """The entries that a refund makes; none of a promotion of which nothing comes back."""
    for promotion in back.frozen.promotions:
        share = back.given(promotion).since(before.given(promotion))
        if share.discount or share.moved != NOTHING:
            yield (refund.refund_no, promotion.id), share


def _whole(
    order: OrderRow, returned: Returned, refunds: Sequence[RefundRow], back: _Back, proof: Proof
) -> None:
    """The order says what its refunds sum to, and is refunded just if nothing is left."""
    state = "refunded" if back.complete else "partially_refunded"
    units = {name: count for name, count in back.units.items() if count}
    sums = (sum([refund.amount for refund in refunds]), units, back.shipping, state)
    if (order.refunded, dict(returned.lines), returned.shipping, order.state) != sums:
        proof.fails(
            "refunded", order_no=order.order_no, state=order.state, says=order.refunded, should=sums[0]
        )


def _reversals(
    order: OrderRow,
    expected: Mapping[tuple[str, str], _Given],
    reversals: Mapping[tuple[str, str], EntryRow],
    proof: Proof,
) -> None:
    for refund_no, promotion in sorted(expected.keys() | reversals.keys()):
        share, entry = expected.get((refund_no, promotion)), reversals.get((refund_no, promotion))
        if share is None or entry is None or not _is_same(order, share, entry):
            proof.fails("reversal", order_no=order.order_no, refund_no=refund_no, promotion=promotion)


def _is_same(order: OrderRow, share: _Given, entry: EntryRow) -> bool:
    return (
        entry.taken_at == order.taken_at
        and share.moved == (entry.uses, entry.amount, entry.units)
        and share.discount == entry.discount
        and share.lines == by_line.decode(entry.by_line)
    )

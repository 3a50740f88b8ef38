"""P11 and P12: what was taken of lines and of shipping sums to what the promotions gave, and to the discount."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from youhui.checkout.orders.checking.history import History
from youhui.checkout.orders.checking.reading import OrderRow
from youhui.checkout.orders.checking.report import Proof
from youhui.checkout.orders.model import Frozen, FrozenCut, FrozenLine

by_line = msgspec.json.Decoder(dict[str, int])

_SUMS = ("total", "payable", "discount", "total - discount", "shipping paid")


def check(order: OrderRow, frozen: Frozen, history: History, proof: Proof) -> None:
    """One order."""
    shares: dict[str, dict[str, int]] = {promotion.id: {} for promotion in frozen.promotions}
    price, paid = frozen.shipping, frozen.shipping_paid
    for line in frozen.lines:
        price += line.quantity * line.unit_price
        paid += line.paid
        if not _is_right(line):
            proof.fails("line", order_no=order.order_no, line=line.id)
        for cut in line.cuts:
            share = shares.get(cut.promotion)
            if share is None:
                proof.fails("unknown_cut", order_no=order.order_no, promotion=cut.promotion)
            elif cut.amount:
                share[line.id] = share.get(line.id, 0) + cut.amount
    given, off_shipping = _promotions(order, frozen, shares, proof)
    says = (order.total, order.payable, order.discount, order.payable, frozen.shipping_paid)
    should = (price, paid, given, order.total - order.discount, frozen.shipping - off_shipping)
    if says != should:
        for what, one, other in zip(_SUMS, says, should, strict=True):
            _same(proof, order, what, one, other)
    if frozen.shipping_paid < 0 or off_shipping < 0 or order.payable < 0:
        proof.fails("negative", order_no=order.order_no)
    _entries(order, frozen, shares, history, proof)


def _is_right(line: FrozenLine) -> bool:
    price = line.quantity * line.unit_price
    off = 0
    for cut in line.cuts:
        if not _runs_are_right(cut, line):
            return False
        off += cut.amount
    return line.quantity > 0 and line.paid == price - off and 0 <= line.paid <= price


def _runs_are_right(cut: FrozenCut, line: FrozenLine) -> bool:
    """Units of the line and no others, which sum to the cut; of none is taken more than its price."""
    units = amount = 0
    for count, each in cut.runs:
        if count <= 0 or not 0 <= each <= line.unit_price:
            return False
        units += count
        amount += count * each
    return amount == cut.amount and units <= line.quantity and 0 <= cut.units <= line.quantity


def _promotions(
    order: OrderRow, frozen: Frozen, shares: Mapping[str, Mapping[str, int]], proof: Proof
) -> tuple[int, int]:
    """Each took of lines and of shipping what it gave. What all gave, and what of it is of shipping."""
    given = off_shipping = 0
    for promotion in frozen.promotions:
        given += promotion.amount
        off_shipping += promotion.shipping
        taken = sum(shares[promotion.id].values()) + promotion.shipping
        _same(proof, order, f"promotion {promotion.id}", promotion.amount, taken)
    return given, off_shipping


def _same(proof: Proof, order: OrderRow, what: str, says: int, should: int) -> None:
    if says != should:
        proof.fails("sum", order_no=order.order_no, what=what, says=says, should=should)


def _entries(
    order: OrderRow,
    frozen: Frozen,
    shares: Mapping[str, Mapping[str, int]],
    history: History,
    proof: Proof,
) -> None:
    """Each is of the order's customer and currency, and of all that its promotion took. Of those that are alike one is
    looked at; the amounts of refunds are looked at by `returns`.
    """
    whole = {one.id: (1, one.amount, one.units, one.amount) for one in frozen.promotions}
    of_order = (order.customer or "", order.currency)
    for entry in (*history.taken.values(), *[other for _, other in history.odd]):
        if (
            (entry.customer, entry.currency) != of_order
            or (entry.uses, entry.amount, entry.units, entry.discount) != whole.get(entry.promotion)
            or by_line.decode(entry.by_line) != shares[entry.promotion]
        ):
            proof.fails("entry", order_no=order.order_no, **entry.named)
    for entry in history.reversals:
        if (entry.customer, entry.currency) != of_order:
            proof.fails("entry", order_no=order.order_no, **entry.named)

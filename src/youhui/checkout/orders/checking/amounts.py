"""P11 and P12: what was taken of lines and of shipping sums to what the promotions gave, and to the discount."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from youhui.checkout.orders.checking.reading import EntryRow, OrderRow
from youhui.checkout.orders.checking.report import Proof
from youhui.checkout.orders.model import Frozen, FrozenCut, FrozenLine

by_line = msgspec.json.Decoder(dict[str, int])


def check(order: OrderRow, frozen: Frozen, entries: Sequence[EntryRow], proof: Proof) -> None:
    """One order."""
    for line in frozen.lines:
        if not _is_right(line):
            proof.fails("line", order_no=order.order_no, line=line.id)
    price = sum([line.quantity * line.unit_price for line in frozen.lines]) + frozen.shipping
    paid = sum([line.paid for line in frozen.lines]) + frozen.shipping_paid
    off_shipping = sum([promotion.shipping for promotion in frozen.promotions])
    given = sum([promotion.amount for promotion in frozen.promotions])
    _same(proof, order, "total", order.total, price)
    _same(proof, order, "payable", order.payable, paid)
    _same(proof, order, "discount", order.discount, given)
    _same(proof, order, "difference", order.total - order.discount, order.payable)
    _same(proof, order, "shipping", frozen.shipping - off_shipping, frozen.shipping_paid)
    if min(frozen.shipping_paid, off_shipping, order.payable) < 0:
        proof.fails("negative", order_no=order.order_no)
    shares = _shares(frozen)
    _promotions(order, frozen, shares, proof)
    _entries(order, frozen, shares, entries, proof)


def _is_right(line: FrozenLine) -> bool:
    price = line.quantity * line.unit_price
    return (
        line.quantity > 0
        and line.paid == price - sum([cut.amount for cut in line.cuts])
        and 0 <= line.paid <= price
        and all([_runs_are_right(cut, line) for cut in line.cuts])
    )


def _runs_are_right(cut: FrozenCut, line: FrozenLine) -> bool:
    """Units of the line and no others, which sum to the cut; none of them is paid for less than nothing."""
    return (
        cut.amount >= 0
        and 0 <= cut.units <= line.quantity
        and sum([count * each for count, each in cut.runs]) == cut.amount
        and sum([count for count, _ in cut.runs]) <= line.quantity
        and all([count > 0 and 0 <= each <= line.unit_price for count, each in cut.runs])
    )


def _same(proof: Proof, order: OrderRow, what: str, says: int, should: int) -> None:
    if says != should:
        proof.fails("sum", order_no=order.order_no, what=what, says=says, should=should)


def _shares(frozen: Frozen) -> Mapping[str, Mapping[str, int]]:
    """What each promotion took, by line id."""
    shares: dict[str, dict[str, int]] = defaultdict(dict)
    for line in frozen.lines:
        for cut in line.cuts:
            shares[cut.promotion][line.id] = shares[cut.promotion].get(line.id, 0) + cut.amount
    return shares


def _promotions(
    order: OrderRow, frozen: Frozen, shares: Mapping[str, Mapping[str, int]], proof: Proof
) -> None:
    for promotion in frozen.promotions:
        cuts = sum(shares.get(promotion.id, {}).values())
        _same(proof, order, f"promotion {promotion.id}", promotion.amount, cuts + promotion.shipping)
    if unknown := shares.keys() - {promotion.id for promotion in frozen.promotions}:
        proof.fails("unknown_cut", order_no=order.order_no, promotion=", ".join(sorted(unknown)))


def _entries(
    order: OrderRow,
    frozen: Frozen,
    shares: Mapping[str, Mapping[str, int]],
    entries: Sequence[EntryRow],
    proof: Proof,
) -> None:
    """Each entry is of the order's customer and currency, and of all that its promotion took; those of refunds are
    looked at by `returns`.
    """
    amounts = {promotion.id: (promotion.amount, promotion.units) for promotion in frozen.promotions}
    for entry in entries:
        if (entry.customer or None, entry.currency) != (order.customer, order.currency) or (
            entry.kind != "reverse"
            and (
                (entry.discount, entry.units) != amounts.get(entry.promotion)
                or (entry.uses, entry.amount) != (1, entry.discount)
                or by_line.decode(entry.by_line)
                != {line: cut for line, cut in shares.get(entry.promotion, {}).items() if cut}
            )
        ):
            proof.fails(
                "entry", order_no=order.order_no, promotion=entry.promotion, kind=entry.kind,
                number=entry.number,
            )  # fmt: skip

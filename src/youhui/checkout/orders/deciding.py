"""What each command does to the locked numbers. Pure: nothing is read or written here but the book.

A command that cannot be done raises before it changes anything, so that the others of its batch are as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from youhui.checkout.orders.book import Book, Request
from youhui.checkout.orders.commands import (
    AnyCommand,
    Cancel,
    Changed,
    Command,
    Done,
    GiveBackPart,
    HoldEnded,
    Pay,
    Place,
    Redemption,
    Versions,
)
from youhui.checkout.orders.entering import LATE, entries, reversals
from youhui.checkout.orders.model import Order, Refund, State
from youhui.checkout.orders.past import as_paid, as_refunded, placed_again
from youhui.checkout.orders.problems import (
    KeyReused,
    OrderExists,
    OrderNotFound,
    OrderState,
    RefundExists,
)
from youhui.checkout.orders.returns import Return, return_of
from youhui.checkout.ports import Moved

CLOCK = "clock"
"""who ends what nobody has ended in time"""


def decide(command: AnyCommand, book: Book) -> Done:
    """Does it. Raises OrderNotFound, OrderExists, OrderState, RefundExists, RefundTooMuch, UnknownLines, KeyReused,
    Changed, HoldEnded.
    """
    _known_key(command, book)
    match command:
        case Place():
            done = _place(command, book)
        case Pay():
            done = _pay(command, book)
        case Cancel():
            done = _cancel(command, book)
        case GiveBackPart():
            done = _refund(command, book)
    _remember(command, book)
    return done


def operation_of(command: Command) -> tuple[str, str]:
    """What it does, and the number that tells two of a kind on one order apart."""
    match command:
        case Place():
            return "place", ""
        case Pay():
            return "pay", ""
        case Cancel():
            return "cancel", ""
        case GiveBackPart():
            return "refund", command.refund_no
    raise TypeError(command)


def end_expired(book: Book) -> None:
    """Ends every locked order whose time is over (P7), with all that it holds: without its coupons it is left."""
    for order in list(book.locked.orders.values()):
        over = order.state == "pending" and order.state_at(book.now) == "expired"
        if over and book.has_coupons_of(order):
            book.end_hold(order.order_no, use=False)
            _ended(book, order, "expired", "expire", CLOCK)


# -- once


def _known_key(command: Command, book: Book) -> None:
    """What the key was used for before is found by the order and its number; here only that it was the same."""
    if command.idempotency_key is None:
        return
    known = book.locked.requests.get((command.caller, command.idempotency_key))
    if known is not None and known != request_of(command, command.idempotency_key):
        raise KeyReused


def _remember(command: Command, book: Book) -> None:
    key = command.idempotency_key
    if key is not None and (command.caller, key) not in book.locked.requests:
        book.remember(request_of(command, key))


def request_of(command: Command, key: str) -> Request:
    """What a key is remembered for."""
    return Request(command.caller, key, *_named(command), command.request)


def _named(command: Command) -> tuple[str, str, str]:
    operation, number = operation_of(command)
    return operation, command.order_no, number


# -- the commands


def _place(command: Place, book: Book) -> Done:
    known = book.locked.orders.get(command.order_no)
    if known is not None:
        if known.request != command.request:
            raise OrderExists(order_no=command.order_no)
        return Done(placed_again(known), replayed=True)
    if command.not_after is not None and book.now >= command.not_after:
        raise Changed
    _can_take(command.redemptions, command.versions, command.customer, book)
    order = _order(command, book.now)
    if command.paid:
        return _placed_and_paid(command, order, book)
    book.place(order, command.redemptions)
    book.move(order, "hold", command.caller)
    book.enter(entries(order, "hold", book.now))
    return Done(order)


def _placed_and_paid(command: Place, order: Order, book: Book) -> Done:
    paid = replace(order, state="paid", paid_at=book.now)
    book.add(paid)
    book.use(command.redemptions)
    book.move(paid, "commit", command.caller)
    book.settle(paid, complete=False)
    book.enter(entries(paid, "hold", book.now))
    book.enter(entries(paid, "commit", book.now))
    return Done(paid)


def _can_take(
    redemptions: Sequence[Redemption], versions: Versions, customer: str | None, book: Book
) -> None:
    """Raises Changed: the rules are others by now, a period is over, a coupon is gone, or there is no room."""
    if versions != book.locked.versions or book.over(redemptions):
        raise Changed
    if gone := book.gone(redemptions, customer):
        raise Changed(gone)
    if full := book.full(redemptions):
        raise Changed(full)


def _order(command: Place, now: datetime) -> Order:
    return Order(
        order_no=command.order_no,
        state="pending",
        currency=command.currency,
        customer=command.customer,
        total=command.total,
        discount=command.discount,
        payable=command.total - command.discount,
        placed_at=now,
        hold_until=now + command.hold_for,
        taken_at=now,
        frozen=command.frozen,
        request=command.request,
    )


def _pay(command: Pay, book: Book) -> Done:
    order = _found(command, book)
    if order.paid_at is not None:
        return Done(as_paid(order), replayed=True)
    if order.state == "cancelled":
        raise _in_state(order)
    if order.state == "expired":
        return _pay_late(command, order, book)
    book.end_hold(order.order_no, use=True)
    book.move(order, "commit", command.caller)
    paid = replace(order, state="paid", paid_at=book.now)
    book.change(paid)
    book.settle(paid, complete=False)
    book.enter(entries(paid, "commit", book.now))
    return Done(paid)


def _pay_late(command: Pay, order: Order, book: Book) -> Done:
    """Takes capacity again, at the limits and in the periods of now."""
    if command.again is None or command.versions is None:
        raise HoldEnded(order)
    _can_take(command.again, command.versions, order.customer, book)
    book.use(command.again)
    book.move(order, "commit", command.caller)
    paid = replace(order, state="paid", paid_at=book.now, ended_at=None, taken_at=book.now)
    book.change(paid)
    book.settle(paid, complete=False)
    book.enter(entries(paid, "hold", book.now, LATE))
    book.enter(entries(paid, "commit", book.now, LATE))
    return Done(paid)


def _cancel(command: Cancel, book: Book) -> Done:
    order = _found(command, book)
    if order.state == "cancelled":
        return Done(order, replayed=True)
    if order.state == "expired":  # its hold has ended already; from now on it cannot be paid late
        cancelled = replace(order, state="cancelled", ended_at=book.now)
        book.change(cancelled)
        return Done(cancelled)
    if order.state != "pending":
        raise _in_state(order)
    book.end_hold(order.order_no, use=False)
    return Done(_ended(book, order, "cancelled", "release", command.caller))


def _ended(book: Book, order: Order, state: State, kind: Moved, by: str) -> Order:
    ended = replace(order, state=state, ended_at=book.now)
    book.change(ended)
    book.move(order, kind, by)
    book.enter(entries(ended, kind, book.now))
    return ended


def _refund(command: GiveBackPart, book: Book) -> Done:
    order = _found(command, book)
    refunds = book.locked.refunds.get(order.order_no, [])
    for known in refunds:
        if known.refund_no == command.refund_no:
            if known.request != command.request:
                raise RefundExists(refund_no=command.refund_no)
            return Done(as_refunded(order, refunds, known), known, replayed=True)
    if order.state not in ("paid", "partially_refunded"):
        raise _in_state(order)
    back = return_of(order, command.lines, command.shipping)
    refund = _refund_row(command, back, len(refunds) + 1, book.now)
    after = replace(
        order,
        state="refunded" if back.complete else "partially_refunded",
        refunded=order.refunded + refund.amount,
        returned=back.after,
        ended_at=book.now if back.complete else None,
    )
    book.refund(refund)
    book.change(after)
    for share in back.shares:
        book.give_back(share.promotion, order, share.moved)
    book.move(order, "reverse", command.caller, {share.coupon for share in back.shares if share.moved.uses})
    if back.complete:
        book.settle(after, complete=True)
    book.enter(reversals(after, refund, back))
    return Done(after, refund)


def _refund_row(command: GiveBackPart, back: Return, sequence: int, now: datetime) -> Refund:
    return Refund(
        order_no=command.order_no,
        refund_no=command.refund_no,
        sequence=sequence,
        at=now,
        amount=back.amount,
        lines=back.lines,
        shipping=back.shipping or 0,
        returns_shipping=back.shipping is not None,
        request=command.request,
    )


def _found(command: Command, book: Book) -> Order:
    order = book.locked.orders.get(command.order_no)
    if order is None:
        raise OrderNotFound(order_no=command.order_no)
    return order


def _in_state(order: Order) -> OrderState:
    return OrderState(order_no=order.order_no, state=order.state)

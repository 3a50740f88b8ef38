"""What a transaction has locked, and what it is going to write: numbers in memory that commands are decided on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from youhui.checkout.orders.commands import Redemption, Versions
from youhui.checkout.orders.model import (
    NOTHING,
    Claim,
    Entry,
    Key,
    Limits,
    Numbers,
    Order,
    Refund,
    Vector,
)
from youhui.checkout.ports import Held, Move, Moved, Settled


@dataclass(slots=True)
class Counter:
    """A row that is locked. Its limits are those of the last claim on it."""

    key: Key
    limits: Limits
    starts_at: datetime | None
    ends_at: datetime | None
    used: Vector = NOTHING
    held: Vector = NOTHING

    def has_room(self, limits: Limits, moved: Vector) -> bool:
        """Whether so much more may be taken under these limits."""
        used, held = self.used, self.held
        return all(
            [
                limit is None or u + h + more <= limit
                for limit, u, h, more in zip(limits, used, held, moved, strict=True)
            ]
        )

    def counts(self, promotion: str, customer: str | None, at: datetime) -> bool:
        """Whether what this customer took at this instant of the promotion is counted here."""
        key = self.key
        return (
            key.promotion == promotion
            and key.customer in ("", customer)
            and (self.starts_at is None or self.starts_at <= at)
            and (self.ends_at is None or at < self.ends_at)
        )


class Hold(NamedTuple):
    """What an unpaid order holds of a counter."""

    order_no: str
    key: Key
    moved: Vector
    until: datetime


class Request(NamedTuple):
    """What an Idempotency-Key was used for."""

    caller: str
    idempotency_key: str
    operation: str
    order_no: str
    number: str
    request: str


@dataclass(slots=True)
class Locked:
    """What a transaction has read and locked, at its one instant `now` of the database's clock."""

    now: datetime
    versions: Versions
    orders: dict[str, Order] = field(default_factory=dict)
    refunds: dict[str, list[Refund]] = field(default_factory=dict)
    holds: dict[str, list[Hold]] = field(default_factory=dict)
    counters: dict[Key, Counter] = field(default_factory=dict)
    coupons: dict[str, Held] = field(default_factory=dict)
    requests: dict[tuple[str, str], Request] = field(default_factory=dict)


@dataclass(slots=True)
class Writes:
    """What a transaction is going to write."""

    new_orders: dict[str, Order] = field(default_factory=dict)
    changed_orders: dict[str, Order] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    new_holds: dict[str, Sequence[Hold]] = field(default_factory=dict)
    ended_holds: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    counters: dict[Key, Counter] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)


class Book:
    """Every change is made to what is locked and noted among the writes: later commands see it."""

    def __init__(self, locked: Locked) -> None:
        self.locked = locked
        self.writes = Writes()

    @property
    def now(self) -> datetime:
        """The instant of everything that is decided here."""
        return self.locked.now

    def numbers(self) -> Mapping[Key, Numbers]:
        """What the locked counters say now."""
        return {key: Numbers(row.used, row.held) for key, row in self.locked.counters.items()}

    def over(self, redemptions: Iterable[Redemption]) -> bool:
        """Whether they take from a period that is not the present one."""
        return not all([claim.covers(self.now) for one in redemptions for claim in one.claims])

    def full(self, redemptions: Iterable[Redemption]) -> tuple[str, ...]:
        """The promotions of which so much cannot be taken together, all periods being the present ones."""
        rows = self.locked.counters
        wanted: dict[Key, Vector] = {}
        found = []
        for one in redemptions:
            for claim in one.claims:
                moved = wanted[claim.key] = wanted.get(claim.key, NOTHING).plus(one.moved)
                if not rows[claim.key].has_room(claim.limits, moved):
                    found.append(one.promotion)
        return tuple(dict.fromkeys(found))

    def gone(self, redemptions: Iterable[Redemption], customer: str | None) -> tuple[str, ...]:
        """The coupons that this customer cannot use now."""
        return tuple(
            [one.coupon for one in redemptions if one.coupon and not self._is_free(one.coupon, customer)]
        )

    def _is_free(self, coupon: str, customer: str | None) -> bool:
        held = self.locked.coupons.get(coupon)
        return held is not None and held.owner == customer and held.order_no is None and held.usable

    def place(self, order: Order, redemptions: Iterable[Redemption]) -> None:
        """Writes a new order, and holds what it takes."""
        self.add(order)
        held: dict[Key, Vector] = {}
        for one in redemptions:
            for claim in one.claims:
                row = self._taken_from(claim)
                row.held = row.held.plus(one.moved)
                held[claim.key] = held.get(claim.key, NOTHING).plus(one.moved)
        if held:
            holds = [Hold(order.order_no, key, moved, order.hold_until) for key, moved in held.items()]
            self.locked.holds[order.order_no] = self.writes.new_holds[order.order_no] = holds

    def add(self, order: Order) -> None:
        """Writes a new order."""
        self.locked.orders[order.order_no] = self.writes.new_orders[order.order_no] = order

    def has_coupons_of(self, order: Order) -> bool:
        """Whether all coupons of an order are locked too."""
        return all([one.coupon in self.locked.coupons for one in order.frozen.promotions if one.coupon])

    def move(self, order: Order, kind: Moved, by: str, coupons: Iterable[str] | None = None) -> None:
        """What becomes of the coupons of an order: of these, or of all."""
        for one in order.frozen.promotions:
            if one.coupon and (coupons is None or one.coupon in coupons):
                held = self.locked.coupons[one.coupon]
                taken = kind in ("hold", "commit")
                self.locked.coupons[one.coupon] = held._replace(
                    order_no=order.order_no if taken else None, used=kind == "commit"
                )
                discount = one.amount if taken else 0
                until = order.hold_until if kind == "hold" else None
                self.writes.moves.append(Move(one.coupon, kind, order.order_no, by, discount, until))

    def settle(self, order: Order, *, complete: bool) -> None:
        """Tells that an order was paid, or given back as a whole."""
        self.writes.settled.append(
            Settled(order.order_no, order.customer, order.currency, order.payable, complete)
        )

    def use(self, redemptions: Iterable[Redemption]) -> None:
        """Takes for good, without a hold."""
        for one in redemptions:
            for claim in one.claims:
                row = self._taken_from(claim)
                row.used = row.used.plus(one.moved)

    def end_hold(self, order_no: str, *, use: bool) -> None:
        """Puts back exactly what an order holds, or uses it."""
        ended = self.locked.holds.pop(order_no, [])
        for hold in ended:
            row = self._moved(hold.key)
            row.held = row.held.minus(hold.moved)
            if use:
                row.used = row.used.plus(hold.moved)
        if self.writes.new_holds.pop(order_no, None) is None and ended:
            self.writes.ended_holds.append(order_no)

    def give_back(self, promotion: str, order: Order, moved: Vector) -> None:
        """Takes back from every counter in whose scope the order was."""
        if moved != NOTHING:
            for row in list(self._counting(promotion, order)):
                self.writes.counters[row.key] = row
                row.used = row.used.minus(moved)

    def change(self, order: Order) -> None:
        """Writes an order over."""
        self.locked.orders[order.order_no] = order
        new = order.order_no in self.writes.new_orders
        (self.writes.new_orders if new else self.writes.changed_orders)[order.order_no] = order

    def refund(self, refund: Refund) -> None:
        """Writes a refund."""
        self.locked.refunds.setdefault(refund.order_no, []).append(refund)
        self.writes.refunds.append(refund)

    def enter(self, entries: Iterable[Entry]) -> None:
        """Adds to the ledger."""
        self.writes.entries += entries

    def remember(self, request: Request) -> None:
        """Writes what a key was used for."""
        self.locked.requests[request.caller, request.idempotency_key] = request
        self.writes.requests.append(request)

    def _counting(self, promotion: str, order: Order) -> Iterator[Counter]:
        rows = self.locked.counters.values()
        return (row for row in rows if row.counts(promotion, order.customer, order.taken_at))

    def _taken_from(self, claim: Claim) -> Counter:
        row = self._moved(claim.key)
        row.limits = claim.limits
        return row

    def _moved(self, key: Key) -> Counter:
        row = self.writes.counters[key] = self.locked.counters[key]
        return row

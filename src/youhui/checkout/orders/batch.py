"""One transaction for many commands: lock what they need once, decide each, write all of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from youhui.checkout.orders import counter_store, store
from youhui.checkout.orders.book import Book, Counter, Locked, Writes
from youhui.checkout.orders.commands import (
    AnyCommand,
    Changed,
    Done,
    GiveBackPart,
    HoldEnded,
    Pay,
    Place,
    Redemption,
    Versions,
)
from youhui.checkout.orders.deciding import decide, end_expired
from youhui.checkout.orders.model import Claim, Key
from youhui.checkout.ports import Holds
from youhui.checkout.store import LOCKED, lock_versions
from youhui.platform.committing import Decided
from youhui.platform.db import Connection
from youhui.platform.failpoints import reach
from youhui.platform.problems import Refusal
from youhui.platform.sql import together

Outcome = Done | Refusal | Changed | HoldEnded


def decide_all(
    connection: Connection,
    commands: Sequence[AnyCommand],
    clock: Callable[[], datetime] | None,
    holds: Holds | None = None,
) -> Decided[Done] | None:
    """Within a transaction that writes. `clock` None: the database's. What is told are the locked counters' numbers.

    None: so many holds had expired that it only ended some of them; commit, and begin again. Raises Unavailable, and
    Conflict where another node wrote the same at the same time.
    """
    opened, versions = lock_versions(connection)
    reach("committer.opened")
    locked = Locked(clock() if clock else opened, Versions(*[versions[source] for source in LOCKED]))
    crowded = _lock(connection, locked, commands, holds)
    reach("committer.locked")
    book = Book(locked)
    end_expired(book)
    # Holds that no unpaid order has are never ended: they must not be waited for.
    again = crowded and bool(book.writes.changed_orders)
    outcomes = [] if again else [_decided(command, book) for command in commands]
    write(connection, book.writes, locked.now, holds)
    return None if again else Decided(outcomes, book.numbers())


def tidy(
    connection: Connection,
    now: datetime,
    holds: Holds | None = None,
    promotions: Collection[str] | None = None,
) -> int:
    """Within a transaction that writes: ends orders whose time is over, of these promotions or of all. How many.

    At most `store.MOST_EXPIRED` at once, for as many promotions.
    """
    if promotions is None:
        numbers = store.expired_orders(connection, now)
    else:
        numbers = counter_store.orders_with_expired_holds(connection, promotions, now)
    locked = Locked(now, Versions(0, 0))
    _lock_orders(connection, locked, numbers)
    _lock_counters(connection, locked, (), ())
    _lock_coupons(connection, locked, (), holds)
    book = Book(locked)
    end_expired(book)
    write(connection, book.writes, now, holds)
    return len(book.writes.changed_orders)


def _decided(command: AnyCommand, book: Book) -> Outcome:
    try:
        return decide(command, book)
    except (Refusal, Changed, HoldEnded) as refused:
        return refused


# -- locking


def _lock(
    connection: Connection, locked: Locked, commands: Sequence[AnyCommand], holds: Holds | None
) -> bool:
    """Locks all that the commands need. Whether there are more expired holds in their way than are ended at once."""
    keys = [(c.caller, c.idempotency_key) for c in commands if c.idempotency_key is not None]
    if keys:
        locked.requests = store.known_requests(connection, keys)
    redemptions = [one for command in commands for one in _redemptions(command, locked.versions)]
    claims = {claim.key: claim for one in redemptions for claim in one.claims if claim.covers(locked.now)}
    touched = {key.promotion for key in claims}
    expired = counter_store.orders_with_expired_holds(connection, touched, locked.now) if touched else []
    coupons = {one.coupon for one in redemptions if one.coupon}
    holders = holds.holders(connection, coupons) if holds is not None and coupons else ()
    _lock_orders(connection, locked, {*expired, *holders, *[command.order_no for command in commands]})
    refunding = {command.order_no for command in commands if isinstance(command, GiveBackPart)}
    refunding &= locked.orders.keys()
    if refunding:
        locked.refunds = store.refunds_of(connection, refunding)
    _lock_counters(connection, locked, claims.values(), refunding)
    _lock_coupons(connection, locked, coupons, holds)
    return len(expired) >= store.MOST_EXPIRED


def _redemptions(command: AnyCommand, versions: Versions) -> Iterable[Redemption]:
    """What it takes, if it was priced by the rules of now: those of others may have had other counters."""
    match command:
        case Place() if command.versions == versions:
            return command.redemptions
        case Pay() if command.versions == versions:
            return command.again or ()
    return ()


def _lock_orders(connection: Connection, locked: Locked, numbers: Collection[str]) -> None:
    """With what they hold: nobody changes that of an order that is locked."""
    if numbers:
        locked.orders = store.lock_orders(connection, numbers)
        pending = [number for number, order in locked.orders.items() if order.state == "pending"]
        if pending:
            locked.holds = counter_store.holds_of(connection, pending)


def _lock_counters(
    connection: Connection, locked: Locked, claims: Collection[Claim], refunding: Collection[str]
) -> None:
    """Those that are there before those that are made now, each in the order of keys."""
    keys = {claim.key for claim in claims}
    keys.update(hold.key for holds in locked.holds.values() for hold in holds)
    if refunding:
        keys.update(counter_store.counters_of(connection, [locked.orders[number] for number in refunding]))
    if keys:
        locked.counters = counter_store.lock_counters(connection, keys)
        missing = [claim for claim in claims if claim.key not in locked.counters]
        if missing:
            counter_store.add_counters(connection, missing)
            locked.counters |= _locked(connection, missing)


def _lock_coupons(
    connection: Connection, locked: Locked, wanted: Collection[str], holds: Holds | None
) -> None:
    """Those that are wanted, and those of the orders that are locked."""
    orders = locked.orders.values()
    theirs = {one.coupon for order in orders for one in order.frozen.promotions if one.coupon}
    if holds is not None and (ids := {*wanted, *theirs}):
        locked.coupons = dict(holds.lock(connection, ids, locked.now))


def _locked(connection: Connection, claims: Iterable[Claim]) -> dict[Key, Counter]:
    return counter_store.lock_counters(connection, [claim.key for claim in claims])


# -- writing


def write(connection: Connection, writes: Writes, now: datetime, holds: Holds | None = None) -> None:
    """All of it. Raises Conflict where another node has written a row of the same key."""
    with store.conflicts(), together(connection):
        store.add_orders(connection, writes.new_orders.values())
        reach("committer.orders")
        store.change_orders(connection, writes.changed_orders.values())
        reach("committer.changes")
        store.add_refunds(connection, writes.refunds)
        reach("committer.refunds")
        counter_store.end_holds(connection, writes.ended_holds)
        reach("committer.ended")
        counter_store.add_holds(connection, [hold for held in writes.new_holds.values() for hold in held])
        reach("committer.holds")
        store.add_entries(connection, writes.entries)
        reach("committer.entries")
        counter_store.change_counters(connection, writes.counters.values())
        reach("committer.counters")
        store.add_requests(connection, writes.requests, now)
        if holds is not None and (writes.moves or writes.settled):
            holds.write(connection, writes.moves, writes.settled, now)
        reach("committer.written")

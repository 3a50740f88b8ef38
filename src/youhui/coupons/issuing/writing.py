"""One transaction for many coupons: lock what they need once, decide each, write all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from youhui.checkout.store import database_now
from youhui.coupons.issuing import store
from youhui.coupons.issuing.commands import FactsNeeded, Issue, Issued
from youhui.coupons.issuing.deciding import Book, ClaimKey, Locked, decide, limits_of
from youhui.coupons.model import Coupon
from youhui.coupons.rules import claim_day
from youhui.coupons.templates import store as templates
from youhui.platform.committing import Decided
from youhui.platform.db import Connection
from youhui.platform.failpoints import reach
from youhui.platform.problems import Refusal


def decide_all(
    connection: Connection, commands: Sequence[Issue], clock: Callable[[], datetime] | None = None
) -> Decided[Issued]:
    """Within a transaction that writes. `clock` None: the database's. Nothing is told.

    Raises Unavailable, and Conflict where another node issued by the same key at the same time.
    """
    book = Book(_lock(connection, commands, clock))
    reach("issuing.locked")
    entered = [_entered(command, book) for command in commands]
    coupons = book.locked.coupons | _write(connection, book)
    outcomes = [
        new if isinstance(new, Exception) else Issued(coupons[command.issue_key], replayed=not new)
        for command, new in zip(commands, entered, strict=True)
    ]
    return Decided(outcomes, None)


def _entered(command: Issue, book: Book) -> bool | Exception:
    try:
        return decide(command, book)
    except (Refusal, FactsNeeded) as refused:
        return refused


# -- locking


def _lock(connection: Connection, commands: Sequence[Issue], clock: Callable[[], datetime] | None) -> Locked:
    """The time is that after the wait for locks, so that nothing is issued after its end."""
    codes = store.lock_codes(connection, {one.code_key for one in commands if one.code_key is not None})
    found = templates.lock(connection, {one.template_id for one in commands})
    locked = Locked(clock() if clock else database_now(connection), templates=found, codes=codes)
    locked.coupons = store.coupons_of(connection, {one.issue_key for one in commands})
    new = [one for one in commands if one.issue_key not in locked.coupons and one.template_id in found]
    _read_claims(connection, locked, new)
    _read_lists(connection, locked, new)
    _read_redeemed(connection, locked, new)
    return locked


def _read_claims(connection: Connection, locked: Locked, commands: Sequence[Issue]) -> None:
    """A limit may be younger than the first coupons: what has no row yet is counted."""
    keys: set[ClaimKey] = set()
    for one in commands:
        keys.update(limits_of(locked.templates[one.template_id], one.customer, locked.now))
    locked.claims = store.claims_of(connection, keys)
    locked.stored = frozenset(locked.claims)
    missing = keys - locked.stored
    counted: Counter[ClaimKey] = Counter()
    for id_ in {key.template_id for key in missing if locked.templates[key.template_id].issued}:
        terms = locked.templates[id_].terms
        customers = {key.customer for key in missing if key.template_id == id_}
        for customer, at in store.issued_before(connection, id_, customers):
            counted.update([ClaimKey(id_, customer, ""), ClaimKey(id_, customer, claim_day(terms, at))])
    locked.claims.update((key, counted[key]) for key in missing)


def _read_lists(connection: Connection, locked: Locked, commands: Sequence[Issue]) -> None:
    wanted: dict[int, set[str]] = {}
    for one in commands:
        if locked.templates[one.template_id].audience == "list":
            wanted.setdefault(one.template_id, set()).add(one.customer)
    locked.listed = {
        (id_, customer) for id_, those in wanted.items() for customer in store.listed(connection, id_, those)
    }


def _read_redeemed(connection: Connection, locked: Locked, commands: Sequence[Issue]) -> None:
    limited = {code.code_key for code in locked.codes.values() if code.per_customer is not None}
    customers = {one.customer for one in commands if one.code_key in limited}
    locked.redeemed = store.redeemed(connection, limited, customers)


# -- writing


def _write(connection: Connection, book: Book) -> dict[str, Coupon]:
    """All of it; the new coupons by their keys, with the ids that they were given."""
    if not book.new:
        return {}
    ids = store.add_coupons(connection, book.new)
    reach("issuing.coupons")
    store.write_claims(connection, book.claims, book.locked.stored)
    reach("issuing.claims")
    store.add_uses(connection, book.used)
    reach("issuing.codes")
    templates.add_issued(connection, book.issued)
    reach("issuing.written")
    return {key: replace(coupon, id=ids[key]) for key, coupon in book.new.items()}

"""Makes the counters of a promotion as its terms say, in the transaction that saves them.

Who calls has moved the version of promotions on first, which nobody does while orders are decided, and the other way
round: so nothing here is taken or put back by others meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from youhui.checkout.orders import counter_store
from youhui.checkout.orders.book import Counter
from youhui.checkout.orders.jobs import end_expired
from youhui.checkout.orders.limits import Scope, claim_of, claims_of, scopes_of
from youhui.checkout.orders.model import Key, Numbers
from youhui.checkout.orders.problems import LimitBelowUse
from youhui.checkout.orders.terms import store
from youhui.checkout.ports import Holds
from youhui.engine import Promotion
from youhui.engine.money import format_amount
from youhui.platform.db import Connection

LIMITS = ("usage_limit", "budget", "stock")
"""what the terms call the limits of a counter, in their order"""
ASTRAY = timedelta(seconds=2)
"""by so much at most the clock of who saves is astray from the database's, which orders go by"""


def save(
    connection: Connection,
    now: datetime,
    currency: str,
    promotion: Promotion,
    before: Promotion | None,
    holds: Holds | None = None,
) -> None:
    """After its terms were stored. `before`: what they were; None: there were none, or they are not known. `holds`:
    what else unpaid orders hold, whose time may be over.

    Raises LimitBelowUse if a limit of all customers is below what is used and held: of its present day, week or month
    if it counts in these. Of a customer nothing is refused: who has had more gets no more.
    """
    old, new = scopes_of(before) if before else None, scopes_of(promotion)
    if old == new:
        return
    if old is None or _kinds(old) != _kinds(new):
        _make_anew(connection, now, promotion)
    end_expired(connection, now, [promotion.id], holds)
    _set_limits(connection, now, currency, promotion)


def _kinds(scopes: Iterable[Scope]) -> set[tuple[object, ...]]:
    return {scope.counters for scope in scopes}


# -- limits


def _set_limits(connection: Connection, now: datetime, currency: str, promotion: Promotion) -> None:
    """Of all customers, where they count now. A customer's counter gets its limit when it is taken from."""
    claims = claims_of(promotion, None, now)
    counters = counter_store.lock_counters(connection, [claim.key for claim in claims])
    changed = [replace(counters[claim.key], limits=claim.limits) for claim in claims if claim.key in counters]
    for counter in changed:
        _check(counter, currency)
    counter_store.change_counters(connection, changed)


def _check(counter: Counter, currency: str) -> None:
    taken = Numbers(counter.used, counter.held).taken
    for name, limit, much in zip(LIMITS, counter.limits, taken, strict=True):
        if limit is not None and much > limit:
            shown = format_amount(much, currency) if name == "budget" else much
            raise LimitBelowUse(limit=name, taken=shown)


# -- other counters than before


def _make_anew(connection: Connection, now: datetime, promotion: Promotion) -> None:
    """From what the ledger says, with what unpaid orders hold, as yet without limits.

    Of periods only the present one, at midnight both: nobody takes from the others any more.
    """
    store.remove(connection, promotion.id)
    last = store.last_taken(connection, promotion.id) or now
    present = (now - ASTRAY, now + ASTRAY, max(now, last))
    for scope in scopes_of(promotion):
        for claim in {claim_of(promotion.id, scope, None, at) for at in present}:
            store.count(connection, claim, by_customer=scope.each_customer)
            store.hold(connection, claim, by_customer=scope.each_customer)


# -- what they say


def numbers_of(connection: Connection, promotions: Iterable[str], now: datetime) -> dict[str, Numbers | None]:
    """What was used and is held of each promotion in all, by the counter that is enforced where there is one (P3).

    Else as the ledger sums to; None if it has too many entries to be summed now. What is held past its deadline is free
    (P7).
    """
    names = list(promotions)
    counted = counter_store.read_numbers(connection, [Key(name) for name in names], now)
    found: dict[str, Numbers | None] = {key.promotion: numbers for key, numbers in counted.items()}
    if rest := [name for name in names if name not in found]:
        free = store.overdue(connection, rest, now)
        for name in rest:
            numbers = store.sum_of(connection, name)
            over = free.get(name)
            found[name] = Numbers(numbers.used, numbers.held.minus(over)) if numbers and over else numbers
    return found

"""P1 to P4: no counter is above its limit, each has the limit that the terms set, and says what the ledger sums to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from youhui.checkout.orders.checking import store
from youhui.checkout.orders.checking.report import Proof
from youhui.checkout.orders.checking.store import ALL_CUSTOMERS, ONE_CUSTOMER, Found
from youhui.checkout.orders.checking.totals import Totals
from youhui.checkout.orders.limits import scopes_of
from youhui.checkout.orders.model import Limits
from youhui.engine import Promotion
from youhui.platform.db import Connection

Terms: TypeAlias = Callable[[Connection], Iterable[tuple[str, Promotion | None]]]
"""the stored promotions by id, read in the transaction of the check; None: it cannot be read"""

_ALWAYS = (False, "always")
_EACH_ALWAYS = (True, "always")
_MEASURES = store.MEASURES
_NUMBERS = [f"{name}_{what}" for what in ("used", "held") for name in _MEASURES]


def limits(connection: Connection, terms: Terms | None) -> tuple[Proof, Proof, Proof]:
    """P1, P2 and P4: limits of all customers, of each customer, and budgets. Without `terms` these are not compared."""
    p1, p2, p4 = Proof("P1"), Proof("P2"), Proof("P4")
    p1.counted["counters"] = store.count(connection, f"counters c WHERE {ALL_CUSTOMERS}")
    p2.counted["counters"] = store.count(connection, f"counters c WHERE {ONE_CUSTOMER}")
    p4.counted["budgets"] = store.count(connection, "counters c WHERE c.amount_limit IS NOT NULL")
    for measure in ("uses", "units"):
        _over(p1, measure, store.over_limit(connection, measure, ALL_CUSTOMERS))
        _over(p2, measure, store.over_limit(connection, measure, ONE_CUSTOMER))
    _over(p4, "amount", store.over_limit(connection, "amount", "1 = 1"))
    if terms is not None:
        _as_the_terms_say(connection, terms, p1, p2, p4)
    return p1, p2, p4


def _over(proof: Proof, measure: str, found: Found) -> None:
    names = ("promotion", "customer", "period", "used", "held", "limit")
    rows = [{**dict(zip(names, row, strict=True)), "measure": measure} for row in found.rows]
    proof.add("over_limit", rows, found.all)


# -- the limits that the stored terms set


def _as_the_terms_say(connection: Connection, stored: Terms, p1: Proof, p2: Proof, p4: Proof) -> None:
    wanted = {name: None if terms is None else _wanted(terms) for name, terms in stored(connection)}
    p1.counted["promotions"] = sum(1 for scopes in wanted.values() if scopes)
    there: set[tuple[str, bool, str]] = set()
    for kind in store.kinds_of_counters(connection):
        there.add(kind[:3])
        scopes = wanted.get(kind.promotion, {})
        if scopes is None:
            continue
        limit = scopes.get((kind.each_customer, kind.window))
        if limit is None:
            proof = p2 if kind.each_customer else p1
            proof.fails("no_such_limit", promotion=kind.promotion, window=kind.window)
        elif (kind.each_customer, kind.window) == _ALWAYS:
            _same_limits(kind.promotion, Limits(*kind.limits), limit, p1, p4)
    for name, scopes in wanted.items():
        if scopes and _ALWAYS in scopes and (name, *_ALWAYS) not in there:
            p1.fails("no_counter", promotion=name)
        if scopes and _EACH_ALWAYS in scopes:
            _each_has_one(p2, store.without_counter(connection, name))


def _wanted(promotion: Promotion) -> Mapping[tuple[bool, str], Limits]:
    return {(scope.each_customer, scope.window): scope.limits for scope in scopes_of(promotion)}


def _same_limits(promotion: str, says: Limits, should: Limits, p1: Proof, p4: Proof) -> None:
    for measure, says_, should_ in zip(_MEASURES, says, should, strict=True):
        if says_ != should_:
            proof = p4 if measure == "amount" else p1
            proof.fails("not_terms", promotion=promotion, measure=measure, says=says_, should=should_)


def _each_has_one(proof: Proof, found: Found) -> None:
    rows = [{"promotion": row[0], "customer": row[1]} for row in found.rows]
    proof.add("customer_without_counter", rows, found.all)


# -- the ledger and the holds


def sums(connection: Connection, totals: Totals) -> Proof:
    """P3: what counters say is what the ledger sums to, and what they say is held is what orders hold.

    `totals`: of all entries.
    """
    proof = Proof("P3")
    proof.counted["counters"] = store.count(connection, "counters")
    proof.counted["entries"] = store.count(connection, "ledger")
    for counter, should in totals.differing():
        differs = _different(_NUMBERS, counter.numbers, should)
        proof.fails("not_ledger", promotion=counter.promotion, customer="", period=counter.period, **differs)
    _differ(proof, "not_ledger", _NUMBERS, store.against_ledger(connection))
    _differ(proof, "not_holds", _NUMBERS[len(_MEASURES) :], store.against_holds(connection))
    return proof


def _differ(proof: Proof, rule: str, names: Sequence[str], found: Found) -> None:
    rows = []
    for row in found.rows:
        says, should = row[3 : 3 + len(names)], row[3 + len(names) : 3 + 2 * len(names)]
        key = {"promotion": row[0], "customer": row[1], "period": row[2]}
        rows.append({**key, **_different(names, says, should)})
    proof.add(rule, rows, found.all)


def _different(names: Sequence[str], says: Sequence[int], should: Sequence[int]) -> Mapping[str, str]:
    """Only the numbers that differ, as they are and as they should be."""
    pairs = [(name, a, int(b)) for name, a, b in zip(names, says, should, strict=True) if a != b]
    return {
        "says": ", ".join(f"{name} {a}" for name, a, _ in pairs),
        "should": ", ".join(f"{name} {b}" for name, _, b in pairs),
    }

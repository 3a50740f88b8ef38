"""The compiled rules of each currency, in memory, and how they follow the stored ones.

Quotes read what is held without a lock. One refresh at a time builds the next state beside it and swaps it in whole.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from youhui.checkout.ports import Changes, Rule, StandingRules
from youhui.engine import Promotion, Ruleset
from youhui.engine.shapes import nested

MANY = 256
"""so many changes on top of a compiled ruleset, and it is compiled afresh"""


@dataclass(frozen=True, slots=True)
class Priced:
    """The rules of one currency. `counted`: those with a limit, by id: pricing must be told what was used of them.

    `read_orders_count`: the ids of those that look at how many orders the customer has placed.
    """

    ruleset: Ruleset = field(default_factory=Ruleset)
    counted: Mapping[str, Promotion] = field(default_factory=dict)
    read_orders_count: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _State:
    version: int
    rules: Mapping[str, Rule]
    by_currency: Mapping[str, Priced]


_NOTHING = Priced()


class Quoting:
    """Holds the rules that carts are priced with."""

    def __init__(self, source: StandingRules) -> None:
        self._source = source
        self._state = _State(-1, {}, {})
        self._refreshing = threading.Lock()

    @property
    def version(self) -> int:
        """The version of the stored rules that are held."""
        return self._state.version

    @property
    def count(self) -> int:
        """How many rules are held."""
        return len(self._state.rules)

    def priced(self, currency: str) -> Priced:
        """The rules of a currency. Never waits."""
        return self._state.by_currency.get(currency, _NOTHING)

    def get(self, promotion: str) -> Promotion | None:
        """The terms of one promotion, whatever its currency. Never waits."""
        rule = self._state.rules.get(promotion)
        return None if rule is None else rule.promotion

    def refresh(self) -> None:
        """Makes what is held as new as what is stored when this is called. Raises Unavailable."""
        with self._refreshing:
            version = self._source.version()
            if version != self._state.version:
                changes = self._source.changes(self._state.rules)
                self._state = _after(self._state, version, changes)

    def compact(self) -> None:
        """Compiles afresh what has changed much, outside the lock: a write meanwhile wins and is compacted later."""
        before = self._state
        crowded = {c: p for c, p in before.by_currency.items() if p.ruleset.changes > MANY}
        if crowded:
            fresh = {c: replace(p, ruleset=_ready(p.ruleset.compacted())) for c, p in crowded.items()}
            with self._refreshing:
                if self._state is before:
                    self._state = _State(before.version, before.rules, {**before.by_currency, **fresh})


def _after(state: _State, version: int, changes: Changes) -> _State:
    """The state with these changes made."""
    rules = dict(state.rules)
    removed: dict[str, list[str]] = {}
    changed: dict[str, list[Rule]] = {}
    for name in changes.removed:
        removed.setdefault(rules.pop(name).currency, []).append(name)
    for rule in changes.changed:
        old = rules.pop(rule.promotion.id, None)
        # One that was deleted and made anew between two looks stands at the end of the list now.
        if old is not None and (old.currency, old.position) != (rule.currency, rule.position):
            removed.setdefault(old.currency, []).append(rule.promotion.id)
        changed.setdefault(rule.currency, []).append(rule)
        rules[rule.promotion.id] = rule
    held = dict(state.by_currency)
    for currency in {*removed, *changed}:
        now = held.get(currency, _NOTHING)
        held[currency] = _changed(now, changed.get(currency, []), removed.get(currency, []))
    return _State(version, rules, held)


def _changed(now: Priced, changed: list[Rule], removed: list[str]) -> Priced:
    promotions: list[Promotion] = [rule.promotion for rule in changed]
    ruleset = now.ruleset.changed(promotions, removed) if len(now.ruleset) else Ruleset(promotions)
    touched = {*removed, *(promotion.id for promotion in promotions)}
    counted = {name: promotion for name, promotion in now.counted.items() if name not in touched}
    counted.update((promotion.id, promotion) for promotion in promotions if promotion.counted)
    reading = [promotion.id for promotion in promotions if _reads_orders_count(promotion)]
    return Priced(_ready(ruleset), counted, now.read_orders_count.difference(touched).union(reading))


def _reads_orders_count(promotion: Promotion) -> bool:
    return any(["orders_count" in condition.reads for condition in nested(promotion.conditions)])


def _ready(ruleset: Ruleset) -> Ruleset:
    """With its version worked out, which hashes all its terms: not for the first quote to wait for."""
    _ = ruleset.version
    return ruleset

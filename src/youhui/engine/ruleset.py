"""A compiled set of promotions: immutable, with an index and a version; `price` is a pure function of its arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter, sub

from youhui.engine.facts import Cart, Usage
from youhui.engine.hints import hinted
from youhui.engine.index import Index
from youhui.engine.layer import LATER, Layer
from youhui.engine.prices import Facts
from youhui.engine.pricing import Reason, State
from youhui.engine.promotion import Promotion
from youhui.engine.quote import Applied, Options, Quote, QuotedLine, Verdict
from youhui.engine.rule import Rule, by_id
from youhui.engine.search import best_for_customer
from youhui.engine.shapes import nested
from youhui.engine.stacking import Decision, Evaluation, by_priority
from youhui.engine.verdicts import applied_verdict, refused_verdicts

_ID = attrgetter("id")
_PLACE = attrgetter("place")
_DEFAULTS = Options()
_NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Needs:
    """What a ruleset reads beside the cart: facts of the customer, and counters.

    `customer`: of "id", "groups", "orders_count", "attributes"; `attributes`: their names; `counted`: the promotions
    whose usage is looked at; `per_customer`: those of them with a limit on uses or units per customer.
    """

    customer: frozenset[str]
    attributes: frozenset[str]
    counted: frozenset[str]
    per_customer: frozenset[str]


class Ruleset:
    """Promotions in list order, compiled once.

    Raises ValueError if an id is used twice. A changed or overlaid ruleset shares what was compiled before.
    """

    __slots__ = ("_end", "_gone", "_index", "_more", "_rules", "_version")

    def __init__(self, promotions: Iterable[Promotion] = ()) -> None:
        rules = [Rule(promotion, position) for position, promotion in enumerate(promotions)]
        self._rules: Mapping[str, Rule] = by_id(rules)
        """in list order"""
        self._end = len(rules)
        """the place of the next one in the list"""
        self._index = Index(rules)
        self._more: tuple[Index, ...] = ()
        """of rules changed and added since, and of a layer"""
        self._gone: frozenset[Rule] = frozenset()
        """rules of the index that were changed or removed since"""
        self._version: str | None = None

    @property
    def version(self) -> str:
        """A hash of all terms in list order: equal terms, equal version, however the ruleset came about.

        Of one with a layer over it: a hash of the version below and of the layer's terms.
        """
        if self._version is None:
            digests = b"".join([rule.digest for rule in self._rules.values()])
            self._version = hashlib.sha256(digests).hexdigest()[:16]
        return self._version

    def __len__(self) -> int:
        return len(self._rules)

    def promotions(self) -> tuple[Promotion, ...]:
        """All promotions in list order."""
        return tuple([rule.promotion for rule in self._rules.values()])

    def get(self, promotion: str) -> Promotion | None:
        """The promotion with this id."""
        try:
            return self._rules[promotion].promotion
        except KeyError:
            return None

    def overlay(self, layer: Layer) -> Ruleset:
        """This ruleset with a few more promotions, after all others in the list: prices as one compiled of all.

        Costs the same however many promotions there are below. An empty layer changes nothing. Raises ValueError if an
        id is in both, or if there is a layer already.
        """
        if not layer:
            return self
        clash = next((name for name in layer.rules if name in self._rules), None)
        if clash is not None or self._end >= LATER:
            raise ValueError("over a layer" if clash is None else f"two promotions have the id {clash}")
        other = object.__new__(Ruleset)
        other._rules = _Laid(layer.rules, self._rules)
        other._end = LATER + len(layer)
        other._index = self._index
        other._more = (*self._more, layer.index)
        other._gone = self._gone
        other._version = hashlib.sha256(self.version.encode() + layer.digest).hexdigest()[:16]
        return other

    def changed(self, promotions: Iterable[Promotion] = (), removed: Iterable[str] = ()) -> Ruleset:
        """This ruleset with some promotions replaced (in their places), added (at the end) and removed.

        Costs what the changed ones cost and what earlier changes cost; `compacted` makes a fresh one of many changes.
        Raises KeyError if an id to remove is not there.
        """
        other = object.__new__(Ruleset)
        rules = dict(self._rules)
        other._end = self._end
        fresh: dict[str, Rule] = {}
        out: list[Rule] = [rules.pop(name) for name in removed]
        for promotion in promotions:
            old = rules.get(promotion.id)
            if old is not None:
                out.append(old)
            rules[promotion.id] = fresh[promotion.id] = Rule(promotion, old.place[2] if old else other._end)
            other._end += old is None
        other._rules = rules
        earlier = frozenset([rule for index in self._more for rule in index.rules])
        other._index = self._index
        other._more = (Index([*earlier.difference(out), *fresh.values()]),)
        other._gone = self._gone.union(out) - earlier
        other._version = None
        return other

    def compacted(self) -> Ruleset:
        """The same promotions compiled afresh, for when many have changed."""
        return Ruleset(self.promotions())

    @property
    def changes(self) -> int:
        """How many promotions were changed since it was compiled."""
        return len(self._gone) + sum([len(index.rules) for index in self._more])

    def needs(self) -> Needs:
        """Which facts of the customer and which counters pricing will look at."""
        conditions = [c for rule in self._rules.values() for c in nested(rule.promotion.conditions)]
        return Needs(
            frozenset(fact for condition in conditions for fact in condition.reads),
            frozenset(str(getattr(c, "name", "")) for c in conditions if "attributes" in c.reads),
            frozenset(name for name, rule in self._rules.items() if rule.promotion.counted),
            frozenset(name for name, rule in self._rules.items() if rule.per_customer),
        )

    # -- pricing

    def price(
        self, cart: Cart, usage: Usage = _NO_USAGE, *, at: datetime, options: Options = _DEFAULTS
    ) -> Quote:
        """Prices a cart at an instant (aware). Pure: the same arguments give the same quote."""
        evaluation = Evaluation(
            Facts(cart, at), usage, options.guests == "refuse", options.explain != "applied" or options.hints
        )
        candidates = self.candidates(cart)
        idle, locked = self._left_out(candidates) if options.explain == "all" else ([], [])
        if options.strategy == "best_for_customer":
            decision = best_for_customer(evaluation, candidates, options.steps, idle)
        else:
            decision = by_priority(evaluation, candidates, idle)
        quote = self._quote(evaluation, decision, options, locked)
        return self._hinted(quote, cart, usage, options) if options.hints else quote

    def _hinted(self, quote: Quote, cart: Cart, usage: Usage, options: Options) -> Quote:
        bare = replace(options, explain="considered", hints=False)
        return hinted(
            quote, cart, lambda changed: self.price(changed, usage, at=quote.at, options=bare), self.get
        )

    def candidates(self, cart: Cart) -> list[Rule]:
        """The promotions that may give this cart something or that its codes unlock, in the order of work."""
        found = self._index.candidates(cart)
        return self._merged(found, [index.candidates(cart) for index in self._more]) if self._more else found

    def _unlocked_by(self, code: str) -> list[Rule]:
        """The promotions that an entered code unlocks, in the order of work."""
        found = self._index.unlocked_by(code)
        return self._merged(found, [index.unlocked_by(code) for index in self._more]) if self._more else found

    def _left_out(self, candidates: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
        """The promotions that are not among these, in the order of work: without a code, and with one."""
        known = set(candidates)
        rest = sorted([rule for rule in self._rules.values() if rule not in known], key=_PLACE)
        return [rule for rule in rest if not rule.coded], [rule for rule in rest if rule.coded]

    def _merged(self, found: list[Rule], more: Iterable[list[Rule]]) -> list[Rule]:
        gone = self._gone
        kept = [rule for rule in found if rule not in gone] if gone else found
        return sorted(chain(kept, *more), key=_PLACE)

    def _quote(
        self, evaluation: Evaluation, decision: Decision, options: Options, locked: Sequence[Rule]
    ) -> Quote:
        facts, state = evaluation.facts, decision.state
        left = state.prices.left
        applied, verdicts = _applied(facts, state)
        if evaluation.explain:
            verdicts += refused_verdicts(evaluation, decision, locked)
        return Quote(
            facts.cart.currency,
            facts.at,
            self.version,
            tuple(map(QuotedLine, map(_ID, facts.lines), facts.subtotals, map(sub, facts.subtotals, left))),
            facts.shipping,
            facts.shipping - state.prices.shipping,
            tuple(applied),
            self._rejected(facts.cart.codes, decision) if facts.cart.codes else {},
            tuple(verdicts),
            decision.search,
        )

    def _rejected(self, codes: Sequence[str], decision: Decision) -> Mapping[str, Reason]:
        """The reason for each different entered code that unlocked no applied promotion (FORMAT.md 9)."""
        applied = {outcome.rule.id for outcome in decision.state.applied}
        reasons = {outcome.rule.id: outcome.reason for outcome in decision.refused}
        rejected: dict[str, Reason] = {}
        for code in codes:
            unlocked = self._unlocked_by(code)
            if not unlocked:
                rejected[code] = "unknown"
            elif not any(rule.id in applied for rule in unlocked):
                rejected[code] = reasons[unlocked[0].id] or "no_effect"
        return rejected


class _Laid(Mapping[str, Rule]):
    """The rules of a layer over those below. A ChainMap goes on to the next by an exception, which takes 1 µs."""

    __slots__ = ("_below", "_over")

    def __init__(self, over: Mapping[str, Rule], below: Mapping[str, Rule]) -> None:
        self._over = over
        self._below = below

    def __getitem__(self, name: str) -> Rule:
        rule = self._over.get(name)
        return self._below[name] if rule is None else rule

    def __iter__(self) -> Iterator[str]:
        return chain(self._below, self._over)

    def __len__(self) -> int:
        return len(self._below) + len(self._over)


def _applied(facts: Facts, state: State) -> tuple[list[Applied], list[Verdict]]:
    applied, verdicts = [], []
    before = facts.runs
    for outcome in state.applied:
        assert outcome.prices is not None
        after = outcome.prices.runs
        given = (
            outcome.rule.id,
            outcome.amounts,
            outcome.shipping,
            outcome.gifts,
            facts.lines,
            before,
            after,
            outcome.counts,
        )
        applied.append(Applied(*given))
        verdicts.append(applied_verdict(outcome))
        before = after
    return applied, verdicts

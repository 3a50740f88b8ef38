"""A compiled set of promotions: immutable, with an index and a version; `price` is a pure function of its arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from youhui.engine.conditions.base import Condition
from youhui.engine.facts import Cart, Usage
from youhui.engine.index import Index
from youhui.engine.prices import Facts
from youhui.engine.pricing import Outcome, Reason, State
from youhui.engine.promotion import Promotion
from youhui.engine.quote import Applied, Cut, Options, Quote, QuotedLine, Verdict
from youhui.engine.rule import Rule
from youhui.engine.shapes import fields_of
from youhui.engine.stacking import Decision, Evaluation, by_priority

_DEFAULTS = Options()
_NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Needs:
    """What a ruleset reads beside the cart: facts of the customer, and counters.

    `customer`: of "id", "groups", "orders_count", "attributes"; `attributes`: their names; `counted`: the promotions
    whose usage is looked at; `per_customer`: those of them with a limit per customer.
    """

    customer: frozenset[str]
    attributes: frozenset[str]
    counted: frozenset[str]
    per_customer: frozenset[str]


class Ruleset:
    """Promotions in list order, compiled once.

    Raises ValueError if an id is used twice. A changed or overlaid ruleset shares what was compiled before.
    """

    __slots__ = ("_gone", "_layers", "_positions", "_version")

    def __init__(self, promotions: Iterable[Promotion] = ()) -> None:
        rules = [Rule(promotion, position) for position, promotion in enumerate(promotions)]
        self._positions = _by_id(rules)
        self._layers: tuple[Index, ...] = (Index(rules),)
        self._gone: frozenset[int] = frozenset()
        self._version: str | None = None

    @property
    def version(self) -> str:
        """A hash of all terms in list order: equal terms, equal version, however the ruleset came about."""
        if self._version is None:
            digest = hashlib.sha256()
            for rule in sorted(self._positions.values(), key=lambda rule: rule.place[2]):
                digest.update(rule.digest)
            self._version = digest.hexdigest()[:16]
        return self._version

    def __len__(self) -> int:
        return len(self._positions)

    def promotions(self) -> tuple[Promotion, ...]:
        """All promotions in list order."""
        return tuple(r.promotion for r in sorted(self._positions.values(), key=lambda rule: rule.place[2]))

    def get(self, promotion: str) -> Promotion | None:
        """The promotion with this id."""
        rule = self._positions.get(promotion)
        return None if rule is None else rule.promotion

    def overlay(self, promotions: Iterable[Promotion]) -> Ruleset:
        """This ruleset and a few more promotions, after all others in the list, without compiling it again."""
        return self.changed(promotions)

    def changed(self, promotions: Iterable[Promotion] = (), removed: Iterable[str] = ()) -> Ruleset:
        """This ruleset with some promotions replaced (in their places), added (at the end) and removed.

        Costs what the changed ones cost and what earlier changes cost; `compacted` makes a fresh one of many changes.
        """
        positions = dict(self._positions)
        gone = set(self._gone)
        fresh: list[Rule] = []
        end = 1 + max((rule.place[2] for rule in positions.values()), default=-1)
        for name in removed:
            gone.add(id(positions.pop(name)))
        for promotion in promotions:
            old = positions.get(promotion.id)
            if old is not None:
                gone.add(id(old))
                rule = Rule(promotion, old.place[2])
            else:
                rule = Rule(promotion, end)
                end += 1
            positions[promotion.id] = rule
            fresh.append(rule)
        other = object.__new__(Ruleset)
        other._positions = positions
        kept = [
            rule for rule in (self._layers[1].rules if len(self._layers) > 1 else ()) if id(rule) not in gone
        ]
        other._layers = (self._layers[0], Index([*kept, *fresh]))
        other._gone = frozenset(gone)
        other._version = None
        return other

    def compacted(self) -> Ruleset:
        """The same promotions compiled afresh, for when many have changed."""
        return Ruleset(self.promotions())

    @property
    def changes(self) -> int:
        """How many promotions were changed since it was compiled."""
        return len(self._gone) + sum([len(layer.rules) for layer in self._layers[1:]])

    def needs(self) -> Needs:
        """Which facts of the customer and which counters pricing will look at."""
        conditions = [c for rule in self._positions.values() for c in _nested(rule.promotion.conditions)]
        promotions = [rule.promotion for rule in self._positions.values()]
        return Needs(
            frozenset(fact for condition in conditions for fact in condition.reads),
            frozenset(str(getattr(c, "name", "")) for c in conditions if "attributes" in c.reads),
            frozenset(
                p.id for p in promotions
                if p.usage_limit is not None or p.usage_limit_per_customer is not None or p.budget is not None
            ),
            frozenset(p.id for p in promotions if p.usage_limit_per_customer is not None),
        )  # fmt: skip

    # -- pricing

    def price(
        self, cart: Cart, usage: Usage = _NO_USAGE, *, at: datetime, options: Options = _DEFAULTS
    ) -> Quote:
        """Prices a cart at an instant (aware). Pure: the same arguments give the same quote."""
        evaluation = Evaluation(
            Facts(cart, at), usage, options.guests == "refuse", options.explain != "applied" or options.hints
        )
        decision = by_priority(evaluation, self.candidates(cart))
        return self._quote(evaluation, decision, options)

    def candidates(self, cart: Cart) -> list[Rule]:
        """The promotions that may give this cart something or that its codes unlock, in the order of work."""
        return self._gather([layer.candidates(cart) for layer in self._layers])

    def _gather(self, found: Sequence[list[Rule]]) -> list[Rule]:
        if len(found) == 1:
            return found[0]
        gone = self._gone
        both = [rule for rules in found for rule in rules if id(rule) not in gone]
        return sorted(both, key=lambda rule: rule.place)

    def _quote(self, evaluation: Evaluation, decision: Decision, options: Options) -> Quote:
        facts, state = evaluation.facts, decision.state
        left = state.prices.left
        applied, verdicts = _applied(facts, state)
        if options.explain != "applied":
            verdicts += [_verdict(outcome) for outcome in decision.refused]
        return Quote(
            facts.cart.currency,
            facts.at,
            self.version,
            tuple(
                [
                    QuotedLine(line.id, s, s - rest)
                    for line, s, rest in zip(facts.lines, facts.subtotals, left, strict=True)
                ]
            ),
            facts.shipping,
            facts.shipping - state.prices.shipping,
            tuple(applied),
            self._rejected(facts.cart.codes, decision) if facts.cart.codes else {},
            tuple(verdicts),
        )

    def _rejected(self, codes: Sequence[str], decision: Decision) -> Mapping[str, Reason]:
        """The reason for each different entered code that unlocked no applied promotion (FORMAT.md 9)."""
        applied = {outcome.rule.id for outcome in decision.state.applied}
        reasons = {outcome.rule.id: outcome.reason for outcome in decision.refused}
        rejected: dict[str, Reason] = {}
        for code in codes:
            unlocked = self._gather([layer.unlocked_by(code) for layer in self._layers])
            if not unlocked:
                rejected[code] = "unknown"
            elif not any(rule.id in applied for rule in unlocked):
                rejected[code] = reasons[unlocked[0].id] or "no_effect"
        return rejected


def _by_id(rules: Sequence[Rule]) -> dict[str, Rule]:
    found = {rule.id: rule for rule in rules}
    if len(found) < len(rules):
        twice = next(rule.id for rule in rules if found[rule.id] is not rule)
        raise ValueError(f"two promotions have the id {twice}")
    return found


def _nested(conditions: Iterable[Condition]) -> Iterable[Condition]:
    for condition in conditions:
        yield condition
        for field in fields_of(type(condition)):
            if field.shape.form == "condition":
                yield from _nested([getattr(condition, field.name)])
            elif field.shape.item is not None and field.shape.item.form == "condition":
                yield from _nested(getattr(condition, field.name))


def _applied(facts: Facts, state: State) -> tuple[list[Applied], list[Verdict]]:
    applied, verdicts = [], []
    before = facts.runs
    for outcome in state.applied:
        assert outcome.prices is not None
        after = outcome.prices.runs
        cuts = tuple(
            [Cut(facts.lines[i].id, amount, before[i], after[i]) for i, amount in outcome.amounts.items()]
        )
        applied.append(Applied(outcome.rule.id, cuts, outcome.shipping, outcome.gifts))
        verdicts.append(_verdict(outcome))
        before = after
    return applied, verdicts


def _verdict(outcome: Outcome) -> Verdict:
    return Verdict(
        outcome.rule.id, outcome.reason, outcome.money if outcome.gives else 0, outcome.gap, outcome.rival,
        outcome.margin, outcome.capped, outcome.units,
    )  # fmt: skip

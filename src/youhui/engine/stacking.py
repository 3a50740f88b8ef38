"""Which of the candidates are applied together: in order of priority (FORMAT.md 8.4 and 8.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from youhui.engine.facts import Usage, Used
from youhui.engine.marks import Marks
from youhui.engine.prices import Facts, Prices
from youhui.engine.pricing import Outcome, Reason, State, attempt
from youhui.engine.promotion import Promotion
from youhui.engine.quote import Search
from youhui.engine.rule import Rule


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of every candidate. `state` has the applied ones in the order of application."""

    state: State
    refused: tuple[Outcome, ...]
    search: Search | None = None


class Evaluation:
    """The facts, the usage and the settings that every try of one quote shares."""

    __slots__ = ("explain", "facts", "refuse_guests", "usage")

    def __init__(self, facts: Facts, usage: Usage, refuse_guests: bool, explain: bool) -> None:
        self.facts = facts
        self.usage = usage
        self.refuse_guests = refuse_guests
        self.explain = explain

    def start(self, candidates: Sequence[Rule]) -> State:
        """The untouched cart."""
        marked = any([rule.marked for rule in candidates])
        return State(Prices.untouched(self.facts), Marks() if marked else None)

    def barred(self, rule: Rule) -> Reason | None:
        """Why a promotion is out before it is tried, if it is (FORMAT.md 8.2)."""
        if not rule.gated and rule.id not in self.usage.by_promotion:
            return None
        used = self.usage.of(rule.id)
        if rule.stock_left(used) == 0:
            return _gate(rule, self, used) or "sold_out"
        return _gate(rule, self, used) if rule.gated else None

    def attempt(self, rule: Rule, state: State) -> Outcome:
        """Tries a candidate on a cart as it is."""
        return attempt(rule, self.facts, state, self.usage.of(rule.id), self.explain)


def _gate(rule: Rule, evaluation: Evaluation, used: Used) -> Reason | None:
    p, instant = rule.promotion, evaluation.facts.instant
    if not p.active:
        return "not_active"
    if p.valid_from is not None and instant < p.valid_from:
        return "not_started"
    if p.valid_until is not None and instant >= p.valid_until:
        return "expired"
    if p.usage_limit is not None and used.used >= p.usage_limit:
        return "usage_limit"
    if rule.per_customer and (reason := _gate_of_customer(p, evaluation, used)):
        return reason
    if p.budget is not None and used.budget >= p.budget:
        return "budget"
    return None


def _gate_of_customer(p: Promotion, evaluation: Evaluation, used: Used) -> Reason | None:
    """The limits of each customer; a guest has none, or is refused."""
    if evaluation.facts.cart.customer is None:
        return "customer_required" if evaluation.refuse_guests else None
    if p.usage_limit_per_customer is not None and used.by_customer >= p.usage_limit_per_customer:
        return "usage_limit_per_customer"
    if p.units_per_customer is not None and used.units_by_customer >= p.units_per_customer:
        return "units_per_customer"
    return None


def split(evaluation: Evaluation, candidates: Sequence[Rule]) -> tuple[list[Rule], list[Outcome]]:
    """The candidates that may be tried, and those that are out already."""
    open_: list[Rule] = []
    out: list[Outcome] = []
    for rule in candidates:
        reason = evaluation.barred(rule)
        if reason is None:
            open_.append(rule)
        else:
            out.append(Outcome(rule, reason))
    return open_, out


def in_order(candidates: Sequence[Rule], idle: Sequence[Rule]) -> Sequence[Rule]:
    """Both in the order of work."""
    return sorted([*candidates, *idle], key=lambda rule: rule.place) if idle else candidates


def by_priority(evaluation: Evaluation, candidates: Sequence[Rule], idle: Sequence[Rule] = ()) -> Decision:
    """Exclusives first, alone if one gives something; then everyone in order, groups by their best member.

    `idle` cannot give anything, by the index: they are tried like all others, to be told why they are refused.
    """
    candidates = in_order(candidates, idle)
    open_, refused = split(evaluation, candidates)
    start = evaluation.start(candidates)
    exclusives = [rule for rule in open_ if rule.exclusive]
    if exclusives:
        vain: list[Outcome] = []
        for rule in exclusives:
            outcome = evaluation.attempt(rule, start)
            if outcome.gives:
                refused += _beaten_by(evaluation, outcome, start, open_)
                return Decision(start.after(outcome), tuple(refused))
            vain.append(outcome)
        refused += vain
        open_ = [rule for rule in open_ if not rule.exclusive]
    return _in_turn(evaluation, start, open_, refused)


def _beaten_by(
    evaluation: Evaluation, winner: Outcome, start: State, others: Sequence[Rule]
) -> list[Outcome]:
    """Every other candidate's outcome beside an exclusive that applies: its conditions fail, else it is excluded."""
    beaten = []
    for rule in others:
        if rule is winner.rule:
            continue
        outcome = evaluation.attempt(rule, start)
        if outcome.reason != "conditions":
            outcome = Outcome(rule, "excluded")
            outcome.rival = winner.rule.id
        beaten.append(outcome)
    return beaten


def _in_turn(evaluation: Evaluation, state: State, rules: Sequence[Rule], refused: list[Outcome]) -> Decision:
    settled: set[str] = set()
    for turn, rule in enumerate(rules):
        if rule.group is not None and rule.group in settled:
            continue
        outcome = evaluation.attempt(rule, state)
        if not outcome.gives:
            refused.append(outcome)
        elif rule.group is not None:
            settled.add(rule.group)
            members = [other for other in rules[turn + 1 :] if other.group == rule.group]
            outcome, losers = _best([outcome, *[evaluation.attempt(member, state) for member in members]])
            refused += losers
        state = state.after(outcome)
    return Decision(state, tuple(refused))


def _best(outcomes: Sequence[Outcome]) -> tuple[Outcome, list[Outcome]]:
    """The one worth most (ties: the first), and the others, told who won and by how much."""
    best = max([outcome for outcome in outcomes if outcome.gives], key=lambda outcome: outcome.worth)
    losers = []
    for outcome in outcomes:
        if outcome is not best:
            if outcome.gives:
                margin = best.worth - outcome.worth
                outcome = Outcome(outcome.rule, "not_best")
                outcome.rival, outcome.margin = best.rule.id, margin
            losers.append(outcome)
    return best, losers

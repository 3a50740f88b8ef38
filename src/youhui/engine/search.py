"""The combination of promotions that saves the customer most: exact depth-first branch and bound.

docs/algorithm/best_for_customer.md says what a combination is, which one is best and what the answer guarantees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from youhui.engine.bounds import Most, Prospect, free, room
from youhui.engine.marks import excluded
from youhui.engine.pricing import Outcome, State
from youhui.engine.quote import Search
from youhui.engine.rule import Rule
from youhui.engine.stacking import Decision, Evaluation, by_priority, in_order, split

Rank: TypeAlias = tuple[int, int, tuple[str, ...]]
"""smaller is better: saving (negated), number of promotions, their ids in the order of application"""


class Combination(NamedTuple):
    """Promotions applied in the order of work, each giving something, and what they save in minor units."""

    state: State
    saving: int = 0
    ids: tuple[str, ...] = ()

    @property
    def rank(self) -> Rank:
        """Its place among all combinations."""
        return -self.saving, len(self.ids), self.ids

    def plus(self, outcome: Outcome) -> Combination:
        """With one promotion more."""
        ids = (*self.ids, outcome.rule.id)
        return Combination(self.state.after(outcome), self.saving + outcome.worth, ids)


class Look(NamedTuple):
    """A promotion that may still be added, by its number, and what it could give at most."""

    number: int
    most: Most


class Branch(NamedTuple):
    """All combinations that begin with `base`, looks[at], and go on with some after it: none saves more than `most`."""

    base: Combination
    looks: Sequence[Look]
    at: int
    most: int


def best_for_customer(
    evaluation: Evaluation, candidates: Sequence[Rule], steps: int, idle: Sequence[Rule] = ()
) -> Decision:
    """The best combination of these candidates as far as `steps` reach, and why the others are not in it.

    `idle` cannot give anything: they cost the search no step, and are only told why they are refused.
    """
    open_, refused = split(evaluation, candidates)
    told, out = split(evaluation, idle)
    tree = _Tree(evaluation, open_, evaluation.start([*candidates, *idle]), steps)
    tree.grow()
    if tree.unseen is not None:
        tree.fall_back()
    search = tree.report()
    refused += out
    refused += _refusals(evaluation, in_order(open_, told), tree.start, tree.best[0], search)
    return Decision(tree.best[0].state, tuple(refused), search)


class _Tree:
    """The search: the best two combinations so far, and how much was looked at."""

    def __init__(self, evaluation: Evaluation, rules: Sequence[Rule], start: State, limit: int) -> None:
        facts, usage = evaluation.facts, evaluation.usage
        self.facts = facts
        self.quiet = Evaluation(facts, usage, evaluation.refuse_guests, explain=False)
        self.start = start
        self.limit = limit
        self.best = [Combination(start)]
        """the best two, the better one first"""
        self.unseen: int | None = None
        """the most that any combination may save that was left out for want of steps"""
        self.exclusives = [rule for rule in rules if rule.exclusive]
        nothing = free(facts)
        others = [Prospect(rule, facts, usage.of(rule.id), nothing) for rule in rules if not rule.exclusive]
        self.steps = len(rules)
        looked = [(prospect, most) for prospect in others if (most := prospect.most(start)) is not None]
        self.prospects = [prospect for prospect, _ in looked]
        self.rules = [prospect.rule for prospect in self.prospects]
        self.looks = [Look(number, most) for number, (_, most) in enumerate(looked)]
        self.rivals = _rivals(self.rules)
        self.circles = _circles(self.rivals, self.looks)

    def fall_back(self) -> None:
        """What priority would apply, for a search that was cut short; its tries are not counted."""
        chosen = {outcome.rule.id for outcome in by_priority(self.quiet, self.rules).state.applied}
        combination = Combination(self.start)
        for rule in self.rules:
            if rule.id in chosen:
                combination = self._add(combination, rule) or combination

    def grow(self) -> None:
        """Follows each branch that may hold one of the best two, the most promising of a fork first."""
        root = Combination(self.start)
        for rule in self.exclusives:
            self._add(root, rule)
        branches = self._fork(root, self.looks)
        while branches:
            base, later, at, most = branches.pop()
            rule = self.rules[later[at].number]
            if not self._could_win(most, base, rule):
                continue
            if self.steps >= self.limit:
                self.unseen = max(self.unseen or 0, most)
                continue
            self.steps += 1
            if combination := self._add(base, rule):
                branches += self._go_on(combination, later, at)

    def report(self) -> Search:
        """How sure it is."""
        best, *others = self.best
        bound = max(best.saving, self.unseen or 0)
        runner_up = others[0] if others else None
        return Search(
            self.unseen is None, best.saving, bound, self.steps,
            None if runner_up is None else runner_up.ids, None if runner_up is None else runner_up.saving,
        )  # fmt: skip

    def _add(self, base: Combination, rule: Rule) -> Combination | None:
        """Tries a promotion; if it gives something, that is one combination more."""
        outcome = self.quiet.attempt(rule, base.state)
        if not outcome.gives:
            return None
        combination = base.plus(outcome)
        if all([combination.ids != known.ids for known in self.best]):
            self.best = sorted([*self.best, combination], key=_rank)[:2]
        return combination

    def _go_on(self, base: Combination, before: Sequence[Look], at: int) -> list[Branch]:
        """The branches of a combination; bounds are drawn anew if those from before do not rule them out already."""
        rivals = self.rivals[before[at].number]
        looks = [look for look in before[at + 1 :] if not rivals >> look.number & 1]
        branches = self._fork(base, looks)
        if branches and self.steps + len(looks) <= self.limit:
            self.steps += len(looks)
            found = [(number, self.prospects[number].most(base.state)) for number, _ in looks]
            branches = self._fork(base, [Look(number, most) for number, most in found if most is not None])
        return branches

    def _fork(self, base: Combination, looks: Sequence[Look]) -> list[Branch]:
        """A branch for each promotion that may be next and could win, the most promising last.

        Of a circle of rivals only one counts. No promotions together take more money than there is room.
        """
        saving, circles = base.saving, self.circles
        left = saving + room(self.facts, base.state.prices)
        enough = self.best[1].saving if len(self.best) > 1 else -1
        in_circle: dict[int, int] = {}
        total = saving
        branches = []
        for at in range(len(looks) - 1, -1, -1):
            number, (money, gifts) = looks[at]
            worth, circle = money + gifts, circles[number]
            rival = in_circle.get(circle, 0)
            left += gifts
            most = min(worth + total - rival, left)
            if most > enough or (most == enough and self._could_win(most, base, self.rules[number])):
                branches.append(Branch(base, looks, at, most))
            if worth > rival:
                in_circle[circle] = worth
                total += worth - rival
        branches.sort(key=_most)
        return branches

    def _could_win(self, most: int, base: Combination, rule: Rule) -> bool:
        """Whether one of the best two could begin with `base` and `rule`, if it saves no more than `most`."""
        if len(self.best) < 2 or most != self.best[1].saving:
            return len(self.best) < 2 or most > self.best[1].saving
        ids = (*base.ids, rule.id)
        return (-most, len(ids), ids) < self.best[1].rank


def _rank(combination: Combination) -> Rank:
    return combination.rank


def _most(branch: Branch) -> int:
    return branch.most


def _go_together(one: Rule, other: Rule) -> bool:
    """Whether a combination may have both."""
    if one.exclusive or other.exclusive or (one.group is not None and one.group == other.group):
        return False
    return not excluded(one.promotion, other.promotion)


def _rivals(rules: Sequence[Rule]) -> list[int]:
    """For each rule the set (bits by number) of those that no combination has together with it."""
    found = [0] * len(rules)
    vocal = [n for n, rule in enumerate(rules) if rule.marked or rule.group is not None]
    for n in vocal:
        for k, other in enumerate(rules):
            if k != n and not _go_together(rules[n], other):
                found[n] |= 1 << k
                found[k] |= 1 << n
    return found


def _circles(rivals: Sequence[int], looks: Sequence[Look]) -> list[int]:
    """Puts each rule into a circle of which all are rivals: the first that it fits into, those worth most first."""
    circles: list[int] = []
    places = [0] * len(rivals)
    for look in sorted(looks, key=lambda look: -look.most.worth):
        place = next((c for c, all_ in enumerate(circles) if not all_ & ~rivals[look.number]), len(circles))
        if place == len(circles):
            circles.append(0)
        circles[place] |= 1 << look.number
        places[look.number] = place
    return places


def _refusals(
    evaluation: Evaluation, rules: Sequence[Rule], state: State, best: Combination, search: Search
) -> Iterator[Outcome]:
    """Why each of the others is not in the best combination: tried at its place in it, an exclusive one alone."""
    start = state
    chosen = {outcome.rule.id: outcome for outcome in best.state.applied}
    members = [outcome.rule for outcome in best.state.applied]
    for rule in rules:
        if rule.id in chosen:
            state = state.after(chosen[rule.id])
            continue
        outcome = evaluation.attempt(rule, start if rule.exclusive else state)
        yield _beaten(outcome, members, search) if outcome.gives else outcome


def _beaten(outcome: Outcome, members: Sequence[Rule], search: Search) -> Outcome:
    """It would give something, but the best combination is without it.

    The margin is what is saved less because of it; known for an exclusive one, and for the members of the runner-up.
    """
    beaten = Outcome(outcome.rule, "not_best")
    beaten.rival = next((member.id for member in members if not _go_together(outcome.rule, member)), None)
    if outcome.rule.exclusive:
        beaten.margin = search.saving - outcome.worth
    elif search.optimal and outcome.rule.id in (search.runner_up or ()):
        beaten.margin = search.saving - (search.runner_up_saving or 0)
    return beaten

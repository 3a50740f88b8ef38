"""shadowed: a promotion that can never apply, because wherever it could another one takes its place.

Four rules, proved in docs/lint.md. Every one asks that the winner is open whenever the loser is, and that its
conditions hold wherever the loser's do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from youhui.engine import Promotion
from youhui.engine.promotion import LANES
from youhui.lint.branches import Branch, TooMany, branches
from youhui.lint.comparing import never_less, plain, reached_by, surely_gives, takes_lines_only
from youhui.lint.finding import Finding, witness
from youhui.lint.implying import holds_before, open_whenever
from youhui.lint.selecting import narrower
from youhui.lint.subject import Effort, Live, Subject

Place = tuple[int, int, int]


def check(subject: Subject, effort: Effort) -> Iterator[Finding]:
    """Each promotion that is shadowed, with the first promotion in order that is proved to shadow it."""
    places = _places(subject)
    shunned = _shunned(subject)
    able = [one for name, one in subject.live.items() if one.promotion.stacking != "combine" or shunned[name]]
    winners = [(live, conditions) for live in able if (conditions := _winner(live, subject))]
    winners.sort(key=lambda winner: places[winner[0].promotion.id])
    for loser in subject.live.values():
        for winner, conditions in winners:
            if not effort.spend(1):
                return
            if winner is loser or not open_whenever(winner.promotion, loser.promotion):
                continue
            if not holds_before(conditions, loser.ways):
                continue
            rule = _rule(winner.promotion, loser.promotion, places, shunned)
            found = _finding(subject, winner, loser, rule) if rule else None
            if found is not None:
                yield found
                break


def _winner(live: Live, subject: Subject) -> list[Branch] | None:
    """The branches of its conditions; None if it shadows nothing: its units may run out, or there are too many."""
    if live.promotion.id in subject.stocked:
        return None
    try:
        return branches(live.promotion.conditions)
    except TooMany:
        return None


def _rule(
    winner: Promotion, loser: Promotion, places: Mapping[str, Place], shunned: Mapping[str, set[str]]
) -> str | None:
    """The rule by which the winner takes the loser's place, if its conditions hold; None: there is none."""
    first = places[winner.id] < places[loser.id]
    if winner.stacking == "exclusive":
        alone = loser.stacking != "exclusive" or first
        return "exclusive" if alone and surely_gives(winner, loser) else None
    if not first or loser.stacking == "exclusive" or shunned[winner.id] - {loser.id}:
        return None
    return _TOGETHER[winner.stacking](winner, loser)


def _combine(winner: Promotion, loser: Promotion) -> str | None:
    apart = winner.id in loser.excludes or loser.id in winner.excludes
    return "excluded" if apart and surely_gives(winner, loser) else None


def _best_in_group(winner: Promotion, loser: Promotion) -> str | None:
    return "group" if _one_group(winner, loser) and never_less(winner, loser) else None


def _first_per_line(winner: Promotion, loser: Promotion) -> str | None:
    if not (_one_group(winner, loser) and plain(winner) and takes_lines_only(loser)):
        return None
    mine = reached_by(winner)
    covered = all(any(narrower(one, other) for other in mine) for one in reached_by(loser))
    return "per_line" if covered else None


def _one_group(winner: Promotion, loser: Promotion) -> bool:
    return winner.stacking == loser.stacking and winner.group == loser.group


_TOGETHER: Mapping[str, Callable[[Promotion, Promotion], str | None]] = {
    "combine": _combine,
    "best_in_group": _best_in_group,
    "first_per_line": _first_per_line,
}


def _places(subject: Subject) -> dict[str, Place]:
    return {p.id: (LANES.index(p.lane), -p.priority, n) for n, p in enumerate(subject.promotions)}


def _shunned(subject: Subject) -> dict[str, set[str]]:
    """By promotion: those that it does not go with, whichever of the two says it. Tags are not looked into."""
    found: dict[str, set[str]] = {p.id: set() for p in subject.promotions}
    for promotion in subject.promotions:
        for other in promotion.excludes:
            if other in found:
                found[promotion.id].add(other)
                found[other].add(promotion.id)
    return found


def _finding(subject: Subject, winner: Live, loser: Live, rule: str) -> Finding | None:
    """With a cart on which the loser alone applies, priced with both."""
    pair = [p for p in subject.promotions if p.id in (winner.promotion.id, loser.promotion.id)]
    name = f"shadowed-{loser.promotion.id}"
    shown = witness(name, pair, loser.scene)
    ids = (loser.promotion.id, winner.promotion.id)
    if shown.reasons[ids[0]] is None or shown.reasons[ids[1]] is not None:
        return None
    return Finding("shadowed", rule, ids, {}, (shown,))

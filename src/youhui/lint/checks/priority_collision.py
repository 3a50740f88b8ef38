"""priority_collision: two promotions of one lane and priority, where which stands first in the list decides.

Proved by pricing one cart twice. What they are compared by: what is taken of each line and of shipping, the gifts, and
which of the two are applied; how a sum is divided between the two is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, islice

from youhui.engine import Promotion, Quote
from youhui.engine.actions.buy_x_get_y import BuyXGetY
from youhui.engine.conditions.base import Condition
from youhui.engine.money import format_amount
from youhui.lint.comparing import reached_by, takes_lines_only
from youhui.lint.finding import Finding, quoted, witness
from youhui.lint.measures import bound_of
from youhui.lint.selecting import disjoint
from youhui.lint.subject import Effort, Live, Subject
from youhui.lint.witness import Scene, scenes

TIMES = (1, 3)
"""prices just at the thresholds, and so many times as high"""
COST = 20
"""tries that pricing one pair counts for"""


def check(subject: Subject, effort: Effort) -> Iterator[Finding]:
    """Each pair that is proved to collide."""
    levels: dict[tuple[str, int], list[Live]] = defaultdict(list)
    for live in subject.live.values():
        levels[live.promotion.lane, live.promotion.priority].append(live)
    for level in levels.values():
        for one, other in combinations(level, 2):
            apart = _apart(one, other)
            if not effort.spend(1 if apart else COST):
                return
            if not apart:
                yield from islice(_collisions(one, other, subject.currency), 1)


def _apart(one: Live, other: Live) -> bool:
    """Whether their order is known not to matter: an exclusive one and one that is not; different lines."""
    p, q = one.promotion, other.promotion
    if (p.stacking == "exclusive") != (q.stacking == "exclusive"):
        return True
    return (
        _by_itself(one)
        and _by_itself(other)
        and p.id not in q.excludes
        and q.id not in p.excludes
        and all(disjoint(mine, theirs) for mine in reached_by(p) for theirs in reached_by(q))
    )


def _by_itself(live: Live) -> bool:
    """Whether nothing that others take matters to it but what they take of its own lines."""
    p = live.promotion
    return (
        p.stacking == "combine"
        and takes_lines_only(p)
        and not (p.tags or p.excludes_tags or p.skip_lines_of_tags)
        and not any(isinstance(action, BuyXGetY) for action in p.actions)
        and not any(_reads_running(literal.condition) for way in live.ways for literal in way)
    )


def _reads_running(condition: Condition) -> bool:
    bound = bound_of(condition)
    return bound is not None and bound.running


def _collisions(one: Live, other: Live, currency: str) -> Iterator[Finding]:
    pair = (one.promotion, other.promotion)
    for times in TIMES:
        for scene in scenes(pair, (one.ways, other.ways), currency, times):
            listed, swapped = quoted(pair, scene), quoted(pair[::-1], scene)
            if _outcome(listed) != _outcome(swapped):
                yield _finding(*pair, scene, listed, swapped)


def _outcome(quote: Quote) -> tuple[object, ...]:
    taken = tuple(line.discount for line in quote.lines)
    gifts = sorted((gift.sku, gift.quantity) for gift in quote.gifts)
    return taken, quote.shipping_discount, gifts, {applied.promotion for applied in quote.applied}


def _finding(one: Promotion, other: Promotion, scene: Scene, listed: Quote, swapped: Quote) -> Finding:
    name = f"priority_collision-{one.id}-{other.id}"
    shown = (
        witness(f"{name}-as_listed", (one, other), scene),
        witness(f"{name}-swapped", (other, one), scene),
    )
    params = {
        "priority": str(one.priority),
        "lane": one.lane,
        "listed": _given(listed),
        "swapped": _given(swapped),
    }
    return Finding("priority_collision", "swap", (one.id, other.id), params, shown)


def _given(quote: Quote) -> str:
    """Who gives what: "b 6.00, c 4.00"; gifts behind the amount of who gives them."""
    given = []
    for applied in quote.applied:
        gifts = [f" + {gift.quantity} × {gift.sku}" for gift in applied.gifts]
        given.append(f"{applied.promotion} {format_amount(applied.amount, quote.currency)}{''.join(gifts)}")
    return ", ".join(given) or "–"

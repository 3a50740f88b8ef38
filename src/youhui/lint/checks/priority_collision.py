"""priority_collision: two promotions of one lane and priority, where which stands first in the list decides.

Proved by pricing one cart twice. What they are compared by: what is taken of each line and of shipping, the gifts, and
which of the two are applied; how a sum is divided between the two is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from youhui.engine import Promotion, Quote
from youhui.engine.money import format_amount
from youhui.lint.finding import Finding, quoted, witness
from youhui.lint.opening import span_of
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
        for one, other in combinations([live.promotion for live in level], 2):
            if not effort.spend(1):
                return
            if _may_meet(one, other):
                if not effort.spend(COST):
                    return
                yield from _collisions(one, other, subject.currency)


def _may_meet(one: Promotion, other: Promotion) -> bool:
    """An exclusive one is always tried before one that is not: their order in the list does not matter."""
    return (one.stacking == "exclusive") == (other.stacking == "exclusive") and not span_of(
        [one, other]
    ).empty


def _collisions(one: Promotion, other: Promotion, currency: str) -> Iterator[Finding]:
    for times in TIMES:
        for scene in scenes((one, other), currency, times):
            listed, swapped = quoted((one, other), scene), quoted((other, one), scene)
            if _outcome(listed) != _outcome(swapped):
                yield _finding(one, other, scene, listed, swapped)
                return


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
        "listed": format_amount(listed.total_discount, listed.currency),
        "swapped": format_amount(swapped.total_discount, listed.currency),
    }
    return Finding("priority_collision", "swap", (one.id, other.id), params, shown)

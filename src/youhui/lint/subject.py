"""What is looked into: the promotions, and what has been found out about each that several checks ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from youhui.engine import Promotion, Usage
from youhui.lint.branches import Branch, TooMany
from youhui.lint.needs import ways
from youhui.lint.refuting import conflict
from youhui.lint.witness import Scene, applying


class Effort:
    """How much more work may be done, in tries of one promotion on one cart; bounds the searches."""

    __slots__ = ("exhausted", "left")

    def __init__(self, tries: int) -> None:
        self.left = tries
        self.exhausted = False

    def spend(self, tries: int) -> bool:
        """Takes so many tries; False if none are left, and then the search is over."""
        self.left -= tries
        self.exhausted = self.exhausted or self.left < 0
        return not self.exhausted


@dataclass(frozen=True, slots=True)
class Live:
    """A promotion that may apply, the ways in which it does, and a scene in which alone it really does."""

    promotion: Promotion
    ways: Sequence[Branch]
    scene: Scene


@dataclass(frozen=True, slots=True)
class Subject:
    """The active promotions in list order, their currency, and which of them may have too few units for a cart."""

    promotions: Sequence[Promotion]
    currency: str
    stocked: frozenset[str]
    live: Mapping[str, Live]

    @classmethod
    def of(cls, promotions: Sequence[Promotion], usage: Usage, currency: str) -> Subject:
        """Looks into each promotion once. One that is not active is passed over."""
        active = [promotion for promotion in promotions if promotion.active]
        stocked = {name for name, used in usage.by_promotion.items() if used.units_left is not None}
        stocked |= {promotion.id for promotion in active if _limits_units(promotion)}
        found = {promotion.id: one for promotion in active if (one := _live(promotion, currency))}
        return cls(active, currency, frozenset(stocked), found)

    def without(self, ids: Iterable[str]) -> Subject:
        """The same, but these are known never to apply: what else could be said of them is idle."""
        gone = set(ids)
        return replace(self, live={name: live for name, live in self.live.items() if name not in gone})


def _limits_units(promotion: Promotion) -> bool:
    limits = (promotion.stock, promotion.units_per_customer, promotion.units_per_order)
    return any(limit is not None for limit in limits)


def possible_ways(promotion: Promotion, currency: str) -> list[Branch] | None:
    """The ways in which it may give something that are not refuted; None: there are too many to look into."""
    try:
        return [branch for branch in ways(promotion) if conflict(branch, currency) is None]
    except TooMany:
        return None


def _live(promotion: Promotion, currency: str) -> Live | None:
    possible = possible_ways(promotion, currency)
    scene = applying(promotion, possible, currency) if possible else None
    return Live(promotion, possible, scene) if possible and scene else None

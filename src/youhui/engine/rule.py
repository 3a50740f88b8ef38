"""A promotion compiled for pricing: its place in the order of work, and which of its features need looking at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

from youhui.engine.facts import Used
from youhui.engine.prices import Facts
from youhui.engine.promotion import LANES, Promotion
from youhui.engine.selectors import Key, either

Place: TypeAlias = tuple[int, int, int]
"""lane, priority (negated), place in the list"""


class Rule:
    """A promotion with what pricing asks of it at every quote worked out once."""

    __slots__ = (
        "_digest",
        "actions",
        "budget",
        "coded",
        "conditions",
        "exclusive",
        "gated",
        "group",
        "id",
        "marked",
        "original",
        "per_customer",
        "pieces",
        "place",
        "promotion",
        "rationed",
        "restricted",
        "round_on",
        "rounding",
        "stock",
    )

    def __init__(self, promotion: Promotion, position: int) -> None:
        p = self.promotion = promotion
        self.id = p.id
        self._digest: bytes | None = None
        self.place: Place = (LANES.index(p.lane), -p.priority, position)
        self.conditions = p.conditions
        self.actions = p.actions
        self.original = p.base == "original"
        self.rounding = p.rounding
        self.round_on = p.round_on
        self.coded = p.code is not None
        self.exclusive = p.stacking == "exclusive"
        self.group = p.group if p.stacking == "best_in_group" else None
        self.budget = p.budget is not None or p.order_cap is not None
        # Anything that may put it out before it is tried.
        self.gated = not (
            p.active and p.valid_from is None and p.valid_until is None and p.usage_limit is None
            and p.usage_limit_per_customer is None and p.units_per_customer is None and p.budget is None
            and p.stock is None
        )  # fmt: skip
        self.stock = p.stock
        self.per_customer = p.usage_limit_per_customer is not None or p.units_per_customer is not None
        # Anything but its stock that may leave it fewer units than the cart has.
        self.rationed = p.units_per_customer is not None or p.units_per_order is not None
        # Its units are pieces of gifts.
        self.pieces = all([action.gives_gifts_only for action in p.actions])
        # Anything that makes what was applied before matter, other than by its prices.
        self.marked = (
            bool(p.excludes or p.tags or p.excludes_tags or p.skip_lines_of_tags) or self.first_per_line
        )
        self.restricted = (
            p.skip_discounted_lines or bool(p.tags or p.skip_lines_of_tags) or self.first_per_line
        )

    @property
    def first_per_line(self) -> bool:
        """Whether only one member of its group may act on a line."""
        return self.promotion.stacking == "first_per_line"

    def stock_left(self, used: Used) -> int | None:
        """How many units of its stock are left: as was counted, else all of it; None: it has no stock."""
        return self.stock if used.units_left is None else used.units_left

    def units_left(self, used: Used, facts: Facts) -> int | None:
        """How many units may have its price in this order: of its stock, of its customer's share; None: all."""
        p = self.promotion
        found = [self.stock_left(used), p.units_per_order]
        if p.units_per_customer is not None and facts.cart.customer is not None:
            found.append(max(p.units_per_customer - used.units_by_customer, 0))
        return min([one for one in found if one is not None], default=None)

    @property
    def digest(self) -> bytes:
        """A hash of the terms."""
        if self._digest is None:
            self._digest = hashlib.sha256(repr(self.promotion).encode("utf-8", "surrogatepass")).digest()
        return self._digest

    def reach(self, facts: Facts) -> Sequence[int]:
        """The lines that its actions may take something from, in cart order."""
        if len(self.actions) == 1:
            return self.actions[0].reach(facts)
        return sorted({i for action in self.actions for i in action.reach(facts)})

    def implied(self) -> dict[str, tuple[object, ...]]:
        """By family: values of which a cart must have one, else the promotion gives nothing."""
        keys: list[Key] = [key for condition in self.conditions for key in condition.implies()]
        keys.extend(either([action.implies() for action in self.actions]))
        found: dict[str, tuple[object, ...]] = {}
        for family, values in keys:
            if family not in found or len(values) < len(found[family]):
                found[family] = values
        return found


def by_id(rules: Sequence[Rule]) -> dict[str, Rule]:
    """The rules by their ids, in their order. Raises ValueError if an id is used twice."""
    found = {rule.id: rule for rule in rules}
    if len(found) < len(rules):
        twice = next(rule.id for rule in rules if found[rule.id] is not rule)
        raise ValueError(f"two promotions have the id {twice}")
    return found

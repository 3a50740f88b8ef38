"""The terms of one promotion. What was used of it is not among them: that is `facts.Usage`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from youhui.engine.actions.base import Action
from youhui.engine.conditions.base import Condition
from youhui.engine.forms import (
    Amount,
    Base,
    Code,
    Count,
    Instant,
    Misfit,
    Name,
    Positive,
    Texts,
    Whole,
    Zone,
    zone_of,
)
from youhui.engine.money import Percent, Rounding, RoundOn

Lane: TypeAlias = Literal["item", "order", "coupon", "shipping"]
Stacking: TypeAlias = Literal["combine", "exclusive", "best_in_group", "first_per_line"]
Window: TypeAlias = Literal["always", "day", "week", "month"]
"""what a limit counts in: all time, or each day, week (from Monday) or month of the promotion's zone"""
GiveBack: TypeAlias = Literal["never", "full_refund", "pro_rata"]
"""what a refund gives back to the limits"""

LANES: tuple[Lane, ...] = ("item", "order", "coupon", "shipping")
"""in the order of work"""
GROUPED: tuple[Stacking, ...] = ("best_in_group", "first_per_line")
LIMITS = {
    "usage_limit": "usage_window",
    "usage_limit_per_customer": "usage_window_per_customer",
    "budget": "budget_window",
}
"""the limits that may count in windows, and the keys that say so"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCap:
    """The most a promotion takes from one order: the less of an `amount` and a `percent` of the undiscounted lines."""

    amount: Amount | None = None
    percent: Percent | None = None

    def __post_init__(self) -> None:
        if self.amount is None and self.percent is None:
            raise Misfit("amount", "amount, percent or both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """Conditions, actions, stacking, window and limits (FORMAT.md 2 and docs/algorithm/extensions.md)."""

    id: Name
    name: str | None = None
    active: bool = True
    code: Code | None = None
    more_codes: Texts = ()
    code_match: Literal["exact"] | None = None
    priority: Whole = 0
    lane: Lane = "order"
    stacking: Stacking = "combine"
    group: Name | None = None
    excludes: Texts = ()
    tags: Texts = ()
    excludes_tags: Texts = ()
    skip_lines_of_tags: Texts = ()
    base: Base = "running"
    skip_discounted_lines: bool = False
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    usage_limit: Count | None = None
    usage_window: Window = "always"
    usage_limit_per_customer: Count | None = None
    usage_window_per_customer: Window = "always"
    budget: Amount | None = None
    budget_window: Window = "always"
    over_budget: Literal["skip", "cap"] = "skip"
    stock: Count | None = None
    units_per_customer: Count | None = None
    units_per_order: Positive | None = None
    timezone: Zone = "UTC"
    give_back: GiveBack = "full_refund"
    order_cap: OrderCap | None = None
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...]
    rounding: Rounding = "half_up"
    round_on: RoundOn = "discount"

    def __post_init__(self) -> None:
        if not self.actions:
            raise Misfit("actions", "at least one action")
        if (self.stacking in GROUPED) != (self.group is not None):
            raise Misfit("group", "a name, together with stacking best_in_group or first_per_line")
        if self.code_match is not None and self.code is None:
            raise Misfit("code_match", "absent, or together with a code")
        if self.more_codes and self.code is None:
            raise Misfit("more_codes", "absent, or together with a code")
        if any([not fold(code) for code in self.more_codes]):
            raise Misfit("more_codes", "codes that are not empty")
        self._check_windows()
        zone_of(self.timezone)

    def _check_windows(self) -> None:
        for limit, window in LIMITS.items():
            if getattr(self, window) != "always" and getattr(self, limit) is None:
                raise Misfit(window, "always, or together with its limit")

    @property
    def counted(self) -> bool:
        """Whether it has a limit that orders use up: pricing must be told what was used of it."""
        limits = (
            self.usage_limit, self.usage_limit_per_customer, self.budget, self.stock, self.units_per_customer,
        )  # fmt: skip
        return any([limit is not None for limit in limits])

    def code_keys(self) -> tuple[str, ...]:
        """What entered codes are looked up by, if it has a code: each once."""
        codes = () if self.code is None else (self.code, *self.more_codes)
        return tuple(dict.fromkeys(codes if self.code_match == "exact" else map(fold, codes)))

    def opened_by(self, code: str) -> bool:
        """Whether this code, as it was entered, unlocks it."""
        return (code if self.code_match == "exact" else fold(code)) in self.code_keys()


def fold(code: str) -> str:
    """A code as it is compared: trimmed of white space, NFKC-normalised, then case-folded (FORMAT.md 2)."""
    return unicodedata.normalize("NFKC", code.strip()).casefold()

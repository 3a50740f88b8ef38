"""What all forms of promotions have: when, for whom, beside what; and 折 as a percentage off. Pure.

The classes are read by the engine's reader: their typed fields give every fault by its path, and the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal

from youhui.engine import Promotion
from youhui.engine.actions.base import Action
from youhui.engine.conditions.any_ import Any as AnyOf
from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.customer_group import CustomerGroup
from youhui.engine.conditions.first_order import FirstOrder
from youhui.engine.conditions.time_window import TimeWindow
from youhui.engine.forms import Clock, Count, Day, Instant, Misfit, Name, Texts, Whole, Zone, zone_of
from youhui.engine.money import Percent
from youhui.engine.promotion import GiveBack, Window
from youhui.promotions.model import Type

MOST_SLOTS = 20
"""P23"""

A_ZHE = "a 折: more than 0 and less than 10, with at most 2 decimals (8.5 pays 85 %)"


def off(zhe: Percent) -> Percent:
    """The percentage that a 折 takes off: 8.5 pays 85 %, so it takes 15 %. Raises Misfit of `percent`."""
    rate = Fraction(zhe.numerator, zhe.denominator) * 100
    if not 0 < rate < 10 or (rate * 100).denominator != 1:
        raise Misfit("percent", A_ZHE)
    share = 1 - rate / 10
    return Percent(share.numerator, share.denominator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Hours of some days (absent: all) in the zone of the promotion; over midnight if `from` is after `until`."""

    days: tuple[Day, ...] | None = None
    from_: Clock = 0
    until: Clock = 1440

    def __post_init__(self) -> None:
        TimeWindow(self.days, self.from_, self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """For whom it is: all, customers of certain groups, or those who have not ordered yet."""

    kind: Literal["all", "groups", "new_customers"] = "all"
    groups: Texts = ()

    def __post_init__(self) -> None:
        if (self.kind == "groups") != bool(self.groups):
            raise Misfit("groups", "a list of groups, together with kind: groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What every form has: when, for whom, and beside what."""

    type: ClassVar[Type]

    id: Name
    name: str | None = None
    priority: Whole = 0
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    time_zone: Zone = "UTC"
    slots: tuple[Slot, ...] = ()
    audience: Audience = Audience()
    excludes_tags: Texts = ()
    skip_lines_of_tags: Texts = ()

    def __post_init__(self) -> None:
        if self.starts_at is not None and self.ends_at is not None and self.starts_at >= self.ends_at:
            raise Misfit("ends_at", "later than starts_at")
        if len(self.slots) > MOST_SLOTS:
            raise Misfit("slots", f"at most {MOST_SLOTS}")
        try:
            zone_of(self.time_zone)
        except Misfit as misfit:
            raise Misfit("time_zone", misfit.expected) from misfit

    def rules(self) -> Mapping[str, Promotion]:
        """What it becomes, by what each rule is of: a product of a flash sale, else ""."""
        raise NotImplementedError

    def _rule(self, actions: Sequence[Action], **more: Any) -> Promotion:
        conditions = (*self._conditions(), *more.pop("conditions", ()))
        return Promotion(
            id=self.id,
            name=self.name,
            priority=self.priority,
            valid_from=self.starts_at,
            valid_until=self.ends_at,
            timezone=self.time_zone,
            excludes_tags=self.excludes_tags,
            skip_lines_of_tags=self.skip_lines_of_tags,
            conditions=conditions,
            actions=tuple(actions),
            **more,
        )

    def _conditions(self) -> Iterator[Condition]:
        if self.audience.kind == "groups":
            yield CustomerGroup(self.audience.groups)
        elif self.audience.kind == "new_customers":
            yield FirstOrder()
        windows = [TimeWindow(slot.days, slot.from_, slot.until, self.time_zone) for slot in self.slots]
        if windows:
            yield windows[0] if len(windows) == 1 else AnyOf(tuple(windows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited(Campaign):
    """A form with limits of uses: of orders that have it, in all and of each customer."""

    usage_limit: Count | None = None
    usage_window: Window = "always"
    usage_limit_per_customer: Count | None = None
    usage_window_per_customer: Window = "always"
    give_back: GiveBack = "full_refund"
    tags: Texts = ()

    def _limits(self) -> dict[str, Any]:
        return {
            "usage_limit": self.usage_limit,
            "usage_window": self.usage_window,
            "usage_limit_per_customer": self.usage_limit_per_customer,
            "usage_window_per_customer": self.usage_window_per_customer,
            "give_back": self.give_back,
            "tags": self.tags,
        }

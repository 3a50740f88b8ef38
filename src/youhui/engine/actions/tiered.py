"""阶梯满减/满折: the highest level reached decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.base import Action, Targets
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.forms import Amount, Base, Level, Misfit
from youhui.engine.money import Percent
from youhui.engine.prices import Facts, Gap
from youhui.engine.selectors import Key, Selector
from youhui.engine.spreading import Spread
from youhui.engine.view import Effect, View

Target = Literal["order", "order_and_shipping", "shipping", "lines", "each_unit", "each_line", "across_lines"]
_OF_LINES = frozenset({"lines", "each_unit", "each_line", "across_lines"})
_KEYS = frozenset({"by", "tiers", "selector", "of"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """From this level (an amount, or units with `by: quantity`) on, a percentage or an amount."""

    at_least: Level
    percent: Percent | None = None
    amount: Amount | None = None

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount is None):
            raise Misfit("percent", "either percent or amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiered(Action):
    """Measures the matching lines `by` their prices or their units; the highest tier reached acts, tiers never add up.

    It acts as percent_off or amount_off with this `target`, `selector` and `spread`; `order`, `shipping` and
    `order_and_shipping` act on all of it, whatever the selector counts. `of` (with `by: subtotal`): measure the
    `original` or `running` prices; absent: those that the promotion computes with.
    """

    kind: ClassVar[str] = "tiered"
    targets: ClassVar[Targets] = {
        target: _KEYS
        | ({"spread"} if target in ("order", "order_and_shipping", "across_lines") else frozenset())
        for target in (
            "order",
            "order_and_shipping",
            "shipping",
            "lines",
            "each_unit",
            "each_line",
            "across_lines",
        )
    }

    by: Literal["subtotal", "quantity"]
    tiers: tuple[Tier, ...]
    target: Target
    selector: Selector | None = None
    of: Base | None = None
    spread: Spread | None = None
    _acts: tuple[tuple[int, PercentOff | AmountOff], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        levels = {tier.at_least for tier in self.tiers}
        if not levels or len(levels) < len(self.tiers):
            raise Misfit("tiers", "at least one tier, all from different levels")
        if self.of is not None and self.by != "subtotal":
            raise Misfit("of", "absent, or together with by: subtotal")
        acts = [(tier.at_least, self._act(tier)) for tier in self.tiers]
        object.__setattr__(self, "_acts", tuple(sorted(acts, key=lambda act: -act[0])))

    def _act(self, tier: Tier) -> PercentOff | AmountOff:
        selector = self.selector if self.target in _OF_LINES else None
        if tier.percent is not None and self.target in PercentOff.targets:
            return PercentOff(percent=tier.percent, target=self.target, selector=selector, spread=self.spread)  # type: ignore[arg-type]
        if tier.amount is not None and self.target in AmountOff.targets:
            return AmountOff(amount=tier.amount, target=self.target, selector=selector, spread=self.spread)  # type: ignore[arg-type]
        raise Misfit("target", "one that percent_off (for a tier with amount: amount_off) has")

    def effect(self, view: View) -> Effect:
        """What the highest tier reached would take; nothing below the first."""
        measured = self._measured(view)
        for level, act in self._acts:
            if measured >= level:
                return act.effect(view)
        return Effect(view)

    def gap(self, view: View) -> Gap:
        """The lowest tier, and what is measured."""
        unit = "units" if self.by == "quantity" else "money"
        return Gap(self.kind, self._acts[-1][0], self._measured(view), unit, self.selector)

    def _measured(self, view: View) -> int:
        if self.by == "quantity":
            return view.units(self.selector)
        if self.of is not None:
            view = View(view.facts, view.prices, self.of == "original", lines=view.lines, caps=view.caps)
        return view.total(self.selector)

    def most(self, view: View) -> int:
        """The best of the tiers reached now: lower prices reach no others, but may reach only a lower one."""
        measured = self._measured(view)
        return max([act.most(view) for level, act in self._acts if measured >= level], default=0)

    def reach(self, facts: Facts) -> Sequence[int]:
        """The lines it may take something from."""
        if self.target == "shipping":
            return ()
        matching = facts.matching(self.selector)
        if self.target in _OF_LINES or (not matching and self._acts[-1][0] > 0):
            return matching
        return facts.discountable

    def implies(self) -> Iterator[Key]:
        """A line that it measures, unless a tier begins at nothing."""
        if self.selector is None or (self.target not in _OF_LINES and self._acts[-1][0] == 0):
            return iter(())
        return self.selector.implies()

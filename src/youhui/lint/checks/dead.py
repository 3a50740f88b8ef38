"""dead: a promotion that can give nothing to any cart at any time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from youhui.engine import Promotion
from youhui.engine.actions.gift import Gift
from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.quantity_at_least import QuantityAtLeast
from youhui.engine.conditions.time_window import TimeWindow
from youhui.engine.selectors import Selector
from youhui.lint.branches import Branch, Literal, TooMany, branches
from youhui.lint.customers import needs_customer
from youhui.lint.finding import Finding, witness
from youhui.lint.needs import ways
from youhui.lint.opening import span_of
from youhui.lint.refuting import conflict
from youhui.lint.selecting import matches_nothing
from youhui.lint.subject import Subject, possible_ways
from youhui.lint.witness import Scene, applying


def check(subject: Subject) -> Iterator[Finding]:
    """Limits of nothing, conditions that contradict each other, actions that take nothing."""
    for promotion in subject.promotions:
        applies = promotion.id in subject.live and not _limited_to_nothing(promotion)
        if applies or span_of([promotion]).empty:
            continue
        found = _why(promotion, subject.currency)
        if found is not None:
            variant, params = found
            scene = closest(promotion, subject.currency)
            shown = witness(f"dead-{promotion.id}", [promotion], scene)
            yield Finding("dead", variant, (promotion.id,), params, (shown,))


def _why(promotion: Promotion, currency: str) -> tuple[str, dict[str, str]] | None:
    if promotion.usage_limit == 0:
        return "limit", {"limit": "usage_limit"}
    if promotion.budget == 0:
        return "limit", {"limit": "budget"}
    if promotion.stock == 0:
        return "limit", {"limit": "stock"}
    try:
        conditions, all_ways = branches(promotion.conditions), ways(promotion)
    except TooMany:
        return None
    refuted = [conflict(branch, currency) for branch in conditions]
    if None not in refuted:
        return "conditions", {"conditions": _words(refuted[0] if refuted else None)}
    if not all_ways:
        return "actions", {}
    if not possible_ways(promotion, currency):
        return "needs", {"conditions": _words(conflict(all_ways[0], currency))}
    if all(needs_customer(branch) for branch in conditions):
        if promotion.usage_limit_per_customer == 0:
            return "limit", {"limit": "usage_limit_per_customer"}
        if promotion.units_per_customer == 0:
            return "limit", {"limit": "units_per_customer"}
    return None


def _limited_to_nothing(promotion: Promotion) -> bool:
    return 0 in (
        promotion.usage_limit, promotion.usage_limit_per_customer, promotion.budget, promotion.stock,
        promotion.units_per_customer,
    )  # fmt: skip


def _words(literals: Branch | None) -> str:
    return ", ".join(_word(literal) for literal in literals) if literals else "any []"


def _word(literal: Literal) -> str:
    return literal.condition.kind if literal.wanted else f"not {literal.condition.kind}"


def closest(promotion: Promotion, currency: str) -> Scene:
    """A scene with all that the promotion asks for but what cannot be, so that nothing else can be to blame.

    Tried in turn: it without its limits, its time windows, its actions, one of its conditions, all of them. The last of
    these, a gift on any cart, always has one.
    """
    for easier in _easier(promotion):
        scene = applying(easier, possible_ways(easier, currency) or (), currency)
        if scene is not None:
            return scene
    raise AssertionError("a gift without conditions applies to every cart")


def _easier(promotion: Promotion) -> Iterator[Promotion]:
    """The window stays, unless nothing lies in it."""
    free = without_limits(promotion)
    given = (Gift(sku="gift", quantity=1),)
    conditions = promotion.conditions
    yield free
    yield replace(free, conditions=tuple(c for c in conditions if not isinstance(c, TimeWindow)))
    yield replace(free, actions=given, conditions=conditions + _lines_of(promotion))
    yield replace(free, actions=given)
    for i in range(len(conditions)):
        yield replace(free, actions=given, conditions=conditions[:i] + conditions[i + 1 :])
    yield replace(free, actions=given, conditions=())


def without_limits(promotion: Promotion) -> Promotion:
    """The same without limits, and without the windows that they count in."""
    return replace(
        promotion,
        usage_limit=None,
        usage_window="always",
        usage_limit_per_customer=None,
        usage_window_per_customer="always",
        budget=None,
        budget_window="always",
        stock=None,
        units_per_customer=None,
        units_per_order=None,
        order_cap=None,
    )


def _lines_of(promotion: Promotion) -> tuple[Condition, ...]:
    """A line that the actions are about, where they can be about one."""
    selectors = [getattr(action, "selector", None) for action in promotion.actions]
    return tuple(
        QuantityAtLeast(1, s) for s in selectors if isinstance(s, Selector) and not matches_nothing(s)
    )

"""Proofs that wherever one promotion's conditions hold, another's hold as well. A no only says: not proved."""

from __future__ import annotations

from collections.abc import Sequence

from youhui.engine.conditions.base import OneOf
from youhui.engine.conditions.contains_only import ContainsOnly
from youhui.engine.conditions.logged_in import LoggedIn
from youhui.engine.conditions.product_attribute import ProductAttribute
from youhui.engine.conditions.time_window import TimeWindow
from youhui.engine.promotion import Promotion
from youhui.lint.branches import Branch, Literal
from youhui.lint.customers import ABOUT_CUSTOMER, needs_customer, orders_counts, orders_of
from youhui.lint.measures import Bound, bound_of, never_more
from youhui.lint.opening import minutes_of
from youhui.lint.refuting import ONE_VALUE
from youhui.lint.selecting import narrower

STEADY = (*ABOUT_CUSTOMER, *ONE_VALUE, OneOf, ContainsOnly, TimeWindow, ProductAttribute)
"""conditions whose answer no earlier promotion changes"""


def open_whenever(winner: Promotion, loser: Promotion) -> bool:
    """Whether the winner may be tried on every cart on which the loser may: codes, windows, no limit of its own."""
    if not winner.active or winner.budget is not None:
        return False
    if winner.usage_limit is not None or winner.usage_limit_per_customer is not None:
        return False
    start, until = winner.valid_from, winner.valid_until
    if start is not None and (loser.valid_from is None or loser.valid_from < start):
        return False
    if until is not None and (loser.valid_until is None or loser.valid_until > until):
        return False
    return _unlocked(winner, loser)


def _unlocked(winner: Promotion, loser: Promotion) -> bool:
    if winner.code is None:
        return True
    same_match = winner.code_match == loser.code_match
    return loser.code is not None and same_match and {*loser.code_keys()} <= {*winner.code_keys()}


def holds_before(winner: Sequence[Branch], loser: Sequence[Branch]) -> bool:
    """Whether the winner's conditions hold earlier in the same evaluation wherever the loser's hold later.

    Earlier, prices are the same or higher and everything else is the same. Both in branches.
    """
    return all(any(_implied(mine, given) for mine in winner) for given in loser)


def _implied(branch: Branch, given: Branch) -> bool:
    return all(_follows(literal, given) for literal in branch)


def _follows(literal: Literal, given: Branch) -> bool:
    bound = bound_of(literal.condition)
    if bound is not None:
        return _measured(bound, literal.wanted, given)
    if literal in given and isinstance(literal.condition, STEADY):
        return True
    condition, wanted = literal.condition, literal.wanted
    if wanted and isinstance(condition, LoggedIn):
        return needs_customer(given)
    if wanted and orders_of(condition) is not None:
        return needs_customer(given) and _orders(literal, given)
    if isinstance(condition, OneOf):
        return any(_listed(condition, wanted, other) for other in given)
    if isinstance(condition, ContainsOnly) and wanted:
        return any(
            other.wanted and isinstance(other.condition, ContainsOnly)
            and narrower(other.condition.selector, condition.selector)
            for other in given
        )  # fmt: skip
    if isinstance(condition, TimeWindow) and wanted:
        return any(_longer(condition, other) for other in given)
    return False


def _measured(bound: Bound, wanted: bool, given: Branch) -> bool:
    """At least so much follows from at least as much of lines among these; less than so much only at list prices."""
    if wanted and bound.least <= 0:
        return True
    for other in given:
        known = bound_of(other.condition)
        if known is None or other.wanted is not wanted:
            continue
        if wanted and known.least >= bound.least and never_more(known, bound):
            return True
        if not wanted and not known.running and known.least <= bound.least and never_more(bound, known):
            return True
    return False


def _orders(literal: Literal, given: Branch) -> bool:
    """No number of earlier orders fits what is given and the opposite of the literal."""
    opposite = (*given, Literal(literal.condition, not literal.wanted))
    return not any(True for _ in orders_counts(opposite))


def _listed(condition: OneOf, wanted: bool, other: Literal) -> bool:
    if type(other.condition) is not type(condition) or not isinstance(other.condition, OneOf):
        return False
    mine, theirs = set(condition.any_of), set(other.condition.any_of)
    if wanted:
        return other.wanted and theirs <= mine
    if other.wanted:
        return isinstance(condition, ONE_VALUE) and mine.isdisjoint(theirs)
    return mine <= theirs


def _longer(condition: TimeWindow, other: Literal) -> bool:
    window = other.condition
    if not other.wanted or not isinstance(window, TimeWindow) or window.timezone != condition.timezone:
        return False
    return minutes_of(window) & ~minutes_of(condition) == 0

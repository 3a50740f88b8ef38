"""What can be proved about which lines selectors mean. A no here only says: not proved."""

from __future__ import annotations

from dataclasses import replace

from youhui.engine.facts import Attribute
from youhui.engine.selectors import Selector, same

LISTS = ("skus", "products", "categories")


def matches_nothing(selector: Selector | None) -> bool:
    """Whether no line can match: an empty list, price bounds that cross, or everything it means is excluded."""
    if selector is None:
        return False
    if any(getattr(selector, key) == () for key in LISTS):
        return True
    if any(not values for _, values in selector.attributes or ()):
        return True
    low, high = selector.unit_price_at_least, selector.unit_price_at_most
    if low is not None and high is not None and low > high:
        return True
    return selector.exclude is not None and narrower(replace(selector, exclude=None), selector.exclude)


def narrower(one: Selector | None, other: Selector | None) -> bool:
    """Whether every line that `one` matches is matched by `other`, key by key."""
    if other is None:
        return True
    one = one or Selector()
    return (
        all(_within(getattr(one, key), getattr(other, key)) for key in LISTS)
        and _attributes_within(one, other)
        and _prices_within(one, other)
        and _excluded_within(one, other)
    )


def disjoint(one: Selector | None, other: Selector | None) -> bool:
    """Whether no line can match both. Categories prove nothing: a line may have several."""
    if matches_nothing(one) or matches_nothing(other):
        return True
    if one is None or other is None:
        return False
    return (
        any(_apart(getattr(one, key), getattr(other, key)) for key in ("skus", "products"))
        or _attributes_apart(one, other)
        or _above(one, other)
        or _above(other, one)
        or (one.exclude is not None and narrower(other, one.exclude))
        or (other.exclude is not None and narrower(one, other.exclude))
    )


def _within(mine: tuple[str, ...] | None, theirs: tuple[str, ...] | None) -> bool:
    return theirs is None or (mine is not None and set(mine) <= set(theirs))


def _apart(mine: tuple[str, ...] | None, theirs: tuple[str, ...] | None) -> bool:
    return mine is not None and theirs is not None and set(mine).isdisjoint(theirs)


def _listed(value: Attribute, values: tuple[Attribute, ...]) -> bool:
    return any(same(value, other) for other in values)


def _attributes_within(one: Selector, other: Selector) -> bool:
    mine = dict(one.attributes or ())
    return all(
        name in mine and all(_listed(value, values) for value in mine[name])
        for name, values in other.attributes or ()
    )


def _attributes_apart(one: Selector, other: Selector) -> bool:
    mine = dict(one.attributes or ())
    return any(
        name in mine and not any(_listed(value, values) for value in mine[name])
        for name, values in other.attributes or ()
    )


def _prices_within(one: Selector, other: Selector) -> bool:
    low, high = other.unit_price_at_least, other.unit_price_at_most
    mine_low, mine_high = one.unit_price_at_least, one.unit_price_at_most
    return (low is None or low == 0 or (mine_low is not None and mine_low >= low)) and (
        high is None or (mine_high is not None and mine_high <= high)
    )


def _above(one: Selector, other: Selector) -> bool:
    low, high = one.unit_price_at_least, other.unit_price_at_most
    return low is not None and high is not None and low > high


def _excluded_within(one: Selector, other: Selector) -> bool:
    """Nothing that `one` means is excluded by `other`."""
    if other.exclude is None:
        return True
    if one.exclude is not None and narrower(other.exclude, one.exclude):
        return True
    return disjoint(replace(one, exclude=None), other.exclude)

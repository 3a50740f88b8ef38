"""Conditions as a choice of branches, each a list of plain conditions that must hold or must not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from youhui.engine.conditions.all_ import All
from youhui.engine.conditions.any_ import Any
from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.not_ import Not

MOST_BRANCHES = 64
"""Conditions with more branches than this are not looked into: nothing is said about them."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A condition that is no `not`, `any` or `all`, and whether it is to hold."""

    condition: Condition
    wanted: bool


Branch: TypeAlias = tuple[Literal, ...]


class TooMany(ValueError):
    """More than MOST_BRANCHES branches."""


def branches(conditions: Iterable[Condition]) -> list[Branch]:
    """The ways in which all of these conditions hold together; an empty list: there is none.

    All hold exactly if every literal of one of the branches does. Raises TooMany.
    """
    return _together([_expand(condition, True) for condition in conditions])


def _expand(condition: Condition, wanted: bool) -> list[Branch]:
    if isinstance(condition, Not):
        return _expand(condition.condition, not wanted)
    if isinstance(condition, Any | All):
        parts = [_expand(part, wanted) for part in condition.conditions]
        if isinstance(condition, All) == wanted:
            return _together(parts)
        return _bounded([branch for part in parts for branch in part])
    return [(Literal(condition, wanted),)]


def _together(parts: list[list[Branch]]) -> list[Branch]:
    size = 1
    for part in parts:
        size *= len(part)
    if size > MOST_BRANCHES:
        raise TooMany
    return [tuple(literal for branch in choice for literal in branch) for choice in product(*parts)]


def _bounded(found: list[Branch]) -> list[Branch]:
    if len(found) > MOST_BRANCHES:
        raise TooMany
    return found

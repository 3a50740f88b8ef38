"""The kinds of conditions and actions: the built-in ones, and those that other packages bring."""

from __future__ import annotations

from importlib.metadata import entry_points

from youhui.engine import BUILT_IN, Registry
from youhui.engine.actions.base import Action
from youhui.engine.conditions.base import Condition

KINDS = "youhui.kinds"
"""the group of entry points under which other packages name their conditions and actions, one class each"""


def kinds() -> Registry:
    """The built-in kinds and those of installed packages. Raises TypeError for an entry point that is no kind."""
    conditions: list[type[Condition]] = []
    actions: list[type[Action]] = []
    for point in entry_points(group=KINDS):
        cls = point.load()
        if isinstance(cls, type) and issubclass(cls, Condition):
            conditions.append(cls)
        elif isinstance(cls, type) and issubclass(cls, Action):
            actions.append(cls)
        else:
            raise TypeError(f"the entry point {point.name} of {KINDS} is neither a condition nor an action")
    return BUILT_IN.extended(conditions, actions)

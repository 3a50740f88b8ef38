"""What a capability gives to checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from youhui.engine import Promotion, Used


@dataclass(frozen=True, slots=True)
class Rule:
    """A stored promotion as it is priced.

    `position` is its place in list order: a new one comes after all others. `version` is the version of all rules at
    its last change. `used`: what was used of it, by all customers.
    """

    promotion: Promotion
    used: Used
    currency: str
    position: int
    version: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new or changed, in list order, and the ids of what is gone."""

    changed: tuple[Rule, ...]
    removed: tuple[str, ...]


class RuleSource(Protocol):
    """Give your rules. Called in threads, never on the event loop. Raises Unavailable."""

    def version(self) -> int:
        """A number that grows with every change of any rule, in the same commit."""

    def changes(self, known: Mapping[str, Rule]) -> Changes:
        """How the stored rules differ from those that the caller knows, by id."""

"""The customer is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Condition
from youhui.engine.prices import Facts, Prices


@dataclass(frozen=True, slots=True)
class LoggedIn(Condition):
    """The customer is not a guest."""

    kind: ClassVar[str] = "logged_in"
    reads: ClassVar[frozenset[str]] = frozenset({"id"})

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether there is a customer."""
        return facts.cart.customer is not None

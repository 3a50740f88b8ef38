"""Certain countries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import OneOf
from youhui.engine.prices import Facts


@dataclass(frozen=True, slots=True)
class Country(OneOf):
    """The country of the order is in the list."""

    kind: ClassVar[str] = "country"
    family: ClassVar[str] = "country"

    def values(self, facts: Facts) -> tuple[str, ...]:
        """The country, if it is known."""
        value = facts.cart.context.country
        return () if value is None else (value,)

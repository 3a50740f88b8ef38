"""Certain channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import OneOf
from youhui.engine.prices import Facts


@dataclass(frozen=True, slots=True)
class Channel(OneOf):
    """The channel of the order is in the list."""

    kind: ClassVar[str] = "channel"
    family: ClassVar[str] = "channel"

    def values(self, facts: Facts) -> tuple[str, ...]:
        """The channel, if it is known."""
        value = facts.cart.context.channel
        return () if value is None else (value,)

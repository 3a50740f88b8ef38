"""包邮: all that is left of the shipping price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.actions.base import Action
from youhui.engine.prices import Facts
from youhui.engine.view import Effect, View


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeShipping(Action):
    """Takes all that is left of the shipping price."""

    kind: ClassVar[str] = "free_shipping"

    def effect(self, view: View) -> Effect:
        """What it would take."""
        effect = Effect(view)
        effect.take_shipping(view.prices.shipping)
        return effect

    def most(self, view: View) -> int:
        """All that is left of the shipping price."""
        return view.prices.shipping

    def reach(self, facts: Facts) -> Sequence[int]:
        """No line."""
        return ()

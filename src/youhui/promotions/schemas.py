"""What the routes of promotions answer."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from youhui.checkout.orders.model import Claim, Numbers
from youhui.checkout.orders.windows import Length
from youhui.engine.money import format_amount
from youhui.promotions.model import Counted, State


class WindowOut(BaseModel):
    """The present day, week or month of a limit that counts in these: it has room again from `ends_at`."""

    window: Length
    starts_at: datetime
    ends_at: datetime
    used: int
    held: int
    budget_used: str
    budget_held: str


class PromotionOut(BaseModel):
    """A promotion's document, its currency, and what the service knows of it.

    `used`, `budget_used` and `units_used` are of paid orders, `held`, `budget_held` and `units_held` of unpaid ones, in
    all; null where it has no limit and more orders than are summed for an answer. `units_left` of its stock is neither.
    `windows`: the present ones of limits that count in such.
    """

    model_config = ConfigDict(extra="allow")

    id: str
    name: str | None
    currency: str
    state: State
    version: int
    created_at: datetime
    updated_at: datetime
    used: int | None
    held: int | None
    budget_used: str | None
    budget_held: str | None
    units_used: int | None
    units_held: int | None
    units_left: int | None
    windows: list[WindowOut]


def promotion_out(counted: Counted, at: datetime) -> PromotionOut:
    """As it is at an instant."""
    stored, numbers = counted.promotion, counted.numbers
    stock = stored.document.get("stock")
    known = {
        "id": stored.id,
        "name": stored.name,
        "currency": stored.currency,
        "state": stored.state(at),
        "version": stored.version,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
        **_uses(numbers, stored.currency),
        "units_used": numbers and numbers.used.units,
        "units_held": numbers and numbers.held.units,
        "units_left": max(stock - numbers.taken.units, 0) if numbers and isinstance(stock, int) else None,
        "windows": [_window(claim, inside, stored.currency) for claim, inside in counted.windows],
    }
    return PromotionOut.model_validate({**stored.document, **known})


def _window(claim: Claim, numbers: Numbers, currency: str) -> dict[str, object]:
    window = claim.key.period.rpartition("/")[2]
    bounds = {"window": window, "starts_at": claim.starts_at, "ends_at": claim.ends_at}
    return {**bounds, **_uses(numbers, currency)}


def _uses(numbers: Numbers | None, currency: str) -> dict[str, object]:
    if numbers is None:
        return dict.fromkeys(("used", "held", "budget_used", "budget_held"))
    return {
        "used": numbers.used.uses,
        "held": numbers.held.uses,
        "budget_used": format_amount(numbers.used.amount, currency),
        "budget_held": format_amount(numbers.held.amount, currency),
    }

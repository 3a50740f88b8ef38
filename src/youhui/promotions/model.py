"""What a stored promotion is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from youhui.checkout.orders.model import Claim, Numbers

State: TypeAlias = Literal["inactive", "scheduled", "running", "ended"]
"""已停用 未开始 生效中 已结束"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPromotion:
    """A promotion as it lies in the database.

    `document` is its canonical document without the currency (FORMAT.md 2 and docs/algorithm/extensions.md): its terms,
    without what was used. `position`: its place in list order; `version`: the version of all rules at its last change.
    """

    id: str
    name: str | None
    currency: str
    active: bool
    priority: int
    lane: str
    valid_from: datetime | None
    valid_until: datetime | None
    document: Mapping[str, object]
    position: int
    version: int
    created_at: datetime
    updated_at: datetime

    def state(self, at: datetime) -> State:
        """Where it stands at an instant; its window is half-open (P15)."""
        if not self.active:
            return "inactive"
        if self.valid_from is not None and at < self.valid_from:
            return "scheduled"
        if self.valid_until is not None and at >= self.valid_until:
            return "ended"
        return "running"


class Counted(NamedTuple):
    """A promotion, and what was used and is held of it in all; None: it has no limit, and too many orders to sum now.

    `windows`: the counters of all customers that count in a day, week or month, as they are in the present one.
    """

    promotion: StoredPromotion
    numbers: Numbers | None
    windows: tuple[tuple[Claim, Numbers], ...] = ()

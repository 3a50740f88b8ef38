"""What a stored promotion is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from youhui.checkout.orders.model import NOTHING, Claim, Numbers

Type: TypeAlias = Literal["rule", "flash_sale", "bulk_discount", "gift"]
"""a free rule, 秒杀, 满减/满折, 满赠/买赠"""
Status: TypeAlias = Literal["draft", "published", "paused", "closed"]
"""what was decided about it"""
State: TypeAlias = Literal["draft", "scheduled", "running", "paused", "ended", "closed"]
"""草稿 未开始 进行中 已暂停 已结束 已关闭: what that comes to at an instant"""
Step: TypeAlias = Literal["publish", "pause", "close"]

AFTER: Mapping[Step, Status] = {"publish": "published", "pause": "paused", "close": "closed"}
"""the status that a step leads to"""
FROM: Mapping[Step, frozenset[Status]] = {
    "publish": frozenset({"draft", "paused"}),
    "pause": frozenset({"published"}),
    "close": frozenset({"draft", "published", "paused"}),
}
"""where each step may begin; what is closed stays so"""


class Part(NamedTuple):
    """One rule of a promotion: its id, what it is of (a product of a flash sale; else ""), its place and its terms.

    `position`: in the list order of all rules; None as `document`: an edit has left it out. Its number stays taken, so
    that it comes back with its past.
    """

    id: str
    of: str
    position: int
    document: Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPromotion:
    """A promotion as it lies in the database.

    `document`: the canonical document of its rule without the currency (FORMAT.md 2 and docs/algorithm/extensions.md);
    of a flash sale `{"rules": […]}`, its parts. `form`: what the merchant filled in; None of a free rule. `position`:
    its place in list order; `version`: the version of all rules at its last change.
    """

    id: str
    name: str | None
    type: Type
    status: Status
    currency: str
    priority: int
    lane: str
    valid_from: datetime | None
    valid_until: datetime | None
    document: Mapping[str, object]
    form: Mapping[str, object] | None
    position: int
    version: int
    created_at: datetime
    updated_at: datetime

    def state(self, at: datetime) -> State:
        """Where it stands at an instant; its window is half-open (P15)."""
        if self.status != "published":
            return self.status
        if self.valid_from is not None and at < self.valid_from:
            return "scheduled"
        if self.valid_until is not None and at >= self.valid_until:
            return "ended"
        return "running"

    def parts(self) -> Sequence[Part]:
        """Its rules by number, also those that were left out."""
        if self.type != "flash_sale":
            return (Part(self.id, "", self.position, self.document),)
        rules = cast("Sequence[Mapping[str, Any]]", self.document["rules"])
        return [Part(f"{self.id}#{n}", **rule) for n, rule in enumerate(rules, 1)]

    def rule_ids(self) -> list[str]:
        """Of its rules as they are now."""
        return [part.id for part in self.parts() if part.document is not None]


class Wanted(NamedTuple):
    """Which promotions of a list are wanted; None does not matter. `name`: a part of it. `ids`: one of these."""

    type: Type | None = None
    state: State | None = None
    name: str | None = None
    ids: frozenset[str] | None = None


class Counted(NamedTuple):
    """A promotion, and what was used and is held of it in all; None: it has no limit, and too many orders to sum now.

    `windows`: the counters of all customers that count in a day, week or month, as they are in the present one.
    `by_rule`: the numbers of each of its rules, where it has several.
    """

    promotion: StoredPromotion
    numbers: Numbers | None
    windows: tuple[tuple[Claim, Numbers], ...] = ()
    by_rule: Mapping[str, Numbers | None] = {}


UNUSED = Numbers(NOTHING, NOTHING)


def total(numbers: Sequence[Numbers | None]) -> Numbers | None:
    """All together; None if one of them is not known."""
    found = UNUSED
    for one in numbers:
        if one is None:
            return None
        found = Numbers(found.used.plus(one.used), found.held.plus(one.held))
    return found

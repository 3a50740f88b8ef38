"""The nouns: how codes are made, and a code. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

State: TypeAlias = Literal["unused", "used", "void"]
"""未使用 已用完 已作废; "unused": it can be redeemed (again)"""

CHARSET = "ABCDEFGHJKMNPQRTUVWXY346789"
"""what is drawn from by default: nothing that is taken for something else when it is read or heard"""
DRAWN = "#"
"""in a pattern: a character that is drawn; every other stands for itself"""
LONGEST = 64
"""characters of a code, and of its key"""
MOST = 10_000_000
"""codes that are made by one request …"""
AT_ONCE = 1_000
"""… and that are made and answered at once; more are a task"""


@dataclass(frozen=True, slots=True)
class Shape:
    """How codes are made: "SUMMER-####-####", each # one of `charset`; with `check_digit` the last # follows from the
    others.
    """

    pattern: str
    charset: str = CHARSET
    check_digit: bool = True

    @property
    def drawn(self) -> int:
        """How many characters are drawn."""
        return self.pattern.count(DRAWN) - self.check_digit

    @property
    def space(self) -> int:
        """How many different codes there are of it."""
        return int(len(self.charset) ** self.drawn)

    def document(self) -> Mapping[str, Any]:
        """As JSON."""
        return {"pattern": self.pattern, "charset": self.charset, "check_digit": self.check_digit}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """A code to be stored. `uses_limit`: uses by all customers together (1: one-time), `per_customer`: by each of them;
    None: 不限.
    """

    key: str
    code: str
    uses_limit: int = 1
    per_customer: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code as it lies in the database. `key`: as it is compared. `task_id`: that made it, 0: made by hand.

    `used`: how many coupons it became.
    """

    key: str
    code: str
    template_id: int
    task_id: int
    uses_limit: int
    per_customer: int | None
    used: int
    voided_at: datetime | None
    created_at: datetime

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.voided_at is not None:
            return "void"
        return "used" if self.used >= self.uses_limit else "unused"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which codes of a template a list is of. `text`: how they begin, as they are compared."""

    state: State | None = None
    text: str | None = None
    task_id: int | None = None

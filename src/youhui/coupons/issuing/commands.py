"""What is asked of issuing, and what it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from youhui.coupons.model import Coupon, Way

LONGEST_KEY = 200
"""characters of an issue key"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What only a look elsewhere says of a customer: the groups, and whether there is an order placed here."""

    groups: frozenset[str] = frozenset()
    has_ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A coupon of a template for a customer, if the template allows it; the same `issue_key` again is the same coupon.

    `by`: who asks (`Principal.name`). `source_id`: the task or order that it comes by. `code_key`: the code that it
    comes by, of which one use is taken, as codes are compared. `caused_at`: the instant at which the claim window must
    have been open; None: now. `facts`: None until the template turns out to ask for them; the service looks them up.
    """

    template_id: int
    customer: str
    way: Way
    issue_key: str
    by: str
    source_id: str = ""
    idempotency_key: str | None = None
    code_key: str | None = None
    caused_at: datetime | None = None
    facts: Facts | None = None

    @property
    def caller(self) -> str:
        """Whose idempotency key it is."""
        return self.by

    @property
    def about(self) -> str:
        """As logs say it."""
        return f"coupon-template:{self.template_id}"


@dataclass(frozen=True, slots=True)
class Issued:
    """The coupon. `replayed`: it was issued before, by the same key."""

    coupon: Coupon
    replayed: bool


class FactsNeeded(Exception):
    """The template's audience cannot be told without the customer's facts: nothing was done, ask again with them."""


def issue_key(way: Way, *parts: object) -> str:
    """The one name of what must be issued once: "payment:7:A17". Different parts never make the same name.

    What is too long ends in a hash of all of it.
    """
    key = ":".join([way, *(str(part).replace("%", "%25").replace(":", "%3A") for part in parts)])
    if len(key) <= LONGEST_KEY:
        return key
    tail = blake2b(key.encode(), digest_size=16).hexdigest()
    return f"{key[: LONGEST_KEY - len(tail) - 1]}:{tail}"

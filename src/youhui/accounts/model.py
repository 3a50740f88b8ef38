"""Who may use the service: operators with their sessions, and API keys of storefronts."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from youhui.platform.principals import Principal, Scope

StaffRole: TypeAlias = Literal["viewer", "operator", "admin"]

ACCESS, SHOPPER = "access", "shopper"
"""the kinds of our tokens: of an operator's session, and of a customer"""

DEFAULT_SCOPES: frozenset[Scope] = frozenset({"quote", "orders", "discounts", "directory", "shoppers"})
"""of a key that is made without naming any"""
KEY_START = "yh_"
"""of every API key"""
NEVER = datetime.max.replace(tzinfo=UTC)
"""later than any instant"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A person at the console. `password` is a hash; empty: nobody can log in. `version` moves with every change."""

    id: int
    name: str
    role: StaffRole
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None = None
    password: str = field(repr=False)

    @property
    def principal(self) -> Principal:
        """As who this operator acts."""
        return Principal(self.role, str(self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A log-in and all the tokens that followed from it: it ends with its operator's next change, or at `expires_at`.

    `secret` is the hash of the one refresh token that is good now.
    """

    id: str
    operator_id: int
    secret: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What a log-in gives. `expires_in`: seconds of the access token."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    role: StaffRole
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Log-ins without a right password so far, of an account or from an address, and until when no more is tried."""

    subject: str
    attempts: int
    last_at: datetime
    locked_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A storefront's key. `secret`, and `previous_secret` which is good until `previous_until`, are hashes."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    secret: str = field(repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None

    @property
    def prefix(self) -> str:
        """How its secrets begin: that may be shown."""
        return f"{KEY_START}{self.id}_"

    def live(self, at: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or at < self.expires_at

    def good_until(self, digest: str, at: datetime) -> datetime | None:
        """Until when a secret with this hash opens it; None if it does not. NEVER is without an end."""
        if not self.live(at):
            return None
        end = self.expires_at or NEVER
        if hmac.compare_digest(digest, self.secret):
            return end
        if self.previous_secret and self.previous_until and at < self.previous_until:
            return (
                min(end, self.previous_until) if hmac.compare_digest(digest, self.previous_secret) else None
            )
        return None

    @property
    def principal(self) -> Principal:
        """As who its holder acts."""
        return Principal("storefront", self.id, self.scopes)

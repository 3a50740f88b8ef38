"""Who asks: the one word that every route, limit and audit row uses for a caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Role: TypeAlias = Literal["anonymous", "shopper", "storefront", "viewer", "operator", "admin"]

Scope: TypeAlias = Literal["quote", "orders", "discounts", "directory", "shoppers", "metrics", "coupons"]
"""what a storefront key may be used for: price carts; place, pay, cancel, refund and read orders; ask for discounts;
bring customers and products; mint tokens of shoppers; read the metrics; claim, redeem,
use and list coupons"""

STAFF: frozenset[Role] = frozenset({"viewer", "operator", "admin"})
WRITERS: frozenset[Role] = frozenset({"operator", "admin"})


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `id`: of the operator, of the key, or of the shopper's customer; empty for the anonymous.

    `scopes` are of a storefront key; all others have none and are told apart by their role alone.
    """

    role: Role
    id: str = ""
    scopes: frozenset[Scope] = frozenset()

    @property
    def name(self) -> str:
        """As audit rows and logs say it: "operator:7"."""
        return f"{self.role}:{self.id}" if self.id else self.role

    @property
    def customer(self) -> str | None:
        """The only customer that this caller acts for; None of all who may act for any."""
        return self.id if self.role == "shopper" else None


ANONYMOUS = Principal("anonymous")
SYSTEM = Principal("admin", "system")
"""the command line and the jobs: who runs them owns the database"""


class Identities(Protocol):
    """Tells whose credentials these are: what follows "Bearer " in the header Authorization."""

    def held(self, credentials: str) -> Principal | None:
        """From memory, without waiting; None if it must be looked up. Raises Unauthenticated."""

    def doubtful(self, credentials: str) -> bool:
        """Whether anyone could have made them up and finding out takes a query. Without waiting."""

    def identify(self, credentials: str) -> Principal:
        """May wait: called in threads. Raises Unauthenticated, Unavailable."""

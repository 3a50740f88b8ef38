"""Which discounts concern a customer and products: one query, however many there are and however long their lists.

It begins with the discounts of the customer, the customer's groups and everyone, and looks for the asked products in
their lists: its cost follows the discounts that concern the customer. CROSS JOIN is how SQLite is told to begin there
(the other two order joins by themselves). A list that is short beside what is asked is read as a whole, which takes a
quarter of the time of looking each asked product up in it; COALESCE is how an index on the value is passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text

from youhui.discounts.model import Terms, Type
from youhui.discounts.rules import Candidate
from youhui.platform.db import UTCDateTime

_SHORT = 5
"""so many entries of a list are read in the time in which one is looked up"""
_NOBODY = ("",)
"""no id and no name of a group or category: IN () is not SQL"""

_CONCERNING = text("""
WITH candidate AS (
  SELECT d.* FROM discount_customers w CROSS JOIN discounts d
  WHERE w.kind = 'customer' AND w.value = :customer AND d.id = w.discount_id
    AND d.expiration_time > :after AND d.enabled AND d.deleted_at IS NULL AND d.archived_at IS NULL
  UNION ALL
  SELECT d.* FROM discount_customers w CROSS JOIN discounts d
  WHERE w.kind = 'group' AND w.value IN :groups AND d.id = w.discount_id
    AND d.expiration_time > :after AND d.enabled AND d.deleted_at IS NULL AND d.archived_at IS NULL
  UNION ALL
  SELECT d.* FROM discounts d
  WHERE d.all_customers = TRUE
    AND d.expiration_time > :after AND d.enabled AND d.deleted_at IS NULL AND d.archived_at IS NULL
)
SELECT c.id, c.name, c.type, c.value, c.currency, c.priority, c.effective_time, c.expiration_time, c.updated_at,
  c.version, p.kind, p.value AS named
FROM candidate c CROSS JOIN discount_products p
WHERE c.products > 0 AND c.products <= :short
  AND p.discount_id = c.id AND p.kind = 'product' AND COALESCE(p.value, '') IN :products
UNION ALL
SELECT c.id, c.name, c.type, c.value, c.currency, c.priority, c.effective_time, c.expiration_time, c.updated_at,
  c.version, p.kind, p.value
FROM candidate c CROSS JOIN discount_products p
WHERE c.products > :short AND p.discount_id = c.id AND p.kind = 'product' AND p.value IN :products
UNION ALL
SELECT c.id, c.name, c.type, c.value, c.currency, c.priority, c.effective_time, c.expiration_time, c.updated_at,
  c.version, p.kind, p.value
FROM candidate c CROSS JOIN discount_products p
WHERE c.categories > 0 AND p.discount_id = c.id AND p.kind = 'category' AND p.value IN :categories
UNION ALL
SELECT c.id, c.name, c.type, c.value, c.currency, c.priority, c.effective_time, c.expiration_time, c.updated_at,
  c.version, 'all', ''
FROM candidate c WHERE c.all_products = TRUE
""")


class Concern(NamedTuple):
    """A discount that concerns the customer, and what it is for: a "product", a "category", or "all" products."""

    candidate: Candidate
    kind: str
    value: str


def concerning(
    connection: Connection,
    customer: str,
    groups: Collection[str],
    products: Collection[str],
    categories: Collection[str],
    after: datetime,
) -> Iterator[Concern]:
    """Those not ended then that concern the customer and one of these products or categories; a pair may come twice."""
    asked = {
        "customer": customer,
        "groups": list(groups) or _NOBODY,
        "products": list(products) or _NOBODY,
        "categories": list(categories) or _NOBODY,
        "after": after,
        "short": _SHORT * len(products),
    }
    known: dict[int, Candidate] = {}
    for id_, *terms, kind, value in connection.execute(_STATEMENT, asked).all():
        if id_ not in known:
            known[id_] = _candidate(id_, *terms)
        yield Concern(known[id_], kind, value)


def _candidate(id_: int, name: str, type_: Type, value: int, currency: str, priority: int, begins: datetime,
               ends: datetime, updated_at: datetime, version: int) -> Candidate:  # fmt: skip
    terms = Terms(
        name=name,
        type=type_,
        value=value,
        currency=currency,
        priority=priority,
        effective_time=begins,
        expiration_time=ends,
    )
    return Candidate(id_, terms, updated_at, version)


_STATEMENT = _CONCERNING.bindparams(
    bindparam("after", type_=UTCDateTime),
    *[bindparam(name, expanding=True) for name in ("groups", "products", "categories")],
).columns(effective_time=UTCDateTime, expiration_time=UTCDateTime, updated_at=UTCDateTime)

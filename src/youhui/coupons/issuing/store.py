"""The SQL of issuing. Whoever issues coupons of a template locks its row first: it guards `coupon_claims` of it too.

Rows are locked in one order everywhere: issued coupons by id, gifts by order number, codes by key, templates by id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from youhui.checkout.orders.store import conflicts
from youhui.coupons import tables
from youhui.coupons.issuing.deciding import ClaimKey, Code
from youhui.coupons.model import Coupon, CouponStatus, Way
from youhui.coupons.store import COLUMNS, coupon
from youhui.platform import sql
from youhui.platform.sql import among, fetch, instant, read_at

_WRITTEN = (
    "issue_key", "template_id", "terms_id", "customer", "status", "starts_at", "ends_at", "source", "source_id",
    "issued_at", "issued_by", "changed_at",
)  # fmt: skip


# -- what decisions are made on


def lock_codes(connection: Connection, keys: Collection[str]) -> dict[str, Code]:
    """Those of these that are there, locked in the order of their keys."""
    found: dict[str, Code] = {}
    for chunk in sql.chunks(sorted(keys)):
        those, values = among(connection, "code_key", chunk)
        text = (
            "SELECT code_key, template_id, uses_limit, per_customer, used, voided_at IS NOT NULL FROM coupon_codes "
            f"WHERE {those} ORDER BY code_key {{lock}}"
        )
        found.update((row[0], Code(*row)) for row in fetch(connection, text, values))
    return found


def coupons_of(connection: Connection, keys: Collection[str]) -> dict[str, Coupon]:
    """The coupons that were issued by these keys."""
    found: dict[str, Coupon] = {}
    for chunk in sql.chunks(sorted(keys)):
        those, values = among(connection, "issue_key", chunk)
        rows = fetch(connection, f"SELECT issue_key, {COLUMNS} FROM coupons WHERE {those}", values)
        found.update((row[0], coupon(row[1:])) for row in rows)
    return found


def claims_of(connection: Connection, keys: Collection[ClaimKey]) -> dict[ClaimKey, int]:
    """What the rows of these say; without a lock, since that of the template guards them."""
    found: dict[ClaimKey, int] = {}
    for template_id, period in {(key.template_id, key.period) for key in keys}:
        mine = {key.customer for key in keys if (key.template_id, key.period) == (template_id, period)}
        for chunk in sql.chunks(sorted(mine)):
            those, values = among(connection, "customer", chunk)
            text = (
                f"SELECT customer, issued FROM coupon_claims WHERE template_id = ? AND {those} AND period = ?"
            )
            rows = fetch(connection, text, (template_id, *values, period))
            found.update((ClaimKey(template_id, row[0], period), row[1]) for row in rows)
    return found


def issued_before(
    connection: Connection, template_id: int, customers: Collection[str]
) -> list[tuple[str, datetime]]:
    """When each of these customers was issued coupons of a template."""
    found: list[tuple[str, datetime]] = []
    for chunk in sql.chunks(sorted(customers)):
        those, values = among(connection, "customer", chunk)
        # A sum is in no index: that of customers is used, since a template may have a million coupons.
        text = f"SELECT customer, issued_at FROM coupons WHERE {those} AND template_id + 0 = ?"
        found += [(row[0], read_at(row[1])) for row in fetch(connection, text, (*values, template_id))]
    return found


def listed(connection: Connection, template_id: int, customers: Collection[str]) -> set[str]:
    """Which of these customers are on the list of a template."""
    found: set[str] = set()
    for chunk in sql.chunks(sorted(customers)):
        those, values = among(connection, "customer", chunk)
        text = f"SELECT customer FROM coupon_audiences WHERE template_id = ? AND {those}"
        found.update(row[0] for row in fetch(connection, text, (template_id, *values)))
    return found


def redeemed(
    connection: Connection, codes: Collection[str], customers: Collection[str]
) -> Counter[tuple[str, str]]:
    """How many coupons these customers have by these codes, by (code, customer). At most `sql.MOST` of each."""
    if not codes or not customers:
        return Counter()
    by_code, keys = among(connection, "source_id", sorted(codes))
    by_customer, names = among(connection, "customer", sorted(customers))
    text = f"SELECT source_id, customer FROM coupons WHERE {by_customer} AND source = 'code' AND {by_code}"
    return Counter((row[0], row[1]) for row in fetch(connection, text, (*names, *keys)))


# -- what is written


def add_coupons(connection: Connection, coupons: Mapping[str, Coupon]) -> dict[str, int]:
    """New ones, by their issue keys; the ids that they were given. Raises Conflict if another node has issued one."""
    rows = [
        (
            key, one.template_id, one.terms_id, one.customer, one.status, instant(connection, one.starts_at),
            instant(connection, one.ends_at), one.source, one.source_id, instant(connection, one.issued_at),
            one.issued_by, instant(connection, one.changed_at),
        )
        for key, one in coupons.items()
    ]  # fmt: skip
    with conflicts():
        sql.insert(connection, tables.coupons, _WRITTEN, rows)
    found: dict[str, int] = {}
    for chunk in sql.chunks(sorted(coupons)):
        those, values = among(connection, "issue_key", chunk)
        found.update(fetch(connection, f"SELECT issue_key, id FROM coupons WHERE {those}", values))
    return found


def write_claims(
    connection: Connection, claims: Mapping[ClaimKey, int], stored: Collection[ClaimKey]
) -> None:
    """The new numbers; `stored` have a row. Raises Conflict."""
    old = [(count, *key) for key, count in claims.items() if key in stored]
    new = [(*key, count) for key, count in claims.items() if key not in stored]
    with conflicts():
        sql.update(connection, tables.coupon_claims, ["issued"], ClaimKey._fields, old)
        sql.insert(connection, tables.coupon_claims, (*ClaimKey._fields, "issued"), new)


def add_uses(connection: Connection, counts: Mapping[str, int]) -> None:
    """So many more uses of each code."""
    text = "UPDATE coupon_codes SET used = used + ? WHERE code_key = ?"
    sql.run(connection, text, [(count, key) for key, count in sorted(counts.items())])


# -- gifts after payment


class Gift(NamedTuple):
    """An order that was paid, or given back as a whole, for which something is to be done still. `paid`: money."""

    order_no: str
    customer: str
    currency: str
    paid: int
    paid_at: datetime
    refunded: bool


_GIFT = (
    "SELECT order_no, customer, currency, paid, paid_at, refunded_at IS NOT NULL, settled_at IS NOT NULL "
    "FROM coupon_gifts"
)


def published(connection: Connection, way: Way) -> list[int]:
    """The templates that are published and are issued this way, whether or not they are at this instant."""
    text = f"SELECT id FROM coupon_templates WHERE status = 'published' AND ways LIKE '%,{way},%' ORDER BY id"
    return [row[0] for row in fetch(connection, text)]


def due_gifts(connection: Connection, limit: int) -> list[Gift]:
    """Some of those that are due, without a lock."""
    text = f"{_GIFT} WHERE settled_at IS NULL LIMIT {limit:d}"
    return [_gift(row) for row in fetch(connection, text)]


def lock_gifts(connection: Connection, numbers: Collection[str]) -> list[Gift]:
    """Those of these orders that are still due, locked in the order of their numbers."""
    found: list[Gift] = []
    for chunk in sql.chunks(sorted(numbers)):
        those, values = among(connection, "order_no", chunk)
        rows = fetch(connection, f"{_GIFT} WHERE {those} ORDER BY order_no {{lock}}", values)
        found += [_gift(row) for row in rows if not row[6]]
    return found


def settle(connection: Connection, numbers: Collection[str], now: datetime) -> None:
    """What was to be done for these orders is done."""
    rows = [(instant(connection, now), number) for number in sorted(numbers)]
    sql.update(connection, tables.coupon_gifts, ["settled_at"], ["order_no"], rows)


def given_for(connection: Connection, gift: Gift) -> list[int]:
    """The coupons that an order was given and that are unused, locked in the order of their ids."""
    text = (
        "SELECT id FROM coupons WHERE customer = ? AND source = 'payment' AND source_id = ? AND status = 'unused' "
        "ORDER BY id {lock}"
    )
    return [row[0] for row in fetch(connection, text, (gift.customer, gift.order_no))]


def _gift(row: Sequence[Any]) -> Gift:
    return Gift(row[0], row[1], row[2], row[3], read_at(row[4]), bool(row[5]))


# -- what is over


def lock_void(connection: Connection, templates: Collection[int], limit: int) -> list[int]:
    """Some unused coupons of these templates, locked in the order of their ids."""
    found: list[int] = []
    for chunk in sql.chunks(sorted(templates)):
        those, values = among(connection, "template_id", chunk)
        text = f"SELECT id FROM coupons WHERE {those} AND status = 'unused' LIMIT {limit - len(found):d}"
        found += [row[0] for row in fetch(connection, text, values)]
    return _lock_unused(connection, found)


def lock_expired(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Some unused coupons whose time is over, locked in the order of their ids."""
    text = f"SELECT id FROM coupons WHERE status = 'unused' AND ends_at <= ? ORDER BY ends_at LIMIT {limit:d}"
    return _lock_unused(connection, [row[0] for row in fetch(connection, text, (instant(connection, now),))])


def _lock_unused(connection: Connection, ids: Collection[int]) -> list[int]:
    found: list[int] = []
    for chunk in sql.chunks(sorted(ids)):
        those, values = among(connection, "id", chunk)
        # Asked for the status too, PostgreSQL might read all that are unused.
        rows = fetch(connection, f"SELECT id, status FROM coupons WHERE {those} ORDER BY id {{lock}}", values)
        found += [row[0] for row in rows if row[1] == "unused"]
    return found


def end(connection: Connection, ids: Sequence[int], status: CouponStatus, now: datetime) -> None:
    """Writes down what has become of these, which are locked."""
    at = instant(connection, now)
    rows = [(status, at, id_) for id_ in ids]
    sql.update(connection, tables.coupons, ["status", "changed_at"], ["id"], rows)


def add_void_steps(
    connection: Connection,
    ids: Sequence[int],
    now: datetime,
    by: str,
    reason: str,
    order_no: str | None = None,
) -> None:
    """A step of each that was voided."""
    rows = [(id_, instant(connection, now), "void", by, order_no, reason) for id_ in ids]
    columns = ("coupon_id", "at", "kind", "actor", "order_no", "reason")
    sql.insert(connection, tables.coupon_steps, columns, rows)

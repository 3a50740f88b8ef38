"""The SQL of issued coupons: what carts look up, what orders lock and write (checkout's port Holds).

Statements go to the driver as they are: they are on the way of every order that has a coupon.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from youhui.checkout.ports import Held, Move, Moved, Settled
from youhui.coupons import tables
from youhui.coupons.model import Coupon, CouponStatus, StepKind
from youhui.platform import sql
from youhui.platform.sql import among, fetch, instant

LARGEST_ID = 2**63 - 1
MOST_IN_WALLET = 100
"""coupons of a customer that are tried for one cart, those that end first"""

COLUMNS = (
    "id, template_id, terms_id, customer, status, order_no, locked_until, starts_at, ends_at, source, source_id, "
    "issued_at, issued_by, used_at, discount, changed_at"
)
_STATUS: Mapping[Moved, CouponStatus] = {
    "hold": "locked", "commit": "used", "release": "unused", "expire": "unused", "reverse": "unused"
}  # fmt: skip
_STEP: Mapping[Moved, StepKind] = {
    "hold": "lock", "commit": "use", "release": "release", "expire": "expire", "reverse": "return"
}  # fmt: skip


def numbers(ids: Iterable[str]) -> list[int]:
    """Those of these that can be ids of coupons, in order."""
    plain = [name for name in ids if name.isascii() and name.isdigit() and len(name) < 20]
    return sorted({number for number in map(int, plain) if 0 < number <= LARGEST_ID})


# -- what carts look up


def some(connection: Connection, ids: Collection[int]) -> list[Coupon]:
    """Those of these that are there, in the order of their ids."""
    found: list[Coupon] = []
    for chunk in sql.chunks(sorted(ids)):
        those, values = among(connection, "id", chunk)
        rows = fetch(connection, f"SELECT {COLUMNS} FROM coupons WHERE {those} ORDER BY id", values)
        found += map(coupon, rows)
    return found


def usable(connection: Connection, customer: str, currency: str, at: datetime) -> list[Coupon]:
    """A customer's coupons of a currency that are in their time and in no order, the first to end first: at most
    MOST_IN_WALLET. Those of void templates are none, whether or not that was written down.
    """
    text = (
        f"SELECT {COLUMNS} FROM coupons WHERE customer = ? AND status IN ('unused', 'locked') AND ends_at > ? "
        "AND starts_at <= ? AND (status = 'unused' OR locked_until <= ?) AND EXISTS (SELECT 1 FROM coupon_templates t "
        "WHERE t.id = coupons.template_id AND t.currency = ? AND t.voided_at IS NULL) "
        f"ORDER BY ends_at, id LIMIT {MOST_IN_WALLET}"
    )
    now = instant(connection, at)
    return [coupon(row) for row in fetch(connection, text, (customer, now, now, now, currency))]


def gives_after_payment(connection: Connection) -> bool:
    """Whether any template is published whose coupons are given after payment."""
    text = "SELECT 1 FROM coupon_templates WHERE status = 'published' AND ways LIKE '%,payment,%' LIMIT 1"
    return bool(fetch(connection, text))


# -- what orders do


def holders(connection: Connection, ids: Collection[str]) -> list[str]:
    """The orders that hold one of these."""
    found: list[str] = []
    for chunk in sql.chunks(numbers(ids)):
        those, values = among(connection, "id", chunk)
        text = f"SELECT order_no FROM coupons WHERE {those} AND status = 'locked'"
        found += [row[0] for row in fetch(connection, text, values)]
    return found


def lock(connection: Connection, ids: Collection[str], now: datetime) -> dict[str, Held]:
    """Those that are there, locked in the order of their ids."""
    rows: list[Any] = []
    for chunk in sql.chunks(numbers(ids)):
        those, values = among(connection, "id", chunk)
        text = (
            "SELECT id, template_id, customer, status, order_no, starts_at, ends_at FROM coupons "
            f"WHERE {those} ORDER BY id {{lock}}"
        )
        rows += fetch(connection, text, values)
    void = _void_templates(connection, {row[1] for row in rows})
    return {str(row[0]): _held(row, row[1] in void, now) for row in rows}


def _void_templates(connection: Connection, ids: Collection[int]) -> set[int]:
    """Nobody voids one while orders are decided: who does has moved the version of coupons on first."""
    found: set[int] = set()
    for chunk in sql.chunks(sorted(ids)):
        those, values = among(connection, "id", chunk)
        text = f"SELECT id FROM coupon_templates WHERE {those} AND voided_at IS NOT NULL"
        found.update(row[0] for row in fetch(connection, text, values))
    return found


def _held(row: Sequence[Any], void: bool, now: datetime) -> Held:
    in_time = sql.read_at(row[5]) <= now < sql.read_at(row[6])
    return Held(str(row[0]), row[2], row[4], row[3] == "used", row[3] != "void" and in_time and not void)


def write(connection: Connection, moves: Sequence[Move], now: datetime) -> None:
    """The coupons as they are after these moves, and a step for each."""
    at = instant(connection, now)
    last = {int(move.id): move for move in moves}
    columns = ("status", "order_no", "locked_until", "discount", "used_at", "changed_at")
    rows = []
    for id_, move in sorted(last.items()):
        taken, used = move.kind in ("hold", "commit"), move.kind == "commit"
        rows.append(
            (
                _STATUS[move.kind], move.order_no if taken else None, instant(connection, move.until),
                move.discount if taken else None, at if used else None, at, id_,
            )
        )  # fmt: skip
    sql.update(connection, tables.coupons, columns, ("id",), rows)
    steps = [(int(one.id), at, _STEP[one.kind], one.by, one.order_no) for one in moves]
    sql.insert(connection, tables.coupon_steps, ("coupon_id", "at", "kind", "actor", "order_no"), steps)


def add_gifts(connection: Connection, paid: Iterable[Settled], now: datetime) -> None:
    """Orders that were paid now, whose customers may be given a coupon for it."""
    at = instant(connection, now)
    columns = ("order_no", "customer", "currency", "paid", "paid_at")
    rows = [(one.order_no, one.customer, one.currency, one.paid, at) for one in paid]
    sql.insert(connection, tables.coupon_gifts, columns, rows)


def take_back_gifts(connection: Connection, given_back: Iterable[Settled], now: datetime) -> None:
    """Orders that were given back as a whole: what was given for them is to be taken back."""
    at = instant(connection, now)
    text = "UPDATE coupon_gifts SET refunded_at = ?, settled_at = NULL WHERE order_no = ?"
    sql.run(connection, text, [(at, one.order_no) for one in given_back])


# -- rows


def coupon(row: Sequence[Any]) -> Coupon:
    """A row of COLUMNS."""
    return Coupon(
        id=row[0],
        template_id=row[1],
        terms_id=row[2],
        customer=row[3],
        status=row[4],
        order_no=row[5],
        locked_until=sql.read_instant(row[6]),
        starts_at=sql.read_at(row[7]),
        ends_at=sql.read_at(row[8]),
        source=row[9],
        source_id=row[10],
        issued_at=sql.read_at(row[11]),
        issued_by=row[12],
        used_at=sql.read_instant(row[13]),
        discount=row[14],
        changed_at=sql.read_at(row[15]),
    )

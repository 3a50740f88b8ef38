"""Orders that fit a wish, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from youhui.checkout.orders.listing.model import Listed, Wanted
from youhui.checkout.orders.model import State
from youhui.checkout.orders.tables import orders

_COLUMNS = [orders.c[name] for name in Listed._fields]


def list_orders(
    connection: Connection, wanted: Wanted, now: datetime, offset: int, limit: int
) -> tuple[list[Listed], int]:
    """A part of those that fit, and how many there are in all."""
    fits = and_(True, *_conditions(wanted, now))
    newest = (orders.c.placed_at.desc(), orders.c.order_no.desc())
    page = select(*_COLUMNS).where(fits).order_by(*newest).offset(offset).limit(limit)
    total: int = connection.execute(select(func.count()).select_from(orders).where(fits)).scalar_one()
    return [_as_of(Listed(*row), now) for row in connection.execute(page)], total


def _conditions(wanted: Wanted, now: datetime) -> Iterator[ColumnElement[bool]]:
    if wanted.state is not None:
        yield _in_state(wanted.state, now)
    if wanted.customer is not None:
        yield orders.c.customer == wanted.customer
    if wanted.number:
        yield func.substr(orders.c.order_no, 1, len(wanted.number)) == wanted.number
    if wanted.since is not None:
        yield orders.c.placed_at >= wanted.since
    if wanted.until is not None:
        yield orders.c.placed_at < wanted.until


def _in_state(state: State, now: datetime) -> ColumnElement[bool]:
    """By the clock: whether or not an end of a hold has been written down."""
    stored = orders.c.state == state
    if state == "pending":
        return and_(stored, orders.c.pending_until > now)
    if state == "expired":
        return or_(stored, orders.c.pending_until <= now)
    return stored


def _as_of(one: Listed, now: datetime) -> Listed:
    over = one.state == "expired" or (one.state == "pending" and one.hold_until <= now)
    return one._replace(state="expired", ended_at=one.hold_until) if over else one

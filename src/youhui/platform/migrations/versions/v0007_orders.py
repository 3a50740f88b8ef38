"""Orders, refunds, counters, holds, the ledger, and the keys of requests."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from youhui.engine.money import format_amount, parse_amount
from youhui.platform import triggers
from youhui.platform.db import TABLE_OPTIONS, UTCDateTime

revision = "0007"
down_revision = "0006"

_STATED = ("used", "budget_used", "units_left")
_TERMS = (
    "usage_window", "usage_window_per_customer", "budget_window", "stock", "timezone", "give_back", "more_codes"
)  # fmt: skip
"""keys of a promotion that the version before does not know"""
_MEASURES = ("uses", "amount", "units")


def _amount(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def upgrade() -> None:
    """Six tables; what promotions stated of their use gives way to counters."""
    _orders()
    _refunds()
    _counters()
    _holds()
    _ledger()
    _request_keys()
    _promotions()


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("order_no", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("customer", sa.String(64)),
        _amount("total"),
        _amount("discount"),
        _amount("payable"),
        _amount("refunded"),
        sa.Column("placed_at", UTCDateTime, nullable=False),
        sa.Column("hold_until", UTCDateTime, nullable=False),
        sa.Column("taken_at", UTCDateTime, nullable=False),
        sa.Column("pending_until", UTCDateTime),
        sa.Column("paid_at", UTCDateTime),
        sa.Column("ended_at", UTCDateTime),
        sa.Column("returned", sa.JSON, nullable=False),
        sa.Column("frozen", sa.JSON, nullable=False),
        sa.Column("request", sa.String(32), nullable=False),
        sa.CheckConstraint(
            "discount >= 0 AND payable >= 0 AND payable = total - discount", op.f("ck_orders_amounts")
        ),
        sa.CheckConstraint("refunded >= 0 AND refunded <= payable", op.f("ck_orders_refunded")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_orders_placed_at", "orders", ["placed_at"])
    op.create_index("ix_orders_pending_until", "orders", ["pending_until"])
    op.create_index("ix_orders_customer_placed_at", "orders", ["customer", "placed_at"])


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("order_no", sa.String(64), primary_key=True),
        sa.Column("refund_no", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        _amount("amount"),
        _amount("shipping"),
        sa.Column("returns_shipping", sa.Boolean, nullable=False),
        sa.Column("by_line", sa.JSON, nullable=False),
        sa.Column("request", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["order_no"], ["orders.order_no"], name=op.f("fk_refunds_order_no")),
        sa.CheckConstraint(
            "amount >= 0 AND shipping >= 0 AND shipping <= amount", op.f("ck_refunds_amounts")
        ),
        sa.UniqueConstraint("order_no", "sequence", name=op.f("uq_refunds_order_no_sequence")),
        **TABLE_OPTIONS,
    )


def _counters() -> None:
    checks = [(name, f"{name}_used >= 0 AND {name}_held >= 0") for name in _MEASURES]
    checks += [
        (f"{name}_limit", f"{name}_limit IS NULL OR {name}_used + {name}_held <= {name}_limit")
        for name in _MEASURES
    ]
    op.create_table(
        "counters",
        sa.Column("promotion", sa.String(80), primary_key=True),
        sa.Column("customer", sa.String(64), primary_key=True),
        sa.Column("period", sa.String(32), primary_key=True),
        sa.Column("starts_at", UTCDateTime),
        sa.Column("ends_at", UTCDateTime),
        *(sa.Column(f"{name}_limit", sa.BigInteger) for name in _MEASURES),
        *(_amount(f"{name}_{what}") for what in ("used", "held") for name in _MEASURES),
        *(sa.CheckConstraint(rule, op.f(f"ck_counters_{name}")) for name, rule in checks),
        **TABLE_OPTIONS,
    )


def _holds() -> None:
    op.create_table(
        "holds",
        *(
            sa.Column(name, sa.String(length), primary_key=True)
            for name, length in (("order_no", 64), ("promotion", 80), ("customer", 64), ("period", 32))
        ),
        *(_amount(name) for name in _MEASURES),
        sa.Column("until", UTCDateTime, nullable=False),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_holds_promotion_until", "holds", ["promotion", "until"])


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("taken_at", UTCDateTime, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("order_no", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("promotion", sa.String(80), nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *(_amount(name) for name in (*_MEASURES, "discount")),
        sa.Column("by_line", sa.JSON, nullable=False),
        sa.UniqueConstraint(
            "order_no", "number", "kind", "promotion", name=op.f("uq_ledger_order_no_number_kind_promotion")
        ),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_ledger_promotion_customer_taken_at", "ledger", ["promotion", "customer", "taken_at"])
    triggers.protect(op.get_bind(), "ledger")


def _request_keys() -> None:
    op.create_table(
        "request_keys",
        sa.Column("caller", sa.String(80), primary_key=True),
        sa.Column("idempotency_key", sa.String(128), primary_key=True),
        sa.Column("operation", sa.String(8), nullable=False),
        sa.Column("order_no", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("request", sa.String(32), nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_request_keys_at", "request_keys", ["at"])


def _promotions() -> None:
    """What is used is counted from now on, at first nothing: so what was left of a limit is the limit."""
    promotions = sa.table(
        "promotions", sa.column("id"), sa.column("currency"), sa.column("document", sa.JSON)
    )
    connection = op.get_bind()
    for name, currency, document in connection.execute(sa.select(promotions)).all():
        terms = {key: value for key, value in document.items() if key not in _STATED}
        terms |= _left(document, currency)
        if terms != document:
            connection.execute(sa.update(promotions).where(promotions.c.id == name).values(document=terms))
        budget = terms.get("budget")
        limits = (terms.get("usage_limit"), budget and parse_amount(budget, currency), terms.get("stock"))
        if limits != (None, None, None):
            _count(connection, name, limits)


def _left(document: dict[str, Any], currency: str) -> dict[str, Any]:
    """Limits without what promotions stated of their use: no entry of the ledger tells of that."""
    left: dict[str, Any] = {}
    if "usage_limit" in document:
        left["usage_limit"] = max(document["usage_limit"] - document.get("used", 0), 0)
    if "budget" in document:
        used = parse_amount(document["budget_used"], currency) if "budget_used" in document else 0
        left["budget"] = format_amount(max(parse_amount(document["budget"], currency) - used, 0), currency)
    if document.get("units_left") is not None:
        left["stock"] = document["units_left"]
    return left


def _count(connection: sa.Connection, promotion: str, limits: tuple[int | None, ...]) -> None:
    numbers = [f"{name}_{what}" for what in ("used", "held") for name in _MEASURES]
    row = {"promotion": promotion, "customer": "", "period": "", **dict.fromkeys(numbers, 0)}
    row |= {f"{name}_limit": limit for name, limit in zip(_MEASURES, limits, strict=True)}
    connection.execute(sa.insert(sa.table("counters", *map(sa.column, row))).values(row))


def downgrade() -> None:
    """Orders are lost. What they used and held of limits, promotions state: none of it can be given away again."""
    promotions = sa.table(
        "promotions", sa.column("id"), sa.column("currency"), sa.column("document", sa.JSON)
    )
    connection = op.get_bind()
    for name, currency, document in connection.execute(sa.select(promotions)).all():
        terms = {key: value for key, value in document.items() if key not in _TERMS}
        terms |= _stated(document, currency, _taken(connection, name))
        if terms != document:
            connection.execute(sa.update(promotions).where(promotions.c.id == name).values(document=terms))
    for name in ("request_keys", "ledger", "holds", "counters", "refunds", "orders"):
        op.drop_table(name)
    triggers.forget(op.get_bind(), "ledger")


def _taken(connection: sa.Connection, promotion: str) -> tuple[int, ...]:
    """Uses, amount and units of all customers and of all time; nothing where nothing has such a limit."""
    sums = ", ".join([f"{name}_used + {name}_held" for name in _MEASURES])
    row = connection.execute(
        sa.text(f"SELECT {sums} FROM counters WHERE promotion = :id AND customer = '' AND period = ''"),  # noqa: S608
        {"id": promotion},
    ).one_or_none()
    return (0, 0, 0) if row is None else tuple(row)


def _stated(document: dict[str, Any], currency: str, taken: tuple[int, ...]) -> dict[str, Any]:
    """As the version before states it. It knows no windows: limits that counted in some begin anew."""
    uses, amount, units = taken
    stated: dict[str, Any] = {}
    if "usage_limit" in document and "usage_window" not in document and uses:
        stated["used"] = uses
    if "budget" in document and "budget_window" not in document and amount:
        stated["budget_used"] = format_amount(amount, currency)
    if "stock" in document:
        stated["units_left"] = document["stock"] - units
    return stated

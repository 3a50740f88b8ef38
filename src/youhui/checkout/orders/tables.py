"""The tables of orders, holds, counters, the ledger, and the keys of requests.

`holds` has rows only while something is held, and only of counters; a counter exists only where there is a limit.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata

MEASURES = ("uses", "amount", "units")


def _amount(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


orders = Table(
    "orders",
    metadata,
    Column("order_no", String(64), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("customer", String(64)),
    _amount("total"),
    _amount("discount"),
    _amount("payable"),
    _amount("refunded"),
    Column("placed_at", UTCDateTime, nullable=False, index=True),
    Column("hold_until", UTCDateTime, nullable=False),
    Column("taken_at", UTCDateTime, nullable=False),
    Column("pending_until", UTCDateTime, index=True),  # as hold_until while it is pending, else null
    Column("paid_at", UTCDateTime),
    Column("ended_at", UTCDateTime),
    Column("returned", JSON, nullable=False),
    Column("frozen", JSON, nullable=False),
    Column("request", String(32), nullable=False),
    CheckConstraint("discount >= 0 AND payable >= 0 AND payable = total - discount", "amounts"),
    CheckConstraint("refunded >= 0 AND refunded <= payable", "refunded"),
    Index(None, "customer", "placed_at"),
    **TABLE_OPTIONS,
)

refunds = Table(
    "refunds",
    metadata,
    Column("order_no", String(64), ForeignKey("orders.order_no"), primary_key=True),
    Column("refund_no", String(64), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    _amount("amount"),
    _amount("shipping"),
    Column("returns_shipping", Boolean, nullable=False),
    Column("by_line", JSON, nullable=False),
    Column("request", String(32), nullable=False),
    CheckConstraint("amount >= 0 AND shipping >= 0 AND shipping <= amount", "amounts"),
    UniqueConstraint("order_no", "sequence"),
    **TABLE_OPTIONS,
)

counters = Table(
    "counters",
    metadata,
    Column("promotion", String(80), primary_key=True),
    Column("customer", String(64), primary_key=True),  # "": of all
    Column("period", String(32), primary_key=True),  # "": always
    Column("starts_at", UTCDateTime),
    Column("ends_at", UTCDateTime),
    *(Column(f"{name}_limit", BigInteger) for name in MEASURES),
    *(_amount(f"{name}_used") for name in MEASURES),
    *(_amount(f"{name}_held") for name in MEASURES),
    *(CheckConstraint(f"{name}_used >= 0 AND {name}_held >= 0", name) for name in MEASURES),
    *(
        CheckConstraint(f"{name}_limit IS NULL OR {name}_used + {name}_held <= {name}_limit", f"{name}_limit")
        for name in MEASURES
    ),
    **TABLE_OPTIONS,
)

holds = Table(
    "holds",
    metadata,
    Column("order_no", String(64), primary_key=True),
    Column("promotion", String(80), primary_key=True),
    Column("customer", String(64), primary_key=True),
    Column("period", String(32), primary_key=True),
    *(_amount(name) for name in MEASURES),
    Column("until", UTCDateTime, nullable=False),
    Index(None, "promotion", "until"),
    **TABLE_OPTIONS,
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    Column("taken_at", UTCDateTime, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("order_no", String(64), nullable=False),
    Column("number", String(64), nullable=False),  # of a refund, "late", or ""
    Column("promotion", String(80), nullable=False),
    Column("coupon", String(20), nullable=False),  # which one of a template's; "": none
    Column("customer", String(64), nullable=False),  # "": a guest
    Column("currency", String(3), nullable=False),
    *(_amount(name) for name in MEASURES),
    _amount("discount"),
    Column("by_line", JSON, nullable=False),
    UniqueConstraint("order_no", "number", "kind", "promotion", "coupon"),
    Index(None, "promotion", "customer", "taken_at"),
    **TABLE_OPTIONS,
)

request_keys = Table(
    "request_keys",
    metadata,
    Column("caller", String(80), primary_key=True),
    Column("idempotency_key", String(128), primary_key=True),
    Column("operation", String(8), nullable=False),
    Column("order_no", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("request", String(32), nullable=False),
    Column("at", UTCDateTime, nullable=False, index=True),
    **TABLE_OPTIONS,
)

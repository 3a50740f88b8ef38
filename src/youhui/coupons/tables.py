"""The tables of coupons. Claims lock a template's row, then the rows of its customers; orders lock coupons only."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
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

ID = BigInteger().with_variant(Integer, "sqlite")

coupon_templates = Table(
    "coupon_templates",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("type", String(8), nullable=False),  # of its terms
    Column("currency", String(3), nullable=False),
    Column("status", String(9), nullable=False),
    Column("terms_id", BigInteger, nullable=False),
    Column("ways", String(60), nullable=False),  # separated by commas, with one at each end
    Column("audience", String(13), nullable=False),
    Column("audience_groups", JSON, nullable=False),
    Column("total", BigInteger),
    Column("per_customer", BigInteger),
    Column("per_customer_per_day", BigInteger),
    Column("claim_from", UTCDateTime),
    Column("claim_until", UTCDateTime),
    Column("budget", BigInteger),
    Column("usage_limit", BigInteger),
    Column("payment_from", BigInteger),
    Column("issued", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("voided_at", UTCDateTime),
    CheckConstraint("issued >= 0 AND (total IS NULL OR issued <= total)", "issued"),
    Index(None, "status", "claim_until"),
    Index(None, "created_at"),
    **TABLE_OPTIONS,
)

coupon_terms = Table(
    "coupon_terms",
    metadata,
    Column("id", ID, primary_key=True),
    Column("template_id", BigInteger, nullable=False),
    Column("document", JSON, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Index(None, "template_id"),
    **TABLE_OPTIONS,
)

coupon_audiences = Table(
    "coupon_audiences",  # of templates whose audience is a list
    metadata,
    Column("template_id", ID, ForeignKey("coupon_templates.id"), primary_key=True),
    Column("customer", String(64), primary_key=True),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

coupon_claims = Table(
    "coupon_claims",  # how many a customer was issued, where that is limited
    metadata,
    Column("template_id", ID, ForeignKey("coupon_templates.id"), primary_key=True),
    Column("customer", String(64), primary_key=True),
    Column("period", String(10), primary_key=True),  # "": always, else a local day: "2026-11-22"
    Column("issued", BigInteger, nullable=False),
    CheckConstraint("issued >= 0", "issued"),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

coupons = Table(
    "coupons",
    metadata,
    Column("id", ID, primary_key=True),
    Column("template_id", ID, ForeignKey("coupon_templates.id"), nullable=False),
    Column("terms_id", ID, ForeignKey("coupon_terms.id"), nullable=False),
    Column("customer", String(64), nullable=False),
    Column("status", String(7), nullable=False),
    Column("order_no", String(64)),
    Column("locked_until", UTCDateTime),
    Column("starts_at", UTCDateTime, nullable=False),
    Column("ends_at", UTCDateTime, nullable=False),
    Column("source", String(12), nullable=False),
    Column("source_id", String(64), nullable=False),
    # What must happen once has one name: "push:12:c7:0", "payment:A17:3", "claim:key:5:…".
    Column("issue_key", String(200), nullable=False),
    Column("issued_at", UTCDateTime, nullable=False),
    Column("issued_by", String(80), nullable=False),
    Column("used_at", UTCDateTime),
    Column("discount", BigInteger),
    Column("changed_at", UTCDateTime, nullable=False),
    CheckConstraint("(status IN ('locked', 'used')) = (order_no IS NOT NULL)", "order_no"),
    UniqueConstraint("issue_key"),
    Index(None, "customer", "status", "ends_at"),
    Index(None, "template_id", "status"),
    Index(None, "template_id", "issued_at"),
    Index(None, "order_no"),
    Index(None, "status", "ends_at"),
    **TABLE_OPTIONS,
)

coupon_steps = Table(
    "coupon_steps",
    metadata,
    Column("id", ID, primary_key=True),
    Column("coupon_id", BigInteger, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("kind", String(7), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("order_no", String(64)),
    Column("reason", String(200)),
    Index(None, "coupon_id", "id"),
    **TABLE_OPTIONS,
)

coupon_gifts = Table(
    "coupon_gifts",  # orders that were paid and may be given a coupon for it
    metadata,
    Column("order_no", String(64), primary_key=True),
    Column("customer", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("paid", BigInteger, nullable=False),  # money
    Column("paid_at", UTCDateTime, nullable=False),
    Column("refunded_at", UTCDateTime),
    Column("settled_at", UTCDateTime, index=True),  # what was given, or taken back, is: null is due
    **TABLE_OPTIONS,
)

coupon_codes = Table(
    "coupon_codes",
    metadata,
    Column("code_key", String(64), primary_key=True),  # as codes are compared (P18)
    Column("code", String(64), nullable=False),
    Column("template_id", ID, ForeignKey("coupon_templates.id"), nullable=False),
    Column("task_id", BigInteger, nullable=False),  # that made it; 0: made by hand
    Column("uses_limit", BigInteger, nullable=False),  # 1: one-time
    Column("per_customer", BigInteger),
    Column("used", BigInteger, nullable=False),
    Column("voided_at", UTCDateTime),
    Column("created_at", UTCDateTime, nullable=False),
    CheckConstraint("used >= 0 AND used <= uses_limit", "used"),
    Index(None, "template_id", "code_key"),
    Index(None, "task_id", "code_key"),
    **TABLE_OPTIONS,
)

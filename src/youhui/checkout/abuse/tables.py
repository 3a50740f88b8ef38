"""The tables of who is blocked, of wrong codes, and of breakers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata

blocked = Table(
    "blocked",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("value", String(64), primary_key=True),
    Column("reason", String(200), nullable=False),
    Column("until", UTCDateTime),
    Column("actor", String(80), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    **TABLE_OPTIONS,
)

breakers = Table(
    "breakers",
    metadata,
    Column("promotion", String(80), primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("redemptions_per_minute", BigInteger),
    Column("amount_per_minute", BigInteger),
    Column("amount_per_order", BigInteger),
    Column("tripped_at", UTCDateTime),
    **TABLE_OPTIONS,
)

code_misses = Table(
    "code_misses",
    metadata,
    Column("subject", String(80), primary_key=True),  # "customer:c1"
    Column("period", BigInteger, primary_key=True, autoincrement=False),  # the number of a standing window
    Column("misses", BigInteger, nullable=False),
    Index(None, "period"),
    **TABLE_OPTIONS,
)

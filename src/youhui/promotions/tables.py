"""The table of promotions: the document, and beside it what is looked up or sorted by."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata

promotions = Table(
    "promotions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100)),
    Column("type", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("lane", String(16), nullable=False),
    Column("valid_from", UTCDateTime),
    Column("valid_until", UTCDateTime),
    Column("document", JSON, nullable=False),
    Column("form", JSON),
    Column("position", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Index(None, "position", "id"),
    Index(None, "status", "type"),
    **TABLE_OPTIONS,
)

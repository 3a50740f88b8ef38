"""The tables of accounts. Secrets are in them as hashes only."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

operators = Table(
    "operators",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("last_login_at", UTCDateTime),
    Column("password", String(255), nullable=False),
    sqlite_autoincrement=True,  # the id of one who is gone is never another's: audit rows name it
    **TABLE_OPTIONS,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("operator_id", _ID, ForeignKey("operators.id"), nullable=False),
    Column("secret", String(64), nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Index(None, "operator_id"),
    Index(None, "expires_at"),
    **TABLE_OPTIONS,
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("subject", String(80), primary_key=True),  # an account by the hash of its name, or an address
    Column("attempts", Integer, nullable=False),
    Column("last_at", UTCDateTime, nullable=False),
    Column("locked_until", UTCDateTime, nullable=False),
    Index(None, "last_at"),
    **TABLE_OPTIONS,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime),
    Column("last_used_at", UTCDateTime),
    Column("secret", String(64), nullable=False),
    Column("previous_secret", String(64)),
    Column("previous_until", UTCDateTime),
    Index(None, "created_at", "id"),
    **TABLE_OPTIONS,
)

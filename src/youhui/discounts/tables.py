"""The tables of discounts: the terms, and the two lists of whom and of what. Never their product."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import LONGBLOB

from youhui.platform.db import MYSQL, TABLE_OPTIONS, UTCDateTime, metadata

_ID = BigInteger().with_variant(Integer, "sqlite")
_BYTES = LargeBinary().with_variant(LONGBLOB, *MYSQL)  # MySQL's own holds 64 KiB

SHELF = (
    "CASE WHEN deleted_at IS NULL AND archived_at IS NULL THEN 0 WHEN deleted_at IS NULL THEN 1 "
    "WHEN archived_at IS NULL THEN 2 ELSE 3 END"
)
"""0: in the lists, 1: archived, 2: deleted, 3: both. After columns that IS NULL PostgreSQL reads no index in order."""

discounts = Table(
    "discounts",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=False),  # given by the store
    Column("name", String(100), nullable=False),
    Column("type", String(8), nullable=False),  # amount, percent
    Column(
        "value", BigInteger, nullable=False
    ),  # minor units off a unit; or what is paid, in hundredths of a 折
    Column("currency", String(3), nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("effective_time", UTCDateTime, nullable=False),
    Column("expiration_time", UTCDateTime, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("all_customers", Boolean, nullable=False),
    Column("all_products", Boolean, nullable=False),
    # How long the lists are, so that a page of discounts does not count them.
    Column("customers", Integer, nullable=False),
    Column("groups", Integer, nullable=False),
    Column("products", Integer, nullable=False),
    Column("categories", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),  # of all discounts at its last change
    Column("created_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    Column("deleted_at", UTCDateTime),
    Column("archived_at", UTCDateTime),
    Column("key", String(64)),  # by which the shop knows it
    Column("shelf", SmallInteger, Computed(SHELF, persisted=True)),
    UniqueConstraint("key"),
    # One for each order of a list; the usual one has the name too, so that a search reads nothing else.
    Index(None, "shelf", "priority", "updated_at", "id", "name"),
    Index(None, "shelf", "effective_time", "id"),
    Index(None, "shelf", "expiration_time", "id"),
    Index(None, "shelf", "created_at", "id"),
    Index(None, "shelf", "updated_at", "id"),
    Index(None, "shelf", "name", "id"),
    Index("ix_discounts_all_customers_expiration_time", "all_customers", "expiration_time"),
    Index(None, "all_products"),
    **TABLE_OPTIONS,
)

discount_customers = Table(
    "discount_customers",
    metadata,
    Column("discount_id", _ID, ForeignKey("discounts.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # customer, group
    Column("value", String(64), primary_key=True),
    Index(None, "kind", "value", "discount_id"),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

discount_products = Table(
    "discount_products",
    metadata,
    Column("discount_id", _ID, ForeignKey("discounts.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # product, category
    Column("value", String(64), primary_key=True),
    Index(None, "kind", "value", "discount_id"),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

discount_archives = Table(
    "discount_archives",
    metadata,
    Column("discount_id", _ID, ForeignKey("discounts.id"), primary_key=True),
    Column("lists", _BYTES, nullable=False),  # both lists, compressed JSON
    **TABLE_OPTIONS,
)

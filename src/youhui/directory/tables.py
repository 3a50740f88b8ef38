"""The tables of the directory. Lists lie in their row as JSON, so that a quote reads one row; beside them are tables to
find who is in a group, and what in a category.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, String, Table

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata

SEARCHED = 332
"""characters of what is searched: a name, an id and a sku or phone, in small letters, with line ends between"""

customers = Table(
    "customers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200)),
    Column("phone", String(32)),
    Column("groups", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("registered_at", UTCDateTime),
    Column("searched", String(SEARCHED), nullable=False),
    Index(None, "searched", "id"),
    **TABLE_OPTIONS,
)

products = Table(
    "products",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("sku", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("price", BigInteger, nullable=False),  # minor units
    Column("currency", String(3), nullable=False),
    Column("cost", BigInteger),  # minor units
    Column("stock", BigInteger),
    Column("categories", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("searched", String(SEARCHED), nullable=False),
    Index(None, "sku"),
    Index(None, "searched", "id"),
    **TABLE_OPTIONS,
)

categories = Table(
    "categories",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("parent", String(64)),
    Column("searched", String(SEARCHED), nullable=False),
    Index(None, "searched", "id"),
    **TABLE_OPTIONS,
)

customer_groups = Table(
    "customer_groups",
    metadata,
    Column("name", String(64), primary_key=True),  # of the group
    Column("id", String(64), primary_key=True),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

product_categories = Table(
    "product_categories",
    metadata,
    Column("name", String(64), primary_key=True),  # the category's id
    Column("id", String(64), primary_key=True),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

"""Customers, products and categories, and who and what is in each group and category."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Five tables."""
    op.create_table(
        "customers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200)),
        sa.Column("phone", sa.String(32)),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("registered_at", UTCDateTime),
        sa.Column("searched", sa.String(332), nullable=False),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "products",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("stock", sa.BigInteger),
        sa.Column("categories", sa.JSON, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("searched", sa.String(332), nullable=False),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "categories",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("parent", sa.String(64)),
        sa.Column("searched", sa.String(332), nullable=False),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_products_sku", "products", ["sku"])
    for table in ("customers", "products", "categories"):
        op.create_index(f"ix_{table}_searched_id", table, ["searched", "id"])
    for table in ("customer_groups", "product_categories"):
        op.create_table(
            table,
            sa.Column("name", sa.String(64), primary_key=True),
            sa.Column("id", sa.String(64), primary_key=True),
            sqlite_with_rowid=False,
            **TABLE_OPTIONS,
        )


def downgrade() -> None:
    """Nothing is left."""
    for table in ("product_categories", "customer_groups", "categories", "products", "customers"):
        op.drop_table(table)

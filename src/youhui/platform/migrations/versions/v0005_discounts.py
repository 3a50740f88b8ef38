"""Discounts, their two lists, and the lists of archived ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGBLOB

from youhui.platform.db import MYSQL, TABLE_OPTIONS, UTCDateTime

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_BYTES = sa.LargeBinary().with_variant(LONGBLOB, *MYSQL)
_SHELF = (
    "CASE WHEN deleted_at IS NULL AND archived_at IS NULL THEN 0 WHEN deleted_at IS NULL THEN 1 "
    "WHEN archived_at IS NULL THEN 2 ELSE 3 END"
)
_LISTED_BY = (
    ("priority", "updated_at", "id", "name"),
    *((key, "id") for key in ("effective_time", "expiration_time", "created_at", "updated_at", "name")),
)


def upgrade() -> None:
    """Four tables."""
    op.create_table(
        "discounts",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("priority", sa.BigInteger, nullable=False),
        sa.Column("effective_time", UTCDateTime, nullable=False),
        sa.Column("expiration_time", UTCDateTime, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("all_customers", sa.Boolean, nullable=False),
        sa.Column("all_products", sa.Boolean, nullable=False),
        sa.Column("customers", sa.Integer, nullable=False),
        sa.Column("groups", sa.Integer, nullable=False),
        sa.Column("products", sa.Integer, nullable=False),
        sa.Column("categories", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=False),
        sa.Column("deleted_at", UTCDateTime),
        sa.Column("archived_at", UTCDateTime),
        sa.Column("key", sa.String(64)),
        sa.Column("shelf", sa.SmallInteger, sa.Computed(_SHELF, persisted=True)),
        sa.UniqueConstraint("key", name="uq_discounts_key"),
        **TABLE_OPTIONS,
    )
    for columns in _LISTED_BY:
        op.create_index("_".join(("ix_discounts_shelf", *columns)), "discounts", ["shelf", *columns])
    op.create_index(
        "ix_discounts_all_customers_expiration_time", "discounts", ["all_customers", "expiration_time"]
    )
    op.create_index("ix_discounts_all_products", "discounts", ["all_products"])
    for name in ("discount_customers", "discount_products"):
        op.create_table(
            name,
            sa.Column("discount_id", _ID, sa.ForeignKey("discounts.id"), primary_key=True),
            sa.Column("kind", sa.String(8), primary_key=True),
            sa.Column("value", sa.String(64), primary_key=True),
            sqlite_with_rowid=False,
            **TABLE_OPTIONS,
        )
        op.create_index(f"ix_{name}_kind_value_discount_id", name, ["kind", "value", "discount_id"])
    op.create_table(
        "discount_archives",
        sa.Column("discount_id", _ID, sa.ForeignKey("discounts.id"), primary_key=True),
        sa.Column("lists", _BYTES, nullable=False),
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    """Nothing is left."""
    for name in ("discount_archives", "discount_products", "discount_customers", "discounts"):
        op.drop_table(name)

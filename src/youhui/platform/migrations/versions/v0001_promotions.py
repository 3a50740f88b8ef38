"""Promotions, and the version of all rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Both tables, and the one row of the version."""
    version = op.create_table(
        "rules_version",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        **TABLE_OPTIONS,
    )
    op.bulk_insert(version, [{"id": 1, "version": 0}])
    op.create_table(
        "promotions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(100)),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("priority", sa.BigInteger, nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("valid_from", UTCDateTime),
        sa.Column("valid_until", UTCDateTime),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=False),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_promotions_position_id", "promotions", ["position", "id"])


def downgrade() -> None:
    """Nothing is left."""
    op.drop_table("promotions")
    op.drop_table("rules_version")

"""The audit log, and versions of discounts and of the directory beside that of promotions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One table and two rows."""
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object", sa.String(100), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("after", sa.JSON(none_as_null=True)),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_audit_object_id", "audit", ["object", "id"])
    op.create_index("ix_audit_actor_id", "audit", ["actor", "id"])
    op.execute("INSERT INTO rules_version (id, version) VALUES (2, 0), (3, 0)")


def downgrade() -> None:
    """Both gone."""
    op.execute("DELETE FROM rules_version WHERE id IN (2, 3)")
    op.drop_table("audit")

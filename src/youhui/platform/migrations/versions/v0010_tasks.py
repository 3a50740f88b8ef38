"""Long work that can be interrupted and resumed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("object", sa.String(100), nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("once", sa.String(240)),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("started_at", UTCDateTime),
        sa.Column("finished_at", UTCDateTime),
        sa.Column("claimed_by", sa.String(32)),
        sa.Column("claimed_until", UTCDateTime),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("once", name=op.f("uq_tasks_once")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_tasks_object_id", "tasks", ["object", "id"])
    op.create_index("ix_tasks_state_id", "tasks", ["state", "id"])


def downgrade() -> None:
    """What was not finished is forgotten; what it has done stays."""
    op.drop_table("tasks")

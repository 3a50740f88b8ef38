"""When each job is due, and who does it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "schedules",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("cron", sa.String(100), nullable=False),
        sa.Column("next_run_at", UTCDateTime, nullable=False),
        sa.Column("claimed_by", sa.String(32)),
        sa.Column("claimed_until", UTCDateTime),
        sa.Column("last_started_at", UTCDateTime),
        sa.Column("last_finished_at", UTCDateTime),
        sa.Column("last_error", sa.String(500)),
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    """Nothing is left."""
    op.drop_table("schedules")

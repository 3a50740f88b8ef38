"""Blocked callers, wrong codes, breakers and events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime

revision = "0011"
down_revision = "0010"

_TABLES = ("events", "code_misses", "breakers", "blocked")


def upgrade() -> None:
    """Four tables, and a version of their own for what is blocked and broken."""
    op.create_table(
        "blocked",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("until", UTCDateTime),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_blocked")),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "breakers",
        sa.Column("promotion", sa.String(80), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("redemptions_per_minute", sa.BigInteger),
        sa.Column("amount_per_minute", sa.BigInteger),
        sa.Column("amount_per_order", sa.BigInteger),
        sa.Column("tripped_at", UTCDateTime),
        sa.PrimaryKeyConstraint("promotion", name=op.f("pk_breakers")),
        **TABLE_OPTIONS,
    )
    op.create_table(
        "code_misses",
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("period", sa.BigInteger, nullable=False),
        sa.Column("misses", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", "period", name=op.f("pk_code_misses")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_code_misses_period", "code_misses", ["period"])
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("object", sa.String(100), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_events_kind_id", "events", ["kind", "id"])
    op.create_index("ix_events_object_id", "events", ["object", "id"])
    op.execute("INSERT INTO rules_version (id, version) VALUES (5, 0)")


def downgrade() -> None:
    """Nobody is blocked any more, and what happened is forgotten."""
    op.execute("DELETE FROM rules_version WHERE id = 5")
    for name in _TABLES:
        op.drop_table(name)

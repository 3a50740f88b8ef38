"""Tables of schedules."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Its tables."""


def downgrade() -> None:
    """Nothing is left."""

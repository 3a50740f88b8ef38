"""Tables of directory."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Its tables."""


def downgrade() -> None:
    """Nothing is left."""

"""Tables of accounts."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Its tables."""


def downgrade() -> None:
    """Nothing is left."""

"""Run by Alembic for each command; `migrate.py` gives the connection and ends the transaction."""

from __future__ import annotations

from alembic import context

from youhui.platform.db import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()

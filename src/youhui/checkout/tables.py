"""The versions of what is priced by: one row for each source."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, SmallInteger, Table

from youhui.platform.db import TABLE_OPTIONS, metadata

rules_version = Table(
    "rules_version",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    **TABLE_OPTIONS,
)

"""SQL lives in the stores; transactions are opened and ended at the edge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import source

SQL = ("sqlalchemy", "alembic", "sqlite3", "psycopg", "pymysql")
OUTSIDE_PLATFORM = [path for path in source.modules() if source.PACKAGE / "platform" not in path.parents]


@pytest.mark.parametrize("path", OUTSIDE_PLATFORM, ids=source.name)
def test_only_stores_and_their_tables_speak_sql(path: Path) -> None:
    spoken = [module for module in source.imports(path) if module.partition(".")[0] in SQL]
    names = {"store.py", "counter_store.py", "targets.py", "reading.py", "tables.py"}
    assert not spoken or path.name in names


@pytest.mark.parametrize("path", OUTSIDE_PLATFORM, ids=source.name)
def test_only_the_edge_ends_a_transaction(path: Path) -> None:
    """A helper that commits takes the decision from whoever called it."""
    ends = [call for call in source.methods_called(path) if call[0] in {"commit", "rollback"}]
    assert ends == []

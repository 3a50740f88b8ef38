"""A backup is the database at one instant, whole, or no file at all; nobody waits for it."""

from __future__ import annotations

import importlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select

from tests import servers
from youhui.platform import audit, backup, migrate
from youhui.platform.backup import NoBackup
from youhui.platform.db import Database
from youhui.platform.principals import SYSTEM

importlib.import_module("youhui.bootstrap")  # so that every table is known

AT = datetime(2026, 11, 11, tzinfo=UTC)
FAKE = """#!/bin/sh
for each in "$@"; do
  echo "$each"
  case "$each" in --result-file=*) echo "password $MYSQL_PWD" > "${each#--result-file=}";; esac
done >> "$0.log"
"""


def add_two(database: Database) -> None:
    """In one transaction: half of it is never seen."""
    with database.writing() as connection:
        for name in ("促销", "折扣"):
            audit.record(connection, AT, SYSTEM, "test", name, after={"filler": "x" * 500})


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(audit.audit)).scalar_one()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(url(tmp_path))) as made:
        migrate.upgrade(made)
        for _ in range(50):
            add_two(made)
        yield made


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/youhui.db"


def test_it_is_of_one_instant_while_others_write(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "PAGES", 5)
    file, seen = tmp_path / "copy.db", []

    def progress(done: int, all_: int) -> None:
        seen.append((done, all_))
        add_two(database)

    backup.backup(url(tmp_path), file, progress=progress)
    assert len(seen) > 10
    assert seen[-1][0] == seen[-1][1], "it came to an end, and began once"
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert count(database) == 100 + 2 * len(seen), "each write was made"
    with closing(Database(f"sqlite:///{file}")) as copy:
        assert count(copy) == 100
        migrate.check(copy)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_only_its_owner_may_read_it(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    backup.backup(url(tmp_path), file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_is_overwritten_only_by_force(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_text("mine")
    with pytest.raises(NoBackup, match="is there already"):
        backup.backup(url(tmp_path), file)
    assert file.read_text() == "mine"
    backup.backup(url(tmp_path), file, force=True)
    assert file.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("broken", ["missing.db", "text.db"])
def test_what_fails_leaves_things_as_they_were(tmp_path: Path, broken: str) -> None:
    (tmp_path / "text.db").write_text("this is no database, whatever its name says" * 100)
    file = tmp_path / "copy.db"
    file.write_text("the last one")
    with pytest.raises(NoBackup, match="there is no backup"):
        backup.backup(f"sqlite:///{tmp_path}/{broken}", file, force=True)
    assert file.read_text() == "the last one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "text.db"]


def test_a_folder_that_is_not_there(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NoBackup, match="No such file or directory"):
        backup.backup(url(tmp_path), tmp_path / "nowhere" / "copy.db")


def test_postgresql_is_restored_from_it(
    postgresql_server: servers.DatabaseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = servers._postgresql_programs()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    file = tmp_path / "youhui.dump"
    with postgresql_server.database() as here, postgresql_server.database() as there:
        with closing(Database(here)) as database:
            migrate.upgrade(database)
            add_two(database)
        backup.backup(here, file)
        target = make_url(there).set(drivername="postgresql").render_as_string()
        subprocess.run([programs / "pg_restore", "--dbname", target, "--exit-on-error", file], check=True)
        with closing(Database(there)) as restored:
            assert count(restored) == 2
            migrate.check(restored)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_dump_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = servers._postgresql_programs()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with pytest.raises(NoBackup) as refused:
        backup.backup("postgresql+psycopg://u:geheim@127.0.0.1:1/x", tmp_path / "x.dump")
    assert "Connection refused" in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_mariadb_is_dumped_with_the_password_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a program that only writes down how it was called: Debian's core packages have no mariadb-dump."""
    program = tmp_path / "mariadb-dump"
    program.write_text(FAKE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    file = tmp_path / "youhui.sql"
    backup.backup("mysql+pymysql://shop:geheim@db.example:3307/youhui?charset=utf8mb4", file)
    assert file.read_text() == "password geheim\n"
    assert (tmp_path / "mariadb-dump.log").read_text().splitlines() == [
        f"--result-file={file}.partial",
        "--single-transaction",
        "--default-character-set=utf8mb4",
        "--host=db.example",
        "--port=3307",
        "--user=shop",
        "youhui",
    ]


OPTIONS = "--single-transaction --default-character-set=utf8mb4"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "postgresql+psycopg://u:geheim@h/x",
            "pg_dump --file={file} --format=custom --dbname=postgresql://u@h/x",
        ),
        (
            "mariadb+pymysql://u:geheim@h/x",
            f"mariadb-dump --result-file={{file}} {OPTIONS} --host=h --user=u x",
        ),
    ],
)
def test_without_the_program_it_says_what_to_run(
    address: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "copy"
    with pytest.raises(NoBackup) as refused:
        backup.backup(address, file)
    assert refused.value.told("en")[0].endswith(f"run: {said.format(file=file)}")
    assert "geheim" not in "".join([*refused.value.told("en"), *refused.value.told("zh-CN")])
    assert list(tmp_path.iterdir()) == []

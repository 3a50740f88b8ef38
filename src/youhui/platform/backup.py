"""A copy of the database while it is in use: as it was at one instant, in one file, whole or not there at all."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url

from youhui.platform.languages import Language, Told, both

PAGES = 1024
"""of SQLite's, between two reports of progress"""

Progress = Callable[[int, int], None]
"""is told how many pages are copied, of how many"""


class NoBackup(Told):
    """None was made; a file that was there is as it was."""

    def __init__(self, sentence: Mapping[Language, str], **params: object) -> None:
        super().__init__(sentence["en"].format(**params))
        self._sentence = sentence
        self._params = params

    def told(self, language: Language) -> Sequence[str]:
        """Why."""
        return [self._sentence[language].format(**self._params)]


def backup(
    url: str, file: Path, *, force: bool = False, progress: Progress = lambda _done, _all: None
) -> None:
    """Writes the database at a URL into a file, which must not be there unless `force`. Raises NoBackup."""
    if file.exists() and not force:
        raise NoBackup(_EXISTS, file=file)
    partial = file.with_name(f"{file.name}.partial")
    database = make_url(url)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))  # it holds personal data
        if database.get_backend_name() == "sqlite":
            _copy(database, partial, progress)
        else:
            _dump(database, partial, file)
        partial.replace(file)
    except OSError as error:
        raise NoBackup(_FAILED, why=error) from error
    finally:
        partial.unlink(missing_ok=True)


def _copy(database: URL, file: Path, progress: Progress) -> None:
    """By SQLite's online backup, in one transaction that reads: writers neither wait for it nor make it begin anew."""
    source = Path(database.database or "").absolute()
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, isolation_level=None)) as there,
            closing(sqlite3.connect(file)) as here,
        ):
            there.execute("BEGIN")
            there.execute("SELECT 1 FROM sqlite_master").fetchone()
            there.backup(here, pages=PAGES, progress=lambda _, left, all_: progress(all_ - left, all_))
    except sqlite3.Error as error:
        raise NoBackup(_FAILED, why=f"{error} ({source})") from error


def _dump(database: URL, partial: Path, file: Path) -> None:
    """By the database's own program; the password goes by the environment, where other users do not see it."""
    dump = _pg_dump(database) if database.get_backend_name() == "postgresql" else _mariadb_dump(database)
    program = next(filter(None, map(shutil.which, dump.names)), None)
    if program is None:
        command = shlex.join([dump.names[0], f"{dump.into}={file}", *dump.arguments])
        raise NoBackup(_NO_PROGRAM, program=dump.names[0], command=command)
    password = {dump.password: database.password} if database.password else {}
    done = subprocess.run(  # noqa: S603
        [program, f"{dump.into}={partial}", *dump.arguments],
        env={**os.environ, **password},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoBackup(_FAILED, why=done.stderr.strip())


@dataclass(frozen=True, slots=True)
class _Dump:
    """A program, under each of its names: its option for a file, its variable for the password, and the rest."""

    names: Sequence[str]
    into: str
    password: str
    arguments: Sequence[str]


def _pg_dump(database: URL) -> _Dump:
    query = {key: value for key, value in database.query.items() if key != "password"}
    place = (database.host, database.port, database.database)
    open_ = URL.create("postgresql", database.username, None, *place, query).render_as_string()
    return _Dump(["pg_dump"], "--file", "PGPASSWORD", ["--format=custom", f"--dbname={open_}"])


def _mariadb_dump(database: URL) -> _Dump:
    place = {"host": database.host, "port": database.port, "user": database.username}
    there = [f"--{name}={value}" for name, value in place.items() if value is not None]
    options = ["--single-transaction", "--default-character-set=utf8mb4"]
    return _Dump(
        ["mariadb-dump", "mysqldump"],
        "--result-file",
        "MYSQL_PWD",
        [*options, *there, str(database.database)],
    )


_EXISTS = both("{file} 已存在；加 --force 覆盖", "{file} is there already; --force overwrites it")
_FAILED = both("备份未完成：{why}", "there is no backup: {why}")
_NO_PROGRAM = both(
    "备份此数据库需要 {program}，本机没有；请在有它的机器上运行：{command}",
    "a backup of this database needs {program}, which is not on this machine; where it is, run: {command}",
)

"""`youhui db`: the tables of this version, and a copy of what is in them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from youhui.cli import opening
from youhui.cli.opening import Where

if TYPE_CHECKING:
    from youhui.platform.db import Database

db = typer.Typer(
    help="Bring the database to the tables of this version, check it, copy it.", no_args_is_help=True
)


@db.command()
def upgrade(database: Where = None) -> None:
    """Bring the database to the tables of this version."""
    from youhui.platform import migrate

    with _opened(database) as opened:
        migrate.upgrade(opened)
        typer.echo(_revision(opened))


@db.command()
def check(database: Where = None) -> None:
    """Check that it has the tables of this version, and print their revision."""
    from youhui.platform import migrate

    with _opened(database) as opened:
        migrate.check(opened)
        typer.echo(_revision(opened))


@db.command()
def downgrade(
    revision: Annotated[
        str, typer.Argument(help="An earlier revision such as 0003; base: no tables at all.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Where = None,
) -> None:
    """Go back to the tables of an earlier version. What is in the newer ones is lost."""
    from youhui.platform import migrate

    if not yes:
        typer.confirm("数据将丢失 / what is in the newer tables is lost. OK?", abort=True, err=True)
    with _opened(database) as opened:
        migrate.downgrade(opened, revision)
        typer.echo(_revision(opened))


@db.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    database: Where = None,
) -> None:
    """Copy the database into a file while it is in use.

    SQLite by itself, PostgreSQL by pg_dump, MariaDB and MySQL by mariadb-dump. docs/operations.md says how to restore.
    """
    from youhui.platform.backup import backup as copy

    url = opening.settings(database).database_url
    with _progress() as progress:
        copy(url, file, force=force, progress=progress)
    typer.echo(f"{file} ({file.stat().st_size:,} B)")


@contextmanager
def _opened(database: str | None) -> Iterator[Database]:
    service = opening.service(database)  # knows every table
    yield service.database
    service.database.close()


def _revision(database: Database) -> str:
    from youhui.platform import migrate

    with database.reading() as connection:
        return str(migrate.current(connection) or "base")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal's error stream."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("backup", total=None)
        yield lambda done, all_: bar.update(task, completed=done, total=all_)

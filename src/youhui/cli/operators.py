"""`youhui operators` and `youhui keys`: accounts, for who owns the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from youhui.cli import opening
from youhui.cli.opening import Where
from youhui.platform.principals import SYSTEM, Scope

if TYPE_CHECKING:
    from youhui.bootstrap import Service

operators = typer.Typer(help="The people who may log in at the console.", no_args_is_help=True)
keys = typer.Typer(help="The API keys of storefronts.", no_args_is_help=True)

AT_ONCE = 100
"""lines read from the database at a time"""


class Role(StrEnum):
    """Reads; reads and writes; and administers accounts."""

    viewer = "viewer"
    operator = "operator"
    admin = "admin"


Name = Annotated[str, typer.Argument(metavar="NAME", help="What the operator logs in with.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        metavar="|".join(get_args(Scope)),
        help="What it may be used for; again for more. [default: all but metrics]",
        show_default=False,
    ),
]


@operators.command("list")
def list_operators(database: Where = None) -> None:
    """List them by name: name, role, whether active, last log-in."""
    with _opened(database) as service:
        _print(
            [one.name, one.role, "active" if one.active else "disabled", _time(one.last_login_at)]
            for one in _all(service.operators)
        )


@operators.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the operator may do.")] = Role.viewer,
    database: Where = None,
) -> None:
    """Add one, and print the random password, which is shown only once."""
    with _opened(database) as service:
        typer.echo(service.operators.add(name, role.value, None, SYSTEM)[1])


@operators.command("reset-password")
def reset_password(name: Name, database: Where = None) -> None:
    """Print a new random password for one who lost it. All sessions end, and so does a lock after failed log-ins."""
    with _opened(database) as service:
        typer.echo(service.operators.reset_password(name, SYSTEM))


@keys.command("list")
def list_keys(database: Where = None) -> None:
    """List them, the latest first: id, name, scopes, when last used."""
    with _opened(database) as service:
        _print(
            [one.id, one.name, ",".join(sorted(one.scopes)), _time(one.last_used_at)]
            for one in _all(service.keys)
        )


@keys.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    scope: Scopes = None,
    database: Where = None,
) -> None:
    """Make one and print it: it is shown only once."""
    from youhui.accounts.model import DEFAULT_SCOPES

    for one in scope or ():
        if one not in get_args(Scope):
            raise typer.BadParameter(
                f"{one!r} is not one of {', '.join(get_args(Scope))}", param_hint="--scope"
            )
    with _opened(database) as service:
        scopes = cast("list[Scope]", scope) or DEFAULT_SCOPES
        typer.echo(service.keys.add(name, scopes, SYSTEM)[1])


@keys.command()
def delete(
    id: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `youhui keys list` has it.")],  # noqa: A002
    database: Where = None,
) -> None:
    """End one, and the tokens that it made. A server knows within ten seconds."""
    with _opened(database) as service:
        service.keys.remove(id, SYSTEM)


@contextmanager
def _opened(database: str | None) -> Iterator[Service]:
    """On a database with the tables of this version."""
    from youhui.platform import migrate

    service = opening.service(database)
    migrate.upgrade(service.database)
    yield service
    service.database.close()


def _all(listed: Any) -> Iterator[Any]:
    offset, total = 0, 1
    while offset < total:
        found, total = listed.page(offset, AT_ONCE)
        yield from found
        offset += AT_ONCE


def _print(lines: Iterable[list[str]]) -> None:
    for line in lines:
        typer.echo("\t".join(line))


def _time(at: datetime | None) -> str:
    return "never" if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")

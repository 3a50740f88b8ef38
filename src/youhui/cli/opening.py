"""The service for a command: by the settings, on the database that the command names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from youhui.bootstrap import Service
    from youhui.platform.settings import Settings

# What needs the extra `server` is imported when it is used: `youhui price` works without, and starts quickly.

Where = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The database's URL [default: as set, else sqlite:///var/youhui.db].",
        show_default=False,
    ),
]


def given(database: str | None) -> dict[str, Any]:
    """The settings that a command line makes."""
    return {} if database is None else {"database_url": database}


def settings(database: str | None) -> Settings:
    """Raises WrongSettings."""
    from youhui.platform.settings import Settings

    return Settings(**given(database))


def service(database: str | None) -> Service:
    """Not started. Raises WrongSettings."""
    from youhui import bootstrap

    return bootstrap.service(settings(database))

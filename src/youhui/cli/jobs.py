"""`youhui jobs`: what is done by the clock, when it was done last, and doing it now."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from youhui.cli import opening
from youhui.cli.files import printable
from youhui.cli.opening import Where

if TYPE_CHECKING:
    from youhui.platform.schedules import Schedule

jobs = typer.Typer(help="Show what is done by the clock, or do it now.", no_args_is_help=True)


@jobs.command("list")
def listed(database: Where = None) -> None:
    """List the jobs: when each is next due (UTC), when it ran last, and what went wrong."""
    service = opening.service(database)
    service.jobs.schedule()
    for one in service.jobs.listed():
        typer.echo(_line(one))
    service.database.close()


@jobs.command()
def run(name: Annotated[str, typer.Argument(metavar="NAME")], database: Where = None) -> None:
    """Do one now, due or not, unless it is running."""
    from youhui.platform import logs
    from youhui.platform.languages import Told

    logs.configure(sys.stderr)
    service = opening.service(database)
    try:
        service.jobs.run(name)
    except Told:
        raise
    except Exception as error:  # whatever the job raises; the log has where
        typer.echo(f"youhui: {name}: {type(error).__name__}: {printable(error)}", err=True)
        raise typer.Exit(1) from error
    finally:
        service.database.close()
    typer.echo(name)


def _line(one: Schedule) -> str:
    parts = [one.name, one.cron, f"next {_at(one.next_run_at)}", f"last {_at(one.last_finished_at)}"]
    if one.claimed_until is not None:
        parts.append(f"running since {_at(one.last_started_at)}")
    if one.last_error is not None:
        parts.append(f"failed: {printable(one.last_error)}")
    return "  ".join(parts)


def _at(instant: datetime | None) -> str:
    return "never" if instant is None else f"{instant:%Y-%m-%dT%H:%M:%SZ}"

"""The commands and what all of them share."""

from __future__ import annotations

from typing import Annotated

import typer

from youhui.cli.check import check
from youhui.cli.config import config
from youhui.cli.conformance import conformance
from youhui.cli.database import db
from youhui.cli.discounts import discounts
from youhui.cli.importing import import_
from youhui.cli.jobs import jobs
from youhui.cli.lint import lint
from youhui.cli.operators import keys, operators
from youhui.cli.price import price
from youhui.cli.schema import schema
from youhui.cli.serve import serve

app = typer.Typer(
    name="youhui",
    help="A promotion engine: discounts, coupons, promotions and group-buying, priced exactly, explained.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"youhui {version('youhui')}")
        raise typer.Exit


@app.callback()
def _youhui(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


for command in (price, lint, conformance, schema, serve, config, check):
    app.command()(command)
app.command("import")(import_)
app.add_typer(db, name="db")
app.add_typer(jobs, name="jobs")
app.add_typer(operators, name="operators")
app.add_typer(keys, name="keys")
app.add_typer(discounts, name="discounts")

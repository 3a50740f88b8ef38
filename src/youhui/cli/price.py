"""`youhui price`: prices one case and shows the receipt."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from youhui.cli.files import Unreadable, read_json, stop, the_case
from youhui.cli.words import WORDS, language
from youhui.conformance import Case, read_case
from youhui.engine import InvalidDocument, Options
from youhui.engine.quote import Strategy
from youhui.engine.sentences import Language, problem_line


def price(
    file: Annotated[
        str, typer.Argument(metavar="CASE.json", help="One case or a list of cases; - reads standard input.")
    ],
    id: Annotated[str | None, typer.Option(help="Which case of a list.")] = None,  # noqa: A002
    as_json: Annotated[bool, typer.Option("--json", help="Print the quote as JSON.")] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say of every promotion why it applies or not, and what would help."),
    ] = False,
    strategy: Annotated[
        Strategy, typer.Option(help="In order of priority, or the combination that saves most.")
    ] = "priority",
    lang: Annotated[
        Language | None, typer.Option(help="The language; else that of LANG if English, else Chinese.")
    ] = None,
) -> None:
    """Price a cart and show the receipt.

    A case is a JSON object with a cart, `promotions` and the instant `now`; without it, it is now.
    """
    tongue = language(lang, os.environ)
    case = _case(file, id, tongue)
    options = Options(strategy=strategy, explain="all" if explain else "considered", hints=explain)
    quote = case.quote(options)
    if as_json:
        from youhui.cli.machine import quote_json

        typer.echo(quote_json(quote))
    else:
        from youhui.cli.receipt import show

        show(case, quote, tongue, explain)


def _case(file: str, name: str | None, tongue: Language) -> Case:
    words = WORDS[tongue]
    now = datetime.now(UTC)
    try:
        document = the_case(read_json(file, words), file, name, words)
        case = read_case(document, now)
    except Unreadable as unreadable:
        stop([str(unreadable)])
    except InvalidDocument as invalid:
        stop(problem_line(problem, tongue) for problem in invalid.problems)
    if case.at is now:
        typer.echo(words.price_as_of_now.format(at=now.isoformat(timespec="seconds")), err=True)
    return case

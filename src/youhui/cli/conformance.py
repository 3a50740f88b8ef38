"""`youhui conformance`: checks files of cases."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from youhui.cli.files import Unreadable, printable, read_json
from youhui.cli.words import WORDS
from youhui.conformance import check

_MANY = 1000
"""from so many cases on progress is shown"""


def conformance(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Files of cases (docs/cli.md); - reads standard input."),
    ],
) -> None:
    """Check that cases come out as they expect.

    One line for each failing case, with the differences; the last line is "N passed, M failed". Exits with 1 if a case
    failed, with 2 if a file could not be read.
    """
    passed = failed = unread = 0
    for file in files:
        try:
            cases = _cases(file)
        except Unreadable as unreadable:
            typer.echo(f"youhui: {printable(unreadable)}", err=True)
            unread += 1
            continue
        results = [check(case) for case in _tracked(cases, file)]
        for i, faults in enumerate(results):
            if faults:
                typer.echo(f"{_name(cases[i], f'{file}[{i}]')}: {printable('; '.join(faults))}")
        failed += sum(map(bool, results))
        passed += len(results) - sum(map(bool, results))
    typer.echo(f"{passed} passed, {failed} failed")
    raise typer.Exit(2 if unread else 1 if failed else 0)


def _cases(file: str) -> list[object]:
    document = read_json(file, WORDS["en"])
    return document if isinstance(document, list) else [document]


def _name(case: object, position: str) -> str:
    name = case.get("id") if isinstance(case, dict) else None
    return printable(name) if isinstance(name, str) and name else position


def _tracked(cases: list[object], file: str) -> Iterable[object]:
    """The cases, with a bar on a terminal's error stream where there are many."""
    if len(cases) < _MANY or not sys.stderr.isatty():
        return cases
    from rich.console import Console
    from rich.progress import track

    return track(cases, description=file, console=Console(stderr=True), transient=True)

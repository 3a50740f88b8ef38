"""`youhui check`: what is promised, proved on the live database."""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from youhui.cli import opening
from youhui.cli.files import printable, telling
from youhui.cli.importing import STOPPED
from youhui.cli.opening import Where
from youhui.cli.words import language
from youhui.engine.sentences import Language
from youhui.platform.languages import Told, both

if TYPE_CHECKING:
    from youhui.checkout.orders.checking import Proof, Report

_HOLDS = both("成立", "holds")
_BROKEN = both("不成立：{count} 处", "BROKEN: {count}")
_MORE = both("    …… 另有 {count} 处", "    … and {count} more")
_STOPPED = both("已中断", "stopped")


def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    database: Where = None,
    lang: Annotated[
        Language | None, typer.Option(help="The language; else that of LANG if English, else Chinese.")
    ] = None,
) -> None:
    """Prove on the database, as it is now, that no limit is exceeded and all amounts sum up.

    It reads one snapshot and changes nothing; the service may run meanwhile. Exits with 1 if a promise is broken, with
    2 if it could not look. docs/promises.md says what is promised.
    """
    tongue = language(lang, os.environ)
    with telling(tongue):
        try:
            report = _report(database)
        except KeyboardInterrupt:
            typer.echo(_STOPPED[tongue], err=True)
            raise typer.Exit(STOPPED) from None
        except Told:
            raise
        except (
            Exception
        ) as error:  # else whatever else goes wrong would pass for a broken promise, by its status
            traceback.print_exc()
            raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(_document(report, tongue), ensure_ascii=False, indent=2))
    else:
        for line in _lines(report, tongue):
            typer.echo(printable(line))
    raise typer.Exit(0 if report.sound else 1)


def _report(database: str | None) -> Report:
    from youhui.bootstrap import PROOFS, stored_terms
    from youhui.checkout.orders.checking import check as prove

    service = opening.service(database)
    gc.freeze()  # while rows come and go, a collection need not walk through the whole program
    try:
        with _progress() as told:
            return prove(service.database, stored_terms(service.database, service.registry), told, PROOFS)
    finally:
        service.database.close()


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal's error stream: orders looked at."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("check", total=None)
        yield lambda done, all_: bar.update(task, completed=done, total=all_)


def _lines(report: Report, tongue: Language) -> Iterator[str]:
    from youhui.checkout.orders.checking.sentences import PROMISES, sentence

    for proof in report.proofs:
        verdict = _HOLDS[tongue] if proof.holds else _BROKEN[tongue].format(count=f"{proof.drifted:,}")
        parts = [f"{proof.promise}  {PROMISES[proof.promise][tongue]}", _counts(proof, tongue), verdict]
        yield "  ".join(filter(None, parts))
        yield from (f"    {sentence(drift, tongue)}" for drift in proof.drifts)
        if more := proof.drifted - len(proof.drifts):
            yield _MORE[tongue].format(count=f"{more:,}")


def _counts(proof: Proof, tongue: Language) -> str:
    from youhui.checkout.orders.checking.sentences import COUNTED

    counts = [COUNTED[name][tongue].format(count=f"{count:,}") for name, count in proof.counted.items()]
    return f"[{', '.join(counts)}]"


def _document(report: Report, tongue: Language) -> dict[str, object]:
    from youhui.checkout.orders.checking.sentences import PROMISES, sentence

    return {
        "sound": report.sound,
        "promises": [
            {
                "promise": proof.promise,
                "name": PROMISES[proof.promise][tongue],
                "holds": proof.holds,
                "counted": dict(proof.counted),
                "drifted": proof.drifted,
                "drifts": [
                    {"rule": drift.rule, "message": sentence(drift, tongue), **drift.facts}
                    for drift in proof.drifts
                ],
            }
            for proof in report.proofs
        ],
    }

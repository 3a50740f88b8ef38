"""`youhui lint`: what is provably wrong with a list of promotions."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from youhui.cli.files import Unreadable, printable, read_json, stop
from youhui.cli.words import WORDS, language
from youhui.engine import InvalidDocument, Promotion, Usage, decode_promotions
from youhui.engine.money import is_currency
from youhui.engine.sentences import Language, problem_line
from youhui.lint import SEVERITIES, Finding, Report, Severity, sentence
from youhui.lint import lint as look_into

NOTHING: Mapping[Language, str] = {
    "zh-CN": "{count} 个活动，没有发现问题。",
    "en": "Promotions: {count}. Nothing found.",
}
UNFINISHED: Mapping[Language, str] = {
    "zh-CN": "以下检查没有做完，可能还有更多：{codes}。",
    "en": "Not looked through to the end, there may be more: {codes}.",
}
NO_CURRENCY: Mapping[Language, str] = {
    "zh-CN": "{currency} 不是货币代码，例如 CNY。",
    "en": "{currency} is not a currency code such as CNY.",
}


def lint(
    file: Annotated[
        str,
        typer.Argument(
            metavar="PROMOTIONS.json",
            help="A list of promotions, or an object with currency and promotions; - reads standard input.",
        ),
    ],
    currency: Annotated[str, typer.Option(help="The currency of a list that does not name it.")] = "CNY",
    witness: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a case for each finding into this folder."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the findings as JSON, with their cases.")
    ] = False,
    lang: Annotated[
        Language | None, typer.Option(help="The language; else that of LANG if English, else Chinese.")
    ] = None,
) -> None:
    """Find what is provably wrong with promotions.

    Dead, shadowed and colliding rules, windows that never open, limits that never bind, stacks that make an order free.
    Exits with 1 if anything was found, with 2 if the file could not be read.
    """
    tongue = language(lang, os.environ)
    promotions, usage, money = _promotions(file, currency, tongue)
    report = look_into(promotions, usage, money)
    files = {} if witness is None else _written(report, witness, tongue)
    if as_json:
        typer.echo(json.dumps(_document(report, tongue), ensure_ascii=False, indent=2))
    else:
        _show(report, len(promotions), files, tongue)
    raise typer.Exit(1 if report.findings else 0)


def _promotions(file: str, currency: str, tongue: Language) -> tuple[tuple[Promotion, ...], Usage, str]:
    money: object = currency
    try:
        document = read_json(file, WORDS[tongue])
        if isinstance(document, dict):
            money, document = document.get("currency", currency), document.get("promotions")
        if not isinstance(money, str) or not is_currency(money):
            stop([NO_CURRENCY[tongue].format(currency=money)])
        return *decode_promotions(document, money), money
    except Unreadable as unreadable:
        stop([str(unreadable)])
    except InvalidDocument as invalid:
        stop(problem_line(problem, tongue) for problem in invalid.problems)


def _written(report: Report, folder: Path, tongue: Language) -> dict[int, list[str]]:
    """Writes every witness into a file of its own; the names by the finding's number."""
    names: dict[int, list[str]] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, finding in enumerate(report.findings, 1):
            for shown in finding.witnesses:
                name = f"{number:03d}-{re.sub(r'[^a-zA-Z0-9._-]+', '_', shown.name)[:80]}.json"
                text = json.dumps(shown.case, ensure_ascii=False, indent=2)
                (folder / name).write_text(text + "\n", "utf-8")
                names.setdefault(number, []).append(name)
    except OSError as error:
        stop([WORDS[tongue].no_reading.format(file=folder, why=error.strerror)])
    return names


def _show(report: Report, count: int, files: Mapping[int, Sequence[str]], tongue: Language) -> None:
    numbered = enumerate(report.findings, 1)
    for severity, found in groupby(numbered, key=lambda one: one[1].severity):
        group = list(found)
        typer.echo(f"{SEVERITIES[tongue][severity]} ({len(group)})")
        for number, finding in group:
            typer.echo(f"  {finding.code}: {printable(sentence(finding, tongue))}")
            for name in files.get(number, ()):
                typer.echo(f"    {name}")
    if not report.findings:
        typer.echo(NOTHING[tongue].format(count=count))
    if report.unfinished:
        typer.echo(UNFINISHED[tongue].format(codes=", ".join(report.unfinished)))


def _document(report: Report, tongue: Language) -> dict[str, object]:
    counts: Counter[Severity] = Counter(finding.severity for finding in report.findings)
    return {
        "findings": [_finding(finding, tongue) for finding in report.findings],
        "counts": {severity: counts[severity] for severity in SEVERITIES[tongue]},
        "unfinished": list(report.unfinished),
    }


def _finding(finding: Finding, tongue: Language) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "promotions": list(finding.promotions),
        "message": sentence(finding, tongue),
        "witnesses": [{"reasons": dict(shown.reasons), "case": shown.case} for shown in finding.witnesses],
    }

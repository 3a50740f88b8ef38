"""`youhui import`: files of customers, products and categories into the directory."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, BinaryIO

import typer

from youhui.cli import opening
from youhui.cli.files import printable, stop, telling
from youhui.cli.opening import Where
from youhui.cli.words import WORDS, language
from youhui.engine.sentences import Language
from youhui.platform.languages import both

if TYPE_CHECKING:
    from youhui.directory.importing import Report, Upload
    from youhui.platform.rows import Rejected, Written

AT_ONCE = 256 * 1024
SHOWN = 20
"""faults that are printed"""
STOPPED = 130
"""the exit status of what Ctrl-C has ended, as shells know it"""

_DONE = both(
    "{received} 行：新增 {created}，更新 {updated}，未变 {unchanged}，删除 {deleted}，拒绝 {rejected}",
    "{received} rows: {created} created, {updated} updated, {unchanged} unchanged, {deleted} deleted, "
    "{rejected} rejected",
)
_FAULT = both("第 {line} 行{path}：{why}", "line {line}{path}: {why}")
_MORE = both(
    "……以及更多；--errors 文件名 可写出全部", "… and more; --errors FILE writes all of them to a file"
)
_RESUME = both(
    "未完成：第 {line} 行之前的都已处理；加 --from-line {line} 可继续",
    "Not finished: all before line {line} is done; go on with --from-line {line}",
)
_WHICH_FORMAT = both(
    "看不出 {file} 的格式：请加 --format csv 或 --format jsonl",
    "The format of {file} is not clear: add --format csv or --format jsonl",
)


class Kind(StrEnum):
    """What the rows are."""

    customers = "customers"
    products = "products"
    categories = "categories"


class Format(StrEnum):
    """How they are written."""

    jsonl = "jsonl"
    csv = "csv"


_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


def import_(
    kind: Annotated[Kind, typer.Argument(help="What the rows are.", show_default=False)],
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="JSON lines or CSV, also packed (.gz); - reads standard input."),
    ],
    format: Annotated[  # noqa: A002
        Format | None,
        typer.Option(help="How they are written [default: by the name of the file].", show_default=False),
    ] = None,
    charset: Annotated[str, typer.Option(help="utf-8 or gb18030.")] = "utf-8",
    currency: Annotated[
        str | None,
        typer.Option(help="Of prices in rows that name none [default: the shop's].", show_default=False),
    ] = None,
    from_line: Annotated[int, typer.Option(min=1, help="Pass over the rows before this line.")] = 1,
    errors: Annotated[
        typer.FileTextWrite | None,
        typer.Option(
            metavar="FILE",
            encoding="utf-8",
            lazy=False,
            help="Write every fault to this file, as JSON lines.",
        ),
    ] = None,
    database: Where = None,
    lang: Annotated[
        Language | None, typer.Option(help="The language; else that of LANG if English, else Chinese.")
    ] = None,
) -> None:
    """Bring customers, products or categories of the shop.

    The same rows again change nothing; a key that a row leaves out keeps its value. Exits with 1 if a row was
    rejected. docs/directory.md describes the rows.
    """
    from youhui.platform.problems import Unavailable

    tongue = language(lang, os.environ)
    how = _written(file, format, charset, tongue)
    with telling(tongue), ExitStack() as stack:
        source, size = stack.enter_context(_opened(file, tongue))
        upload = stack.enter_context(
            _upload(kind, how, currency, from_line, database, _Faults(tongue, errors).add)
        )
        try:
            report = _fed(upload, source, size, kind)
        except KeyboardInterrupt:
            _say(_RESUME[tongue].format(line=upload.report.next_line))
            raise typer.Exit(STOPPED) from None
        except Unavailable:
            _say(_RESUME[tongue].format(line=upload.report.next_line))
            raise
    typer.echo(_summary(report, tongue))
    raise typer.Exit(1 if report.rejected else 0)


def _written(file: str, format_: Format | None, charset_: str, tongue: Language) -> Written:
    from youhui.platform.rows import Written, charset

    name = Path(file)
    packed = name.suffix == ".gz"
    found = format_ or _SUFFIXES.get((name.with_suffix("") if packed else name).suffix.lower())
    if found is None:
        stop([_WHICH_FORMAT[tongue].format(file=file)])
    return Written("csv" if found == "csv" else "jsonl", charset(charset_), packed)


@contextmanager
def _opened(file: str, tongue: Language) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file, and how long it is."""
    if file == "-":
        yield sys.stdin.buffer, None
        return
    try:
        source = Path(file).open("rb")  # noqa: SIM115 - what goes wrong while it is read is another matter
    except FileNotFoundError:
        stop([WORDS[tongue].no_file.format(file=file)])
    except OSError as error:
        stop([WORDS[tongue].no_reading.format(file=file, why=error.strerror)])
    with source:
        yield source, os.fstat(source.fileno()).st_size


@contextmanager
def _upload(
    kind: Kind,
    how: Written,
    currency: str | None,
    from_line: int,
    database: str | None,
    told: Callable[[Rejected], None],
) -> Iterator[Upload]:
    from youhui.platform import migrate
    from youhui.platform.principals import SYSTEM

    service = opening.service(database)
    try:
        migrate.upgrade(service.database)
        gc.freeze()  # while rows come and go, a collection need not walk through the whole program
        yield service.directory.upload(
            kind.value,
            how,
            SYSTEM,
            currency=currency,
            from_line=from_line,
            told=told,
        )
    finally:
        service.database.close()


def _fed(upload: Upload, source: BinaryIO, size: int | None, kind: Kind) -> Report:
    with _progress(kind, size) as advance:
        while piece := source.read(AT_ONCE):
            upload.feed(piece)
            advance(len(piece))
        return upload.finish()


@contextmanager
def _progress(kind: Kind, size: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's error stream: bytes, rate, time left."""
    if not sys.stderr.isatty():
        yield lambda _bytes: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(kind.value, total=size)
        yield lambda read: bar.advance(task, read)


class _Faults:
    """Prints the first faults, and writes all of them to a file if there is one."""

    def __init__(self, tongue: Language, sink: IO[str] | None) -> None:
        self._tongue: Language = tongue
        self._sink = sink
        self._count = 0

    def add(self, rejected: Rejected) -> None:
        """One more."""
        self._count += 1
        line, fault = rejected.line, rejected.fault
        why = fault.say(self._tongue)
        if self._count <= SHOWN:
            path = f" {fault.path}" if fault.path else ""
            _say(printable(_FAULT[self._tongue].format(line=line, path=path, why=why)))
        elif self._count == SHOWN + 1 and self._sink is None:
            _say(_MORE[self._tongue])
        if self._sink is not None:
            row = {
                "line": line,
                "path": fault.path,
                "code": fault.code,
                "message": why,
                "params": dict(fault.params),
            }
            self._sink.write(json.dumps(row, ensure_ascii=False) + "\n")


def _summary(report: Report, tongue: Language) -> str:
    names = ("received", "created", "updated", "unchanged", "deleted", "rejected")
    return _DONE[tongue].format(**{name: f"{getattr(report, name):,}" for name in names})


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)

"""CSV (RFC 4180) with a header row, line by line: quoted cells may hold line ends."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

_OPENS = re.compile(r'(?:^|,)"')
_CLOSES = re.compile(r'[^"]*+(?:""[^"]*+)*+"(?!")')
_BETWEEN = re.compile(r"[|;]")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that may be there, in any order.

    A cell of `lists` holds several values, with "|" or ";" between them. Of an object among `objects` there is a column
    for each key: `attributes.colour`. After its name a column may say what its cells are: `attributes.age:number`
    (whole), `:flag` (true, false) or `:text`; else they are texts.
    """

    texts: frozenset[str]
    lists: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()

    @property
    def known(self) -> str:
        """All of them, for a sentence."""
        return ", ".join([*sorted(self.texts | self.lists), *(f"{name}.…" for name in sorted(self.objects))])


class WrongCell(Exception):
    """What is wrong with a row, or with the header: where, the code, and what its sentence names."""

    def __init__(self, path: str, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.path = path
        self.code = code
        self.params = params


Record: TypeAlias = Mapping[str, object] | WrongCell


class _Column(NamedTuple):
    title: str
    key: str
    inner: str | None
    read: Callable[[str], object]


class Records:
    """Puts lines together to records and reads their cells. The first record is the header."""

    def __init__(self, columns: Columns, longest: int) -> None:
        self._known = columns
        self._longest = longest
        self._columns: list[_Column] = []
        self._held: list[tuple[int, str]] = []
        self._size = 0
        self._open = False

    @property
    def has_header(self) -> bool:
        """Whether the header has been read."""
        return bool(self._columns)

    def take(self, number: int, line: str) -> Iterator[tuple[int, Record]]:
        """The records that end with this line, each with the number of its first line. Raises WrongCell for a header.

        A quote that is never closed costs one row: the lines that it swallowed are read again without it.
        """
        waiting = deque([(number, line)])
        while waiting:
            number, line = waiting.popleft()
            if not self._held and not line.strip():
                continue
            self._held.append((number, line))
            self._size += len(line)
            if '"' in line:
                self._open = _ends_open(line, self._open)
            if self._open and self._size <= self._longest:
                continue
            first, *others = self._held
            record = WrongCell("", "not_csv") if self._open else self._record()
            self._forget()
            if isinstance(record, WrongCell) and record.code == "not_csv":
                waiting.extendleft(reversed(others))
            if record is not None:
                yield first[0], record

    def finish(self) -> Iterator[tuple[int, Record]]:
        """What is left: a record whose quote was not closed, and the lines after it. Raises WrongCell."""
        while self._held:
            (first, _), *others = self._held
            self._forget()
            if not self.has_header:
                raise WrongCell("header", "not_csv")
            yield first, WrongCell("", "not_csv")
            for number, line in others:
                yield from self.take(number, line)

    def _forget(self) -> None:
        self._held, self._size, self._open = [], 0, False

    def _record(self) -> Record | None:
        """None for the header."""
        cells = _cells("\n".join(line for _, line in self._held).removesuffix("\r"))
        if self._columns:
            return WrongCell("", "not_csv") if cells is None else self._values(cells)
        if cells is None:
            raise WrongCell("header", "not_csv")
        self._columns = _header(cells, self._known)
        return None

    def _values(self, cells: Sequence[str]) -> Record:
        if len(cells) != len(self._columns):
            return WrongCell("", "cells", got=len(cells), wanted=len(self._columns))
        values: dict[str, object] = {}
        objects: dict[str, dict[str, object]] = {}
        for (title, key, inner, read), cell in zip(self._columns, cells, strict=True):
            cell = cell.strip()
            if "\0" in cell:
                return WrongCell(title, "not_printable")
            try:
                value = read(cell) if cell else None
            except WrongCell as wrong:
                return WrongCell(title, wrong.code)
            if inner is None:
                values[key] = value
            else:
                objects.setdefault(key, {})[inner] = value
        return {**values, **objects}


def _ends_open(line: str, open_: bool) -> bool:
    """Whether a quoted cell goes on in the next line; `open_`: whether one goes on in this one."""
    at = 0
    while True:
        if not open_:
            opens = _OPENS.search(line, at)
            if opens is None:
                return False
            at = opens.end()
        closes = _CLOSES.match(line, at)
        if closes is None:
            return True
        at, open_ = closes.end(), False


def _cells(text: str) -> list[str] | None:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return None


def _header(cells: Sequence[str], known: Columns) -> list[_Column]:
    columns: list[_Column] = []
    for cell in cells:
        column = _column(cell.strip(), known)
        if any((one.key, one.inner) == (column.key, column.inner) for one in columns):
            raise WrongCell("header", "column_twice", got=column.title[:60])
        columns.append(column)
    return columns


def _column(title: str, known: Columns) -> _Column:
    name, _, type_ = title.rpartition(":")
    if not name or type_ not in _READ:
        name, type_ = title, "text"
    key, _, inner = name.partition(".")
    if key in known.objects and inner:
        return _Column(title, key, inner, _READ[type_])
    if name in known.lists:
        return _Column(title, name, None, _listed)
    if name in known.texts:
        return _Column(title, name, None, _READ[type_])
    raise WrongCell("header", "unknown_column", got=title[:60], known=known.known)


def _listed(cell: str) -> list[str]:
    return [value for part in _BETWEEN.split(cell) if (value := part.strip())]


def _number(cell: str) -> int:
    if _WHOLE.fullmatch(cell) is None:
        raise WrongCell("", "not_whole")
    return int(cell)


def _flag(cell: str) -> bool:
    if cell.lower() not in ("true", "false"):
        raise WrongCell("", "not_flag")
    return cell.lower() == "true"


_READ: Mapping[str, Callable[[str], object]] = {"text": str, "number": _number, "flag": _flag}


# -- written


def safe_lines(rows: Iterable[Iterable[object]]) -> str:
    """Rows as lines. None is an empty cell; a text that a spreadsheet would take for a formula gets an apostrophe."""
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_OF_FORMULAS) else cell


_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")

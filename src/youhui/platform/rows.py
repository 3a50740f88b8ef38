"""Streams of rows, as JSON lines or CSV, in bounded memory: each row has its line, and faults that are its own.

A reader is fed with pieces of bytes, cut anywhere, and gives the rows that are whole by then. A bad row never hides the
next one. What is wrong with the stream itself (its type, its header) is Invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from youhui.platform import problems
from youhui.platform.csvrows import Columns, Records, WrongCell
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Invalid
from youhui.platform.unpacking import Plain, Unpacked, Unpacking

Format: TypeAlias = Literal["jsonl", "csv"]
FORMATS: Mapping[str, Format] = {
    **dict.fromkeys(("application/x-ndjson", "application/ndjson", "application/jsonl"), "jsonl"),
    **dict.fromkeys(("application/x-jsonlines", "application/json"), "jsonl"),
    **dict.fromkeys(("text/csv", "application/csv"), "csv"),
}
"""by content type"""
CHARSETS: Mapping[str, str] = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii"), "utf-8"),
    **dict.fromkeys(("gb18030", "gbk", "gb2312"), "gb18030"),
}
"""Python's name of each charset that is read"""
LONGEST = 64 * 1024
"""bytes of a row"""
MOST_LISTED = 1000
"""rejected rows that are listed; all are counted"""

SENTENCES: dict[str, Mapping[Language, str]] = {
    "not_rows_type": both(
        "请求体须为 JSON Lines（Content-Type: application/x-ndjson）或 CSV（text/csv），而不是 {got}",
        "The body must be JSON lines (Content-Type: application/x-ndjson) or CSV (text/csv), not {got}",
    ),
    "not_a_charset": both(
        "字符集须为 UTF-8 或 GB18030，而不是 {got}", "The charset must be UTF-8 or GB18030, not {got}"
    ),
    "not_an_encoding": both(
        "Content-Encoding 只能是 gzip，而不是 {got}", "The content encoding can only be gzip, not {got}"
    ),
    "not_in_charset": both(
        "不是 {charset} 文本；GB18030/GBK 文件请注明字符集 charset=gb18030",
        "This is not {charset} text; of a GB18030/GBK file state the charset: gb18030",
    ),
    "no_header": both("CSV 的第一行须为列名", "The first line of CSV must name the columns"),
    "unknown_column": both("没有 {got} 这一列；可用的列：{known}", "There is no column {got}; there are: {known}"),
    "column_twice": both("列 {got} 出现了两次", "The column {got} is there twice"),
    "too_long_row": both("一行最多 {most} 字节", "A row has at most {most} bytes"),
    "not_json": both(
        "这一行不是有效的 JSON：每行一个对象 {{…}}，行间不加逗号和方括号",
        "This line is not valid JSON: one object {{…}} a line, with no comma or bracket between the lines",
    ),
    "not_object": both("每行须为一个 JSON 对象 {{…}}", "Each line must be a JSON object {{…}}"),
    "not_printable": both("文本中不能有空字符（NUL）", "A text must not contain the character NUL"),
    "not_csv": both("引号不成对，或引号后有多余字符", "A quote is not closed, or something follows it"),
    "cells": both("该行有 {got} 格，列名有 {wanted} 个", "The row has {got} cells, the header {wanted}"),
    "not_whole": both("须为整数", "It must be a whole number"),
    "not_flag": both("须为 true 或 false", "It must be true or false"),
    "not_gzip": both("gzip 数据已损坏，其后内容未读取", "The gzip data is broken; what follows was not read"),
    "cut_off": both("gzip 数据不完整", "The gzip data is cut off"),
    "expands_too_much": both(
        "gzip 数据膨胀超过 {most} 倍，其后内容未读取",
        "The gzip data expands more than {most} times; what follows was not read",
    ),
}  # fmt: skip


class Row(NamedTuple):
    """A row: the line on which it begins, from 1, and its values, or else what is wrong with it.

    Values are as JSON has them: str, int, Decimal (a number with a point or an exponent, exactly as written), bool,
    None, list, dict. Of CSV they are texts, shaped as `Columns` says; an empty cell is None. No text has a NUL.
    """

    line: int
    values: Mapping[str, object]
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A fault of the row that begins on this line."""

    line: int
    fault: Fault


class Rejections:
    """What was rejected: all rows counted, the faults of the first thousand listed, `told` of each."""

    def __init__(self, told: Callable[[Rejected], None] | None = None) -> None:
        self.rows = 0
        self.listed: list[Rejected] = []
        self._told = told

    def add(self, line: int, faults: Sequence[Fault]) -> None:
        """Counts a row with these faults."""
        self.rows += 1
        found = [Rejected(line, fault) for fault in faults]
        if self.rows <= MOST_LISTED:
            self.listed += found
        if self._told is not None:
            for one in found:
                self._told(one)


@dataclass(frozen=True, slots=True)
class Written:
    """How the rows are written down."""

    format: Format
    charset: str = "utf-8"
    gzip: bool = False


def written(content_type: str, content_encoding: str = "") -> Written:
    """How the headers say that a body is written: "text/csv; charset=gbk". Raises Invalid."""
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    format_ = FORMATS.get(kind)
    if format_ is None:
        raise Invalid([fault("Content-Type", "not_rows_type", got=kind[:60] or "-")])
    named = [one.partition("=")[2].strip('" ') for one in parameters if one.startswith("charset=")]
    encoding = content_encoding.strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise Invalid([fault("Content-Encoding", "not_an_encoding", got=encoding[:60])])
    return Written(format_, charset(named[0] if named else "utf-8"), encoding == "gzip")


def charset(name: str) -> str:
    """Python's name of a charset. Raises Invalid."""
    found = CHARSETS.get(name.lower())
    if found is None:
        raise Invalid([fault("charset", "not_a_charset", got=name[:60])])
    return found


def fault(path: str, code: str, **params: str | int) -> Fault:
    """A fault of this module, with its sentence."""
    return problems.fault(path, code, SENTENCES[code], params)


class Rows:
    """Reads one stream. `lines`: how many have been read. Rows that begin before `from_line` are passed over."""

    def __init__(self, how: Written, columns: Columns, from_line: int = 1) -> None:
        self.lines = 0
        self._how = how
        self._from_line = from_line
        self._unpacking: Unpacking = Unpacked() if how.gzip else Plain()
        self._cut = _Lines()
        self._records = Records(columns, LONGEST) if how.format == "csv" else None

    def feed(self, piece: bytes) -> list[Row]:
        """The rows that end in this piece. Raises Invalid for a header that is none."""
        rows: list[Row] = []
        for part in self._unpacking.feed(piece):
            rows += self._rows(self._cut.feed(part))
        return rows

    def finish(self) -> list[Row]:
        """What is left at the end of the stream. Raises Invalid."""
        rows = [*self._rows(self._cut.finish())]
        if self._records is not None:
            if not self._records.has_header and not self._unpacking.broken:
                raise Invalid([fault("header", "no_header")])
            rows += self._taken(self._records.finish())
        if self._unpacking.broken is None:
            self._unpacking.finish()
        if self._unpacking.broken is not None:
            code, params = self._unpacking.broken
            rows.append(Row(self.lines + 1, {}, [fault("", code, **params)]))
        return rows

    def _rows(self, lines: Sequence[bytes | None]) -> Iterator[Row]:
        for line in lines:
            self.lines += 1
            if self._records is not None:
                yield from self._of_csv(self._records, line)
            elif self.lines >= self._from_line:
                if line is None:
                    yield Row(self.lines, {}, [fault("", "too_long_row", most=LONGEST)])
                elif text := self._without_mark(line).strip():
                    yield _of_json(self.lines, self._how.charset, text)

    def _of_csv(self, records: Records, line: bytes | None) -> Iterator[Row]:
        text = fault("", "too_long_row", most=LONGEST) if line is None else self._text(line)
        if isinstance(text, str):
            yield from self._taken(records.take(self.lines, text))
            return
        if not records.has_header:
            raise Invalid([text])
        yield from self._taken(records.finish())
        if self.lines >= self._from_line:
            yield Row(self.lines, {}, [text])

    def _text(self, line: bytes) -> str | Fault:
        try:
            return self._without_mark(line).decode(self._how.charset)
        except UnicodeDecodeError:
            return fault("", "not_in_charset", charset=self._how.charset.upper())

    def _taken(self, found: Iterator[tuple[int, Mapping[str, object] | WrongCell]]) -> Iterator[Row]:
        try:
            for line, values in found:
                if line < self._from_line:
                    continue
                if isinstance(values, WrongCell):
                    yield Row(line, {}, [fault(values.path, values.code, **values.params)])
                else:
                    yield Row(line, values)
        except WrongCell as wrong:  # of the header
            raise Invalid([fault(wrong.path, wrong.code, **wrong.params)]) from None

    def _without_mark(self, line: bytes) -> bytes:
        return line.removeprefix(b"\xef\xbb\xbf") if self.lines == 1 else line


class _Lines:
    """Cuts pieces into lines; of one that is too long nothing is kept but that it was there: None."""

    def __init__(self) -> None:
        self._tail = b""
        self._skipping = False

    def feed(self, piece: bytes) -> list[bytes | None]:
        *lines, tail = piece.split(b"\n")
        if lines:
            lines[0] = self._tail + lines[0]
            self._tail = tail
        else:
            self._tail += tail
        cut: list[bytes | None] = [line if len(line) <= LONGEST else None for line in lines]
        if cut and self._skipping:
            cut[0], self._skipping = None, False
        if len(self._tail) > LONGEST:
            self._skipping = True
        if self._skipping:
            self._tail = b""
        return cut

    def finish(self) -> list[bytes | None]:
        last: list[bytes | None] = [None] if self._skipping else [self._tail] if self._tail else []
        self._tail, self._skipping = b"", False
        return last


_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def _of_json(number: int, charset: str, line: bytes) -> Row:
    try:
        values = _decode(line if charset == "utf-8" else line.decode(charset))
    except UnicodeDecodeError:
        return Row(number, {}, [fault("", "not_in_charset", charset=charset.upper())])
    except (msgspec.MsgspecError, InvalidOperation, RecursionError):  # 1e999999999999999999 is no Decimal
        return Row(number, {}, [fault("", "not_json")])
    if not isinstance(values, dict):
        return Row(number, {}, [fault("", "not_object")])
    if b"\\u0000" in line and _has_nul(values):
        return Row(number, {}, [fault("", "not_printable")])
    return Row(number, values)


def _has_nul(root: object) -> bool:
    stack = [root]
    while stack:
        value = stack.pop()
        if isinstance(value, str) and "\0" in value:
            return True
        if isinstance(value, dict):
            stack += [*value, *value.values()]
        elif isinstance(value, list):
            stack += value
    return False

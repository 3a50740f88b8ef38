"""Streams of rows: what is a row, on which line it begins, and that a bad one never hides the next."""

from __future__ import annotations

import csv
import gzip
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.platform.csvrows import Columns
from youhui.platform.languages import LANGUAGES
from youhui.platform.problems import Invalid
from youhui.platform.rows import (
    LONGEST,
    MOST_LISTED,
    SENTENCES,
    Rejections,
    Row,
    Rows,
    Written,
    charset,
    fault,
    written,
)

JSONL, CSV = Written("jsonl"), Written("csv")
COLUMNS = Columns(frozenset({"id", "name"}), frozenset({"groups"}), frozenset({"attributes"}))


def read(body: bytes, how: Written = JSONL, size: int = 1 << 20, from_line: int = 1) -> list[Row]:
    """The rows of a body that comes in pieces of this size."""
    rows = Rows(how, COLUMNS, from_line)
    found = [row for at in range(0, len(body), size) for row in rows.feed(body[at : at + size])]
    return found + rows.finish()


def said(rows: list[Row]) -> list[tuple[int, object]]:
    """The line of each row, and its values or the codes of its faults."""
    return [(row.line, [one.code for one in row.faults] or row.values) for row in rows]


@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_json_lines(size: int, end: bytes) -> None:
    lines = [
        b'\xef\xbb\xbf{"id": 1}',
        b"",
        b"  ",
        b'{"price": 12.30, "big": 9223372036854775808}',
        b'{"id": "a"}',
    ]
    assert said(read(end.join(lines), size=size)) == [
        (1, {"id": 1}),
        (4, {"price": Decimal("12.30"), "big": 2**63}),
        (5, {"id": "a"}),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "not_json"),
        (b'{"id": 1},', "not_json"),
        (b"[1]", "not_object"),
        (b'[{"id": 1}', "not_json"),
        (b"null", "not_object"),
        (b'{"price": NaN}', "not_json"),
        (b'{"id": "\\ud800"}', "not_json"),
        (b'{"id": "a\\u0000"}', "not_printable"),
        (b'{"a": [{"b\\u0000": 1}]}', "not_printable"),
        (b'{"id": "\xff"}', "not_in_charset"),
        (b'{"id": ' + b"9" * 5000 + b"}", "not_json"),
        (b"[" * 60_000, "not_json"),
        (b'{"id": "' + b"x" * LONGEST + b'"}', "too_long_row"),
    ],
)
def test_a_bad_line_is_one_row(line: bytes, code: str) -> None:
    assert said(read(b'{"id": 1}\n' + line + b'\n{"id": 2}', size=1000)) == [
        (1, {"id": 1}),
        (2, [code]),
        (3, {"id": 2}),
    ]


def test_ten_megabytes_without_an_end_are_one_bad_row_and_not_kept() -> None:
    rows = Rows(JSONL, COLUMNS)
    for _ in range(160):
        assert rows.feed(b"x" * 65_536) == []
    assert said(rows.feed(b'\n{"id": 1}\n')) == [(1, ["too_long_row"]), (2, {"id": 1})]
    assert said(read(b"x" * 10**7)) == [(1, ["too_long_row"])]


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_csv(size: int) -> None:
    body = (
        "\ufeffid,name,groups,attributes.age:number,attributes.vip:flag,attributes.size:text\r\n"
        '1,"张\r\n""三""",VIP|新客;a,5,TRUE,007\r\n'
        "\r\n"
        "2, Li ,,,,\r\n"
        '3,5" disk,,-1,false,x'
    ).encode()
    assert said(read(body, CSV, size)) == [
        (2, {"id": "1", "name": '张\r\n"三"', "groups": ["VIP", "新客", "a"],
             "attributes": {"age": 5, "vip": True, "size": "007"}}),
        (5, {"id": "2", "name": "Li", "groups": None, "attributes": {"age": None, "vip": None, "size": None}}),
        (6, {"id": "3", "name": '5" disk', "groups": None, "attributes": {"age": -1, "vip": False, "size": "x"}}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1,a,b", "cells"),
        ("1", "cells"),
        ('1,"a"b', "not_csv"),
        ("1,a\0b", "not_printable"),
        ("1," + "x" * LONGEST, "too_long_row"),
        ('1,"never closed', "not_csv"),
    ],
)
def test_a_bad_row_of_csv_does_not_swallow_the_next(line: str, code: str) -> None:
    body = f"id,name\n0,a\n{line}\n2,b\n3,c\n"
    expected = [
        (2, {"id": "0", "name": "a"}),
        (3, [code]),
        (4, {"id": "2", "name": "b"}),
        (5, {"id": "3", "name": "c"}),
    ]
    assert said(read(body.encode(), CSV)) == expected
    assert said(read(body.encode(), CSV, size=5)) == expected


def test_a_quote_that_is_open_for_too_long_is_given_up() -> None:
    body = 'id,name\n1,"open\n' + "2,b\n" * 20_000
    rows = read(body.encode(), CSV)
    assert said(rows)[:2] == [(2, ["not_csv"]), (3, {"id": "2", "name": "b"})]
    assert len(rows) == 20_001


@pytest.mark.parametrize(
    ("cell", "code"), [("x", "not_whole"), ("1.5", "not_whole"), ("9" * 19, "not_whole")]
)
def test_a_cell_must_be_what_its_column_says(cell: str, code: str) -> None:
    (row,) = read(f"id,attributes.age:number\n1,{cell}".encode(), CSV)
    assert [(one.path, one.code) for one in row.faults] == [("attributes.age:number", code)]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b"", "no_header"),
        (b"\n\n", "no_header"),
        (b"id,nmae\n", "unknown_column"),
        (b"id;name\n", "unknown_column"),
        (b"id,attributes\n", "unknown_column"),
        (b"id,attributes.\n", "unknown_column"),
        (b"id,id\n", "column_twice"),
        (b"attributes.a,attributes.a:number\n", "column_twice"),
        (b'id,"name\n', "no_header"),
        (b'id,"name"x\n1,2', "not_csv"),
        ("编号\n".encode("gb18030"), "not_in_charset"),
        (b"x" * (LONGEST + 1), "too_long_row"),
    ],
)
def test_a_header_that_is_none_refuses_the_stream(header: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(header, CSV)
    assert [one.code for one in refused.value.details] == [code]


def test_only_a_header_is_no_rows() -> None:
    assert read(b"id,name", CSV) == []
    assert read(b"", JSONL) == []


def test_gb18030_is_read_where_it_is_said_to_be() -> None:
    body = "id,name\n1,张三\n2,ok\n".encode("gb18030")
    assert said(read(body, CSV)) == [(2, ["not_in_charset"]), (3, {"id": "2", "name": "ok"})]
    assert said(read(body, Written("csv", "gb18030")))[0] == (2, {"id": "1", "name": "张三"})
    line = '{"id": "张三"}'.encode("gb18030")
    assert said(read(line, Written("jsonl", "gb18030"))) == [(1, {"id": "张三"})]


def test_rows_before_a_line_are_passed_over() -> None:
    assert said(read(b'{"id": 1}\nx\n{"id": 3}', from_line=3)) == [(3, {"id": 3})]
    body = b'id,name\n1,"a\nb"\nbad\n5,c\n'
    assert said(read(body, CSV, from_line=3)) == [(4, ["cells"]), (5, {"id": "5", "name": "c"})]


PACKED = Written("jsonl", gzip=True)


@pytest.mark.parametrize("size", [1, 10, 1 << 20])
def test_gzip_of_several_members(size: int) -> None:
    body = gzip.compress(b'{"id": 1}\n{"id"') + gzip.compress(b": 2}\n")
    assert said(read(body, PACKED, size)) == [(1, {"id": 1}), (2, {"id": 2})]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"id": 1}\n', "not_gzip"),
        (gzip.compress(b'{"id": 1}\n' * 10_000)[:-4], "cut_off"),
        (gzip.compress(b'{"id": 1}\n')[:-6] + b"broken", "not_gzip"),
        (gzip.compress(b"\n" * 10**8), "expands_too_much"),
        (b"", "cut_off"),
    ],
    ids=["plain", "cut off", "broken", "a bomb", "empty"],
)
def test_gzip_that_is_broken_is_said_in_the_last_row(body: bytes, code: str) -> None:
    rows = read(body, PACKED, 1000)
    assert [one.code for one in rows[-1].faults] == [code]
    assert all(row.values == {"id": 1} for row in rows[:-1])


@pytest.mark.parametrize(
    ("content_type", "encoding", "expected"),
    [
        ("application/x-ndjson", "", Written("jsonl")),
        ("application/json; charset=utf-8", "", Written("jsonl")),
        ("Text/CSV; header=present; charset=GBK", "", Written("csv", "gb18030")),
        ('text/csv; charset="utf-8"', "GZIP", Written("csv", gzip=True)),
        ("application/jsonl", "identity", Written("jsonl")),
    ],
)
def test_how_a_body_is_written(content_type: str, encoding: str, expected: Written) -> None:
    assert written(content_type, encoding) == expected


@pytest.mark.parametrize(
    ("content_type", "encoding", "code"),
    [
        ("", "", "not_rows_type"),
        ("application/x-www-form-urlencoded", "", "not_rows_type"),
        ("text/csv; charset=latin1", "", "not_a_charset"),
        ("text/csv", "br", "not_an_encoding"),
    ],
)
def test_a_body_of_another_kind(content_type: str, encoding: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        written(content_type, encoding)
    assert [one.code for one in refused.value.details] == [code]
    with pytest.raises(Invalid):
        charset("utf-16")


def test_all_rejected_rows_are_counted_the_first_are_listed_each_is_told() -> None:
    told: list[int] = []
    rejections = Rejections(lambda one: told.append(one.line))
    for line in range(MOST_LISTED + 5):
        rejections.add(line, [fault("", "not_json")])
    assert (rejections.rows, len(rejections.listed), len(told)) == (
        MOST_LISTED + 5,
        MOST_LISTED,
        MOST_LISTED + 5,
    )


NUMBERS: dict[str, str | int] = {"got": 1, "wanted": 2, "most": 3, "known": "id", "charset": "UTF-8"}


@pytest.mark.parametrize("code", SENTENCES)
def test_every_fault_has_its_sentences(code: str) -> None:
    sentences = [fault("", code, **NUMBERS).say(language) for language in LANGUAGES]
    assert len(set(sentences)) == len(LANGUAGES)
    assert not any("{g" in sentence or "{m" in sentence for sentence in sentences)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


@given(st.lists(st.tuples(CELL, CELL), max_size=6), st.integers(1, 40))
def test_what_a_spreadsheet_writes_is_read(cells: list[tuple[str, str]], size: int) -> None:
    """Whatever is in the cells, and wherever the stream is cut: as Python's own writer writes it."""
    text = io.StringIO()
    csv.writer(text).writerows([("id", "name"), *cells])
    values = [row.values for row in read(text.getvalue().encode(), CSV, size)]
    assert values == [{"id": a.strip() or None, "name": b.strip() or None} for a, b in cells]


VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "name", "x"]), VALUE)), st.integers(1, 40))
def test_json_lines_wherever_they_are_cut(documents: list[dict[str, Any]], size: int) -> None:
    body = "\n".join(json.dumps(one, ensure_ascii=False) for one in documents).encode()
    assert [row.values for row in read(body, JSONL, size)] == documents


@given(st.binary(max_size=300), st.integers(1, 40), st.booleans())
def test_whatever_is_sent_is_rows_or_refused(body: bytes, size: int, is_csv: bool) -> None:
    """Each line is in one row at most, in order."""
    try:
        rows = read(b"id,name\n" + body, CSV, size) if is_csv else read(body, JSONL, size)
    except Invalid:
        return
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))

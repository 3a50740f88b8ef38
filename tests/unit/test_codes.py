"""How codes are drawn, checked and compared."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.coupons.codes.importing import Line, plan
from youhui.coupons.codes.model import CHARSET, Code, NewCode, Shape
from youhui.coupons.codes.rules import (
    ROOM,
    check_digit,
    check_space,
    draw,
    mistyped,
    qr_text,
    read_code,
    read_row,
    read_shape,
)
from youhui.engine.promotion import fold
from youhui.platform.problems import Invalid

DIGITS = "0123456789"
charsets = st.permutations(DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ").flatmap(
    lambda letters: st.integers(2, len(letters)).map(lambda size: "".join(letters[:size]))
)


def codes_of(invalid: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(fault.path, fault.code) for fault in invalid.value.details]


@given(charsets, st.data())
def test_a_wrong_character_is_always_found(charset: str, data: st.DataObject) -> None:
    drawn = data.draw(st.text(charset, min_size=1, max_size=12))
    whole = drawn + check_digit(charset, drawn)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from([letter for letter in charset if letter != whole[at]]))
    wrong = whole[:at] + other + whole[at + 1 :]
    assert check_digit(charset, wrong[:-1]) != wrong[-1]
    assert mistyped(Shape("#" * len(whole), charset), wrong)
    assert not mistyped(Shape("#" * len(whole), charset), whole)


@given(charsets, st.data())
def test_neighbours_that_changed_places_are_found(charset: str, data: st.DataObject) -> None:
    """But for the first and the last of an even charset, as with Luhn's 0 and 9."""
    drawn = data.draw(st.text(charset, min_size=1, max_size=12))
    whole = drawn + check_digit(charset, drawn)
    at = data.draw(st.integers(0, len(whole) - 2))
    pair = {whole[at], whole[at + 1]}
    wrong = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
    found = check_digit(charset, wrong[:-1]) != wrong[-1]
    unseen = len(charset) % 2 == 0 and pair == {charset[0], charset[-1]}
    assert found == (len(pair) == 2 and not unseen)


def test_the_check_digit_of_ten_digits_is_luhns() -> None:
    assert check_digit(DIGITS, "7992739871") == "3"


@given(st.integers(1, 300), charsets, st.booleans())
def test_codes_are_of_their_shape(count: int, charset: str, checked: bool) -> None:
    shape = Shape("Summer-##-###.#_x", charset, checked)
    for one in draw(shape, count, secrets.token_bytes):
        assert one.key == fold(one.code)
        letters = [letter for letter, mark in zip(one.code, shape.pattern, strict=True) if mark == "#"]
        assert set(letters) <= set(charset)
        assert (one.code[:7], one.code[9], one.code[13], one.code[15:]) == ("Summer-", "-", ".", "_x")
        assert not mistyped(shape, one.code)
        assert read_code(one.code) == one.key


def test_characters_are_drawn_evenly() -> None:
    """All bytes there are, once each: what does not divide by 27 is thrown away."""
    (one,) = draw(Shape("#" * 243, check_digit=False), 1, lambda count: bytes(range(256))[:count])
    assert set(Counter(one.code).values()) == {9}


@pytest.mark.parametrize("text", ["summer-abcd", " SUMMER-ABCD　", "ＳＵＭＭＥＲ-ａｂｃｄ", "Summer-AbCd"])
def test_one_code_however_it_is_typed(text: str) -> None:
    assert read_code(text) == "summer-abcd"


@pytest.mark.parametrize(
    "text",
    ["", " ", "=1+1", "+1", "-1", "@x", "_x", "a b", "a,b", "a/b", "a\0", "é" * 65, "ﷺ" * 9, "\ud800", '"'],
)
def test_what_is_no_code(text: str) -> None:
    with pytest.raises(Invalid) as invalid:
        read_code(text)
    assert codes_of(invalid) == [("code", "not_code")]


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, [("pattern", "no_pattern")]),
        ({"prefix": "A"}, [("pattern", "no_pattern")]),
        ({"pattern": "A-##", "length": 3}, [("pattern", "two_ways")]),
        ({"pattern": "SAVE"}, [("pattern", "too_few_drawn")]),
        ({"pattern": "A-#"}, [("pattern", "too_few_drawn")]),
        ({"pattern": "=cmd-####"}, [("pattern", "not_pattern")]),
        ({"pattern": "a b ####"}, [("pattern", "not_pattern")]),
        ({"pattern": "#" * 65}, [("pattern", "not_pattern")]),
        ({"prefix": "A" * 60, "length": 10}, [("prefix", "not_pattern")]),
        ({"pattern": "####", "charset": "AaB"}, [("charset", "not_charset")]),
        ({"pattern": "####", "charset": "红绿"}, [("charset", "not_charset")]),
        ({"pattern": "%s-#", "charset": "A"}, [("pattern", "not_pattern"), ("charset", "not_charset")]),
    ],
)
def test_what_is_no_shape(given: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    asked = {
        "pattern": None,
        "prefix": None,
        "length": None,
        "charset": CHARSET,
        "check_digit": True,
        **given,
    }
    with pytest.raises(Invalid) as invalid:
        read_shape(**asked)
    assert codes_of(invalid) == faults


def test_a_prefix_and_a_length_are_a_pattern() -> None:
    assert read_shape(None, "双十一-", 10, DIGITS, False) == Shape("双十一-##########", DIGITS, False)


@pytest.mark.parametrize(
    ("shape", "count", "there", "more"),
    [
        # 27^8 is 2.8e11: enough for 269,345 codes of 2^20 each, and not for one more
        (Shape("########", check_digit=False), 269_345, 0, None),
        (Shape("########", check_digit=False), 269_346, 0, 1),
        (Shape("########", check_digit=False), 1, 269_345, 1),
        (Shape("#########"), 269_345, 0, None),  # the check digit draws nothing
        (Shape("#########"), 1_000_000, 0, 1),
        (Shape("####", DIGITS, False), 1_000, 0, 6),  # 10^10 > 1,000 × 2^20 > 10^9
    ],
)
def test_there_must_be_room_for_guesses(shape: Shape, count: int, there: int, more: int | None) -> None:
    if more is None:
        check_space(shape, count, there)
        return
    with pytest.raises(Invalid) as invalid:
        check_space(shape, count, there)
    (fault,) = invalid.value.details
    assert fault.params == {
        "space": shape.space, "needed": (count + there) * ROOM, "codes": count + there, "more": more,
    }  # fmt: skip
    check_space(Shape(shape.pattern + "#" * more, shape.charset, shape.check_digit), count, there)


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ({"code": " Save10 "}, NewCode(key="save10", code="Save10")),
        ({"code": 12345678}, NewCode(key="12345678", code="12345678")),
        ({"code": "A1", "uses_limit": "500", "per_customer": None}, NewCode(key="a1", code="A1", uses_limit=500)),
        ({"code": "A1", "uses_limit": 3, "per_customer": 2},
         NewCode(key="a1", code="A1", uses_limit=3, per_customer=2)),
    ],
)  # fmt: skip
def test_rows(row: dict[str, Any], read: NewCode) -> None:
    assert read_row(row) == read


@pytest.mark.parametrize(
    "row", [{"uses_limit": 1}, {"code": True}, {"code": 1.5}, {"code": 10**5000}, {"code": ["A"]}, {"code": "=A"},
            {"code": "A", "uses_limit": 0}, {"code": "A", "uses_limit": "1.5"}, {"code": "A", "per_customer": 2**63},
            {"code": "A", "uses_limit": True}, {"code": "A", "uses_limit": "9" * 5000}]
)  # fmt: skip
def test_rows_that_are_none(row: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read_row(row)


def test_what_an_import_comes_to() -> None:
    def stored(key: str, template: int, uses: int = 1) -> Code:
        return Code(
            key=key, code=key, template_id=template, task_id=0, uses_limit=uses, per_customer=None, used=0,
            voided_at=None, created_at=datetime(2026, 11, 11, tzinfo=UTC),
        )  # fmt: skip

    rows = [NewCode(key=key, code=key, uses_limit=uses) for key, uses in
            [("new", 1), ("new", 1), ("new", 2), ("mine", 1), ("mine", 5), ("other", 1)]]  # fmt: skip
    there = {"mine": stored("mine", 7), "other": stored("other", 8)}
    made = plan(7, [*map(Line, range(1, 7), rows)], there)
    assert list(made.new) == rows[:1]
    assert [(line, fault.code) for line, fault in made.rejected] == [
        (3, "code_differs"), (5, "code_differs"), (6, "code_taken"),
    ]  # fmt: skip


def test_what_a_qr_code_says() -> None:
    assert qr_text("双十一-A", None) == "双十一-A"
    assert (
        qr_text("双-A", "https://shop.example/c?code={code}&x=1")
        == "https://shop.example/c?code=%E5%8F%8C-A&x=1"
    )

"""`youhui conformance`: a line for each failing case, then the count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.cli.running import ROOT, Ran, youhui

CHINA = ROOT / "tests/conformance/cases/china.json"


def case(**keys: object) -> dict[str, Any]:
    """A mug for 10.00, nothing off."""
    return {
        "id": "mug",
        "now": "2026-01-15T12:00:00Z",
        "currency": "CNY",
        "lines": [{"id": "a", "sku": "MUG", "unit_price": "10.00", "quantity": 1}],
        "promotions": [],
        "expect": {"total": "10.00"},
    } | keys


def checked(*cases: object) -> Ran:
    return youhui("conformance", "-", stdin=json.dumps(cases).encode())


@pytest.mark.parametrize(
    ("cases", "printed", "code"),
    [
        pytest.param([], ["0 passed, 0 failed"], 0, id="no case"),
        pytest.param([case(), case()], ["2 passed, 0 failed"], 0, id="all pass"),
        pytest.param(
            [case(), case(expect={"total": "9.00"})],
            ["mug: total: 9.00 expected, 10.00 given", "1 passed, 1 failed"],
            1,
            id="a difference",
        ),
        pytest.param(
            [case(expect={"total": "9.00", "applied": ["p"], "shipping_discount": "0.00"})],
            [
                "mug: total: 9.00 expected, 10.00 given; applied: ['p'] expected, [] given",
                "0 passed, 1 failed",
            ],
            1,
            id="several differences, on one line",
        ),
        pytest.param(
            [{**case(expect={"total": "10.0"}), "id": None}, case()],
            ["-[0]: total: 10.0 expected, 10.00 given", "1 passed, 1 failed"],
            1,
            id="a case without id goes by its place",
        ),
        pytest.param(
            [case(id="red\x1b[31m\nhot", expect={"total": "9.00"})],
            ["red\\x1b[31m\\nhot: total: 9.00 expected, 10.00 given", "0 passed, 1 failed"],
            1,
            id="an id keeps to its line",
        ),
    ],
)
def test_the_lines_and_the_count(cases: list[object], printed: list[str], code: int) -> None:
    ran = checked(*cases)
    assert (ran.out.splitlines(), ran.err, ran.code) == (printed, "", code)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param(7, "7", id="a number"),
        pytest.param(case(lines=[{"id": "a"}]), "lines[0].sku", id="a line without sku"),
        pytest.param(case(now=None), "now", id="no instant"),
        pytest.param(case(promotions=[{"id": "p", "actions": []}]), "promotions[0].actions", id="no action"),
        pytest.param({key: case()[key] for key in case() if key != "expect"}, "expect", id="expects nothing"),
        pytest.param(case(expect=None), "expect", id="expects null"),
        pytest.param(case(expect={"totals": "1.00"}), "expect.totals", id="expects what no quote has"),
    ],
)
def test_a_case_that_cannot_be_read_has_failed_and_the_others_are_checked(wrong: object, said: str) -> None:
    ran = checked(wrong, case())
    fault, count = ran.out.splitlines()
    assert said in fault
    assert (count, ran.err, ran.code) == ("1 passed, 1 failed", "", 1)


def test_a_case_that_breaks_the_engine_has_failed_and_the_others_are_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: object) -> NoReturn:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("youhui.conformance.Ruleset", broken)
    ran = checked(case(), 7)
    assert ran.out.splitlines()[0] == "mug: the engine failed: ZeroDivisionError('a bug')"
    assert ran.out.splitlines()[-1] == "0 passed, 2 failed"


def test_several_files_make_one_count(tmp_path: Path) -> None:
    one = tmp_path / "one.json"
    one.write_text(json.dumps(case()), "utf-8")
    count = len(json.loads(CHINA.read_bytes()))
    ran = youhui("conformance", str(CHINA), str(one))
    assert (ran.out, ran.code) == (f"{count + 1} passed, 0 failed\n", 0)


@pytest.mark.parametrize("content", [None, b"{", b"\xff"])
def test_a_file_that_cannot_be_read_is_an_error_and_the_others_are_checked(
    content: bytes | None, tmp_path: Path
) -> None:
    unread = tmp_path / "unread.json"
    if content is not None:
        unread.write_bytes(content)
    ran = youhui("conformance", str(unread), str(CHINA))
    assert (ran.out, ran.code) == (f"{len(json.loads(CHINA.read_bytes()))} passed, 0 failed\n", 2)
    assert ran.err.startswith("youhui: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("terminal", [False, True])
def test_thousands_of_cases_have_a_bar_on_a_terminal_and_the_same_lines(terminal: bool) -> None:
    cases = [case() for _ in range(1199)] + [case(expect={"total": "9.00"})]
    ran = youhui("conformance", "-", stdin=json.dumps(cases).encode(), terminal=terminal, TERM="xterm")
    assert ran.out == "mug: total: 9.00 expected, 10.00 given\n1199 passed, 1 failed\n"
    assert ("100%" in ran.err) is terminal

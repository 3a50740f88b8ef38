"""`youhui price`: the receipt, the JSON, and what is said when there is nothing to price."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.cli.running import ROOT, youhui
from youhui.cli import receipt
from youhui.conformance import read_case

CASES = ROOT / "tests/conformance/cases"
EXAMPLE = ROOT / "docs/examples/cart.json"


def case(**keys: object) -> dict[str, Any]:
    """One mug for 10.00 at 10 % off."""
    return {
        "now": "2026-01-15T12:00:00Z",
        "currency": "CNY",
        "lines": [{"id": "a", "sku": "MUG", "unit_price": "10.00", "quantity": 1}],
        "promotions": [{"id": "p", "actions": [{"kind": "percent_off", "percent": "10", "target": "order"}]}],
    } | keys


def line(**keys: object) -> list[dict[str, object]]:
    return [{"id": "a", "sku": "MUG", "unit_price": "10.00", "quantity": 1} | keys]


def price(document: object, *options: str, **environment: str) -> str:
    ran = youhui("price", "-", *options, stdin=json.dumps(document).encode(), terminal=False, **environment)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def words(receipt: str) -> list[list[str]]:
    """The receipt's rows as words, without the blank ones."""
    return [row.split() for row in receipt.splitlines() if row.strip()]


# The receipt: rows as words, so that a table reads like the receipt


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        pytest.param(
            case(currency="JPY", lines=line(unit_price="1000", quantity=3)),
            ["MUG 1000 × 3 3000 -300 2700", "p -100 × 3 -300", "Total (JPY) 3000 -300 2700"],
            id="yen have no decimals",
        ),
        pytest.param(
            case(currency="KWD", lines=line(unit_price="1.250")),
            ["MUG 1.250 × 1 1.250 -0.125 1.125", "Total (KWD) 1.250 -0.125 1.125"],
            id="dinars have three",
        ),
        pytest.param(
            case(shipping={"price": "5.00", "method": "post"}),
            ["Shipping post 5.00 5.00", "Total (CNY) 15.00 -1.00 14.00"],
            id="shipping is a line of its own",
        ),
        pytest.param(
            case(lines=line(discountable=False)),
            ["MUG 10.00 × 1 10.00 10.00", "not discountable", "No promotion applies"],
            id="a line that is not discountable says so",
        ),
        pytest.param(
            case(lines=[*line(), *line(id="b")]),
            ["MUG (a) 10.00 × 1 10.00 -1.00 9.00", "MUG (b) 10.00 × 1 10.00 -1.00 9.00"],
            id="two lines of one sku are told apart by their ids",
        ),
        pytest.param(
            case(promotions=[{"id": "g", "actions": [{"kind": "gift", "sku": "BAG", "quantity": 2}]}]),
            ["✓ g", "Gift BAG × 2"],
            id="a gift",
        ),
        pytest.param(
            case(customer={"id": "ann", "groups": ["vip"]}, context={"channel": "web"}),
            ["Customer ann · vip · web 2026-01-15 12:00:00 UTC"],
            id="who, where and when",
        ),
        pytest.param(
            case(lines=[], promotions=[]),
            ["Guest 2026-01-15 12:00:00 UTC", "Total (CNY) 0.00 0.00"],
            id="nothing",
        ),
    ],
)
def test_the_receipt_shows(document: object, rows: list[str]) -> None:
    found = words(price(document, "--lang", "en"))
    assert [row for row in rows if row.split() not in found] == []


def test_a_rejected_code_stands_on_the_receipt_with_a_sentence() -> None:
    receipt = price(case(codes=["SAVE10"]), "--lang", "en")
    head, _, why = receipt.partition("“SAVE10”")
    assert "Codes that give nothing" in head
    assert len(why.split()) > 3


def test_explain_names_every_promotion_with_a_sentence() -> None:
    names = {promotion["name"] for promotion in json.loads(EXAMPLE.read_bytes())["promotions"]}
    explained = youhui("price", str(EXAMPLE), "--explain").out
    assert {name for name in names if name not in explained} == set()
    assert {name for name in names if name not in youhui("price", str(EXAMPLE)).out} != set()


@pytest.mark.parametrize("columns", ["40", "80", "132"])
def test_the_receipt_fits_its_columns(columns: str) -> None:
    dear = case(lines=line(sku="一个很长很长的名字" * 9, unit_price="90071992547.99", quantity=10))
    receipt = price(dear, COLUMNS=columns)
    assert max(map(cell_len, receipt.splitlines())) <= int(columns)


def test_large_amounts_stand_whole_in_80_columns() -> None:
    dear = case(lines=line(sku="一个很长很长的名字" * 9, unit_price="90071992547.99", quantity=10))
    assert {"900719925479.90", "-90071992547.99", "810647932931.91"} <= set(price(dear).split())


@pytest.mark.parametrize("name", ["china", "laws"])
def test_every_case_has_a_receipt_of_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for document in json.loads((CASES / f"{name}.json").read_bytes()):
        case = read_case(document)
        with redirect_stdout(io.StringIO()) as out:
            receipt.show(case, case.quote(), "zh-CN", explain=True)
        printed = out.getvalue()
        assert max(map(cell_len, printed.splitlines())) <= 80, document["id"]
        assert document["expect"]["total"] in printed, document["id"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        (":smile:", ":smile:"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines", "two\\nlines"),
        ("half \ud83d", "half \\ud83d"),
        ("满　减", "满　减"),
    ],
)
def test_a_name_is_shown_as_it_is_and_commands_nothing(name: str, shown: str) -> None:
    document = case()
    document["promotions"][0]["name"] = name
    assert shown in price(document)


def test_there_are_no_colours_in_a_pipe() -> None:
    assert "\x1b" not in price(case(), TERM="xterm-256color", COLORTERM="truecolor")


# Languages


@pytest.mark.parametrize(
    ("options", "environment", "word"),
    [
        ([], {}, "应付"),
        ([], {"LANG": "C.UTF-8"}, "应付"),
        ([], {"LANG": "zh_CN.UTF-8"}, "应付"),
        ([], {"LANG": "en_US.UTF-8"}, "To pay"),
        ([], {"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "应付"),
        ([], {"LANG": "en_GB", "LC_ALL": ""}, "To pay"),
        (["--lang", "zh-CN"], {"LANG": "en_US.UTF-8"}, "应付"),
        (["--lang", "en"], {}, "To pay"),
    ],
)
def test_the_language_is_the_one_asked_for(
    options: list[str], environment: dict[str, str], word: str
) -> None:
    assert word in price(case(), *options, **environment)


# JSON


@pytest.mark.parametrize("file", sorted(CASES.glob("*.json")), ids=lambda file: file.stem)
def test_the_json_of_a_case_has_what_it_expects(file: Path) -> None:
    first = json.loads(file.read_bytes())[0]
    quote = json.loads(youhui("price", str(file), "--id", first["id"], "--json").out)
    assert list(quote) == ["at", "currency", "ruleset", "summary", "cuts", "verdicts", "search"]
    assert {key: quote["summary"][key] for key in first["expect"]} == first["expect"]
    assert [cut["promotion"] for cut in quote["cuts"]] == first["expect"]["applied"]


def test_the_json_of_the_example() -> None:
    quote = json.loads(youhui("price", str(EXAMPLE), "--json", "--explain").out)
    half = quote["cuts"][0]
    assert half == {
        "promotion": "half",
        "amount": "64.50",
        "lines": [
            {
                "line": "2",
                "amount": "64.50",
                "units": [{"count": 1, "each": "0.00"}, {"count": 1, "each": "64.50"}],
            }
        ],
        "shipping": "0.00",
        "gifts": [],
    }
    outcomes = {
        verdict["promotion"]: (verdict["outcome"], verdict["reason"]) for verdict in quote["verdicts"]
    }
    assert outcomes["half"] == ("applied", None)
    assert outcomes["summer"] == ("refused", "not_started")
    full500 = next(verdict for verdict in quote["verdicts"] if verdict["promotion"] == "full500")
    assert full500["gap"] == {
        "path": "conditions[0]",
        "kind": "subtotal_at_least",
        "unit": "money",
        "needed": "500.00",
        "actual": "435.00",
        "missing": "65.00",
    }


def test_the_json_is_the_same_every_time() -> None:
    assert youhui("price", str(EXAMPLE), "--json").out == youhui("price", str(EXAMPLE), "--json").out


def test_best_for_customer_leaves_the_smaller_one() -> None:
    small, large = (
        {"kind": "amount_off", "amount": amount, "target": "order"} for amount in ("1.00", "2.00")
    )
    promotions = [
        {"id": "small", "actions": [small], "priority": 9, "excludes": ["large"]},
        {"id": "large", "actions": [large]},
    ]
    in_turn = json.loads(price(case(promotions=promotions), "--json"))
    best = json.loads(price(case(promotions=promotions), "--json", "--strategy", "best_for_customer"))
    assert (in_turn["summary"]["applied"], in_turn["search"]) == (["small"], None)
    assert (best["summary"]["applied"], best["search"]["optimal"]) == (["large"], True)


# Which case, and when


def test_a_case_without_now_is_priced_as_of_now_and_says_so() -> None:
    document = case()
    del document["now"]
    ran = youhui("price", "-", "--json", "--lang", "en", stdin=json.dumps(document).encode())
    assert ran.code == 0
    at = json.loads(ran.out)["at"]
    assert ran.err.startswith("the case has no now: priced as of ")
    assert at[:19] in ran.err


def test_a_case_is_chosen_by_its_id() -> None:
    two = [case(id="ten"), case(id="twenty", lines=line(quantity=2))]
    assert json.loads(price(two, "--id", "twenty", "--json"))["summary"]["total"] == "18.00"


def test_the_only_case_of_a_list_needs_no_id() -> None:
    assert json.loads(price([case()], "--json"))["summary"]["total"] == "9.00"


# One sentence, status 2, no traceback

DEEP = b"[" * 100_000
UNREADABLE: list[tuple[bytes, list[str], str]] = [
    (b"", [], "standard input is not JSON: line 1, column 1"),
    (b'{"id": 1,}', [], "line 1, column"),
    (b"\xff\xfe", [], "standard input is not UTF-8 text: wrong at byte 0"),
    (DEEP, [], "nested too deeply"),
    (b"[" + b"9" * 5000 + b"]", [], "a number is too long"),
    (b"[]", [], "standard input holds no case"),
    (
        json.dumps([case(id="a"), case(id="b")]).encode(),
        [],
        "2 cases; choose one with --id, for example --id a",
    ),
    (json.dumps([case(id="a")]).encode(), ["--id", "b"], "holds no case b"),
    (b"7", [], "7"),
    (json.dumps(case(lines=line(quantity=0))).encode(), [], "lines[0].quantity"),
    (json.dumps(case(lines=line(colour="red"))).encode(), [], "lines[0].colour"),
    (json.dumps(case(currency=None)).encode(), [], "currency"),
    (json.dumps(case(promotions={})).encode(), [], "promotions"),
    (json.dumps(case(promotions=[{"id": "p", "actions": [{"kind": "gft"}]}])).encode(), [], "gift"),
    (json.dumps(case(now="yesterday")).encode(), [], "now: Expected an instant"),
    (json.dumps(case(now="9999-12-31T23:59:59Z")).encode(), [], 'found "9999-12-31T23:59:59Z"'),
    (json.dumps(case(expect={"totals": "1.00"})).encode(), [], "expect.totals"),
]


@pytest.mark.parametrize(("content", "options", "said"), UNREADABLE, ids=[said for _, _, said in UNREADABLE])
def test_what_cannot_be_priced_is_said_in_one_sentence(content: bytes, options: list[str], said: str) -> None:
    ran = youhui("price", "-", "--lang", "en", *options, stdin=content)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("youhui: ")
    assert ran.err.count("\n") == 1
    assert said in ran.err


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("missing.json", "There is no file missing.json"),
        ("src", "src cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_file_that_is_not_there(file: str, said: str) -> None:
    ran = youhui("price", file, "--lang", "en")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_each_fault_of_a_document_is_a_line() -> None:
    faulty = json.dumps(case(lines=line(quantity=0, unit_price=10))).encode()
    ran = youhui("price", "-", stdin=faulty)
    assert ran.code == 2
    assert [path for path in ("lines[0].quantity", "lines[0].unit_price") if path not in ran.err] == []
    assert ran.err.count("\n") == 2

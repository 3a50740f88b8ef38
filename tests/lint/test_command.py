"""`youhui lint`: what it prints, the cases it writes, its exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import youhui
from youhui.engine import decode_promotions
from youhui.lint import MOST_FINDINGS, lint

HALF = {
    "id": "半价",
    "code": "HALF",
    "priority": 1,
    "actions": [{"kind": "percent_off", "percent": "50", "target": "order"}],
}
FIFTY = {
    "id": "满100减50",
    "conditions": [{"kind": "subtotal_at_least", "amount": "100.00"}],
    "actions": [{"kind": "amount_off", "amount": "50.00", "target": "order"}],
}
NEVER = {"id": "零", "usage_limit": 0, "actions": [{"kind": "free_shipping"}]}


def run(document: object, *options: str) -> tuple[object, str, str]:
    ran = youhui("lint", "-", *options, stdin=json.dumps(document).encode())
    return ran.code, ran.out, ran.err


def test_findings_by_severity_in_both_languages() -> None:
    assert run([HALF, FIFTY, NEVER], "--lang", "zh-CN") == (
        1,
        (
            "错误 (1)\n  dead: 零 永远不会生效：usage_limit 为 0。\n"
            "警告 (1)\n  free_order: 半价、满100减50 叠加后，商品总价 100.00 的订单无需付款。\n"
        ),
        "",
    )
    assert run([HALF, FIFTY, NEVER], "--lang", "en")[1].startswith("Errors (1)\n  dead: 零 can never apply")


def test_nothing_found() -> None:
    assert run([FIFTY], "--lang", "en") == (0, "Promotions: 1. Nothing found.\n", "")


def test_each_case_it_writes_is_reproduced(tmp_path: Path) -> None:
    code, out, _ = run([HALF, FIFTY, NEVER], "--witness", str(tmp_path))
    files = sorted(tmp_path.iterdir())
    assert code == 1
    assert [file.name in out for file in files] == [True, True]
    assert youhui("conformance", *map(str, files)).out == "2 passed, 0 failed\n"
    free = youhui("price", str(files[1]), "--json")
    assert json.loads(free.out)["summary"]["total"] == "0.00"


def test_the_machine_form_has_the_cases() -> None:
    code, out, _ = run({"currency": "JPY", "promotions": [NEVER]}, "--json", "--lang", "en")
    printed: dict[str, Any] = json.loads(out)
    (finding,) = printed["findings"]
    assert code == 1
    assert finding["promotions"] == ["零"]
    assert finding["witnesses"][0]["reasons"] == {"零": "usage_limit"}
    assert finding["witnesses"][0]["case"]["currency"] == "JPY"
    assert printed["counts"] == {"error": 1, "warning": 0, "notice": 0}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"currency": "yuan", "promotions": []}, "yuan is not a currency code"),
        ([{"id": "p"}], "promotions[0].actions"),
        ({"promotions": 5}, "promotions"),
    ],
)
def test_what_cannot_be_read(document: object, says: str) -> None:
    code, out, err = run(document, "--lang", "en")
    assert (code, out) == (2, "")
    assert says in err


def test_more_findings_than_are_shown_are_said_to_be() -> None:
    """Twelve percentages and twelve amounts of one priority: 144 pairs collide."""
    threshold = {"kind": "subtotal_at_least", "amount": "1000.00"}
    documents = [
        {
            "id": f"{kind}{n}",
            "conditions": [threshold],
            "actions": [{"kind": kind, "target": "order", key: f"{n}.00"}],
        }
        for kind, key in (("percent_off", "percent"), ("amount_off", "amount"))
        for n in range(1, 13)
    ]
    report = lint(*decode_promotions(documents, "CNY"))
    assert [one.code for one in report.findings] == ["priority_collision"] * MOST_FINDINGS
    assert report.unfinished == ("priority_collision",)

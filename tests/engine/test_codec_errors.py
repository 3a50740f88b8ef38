"""What is wrong with a document: where, by which code, and in which words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.documents import Document
from youhui.engine import InvalidDocument, decode_cart, decode_instant, decode_promotion, decode_promotions
from youhui.engine.problems import MOST_PROBLEMS
from youhui.engine.sentences import problem_line, problem_sentence


def fault(read: Callable[[], object]) -> tuple[str, str, str, str]:
    """(path, code, sentence in English, sentence in Chinese) of the only fault."""
    with pytest.raises(InvalidDocument) as raised:
        read()
    (problem,) = raised.value.problems
    return problem.path, problem.code, problem_sentence(problem, "en"), problem_sentence(problem, "zh-CN")


def terms(**keys: Any) -> Document:
    return {"id": "p", "actions": [{"kind": "free_shipping"}], **keys}


def when(kind: str, /, **keys: Any) -> Document:
    return terms(conditions=[{"kind": kind, **keys}])


def act(kind: str, /, **keys: Any) -> Document:
    return {"id": "p", "actions": [{"kind": kind, **keys}]}


def nested(levels: int) -> Document:
    found: Document = {"kind": "logged_in"}
    for _ in range(levels):
        found = {"kind": "not", "condition": found}
    return terms(conditions=[found])


PROMOTIONS: dict[str, tuple[object, tuple[str, str, str, str]]] = {
    "a key with a slip of the pen": (
        terms(priorty=1),
        ("priorty", "unknown_key", 'The key "priorty" is not known here. Did you mean “priority”?',
         '此处没有名为 "priorty" 的项。是否想写“priority”？'),
    ),
    "a key like no other": (
        terms(xyzzy=1),
        ("xyzzy", "unknown_key", 'The key "xyzzy" is not known here.', '此处没有名为 "xyzzy" 的项。'),
    ),
    "a key of a selector": (
        when("contains", selector={"category": ["mugs"]}),
        ("conditions[0].selector.category", "unknown_key",
         'The key "category" is not known here. Did you mean “categories”?',
         '此处没有名为 "category" 的项。是否想写“categories”？'),
    ),
    "a float for money": (
        when("subtotal_at_least", amount=200.5),
        ("conditions[0].amount", "not_amount",
         "Expected CNY as a text with 2 decimals, such as “12.50”; found 200.5.",
         "CNY 金额应为恰有 2 位小数的文本，例如“12.50”；现为 200.5。"),
    ),
    "a whole number for money": (
        when("subtotal_at_least", amount=200),
        ("conditions[0].amount", "not_amount",
         "Expected CNY as a text with 2 decimals, such as “12.50”; found 200.",
         "CNY 金额应为恰有 2 位小数的文本，例如“12.50”；现为 200。"),
    ),
    "three decimals in CNY": (
        act("amount_off", amount="1.234", target="order"),
        ("actions[0].amount", "not_amount",
         'Expected CNY as a text with 2 decimals, such as “12.50”; found "1.234".',
         'CNY 金额应为恰有 2 位小数的文本，例如“12.50”；现为 "1.234"。'),
    ),
    "a negative amount": (
        terms(budget="-1.00"),
        ("budget", "not_amount",
         'Expected CNY as a text with 2 decimals, such as “12.50”; found "-1.00".',
         'CNY 金额应为恰有 2 位小数的文本，例如“12.50”；现为 "-1.00"。'),
    ),
    "NaN": (
        terms(budget=math.nan),
        ("budget", "not_amount",
         "Expected CNY as a text with 2 decimals, such as “12.50”; found nan.",
         "CNY 金额应为恰有 2 位小数的文本，例如“12.50”；现为 nan。"),
    ),
    "infinity": (
        terms(priority=math.inf),
        ("priority", "not_whole",
         "Expected a whole number from -9007199254740991 to 9007199254740991; found inf.",
         "应为 -9007199254740991 到 9007199254740991 的整数；现为 inf。"),
    ),
    "a number as text": (
        when("quantity_at_least", quantity="3"),
        ("conditions[0].quantity", "not_whole",
         'Expected a whole number from 1 to 9007199254740991; found "3".',
         '应为 1 到 9007199254740991 的整数；现为 "3"。'),
    ),
    "nothing of something": (
        when("quantity_at_least", quantity=0),
        ("conditions[0].quantity", "not_whole",
         "Expected a whole number from 1 to 9007199254740991; found 0.",
         "应为 1 到 9007199254740991 的整数；现为 0。"),
    ),
    "true for a number": (
        terms(usage_limit=True),
        ("usage_limit", "not_whole",
         "Expected a whole number from 0 to 9007199254740991; found true.",
         "应为 0 到 9007199254740991 的整数；现为 true。"),
    ),
    "larger than JavaScript reads exactly": (
        terms(usage_limit=2**53),
        ("usage_limit", "not_whole",
         "Expected a whole number from 0 to 9007199254740991; found 9007199254740992.",
         "应为 0 到 9007199254740991 的整数；现为 9007199254740992。"),
    ),
    "thousands of digits": (
        terms(usage_limit=10**5000),
        ("usage_limit", "not_whole",
         "Expected a whole number from 0 to 9007199254740991; found 2^16609….",
         "应为 0 到 9007199254740991 的整数；现为 2^16609…。"),
    ),
    "null where a value is needed": (
        terms(priority=None),
        ("priority", "not_whole",
         "Expected a whole number from -9007199254740991 to 9007199254740991; found null.",
         "应为 -9007199254740991 到 9007199254740991 的整数；现为 null。"),
    ),
    "a percentage as a number": (
        act("percent_off", percent=10, target="order"),
        ("actions[0].percent", "not_percent", "A percentage is a text such as “12.5”, without a sign; found 10.",
         "百分比应为不带符号的文本，例如“12.5”；现为 10。"),
    ),
    "an unknown condition": (
        when("subtotal_atleast", amount="1.00"),
        ("conditions[0].kind", "unknown_condition",
         'There is no condition of the kind "subtotal_atleast". Did you mean “subtotal_at_least”?',
         '没有名为 "subtotal_atleast" 的条件。是否想写“subtotal_at_least”？'),
    ),
    "an unknown action": (
        act("percentoff"),
        ("actions[0].kind", "unknown_action",
         'There is no action of the kind "percentoff". Did you mean “percent_off”?',
         '没有名为 "percentoff" 的动作。是否想写“percent_off”？'),
    ),
    "no kind": (
        {"id": "p", "actions": [{"percent": "10"}]},
        ("actions[0].kind", "missing", "This key must be given.", "缺少此项。"),
    ),
    "no target": (
        act("percent_off", percent="10"),
        ("actions[0].target", "missing_choice",
         "This key must be given: one of order, lines, shipping, order_and_shipping.",
         "缺少此项，应为其中之一：order, lines, shipping, order_and_shipping。"),
    ),
    "a wrong target": (
        act("percent_off", percent="10", target="line"),
        ("actions[0].target", "not_choice",
         'Expected one of order, lines, shipping, order_and_shipping; found "line". Did you mean “lines”?',
         '应为其中之一：order, lines, shipping, order_and_shipping；现为 "line"。是否想写“lines”？'),
    ),
    "a key that has no meaning with this target": (
        act("percent_off", percent="10", target="shipping", selector={"skus": ["MUG"]}),
        ("actions[0].selector", "not_with_target", "This key has no meaning with the target shipping.",
         "target 为 shipping 时，此项没有意义。"),
    ),
    "no id": (
        {"actions": [{"kind": "free_shipping"}]},
        ("id", "missing", "This key must be given.", "缺少此项。"),
    ),
    "no action": (
        {"id": "p", "actions": []},
        ("actions", "misfit", "Expected: at least one action.", "应为：至少一个动作。"),
    ),
    "a window without its limit": (
        terms(usage_limit=5, budget_window="day"),
        ("budget_window", "misfit", "Expected: always, or together with its limit.",
         "应为：always，或与对应的限额同时填写。"),
    ),
    "a window that is not": (
        terms(usage_limit=5, usage_window="year"),
        ("usage_window", "not_choice", 'Expected one of always, day, week, month; found "year".',
         '应为其中之一：always, day, week, month；现为 "year"。'),
    ),
    "a promotion's zone that is not": (
        terms(timezone="Asia/Nowhere"),
        ("timezone", "misfit", "Expected: the name of an IANA time zone such as Asia/Shanghai.",
         "应为：IANA 时区名，例如 Asia/Shanghai。"),
    ),
    "either this or that": (
        act("buy_x_get_y", buy={"quantity": 1}, get={"quantity": 1, "percent": "50", "amount": "1.00"}),
        ("actions[0].get.percent", "misfit", "Expected: either percent or amount.", "应为：percent 与 amount 二选一。"),
    ),
    "a zone that is not": (
        when("time_window", timezone="Asia/Nowhere"),
        ("conditions[0].timezone", "misfit", "Expected: the name of an IANA time zone such as Asia/Shanghai.",
         "应为：IANA 时区名，例如 Asia/Shanghai。"),
    ),
    "an hour that is not": (
        when("time_window", until="25:00"),
        ("conditions[0].until", "not_clock",
         'Expected a time of day from “00:00” to “24:00”, such as “09:30”; found "25:00".',
         '应为“00:00”至“24:00”之间的时刻，例如“09:30”；现为 "25:00"。'),
    ),
    "an instant without an offset": (
        terms(valid_from="2026-01-31T00:00:00"),
        ("valid_from", "not_instant",
         'Expected an instant with Z or an offset, such as “2026-01-31T00:00:00+08:00”; found "2026-01-31T00:00:00".',
         '应为带 Z 或时差的时间，例如“2026-01-31T00:00:00+08:00”；现为 "2026-01-31T00:00:00"。'),
    ),
    "a word for a list": (
        when("country", any_of="CN"),
        ("conditions[0].any_of", "not_list", 'Expected a list; found "CN".', '应为列表；现为 "CN"。'),
    ),
    "a number in a list of texts": (
        when("country", any_of=["CN", 86]),
        ("conditions[0].any_of[1]", "not_text", "Expected a text; found 86.", "应为文本；现为 86。"),
    ),
    "white space for a name": (
        terms(id=" "),
        ("id", "not_name", 'Expected a text that is not empty; found " ".', '应为非空文本；现为 " "。'),
    ),
    "a list for an object": (
        {"id": "p", "actions": [[]]},
        ("actions[0]", "not_object", "Expected an object; found […].", "应为对象；现为 […]。"),
    ),
    "null for an attribute": (
        when("contains", selector={"attributes": {"color": [None]}}),
        ("conditions[0].selector.attributes.color[0]", "not_attribute",
         "Expected a text, a whole number, true or false; found null.", "应为文本、整数、true 或 false；现为 null。"),
    ),
    "a word for a flag": (
        terms(active="yes"),
        ("active", "not_flag", 'Expected true or false; found "yes".', '应为 true 或 false；现为 "yes"。'),
    ),
    "seventeen levels": (
        nested(16),
        ("conditions[0]" + 16 * ".condition", "too_deep", "This is nested too deep: at most 16 levels.",
         "嵌套过深：最多 16 层。"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("document", "expected"), PROMOTIONS.values(), ids=PROMOTIONS.keys())
def test_a_fault_of_a_promotion(document: object, expected: tuple[str, str, str, str]) -> None:
    assert fault(lambda: decode_promotion(document, "CNY")) == expected


def test_sixteen_levels_are_enough() -> None:
    assert decode_promotion(nested(15), "CNY").id == "p"


LISTS: dict[str, tuple[object, tuple[str, str, str, str]]] = {
    "an id twice": (
        [terms(), terms()],
        ("promotions[1].id", "used_twice", 'The id "p" is used twice.', '编号 "p" 重复。'),
    ),
    "it excludes one that is not there": (
        [terms(excludes=["q"])],
        ("promotions[0].excludes[0]", "unknown_id", 'No other promotion of this list has the id "q".',
         '列表中没有编号为 "q" 的其他优惠。'),
    ),
    "it excludes itself": (
        [terms(excludes=["p"])],
        ("promotions[0].excludes[0]", "unknown_id", 'No other promotion of this list has the id "p".',
         '列表中没有编号为 "p" 的其他优惠。'),
    ),
    "a counter below zero": (
        [terms(used=-1)],
        ("promotions[0].used", "not_whole", "Expected a whole number from 0 to 9007199254740991; found -1.",
         "应为 0 到 9007199254740991 的整数；现为 -1。"),
    ),
    "an object for the list": (
        {"p": terms()},
        ("promotions", "not_list", "Expected a list; found {…}.", "应为列表；现为 {…}。"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("documents", "expected"), LISTS.values(), ids=LISTS.keys())
def test_a_fault_of_a_list(documents: object, expected: tuple[str, str, str, str]) -> None:
    assert fault(lambda: decode_promotions(documents, "CNY")) == expected


LINE = {"id": "l1", "sku": "MUG", "unit_price": "10", "quantity": 1}
CARTS: dict[str, tuple[object, tuple[str, str, str, str]]] = {
    "decimals in JPY": (
        {"currency": "JPY", "lines": [LINE | {"unit_price": "10.00"}]},
        ("lines[0].unit_price", "not_amount", 'Expected JPY as a text with 0 decimals, such as “12”; found "10.00".',
         'JPY 金额应为恰有 0 位小数的文本，例如“12”；现为 "10.00"。'),
    ),
    "two decimals in KWD": (
        {"currency": "KWD", "lines": [LINE | {"unit_price": "10.00"}]},
        ("lines[0].unit_price", "not_amount",
         'Expected KWD as a text with 3 decimals, such as “12.500”; found "10.00".',
         'KWD 金额应为恰有 3 位小数的文本，例如“12.500”；现为 "10.00"。'),
    ),
    "a line twice": (
        {"currency": "JPY", "lines": [LINE, LINE]},
        ("lines[1].id", "used_twice", 'The id "l1" is used twice.', '编号 "l1" 重复。'),
    ),
    "a currency in small letters": (
        {"currency": "cny", "lines": []},
        ("currency", "not_currency", 'Expected a currency of three capital letters, such as “CNY”; found "cny".',
         '应为三个大写字母的货币代码，例如“CNY”；现为 "cny"。'),
    ),
    "no cart at all": (
        None,
        ("", "not_object", "Expected an object; found null.", "应为对象；现为 null。"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("document", "expected"), CARTS.values(), ids=CARTS.keys())
def test_a_fault_of_a_cart(document: object, expected: tuple[str, str, str, str]) -> None:
    assert fault(lambda: decode_cart(document)) == expected


def test_a_fault_of_an_instant() -> None:
    assert fault(lambda: decode_instant("0001-01-01T00:00:00+12:00"))[:2] == ("at", "not_instant")


@pytest.mark.parametrize("date", ["2026-02-30", "2026-W01-1", "20260131", "31.01.2026", 20260131])
def test_a_date_that_is_not(date: object) -> None:
    found = fault(lambda: decode_promotion(when("customer_attribute", name="born", **{"from": date}), "CNY"))
    assert found[:2] == ("conditions[0].from", "not_date")


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InvalidDocument) as raised:
        decode_promotion({"actions": [{"kind": "gift", "quantity": 0}], "priority": "1"}, "CNY")
    assert {(p.path, p.code) for p in raised.value.problems} == {
        ("id", "missing"),
        ("actions[0].sku", "missing"),
        ("actions[0].quantity", "not_whole"),
        ("priority", "not_whole"),
    }


def test_a_line_of_a_terminal_begins_with_the_path() -> None:
    with pytest.raises(InvalidDocument) as raised:
        decode_promotion(terms(active=1), "CNY")
    assert problem_line(raised.value.problems[0], "en") == "active: Expected true or false; found 1."


def test_a_hostile_document_gives_short_sentences_in_a_short_time() -> None:
    """100,000 wrong keys: no near name is looked for once there are enough faults; nothing of it is shown in full."""
    document = terms(**{f"priorit{n}": n for n in range(100_000)}, **{"k" * 100_000: "v" * 100_000})
    with pytest.raises(InvalidDocument) as raised:
        decode_promotion(document, "CNY")
    assert len(raised.value.problems) == MOST_PROBLEMS
    with pytest.raises(InvalidDocument) as raised:
        decode_promotion(terms(**{"k{got}\x1b[31m" * 100: 1}), "CNY")
    line = problem_line(raised.value.problems[0], "en")
    assert line.isprintable()
    assert len(line) < 200

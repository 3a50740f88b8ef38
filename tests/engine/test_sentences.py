"""Whatever the engine can say, it says in Chinese and in English, with every place filled."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, get_args, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from tests.engine import reasons
from tests.engine.documents import Document
from tests.engine.strategies import cases
from youhui import engine
from youhui.conformance import read_case
from youhui.engine import BUILT_IN, Options, Problem, Ruleset, Verdict, sentences_en, sentences_zh
from youhui.engine.prices import Gap
from youhui.engine.pricing import Reason
from youhui.engine.quote import Hint
from youhui.engine.selectors import Selector
from youhui.engine.sentences import CATALOGUES, LANGUAGES, hint_sentence, problem_sentence, reason_sentence

SOURCES = [
    path for path in Path(engine.__file__).parent.rglob("*.py") if not path.stem.startswith("sentences")
]
ZH, EN = sentences_zh.SENTENCES, sentences_en.SENTENCES


def calls(name: str) -> Iterator[ast.Call]:
    """Calls of a function or method of this name in the engine."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
            ):
                yield node


def texts(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_languages_say_the_same_with_the_same_numbers() -> None:
    assert list(ZH) == list(EN)
    assert {key: places(said) for key, said in ZH.items()} == {key: places(said) for key, said in EN.items()}


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason(reason: Reason) -> None:
    for language in LANGUAGES:
        said = reason_sentence(Verdict("p", reason), None, "CNY", language)
        assert said == CATALOGUES[language][f"reason.{reason}"]


@pytest.mark.parametrize("kind", BUILT_IN.conditions)
def test_every_kind_of_condition(kind: str) -> None:
    """Its failure, and its name inside `not`."""
    for catalogue in CATALOGUES.values():
        assert f"gap.{kind}" in catalogue
        assert f"kind.{kind}" in catalogue


@pytest.mark.parametrize("kind", get_args(get_type_hints(Hint)["kind"]))
def test_every_kind_of_hint(kind: Any) -> None:
    for catalogue in CATALOGUES.values():
        assert f"hint.{kind}" in catalogue


def test_every_fault_that_a_reader_can_find() -> None:
    codes = {code for call in calls("wrong") for code in texts(call.args[1])} - {"unknown_"}
    codes |= {"unknown_condition", "unknown_action"}  # "unknown_" and what was read
    said = {key.removeprefix("problem.") for key in EN if key.startswith("problem.")}
    assert codes == said - {"nearest", "other"}


def test_every_form_that_a_kind_expects() -> None:
    expected = {"".join(sorted(texts(call.args[1]))) for call in calls("Misfit")}
    assert expected == set(sentences_zh.EXPECTED)


SAID: dict[str, tuple[Verdict, str, str]] = {
    "missing money": (
        Verdict("p", "conditions", gap=Gap("subtotal_at_least", 20000, 18000, "money")),
        "需满 ¥200.00，还差 ¥20.00。",
        "Needs ¥200.00, ¥20.00 more.",
    ),
    "more than": (
        Verdict("p", "conditions", gap=Gap("subtotal_more_than", 20001, 18000, "money")),
        "需超过 ¥200.00，还差 ¥20.01。",
        "Needs more than ¥200.00, ¥20.01 more.",
    ),
    "missing units of certain goods": (
        Verdict("p", "conditions", gap=Gap(
            "quantity_at_least", 3, 1, "units",
            Selector(categories=("mugs", "cups"), attributes=(("new", (True,)),), unit_price_at_least=1000,
                     exclude=Selector(skus=("A",))),
        )),
        "需满 3 件（类目 mugs、cups、new 为 是、单价不低于 ¥10.00、不含 SKU A），还差 2 件。",
        "Needs 3 units (category mugs, cups, new yes, unit price at least ¥10.00, not SKU A), 2 more.",
    ),
    "a long list": (
        Verdict("p", "conditions", gap=Gap("customer_group", tuple("abcdefgh"), None)),
        "仅限顾客组 a、b、c、d、e、…；当前顾客：未知。",
        "It is for the customer groups a, b, c, d, e, …; this customer: not known.",
    ),
    "short of a tier": (
        Verdict("p", "no_effect", gap=Gap("tiered", 20000, 18000, "money")),
        "满 ¥200.00 起优惠，还差 ¥20.00。",
        "It gives something from ¥200.00 on, ¥20.00 more.",
    ),
    "short of a set": (
        Verdict("p", "no_effect", gap=Gap("cheapest_off", 2, 1, "units")),
        "满 2 件起优惠，还差 1 件。",
        "It gives something from 2 units on, 1 more.",
    ),
    "a window": (
        Verdict("p", "conditions", gap=Gap("time_window", "sat,sun 09:00-18:00 Asia/Shanghai", "mon 10:00")),
        "限时 周六、周日 09:00-18:00 Asia/Shanghai；当地现在是 周一 10:00。",
        "It runs Sat, Sun 09:00-18:00 Asia/Shanghai; it is Mon 10:00 there now.",
    ),
    "a window of hours": (
        Verdict("p", "conditions", gap=Gap(
            "time_window", "mon,tue,wed,thu,fri,sat,sun 22:00-06:00 UTC", "mon 10:00"
        )),
        "限时 每天 22:00-06:00 UTC；当地现在是 周一 10:00。",
        "It runs every day 22:00-06:00 UTC; it is Mon 10:00 there now.",
    ),
    "one of several": (
        Verdict("p", "conditions", gap=Gap("any", ("logged_in", "weather"))),
        "需符合其中之一：已登录、weather。",
        "One of these is needed: a log-in, weather.",
    ),
    "a kind of a third party": (
        Verdict("p", "conditions", gap=Gap("weather", "rain", "sun")),
        "未满足使用条件。",
        "Its conditions are not met.",
    ),
    "the rival gives more": (
        Verdict("p", "excluded", rival="VIP {needed}", margin=500),
        "不能与“VIP {needed}”同享，后者多减 ¥5.00。",
        "It does not go with “VIP {needed}”, which gives ¥5.00 more.",
    ),
    "the rival gives less": (
        Verdict("p", "excluded", rival="a", margin=-500),
        "不能与已生效的“a”同享；若单独使用可多减 ¥5.00。",
        "It does not go with “a”, which applies; alone it would have given ¥5.00 more.",
    ),
    "applied": (Verdict("p", None, 3000), "“满200减30”已减 ¥30.00。", "“满200减30” takes ¥30.00 off."),
    "applied as far as it goes": (
        Verdict("p", None, 3000, capped=True, units=(3, 5)),
        "“满200减30”已减 ¥30.00。数量有限：5 件中有 3 件享受。已达优惠上限。",
        "“满200减30” takes ¥30.00 off. 3 of 5 units get it: no more may. The most it may give has been reached.",
    ),
    "a gift": (Verdict("p", None), "“满200减30”已生效。", "“满200减30” applies."),
}  # fmt: skip


@pytest.mark.parametrize(("verdict", "chinese", "english"), SAID.values(), ids=SAID.keys())
def test_what_is_said(verdict: Verdict, chinese: str, english: str) -> None:
    assert reason_sentence(verdict, "满200减30", "CNY", "zh-CN") == chinese
    assert reason_sentence(verdict, "满200减30", "CNY", "en") == english


HINTED: dict[str, tuple[Hint, str, str]] = {
    "money": (
        Hint("add_amount", amount=2000, saves=3000),
        "再买 ¥20.00 可享“满200减30”，立减 ¥30.00。",
        "Spend ¥20.00 more to get “满200减30”, which takes ¥30.00 off.",
    ),
    "units, for a gift": (
        Hint("add_units", units=2, selector=Selector(products=("MUG",))),
        "再买 2 件（商品 MUG）可享“满200减30”。",
        "Add 2 more units (product MUG) to get “满200减30”.",
    ),
    "a code": (
        Hint("enter_code", code="SAVE\x1b[0m", saves=100),
        "输入优惠码 SAVE�[0m 可享“满200减30”，立减 ¥1.00。",
        "Enter the code SAVE�[0m to get “满200减30”, which takes ¥1.00 off.",
    ),
}


@pytest.mark.parametrize(("hint", "chinese", "english"), HINTED.values(), ids=HINTED.keys())
def test_what_is_hinted(hint: Hint, chinese: str, english: str) -> None:
    assert hint_sentence(hint, "满200减30", "CNY", "zh-CN") == chinese
    assert hint_sentence(hint, "满200减30", "CNY", "en") == english


def test_without_a_name() -> None:
    assert hint_sentence(Hint("log_in"), None, "CNY", "zh-CN") == "登录后可享该优惠。"
    assert hint_sentence(Hint("log_in"), None, "CNY", "en") == "Log in to get this promotion."


@pytest.mark.parametrize(
    ("currency", "said"), [("CNY", "¥12.34"), ("USD", "USD 12.34"), ("JPY", "JPY 1234"), ("KWD", "KWD 1.234")]
)
def test_amounts_in_the_currency_of_the_quote(currency: str, said: str) -> None:
    assert reason_sentence(Verdict("p", None, 1234), "P", currency, "en") == f"“P” takes {said} off."


def test_an_instant_in_the_zone_of_the_shop() -> None:
    verdict = Verdict(
        "p", "not_started", gap=Gap("not_started", "2026-11-10T16:00:00Z", "2026-11-01T00:00:00Z")
    )
    verdict = verdict._replace(gap=Gap("not_started", "2026-11-10T16:00:00Z", None, "instant"))
    shanghai = timezone(timedelta(hours=8))
    assert reason_sentence(verdict, None, "CNY", "en") == "It starts at 2026-11-10 16:00:00 UTC."
    assert reason_sentence(verdict, None, "CNY", "zh-CN", zone=shanghai) == "2026-11-11 00:00:00+08:00 开始。"


def test_a_rival_by_its_name() -> None:
    said = reason_sentence(Verdict("p", "excluded", rival="r1"), None, "CNY", "zh-CN", rival_name="会员价")
    assert said == "不能与已生效的“会员价”同享。"


def test_a_fault_without_a_sentence_shows_its_code() -> None:
    assert problem_sentence(Problem("x", "of_a_third_party"), "zh-CN") == "内容有误（of_a_third_party）。"


@settings(max_examples=100, deadline=None)
@given(cases())
def test_every_verdict_of_any_quote_can_be_said(document: Document) -> None:
    case = read_case(document)
    quote = Ruleset(case.promotions).price(
        case.cart, case.usage, at=case.at, options=Options(explain="all", hints=True)
    )
    for verdict in quote.verdicts:
        for language in LANGUAGES:
            said = reason_sentence(verdict, None, quote.currency, language)
            said += hint_sentence(verdict.hint, None, quote.currency, language) if verdict.hint else ""
            assert said.isprintable()
            assert not set("{}") & set(said)


def test_the_page_of_all_sentences_is_up_to_date() -> None:
    assert reasons.PAGE.read_text("utf-8") == reasons.page(), (
        "write it anew with: python -m tests.engine.reasons"
    )


@pytest.mark.parametrize(
    ("instant", "year"), [("9999-12-31T23:00:00Z", "9999"), ("0001-01-01T00:00:00Z", "0001")]
)
def test_an_instant_at_the_end_of_time_can_be_said_in_any_zone(instant: str, year: str) -> None:
    verdict = Verdict("p", "not_started", gap=Gap("not_started", instant, "2026-01-01T00:00:00Z", "instant"))
    for zone in ("Asia/Shanghai", "America/New_York"):
        assert year in reason_sentence(verdict, None, "CNY", "zh-CN", zone=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("kind", "orders", "said"),
    [
        ("first_order", None, "仅限首单，需登录后使用。"),
        ("first_order", 2, "仅限首单；当前顾客已下 2 单。"),
        ("orders_at_least", None, "仅限已下至少 3 单的顾客，需登录后使用。"),
    ],
)
def test_a_guest_is_told_to_log_in(kind: str, orders: int | None, said: str) -> None:
    verdict = Verdict("p", "conditions", gap=Gap(kind, 3, orders, "orders"))
    assert reason_sentence(verdict, None, "CNY", "zh-CN") == said

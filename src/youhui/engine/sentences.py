"""Codes and numbers as sentences in Chinese and English, from a catalogue of each language.

Texts of a document only ever fill places of a sentence; they are never read as one. What cannot be printed in them is
shown as �, long lists are cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime, tzinfo
from typing import Literal, TypeAlias, get_args

from youhui.engine import sentences_en, sentences_zh
from youhui.engine.money import format_amount
from youhui.engine.prices import Gap
from youhui.engine.problems import Problem
from youhui.engine.quote import Hint, Verdict
from youhui.engine.selectors import Selector

Language: TypeAlias = Literal["zh-CN", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
"""the first is the default"""
CATALOGUES: Mapping[Language, Mapping[str, str]] = {
    "zh-CN": sentences_zh.SENTENCES,
    "en": sentences_en.SENTENCES,
}
_EXPECTED: Mapping[Language, Mapping[str, str]] = {"zh-CN": sentences_zh.EXPECTED, "en": {}}
"""a kind's own words are English"""
_MOST_VALUES = 5


def problem_sentence(problem: Problem, language: Language) -> str:
    """What is wrong with a document and what is expected; the path is shown beside it (`problem_line`)."""
    say = _Say(language)
    params = dict(problem.params)
    if "expected" in params:
        params["expected"] = _EXPECTED[language].get(str(params["expected"]), params["expected"])
    key = f"problem.{problem.code}"
    said = say(key, **params) if say.knows(key) else say("problem.other", code=problem.code)
    return said + (say("problem.nearest", **params) if "nearest" in params else "")


def problem_line(problem: Problem, language: Language) -> str:
    """The path and the sentence: "lines[0].quantity: Expected a whole number …"."""
    said = problem_sentence(problem, language)
    return f"{_printable(problem.path)}: {said}" if problem.path else said


def reason_sentence(
    verdict: Verdict,
    promotion_name: str | None,
    currency: str,
    language: Language,
    *,
    rival_name: str | None = None,
    zone: tzinfo = UTC,
) -> str:
    """What a promotion takes, or why it is refused, with the numbers of its verdict; instants are said in `zone`."""
    say = _Say(language, currency, zone)
    if verdict.reason is None:
        return _applied(say, verdict, promotion_name)
    gap = verdict.gap
    if gap is not None:
        key = f"short.{gap.unit}" if verdict.reason == "no_effect" else f"gap.{gap.kind}"
        if gap.actual is None and say.knows(f"guest.{gap.kind}"):
            key = f"guest.{gap.kind}"
        if say.knows(key):
            return say.gap(key, gap)
    if verdict.rival is None:
        return say(f"reason.{verdict.reason}")
    margin = verdict.margin
    key = (
        "rival"
        if margin is None
        else "rival.same"
        if not margin
        else f"rival.{'more' if margin > 0 else 'less'}"
    )
    return say(key, rival=rival_name or verdict.rival, margin=say.money(abs(margin or 0)))


def hint_sentence(hint: Hint, name: str | None, currency: str, language: Language) -> str:
    """What would make a promotion apply, and what it then takes."""
    say = _Say(language, currency)
    said = say(
        f"hint.{hint.kind}",
        name=say.name(name),
        amount=say.money(hint.amount or 0),
        units=hint.units or 0,
        code=hint.code or "",
        what=say.what(hint.selector),
    )
    return said + (say("hint.saves", saves=say.money(hint.saves)) if hint.saves else "") + say("hint.end")


def _applied(say: _Say, verdict: Verdict, name: str | None) -> str:
    key = "applied" if verdict.amount else "applied.gift"
    said = say(key, name=say.name(name), amount=say.money(verdict.amount))
    if verdict.units is not None:
        said += say("applied.units", got=verdict.units[0], meant=verdict.units[1])
    return said + (say("applied.capped") if verdict.capped else "")


class _Say:
    """Fills the sentences of one language, with amounts of one currency and instants of one zone."""

    def __init__(self, language: Language, currency: str = "", zone: tzinfo = UTC) -> None:
        self._catalogue = CATALOGUES[language]
        self._currency = currency
        self._zone = zone

    def __call__(self, key: str, /, **params: str | int) -> str:
        filled = {name: _printable(str(value)) for name, value in params.items()}
        return self._catalogue[key].format(**filled)

    def name(self, name: str | None) -> str:
        """A promotion's name in quotes."""
        return self("word.name", name=name) if name else self("word.this")

    def knows(self, key: str) -> bool:
        """Whether there is such a sentence: kinds of third parties have none."""
        return key in self._catalogue

    def money(self, amount: int) -> str:
        """¥20.00, USD 20.00, JPY 2000."""
        text = format_amount(amount, self._currency)
        return f"¥{text}" if self._currency == "CNY" else f"{self._currency} {text}"

    def gap(self, key: str, gap: Gap) -> str:
        """Why a condition does not hold, which limit is reached, what an action is short of."""
        needed = gap.needed - 1 if isinstance(gap.needed, int) else 0
        return self(
            key,
            needed=self._measured(gap, gap.needed),
            actual=self._measured(gap, gap.actual),
            missing=self._measured(gap, gap.missing),
            bound=self.money(needed),
            what=self.what(gap.selector),
        )

    def _measured(self, gap: Gap, value: int | str | tuple[str, ...] | None) -> str:
        if value is None:
            return self("word.unknown")
        if isinstance(value, int):
            return self.money(value) if gap.unit == "money" else str(value)
        if gap.unit == "instant":
            return self._instant(datetime.fromisoformat(str(value)))
        if gap.kind == "time_window":
            return self._window(str(value))
        words = [value] if isinstance(value, str) else list(value)
        if gap.kind in ("not", "any"):
            words = [self._kind(word) for word in words]
        return self._list(words)

    def _instant(self, at: datetime) -> str:
        # In the first and the last year there may be no such time in another zone.
        local = at if at.year in (MINYEAR, MAXYEAR) else at.astimezone(self._zone)
        return local.isoformat(" ", "seconds").replace("+00:00", " UTC")

    def _kind(self, kind: str) -> str:
        return self(f"kind.{kind}") if self.knows(f"kind.{kind}") else kind

    def _window(self, text: str) -> str:
        """ "mon,tue 09:00-18:00 Asia/Shanghai" and "sat 10:30" with the days in this language."""
        days, *rest = text.split(" ")
        names = days.split(",")
        said = (
            self("word.every_day")
            if len(names) == 7
            else self._list([self(f"word.{day}") for day in names], 7)
        )
        return " ".join([said, *rest])

    def _list(self, words: list[str], most: int = _MOST_VALUES) -> str:
        cut = [*words[:most], "…"] if len(words) > most else words
        return self("word.comma").join(cut)

    def what(self, selector: Selector | None) -> str:
        """Which goods, in brackets; nothing where all goods are meant."""
        goods = "" if selector is None else self._goods(selector)
        return self("word.what", goods=goods) if goods else ""

    def _goods(self, selector: Selector) -> str:
        parts = [
            self(f"word.{key}", values=self._list(list(values)))
            for key in ("skus", "products", "categories")
            if (values := getattr(selector, key)) is not None
        ]
        for name, values in selector.attributes or ():
            parts.append(
                self("word.attribute", key=name, values=self._list([self._value(v) for v in values]))
            )
        for key in ("unit_price_at_least", "unit_price_at_most"):
            price = getattr(selector, key)
            parts += [] if price is None else [self(f"word.{key}", price=self.money(price))]
        if selector.exclude is not None:
            goods = self._goods(selector.exclude) or self("word.everything")
            parts.append(self("word.exclude", goods=goods))
        return self("word.comma").join(parts)

    def _value(self, value: str | int | bool) -> str:
        return self(f"word.{str(value).lower()}") if isinstance(value, bool) else str(value)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else " " if c.isspace() else "�" for c in text])

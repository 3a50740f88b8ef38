"""Everything that the service refuses, it says in both languages, with the same places filled in."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from string import Formatter

import pytest

from youhui.checkout import problems as checkout
from youhui.platform import parameters
from youhui.platform.languages import LANGUAGES, Language, wanted
from youhui.platform.problems import Refusal

importlib.import_module("youhui.app")  # so that every refusal is known


def refusals(cls: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for found in cls.__subclasses__():
        yield found
        yield from refusals(found)


SENTENCES: dict[str, Mapping[Language, str]] = {
    **{refusal.code: refusal.sentences for refusal in refusals()},
    **checkout.SENTENCES,
    **parameters.SENTENCES,
    "other": parameters.OTHER,
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_code_has_both_sentences(code: str) -> None:
    sentences = SENTENCES[code]
    places = [{place for _, place, _, _ in Formatter().parse(sentences[lang]) if place} for lang in LANGUAGES]
    assert places[0] == places[1]
    assert any("一" <= letter <= "鿿" for letter in sentences["zh-CN"])
    assert sentences["en"].isascii()


def test_a_code_is_of_one_refusal() -> None:
    """Of what is invalid there are several: they differ in how they are said, not in what they are."""
    codes = [refusal.code for refusal in refusals() if "code" in vars(refusal)]
    assert len(codes) == len(set(codes)) > 5


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW", "zh-CN"),
        ("fr", "zh-CN"),
        ("fr,en;q=0.5", "en"),
        ("en;q=0.5,zh;q=0.8", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("en;q=x", "zh-CN"),
        ("EN", "en"),
        (",;,", "zh-CN"),
    ],
)
def test_the_caller_chooses_the_language(header: str, language: Language) -> None:
    assert wanted(header) == language

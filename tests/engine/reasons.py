"""docs/reference/reasons.md, made from the catalogue. `python -m tests.engine.reasons` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from youhui.engine import sentences_en, sentences_zh
from youhui.engine.hints import MOST_PRICINGS

PAGE = Path(__file__).parents[2] / "docs/reference/reasons.md"

INTRODUCTION = """# Reasons, hints and faults

Every “no” is a code with its numbers, and a sentence in Chinese and English that says them. The places of a sentence
(`{needed}`) are filled with amounts in the currency of the quote, with counts, or with texts of the document.
`python -m tests.engine.reasons` writes this page from the catalogue (`src/youhui/engine/sentences_*.py`).

A quote explains the promotions that were `applied` only, all that were `considered` (the default), or `all` of the
ruleset. A considered one is not ruled out by the index, or its code was entered.
"""

HINTS = f"""A hint is given only where it is proved: the cart that it makes is priced, and the promotion then applies.
`saves` is what it then takes. At most {MOST_PRICINGS} carts are priced for the hints of one quote: log-ins first, then
the nearest numbers, then codes; what is not reached in time has no hint. Ask for hints with `all` only where the codes
may be seen: `enter_code` names one. `youhui.engine.hints` says which cart is priced for which hint."""

SECTIONS = [
    ("Reasons", "reason.", "`verdict.reason` of a refused promotion, and the reason for a rejected code."),
    ("Limits and conditions, with their numbers", "gap.", "`verdict.gap.kind`: said instead of the reason."),
    (
        "Actions that give nothing yet",
        "short.",
        "`verdict.gap.unit` where the reason is `no_effect`: what is missing.",
    ),
    ("Rivals", "rival", "Where `verdict.rival` is known, and by `verdict.margin` how much more it gives."),
    ("Hints", "hint.", HINTS),
    ("Applied promotions", "applied", "`verdict.reason` is null."),
    ("Faults of a document", "problem.", "`problem.code`; its `path` is shown beside the sentence."),
    ("Forms that a fault may expect", "", "`{expected}` of the fault `misfit`."),
    ("Conditions by name", "kind.", "Where a condition is what `not` or `any` is about."),
    ("Words", "word.", "Parts of the sentences above."),
]


def page() -> str:
    parts = [INTRODUCTION]
    for title, prefix, words in SECTIONS:
        rows = "".join(f"| {code} | {zh} | {en} |\n" for code, zh, en in _rows(prefix))
        parts.append(f"## {title}\n{words}\n\n| code | 中文 | English |\n| --- | --- | --- |\n{rows}")
    return "\n".join(parts)


def _rows(prefix: str) -> Iterator[tuple[str, str, str]]:
    if not prefix:
        yield from (("", zh, en) for en, zh in sentences_zh.EXPECTED.items())
        return
    for key, zh in sentences_zh.SENTENCES.items():
        if key.startswith(prefix):
            yield f"`{key.removeprefix(prefix).lstrip('.') or key}`", zh, sentences_en.SENTENCES[key]


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")

"""What is wrong with a document that was sent, as the answer says it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from youhui.engine import Problem
from youhui.engine.sentences import problem_sentence
from youhui.platform.languages import Language
from youhui.platform.problems import Fault, Invalid

SENTENCES: dict[str, dict[Language, str]] = {
    "not_json": {"zh-CN": "不是有效的 JSON", "en": "This is not valid JSON"},
    "not_printable": {"zh-CN": "文本中不能有空字符（NUL）", "en": "A text must not contain the character NUL"},
    "too_many": {"zh-CN": "最多 {most} 项", "en": "At most {most}"},
    "too_long": {"zh-CN": "最长 {most} 个字符", "en": "At most {most} characters"},
    "not_an_id": {
        "zh-CN": "编号须为 1–64 个字符，以文字或数字开头，不含空格、逗号、斜杠",
        "en": "An id has 1 to 64 characters, begins with a letter or digit, and has no space, comma or slash",
    },
}
"""of the faults that only the service finds; the engine has the sentences of its own"""


def invalid(problems: Iterable[Problem]) -> Invalid:
    """The refusal of a document with these faults."""
    return Invalid([Fault(p.path, p.code, partial(_say, p), p.params) for p in problems])


def read_json(body: bytes) -> object:
    """The value of a body: without NaN, lone surrogates or NUL, and not nested without end. Raises Invalid."""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise invalid([Problem("", "not_json")]) from None
    if b"\\u0000" in body and (path := _nul(value)) is not None:
        raise invalid([Problem(path, "not_printable")])
    return value


def _say(problem: Problem, language: Language) -> str:
    own = SENTENCES.get(problem.code)
    return problem_sentence(problem, language) if own is None else own[language].format_map(problem.params)


def _nul(root: object) -> str | None:
    """The path of the first text (or key) with a NUL in it: databases refuse them, and no shop means them."""
    stack = [("", root)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, str) and "\0" in value:
            return path
        if isinstance(value, dict):
            if any("\0" in key for key in value):
                return path
            stack += [(f"{path}.{key}" if path else key, inner) for key, inner in value.items()]
        elif isinstance(value, list):
            stack += [(f"{path}[{i}]", inner) for i, inner in enumerate(value)]
    return None

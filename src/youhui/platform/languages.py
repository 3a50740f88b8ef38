"""The languages that people are answered in, and which of them a caller wants."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

Language: TypeAlias = Literal["zh-CN", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
"""the first is the default"""


class Told(Exception):
    """An error that says for itself what is wrong, to whoever runs a command."""

    def told(self, language: Language) -> Sequence[str]:
        """One sentence for each thing that is wrong."""
        raise NotImplementedError


def both(zh_cn: str, en: str) -> Mapping[Language, str]:
    """A sentence in each language; `{…}` are places for its parameters."""
    return {"zh-CN": zh_cn, "en": en}


@functools.lru_cache(maxsize=256)
def wanted(accept_language: str) -> Language:
    """The language that an Accept-Language header likes best; zh-CN if it names none of ours."""
    best: Language = LANGUAGES[0]
    liking = 0.0
    for part in accept_language.split(","):
        tag, _, weight = part.partition(";")
        found = _ours(tag.strip().lower())
        if found is not None and _quality(weight) > liking:
            best, liking = found, _quality(weight)
    return best


def _ours(tag: str) -> Language | None:
    primary = tag.partition("-")[0]
    return next((language for language in LANGUAGES if language.partition("-")[0] == primary), None)


def _quality(weight: str) -> float:
    """Of "q=0.8"; 1 where none is given, 0 where it is no number (RFC 9110, 12.4.2)."""
    if not weight.strip():
        return 1.0
    try:
        return min(float(weight.strip().removeprefix("q=")), 1.0)
    except ValueError:
        return 0.0

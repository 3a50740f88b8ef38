"""Reads the keys of one JSON object one by one; every fault is kept, so that all are told at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar, get_args

from youhui.checkout.values import Wrong, is_printable, number, scaled, text, whole
from youhui.coupons.templates.problems import fault, missing
from youhui.engine.forms import Misfit, zone_of
from youhui.platform.problems import Fault

T = TypeVar("T")
D = TypeVar("D")

LONGEST_NAME = 100
LONGEST_WORD = 64
MOST_WORDS = 100
MOST_SHOWN = 20
"""unknown keys that are told"""


class Keys:
    """The keys of an object. What is null is as if it were not sent. Objects inside share its list of faults."""

    def __init__(self, document: Mapping[str, object], faults: list[Fault], inside: str = "") -> None:
        self._document = document
        self._faults = faults
        self._inside = inside

    def read(self, key: str, how: Callable[[object], T], default: D) -> T | D:
        """Its value, or the default where it was not sent or cannot be read."""
        value = self._document.get(key)
        if value is None:
            return default
        try:
            return how(value)
        except Wrong as wrong:
            self._faults.append(fault(f"{self._inside}{key}{wrong.where}", wrong.code, **wrong.params))
            return default

    def object(self, key: str) -> Keys | None:
        """The keys of an object inside; None where it was not sent, or is none."""
        found = self.read(key, mapping, None)
        return None if found is None else Keys(found, self._faults, f"{self._inside}{key}.")

    def sent(self, key: str) -> bool:
        """Whether it has a value."""
        return self._document.get(key) is not None

    def need(self, key: str) -> None:
        """A fault if it has no value."""
        if not self.sent(key):
            self.missing(key)

    def missing(self, key: str) -> None:
        """The fault of a value that must be sent."""
        self._faults.append(missing(f"{self._inside}{key}"))

    def wrong(self, key: str, code: str, **params: str | int) -> None:
        """A fault of its value."""
        self._faults.append(fault(f"{self._inside}{key}", code, **params))

    def only(self, known: Collection[str]) -> None:
        """A fault for each other key."""
        for key in [key for key in self._document if key not in known][:MOST_SHOWN]:
            self.wrong(key[:100], "unknown_key")


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Wrong("not_object")
    return value


def objects(value: object) -> tuple[Mapping[str, object], ...]:
    """A list, the entries of which the engine's reader looks at."""
    if not isinstance(value, list):
        raise Wrong("not_list")
    if len(value) > MOST_WORDS:
        raise Wrong("too_many", most=MOST_WORDS)
    return tuple(value)


def choice(literal: object) -> Callable[[object], str]:
    """Reads one of the words of a Literal."""
    choices = get_args(literal)

    def read(value: object) -> str:
        if value not in choices or not isinstance(value, str):
            raise Wrong("not_choice", choices=", ".join(choices))
        return value

    return read


def between(least: int, most: int) -> Callable[[object], int]:
    """Reads a whole number in a range."""

    def read(value: object) -> int:
        found = whole(value)
        if not least <= found <= most:
            raise Wrong("not_in_range", least=least, most=most)
        return found

    return read


def title(value: object) -> str:
    """A name; it may come out empty."""
    return text(value, LONGEST_NAME)


def words(value: object) -> tuple[str, ...]:
    """A list of tags or groups, in its order, each once."""
    if not isinstance(value, list):
        raise Wrong("not_list")
    if len(value) > MOST_WORDS:
        raise Wrong("too_many", most=MOST_WORDS)
    for i, word in enumerate(value):
        if not isinstance(word, str) or not 0 < len(word) <= LONGEST_WORD or not is_printable(word):
            raise Wrong("not_a_tag", f"[{i}]")
    return tuple(dict.fromkeys(value))


def percent_paid(value: object) -> int:
    """What is paid of a 折, in hundredths of a percent: 8.5 折 is 8500."""
    try:
        hundredths = scaled(number(value), 2)
    except Wrong as wrong:
        raise Wrong("not_a_rate") from wrong
    if not 0 < hundredths < 1000:
        raise Wrong("not_a_rate")
    return hundredths * 10


def zone(value: object) -> str:
    """The name of an IANA time zone."""
    try:
        if not isinstance(value, str):
            raise Wrong("not_zone")
        zone_of(value)
    except Misfit as misfit:
        raise Wrong("not_zone") from misfit
    return value

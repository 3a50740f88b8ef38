"""Typed tests of an attribute: words from a list, a range of whole numbers or of dates, or a flag."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from youhui.engine.facts import Attribute
from youhui.engine.forms import Date, Misfit, Name, Texts, Whole

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class AttributeTest:
    """Exactly one type of test: `any_of` (text), `at_least`/`at_most` (whole numbers), `from`/`until` (dates), `is`.

    Numbers include both bounds; dates are half-open, from <= date < until. A value of another type, or none, fails.
    """

    name: Name
    any_of: Texts | None = None
    at_least: Whole | None = None
    at_most: Whole | None = None
    from_: Date | None = None
    until: Date | None = None
    is_: bool | None = None
    _listed: frozenset[str] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        types = [
            self.any_of is not None,
            self.at_least is not None or self.at_most is not None,
            self.from_ is not None or self.until is not None,
            self.is_ is not None,
        ]
        if sum(types) != 1:
            raise Misfit("any_of", "give exactly one of: any_of; at_least, at_most; from, until; is")
        if self.any_of is not None:
            object.__setattr__(self, "_listed", frozenset(self.any_of))

    def passes(self, value: Attribute | None) -> bool:
        """Whether an attribute's value (None: there is none) is of the right type and in the range."""
        if isinstance(value, bool):
            return self.is_ is not None and value is self.is_
        if isinstance(value, int):
            if self.at_least is None and self.at_most is None:
                return False
            return (self.at_least is None or value >= self.at_least) and (
                self.at_most is None or value <= self.at_most
            )
        if isinstance(value, str):
            if self._listed is not None:
                return value in self._listed
            if (self.from_ is None and self.until is None) or _DATE.fullmatch(value) is None:
                return False
            return (self.from_ is None or value >= self.from_) and (self.until is None or value < self.until)
        return False

    @property
    def wanted(self) -> str:
        """The test in one line, for a verdict."""
        if self.any_of is not None:
            return f"{self.name}: {', '.join(self.any_of)}"
        if self.is_ is not None:
            return f"{self.name}: {str(self.is_).lower()}"
        if self.at_least is not None or self.at_most is not None:
            low, high = self.at_least, self.at_most
            return f"{self.name}: {'' if low is None else low}..{'' if high is None else high}"
        return f"{self.name}: {self.from_ or ''}..<{self.until or ''}"

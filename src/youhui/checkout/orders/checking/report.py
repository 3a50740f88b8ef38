"""What a check has found: for each promise what was looked at, and what is not as it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

Promise: TypeAlias = Literal["P1", "P2", "P3", "P4", "P7", "P12", "P14", "append-only", "coupons"]
"""the numbers of docs/promises.md; that nobody can change the ledger; and P1, P2, P7 and P8 of coupons"""

Value: TypeAlias = str | int | None

SHOWN = 20
"""rows of drift that a proof keeps; the others are counted"""


class Drift(NamedTuple):
    """A row that breaks a promise: which rule of it, where, and the numbers. `sentences` says it in words."""

    rule: str
    facts: Mapping[str, Value]


@dataclass(slots=True)
class Proof:
    """Of one promise. `counted`: what was looked at, by name; `drifts` are the first of the `drifted` rows."""

    promise: Promise
    counted: Counter[str] = field(default_factory=Counter)
    drifts: list[Drift] = field(default_factory=list)
    drifted: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.drifted

    def fails(self, rule: str, **facts: Value) -> None:
        """One more row that breaks it."""
        self.drifted += 1
        if len(self.drifts) < SHOWN:
            self.drifts.append(Drift(rule, facts))

    def add(self, rule: str, rows: Iterable[Mapping[str, Value]], drifted: int) -> None:
        """Many more: `drifted` in all, of which these are the first."""
        before = self.drifted
        for facts in rows:
            self.fails(rule, **facts)
        self.drifted = before + drifted


@dataclass(frozen=True, slots=True)
class Report:
    """All proofs, by their number."""

    proofs: tuple[Proof, ...]

    @property
    def sound(self) -> bool:
        """Whether every promise holds."""
        return all(proof.holds for proof in self.proofs)

    @property
    def broken(self) -> list[Promise]:
        """The promises that do not hold."""
        return [proof.promise for proof in self.proofs if not proof.holds]

"""What is wrong with a document: where, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MOST_PROBLEMS = 100
"""so many faults of a document are told"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `path` as in "promotions[0].actions[1].amount"; `code` names the sentence in the catalogue.

    `params` fill the sentence; all are JSON values.
    """

    path: str
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


class InvalidDocument(ValueError):
    """A document that cannot be read, with every fault found (at most MOST_PROBLEMS)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems[:MOST_PROBLEMS])
        super().__init__("; ".join(_line(problem) for problem in self.problems[:5]))


def _line(problem: Problem) -> str:
    detail = ", ".join(f"{name} {value}" for name, value in problem.params.items())
    return f"{problem.path}: {problem.code}" + (f" ({detail})" if detail else "")

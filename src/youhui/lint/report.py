"""All checks, one after the other, within their budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from youhui.engine import Promotion, Usage
from youhui.lint.checks import dead, free_order, limit_never_binds, never_opens, priority_collision, shadowed
from youhui.lint.finding import SEVERITY, Code, Finding
from youhui.lint.subject import Effort, Subject

MOST_FINDINGS = 50
"""of one code; further ones are not looked for, and the report says so"""
TRIES: Mapping[Code, int] = {"shadowed": 200_000, "priority_collision": 40_000, "free_order": 100_000}
"""how much work each search may do (subject.Effort)"""

_NO_USAGE = Usage()
_CHECKS: Mapping[Code, Callable[[Subject, Effort], Iterator[Finding]]] = {
    "dead": lambda subject, _: dead.check(subject),
    "never_opens": lambda subject, _: never_opens.check(subject),
    "shadowed": shadowed.check,
    "priority_collision": priority_collision.check,
    "free_order": free_order.check,
    "limit_never_binds": lambda subject, _: limit_never_binds.check(subject),
}


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, the worst first. `unfinished`: the codes of which there may be more than were looked for."""

    findings: tuple[Finding, ...]
    unfinished: tuple[Code, ...]


def lint(promotions: Sequence[Promotion], usage: Usage = _NO_USAGE, currency: str = "CNY") -> Report:
    """Looks into promotions of one currency, in list order; those that are not active are passed over.

    It judges the terms: what has been used so far (`usage`) matters only in that a stock of units may run out. Pure
    and repeatable; bounded work, so `unfinished` may name what was cut short.
    """
    subject = Subject.of(promotions, usage, currency)
    found: list[Finding] = []
    unfinished: list[Code] = []
    for code in SEVERITY:
        effort = Effort(TRIES.get(code, 0))
        mine = list(islice(_CHECKS[code](subject, effort), MOST_FINDINGS + 1))
        found += mine[:MOST_FINDINGS]
        if code == "shadowed":
            subject = subject.without(finding.promotions[0] for finding in mine)
        if effort.exhausted or len(mine) > MOST_FINDINGS:
            unfinished.append(code)
    return Report(tuple(found), tuple(unfinished))

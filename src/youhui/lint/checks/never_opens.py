"""never_opens: a promotion whose window, with its time windows, holds no instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from youhui.engine import Promotion
from youhui.lint.checks.dead import closest
from youhui.lint.finding import Finding, Witness, witness, written
from youhui.lint.opening import Span, opening, span_of
from youhui.lint.subject import Subject, possible_ways

_JUST = timedelta(seconds=1)


def check(subject: Subject) -> Iterator[Finding]:
    """valid_from not before valid_until; time windows that are never open in between."""
    for promotion in subject.promotions:
        if promotion.id in subject.live:
            continue
        span = span_of([promotion])
        possible = possible_ways(promotion, subject.currency)
        if span.empty:
            yield _finding(promotion, "empty", span, subject.currency)
        elif possible and all(opening(branch, span).never for branch in possible):
            yield _finding(promotion, "time_window", span, subject.currency)


def _finding(promotion: Promotion, variant: str, span: Span, currency: str) -> Finding:
    assert span.start is not None
    assert span.until is not None
    params = {"start": written(span.start), "until": written(span.until)}
    return Finding("never_opens", variant, (promotion.id,), params, _both_ends(promotion, span, currency))


def _both_ends(promotion: Promotion, span: Span, currency: str) -> tuple[Witness, ...]:
    """The same cart at valid_from and just before valid_until."""
    assert span.start is not None
    assert span.until is not None
    scene = closest(replace(promotion, valid_from=None, valid_until=None), currency)
    ends = {"start": span.start, "end": span.until - _JUST}
    return tuple(
        witness(f"never_opens-{promotion.id}-{name}", [promotion], replace(scene, at=at))
        for name, at in ends.items()
    )

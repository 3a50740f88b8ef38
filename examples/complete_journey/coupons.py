"""The 27 campaigns as coupon templates, their coupons issued, and every redemption used, through the public API.

Started by `python3 dev.py journey coupons`.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter

import structlog

from examples.complete_journey.data import Year
from examples.complete_journey.issuer import GROWING, Issuer, Said, opened
from examples.complete_journey.through_api import YOUHUI
from examples.complete_journey.uses import Body, Plan, Use, money
from youhui.platform.languages import Told

USED = "used"
NO_PRODUCT = "409 COUPON_NOT_APPLICABLE conditions"
SHOWN = 5
TRIES: Mapping[str, str] = {
    "a day before its campaign": "409 COUPON_NOT_STARTED",
    "by another household": "404 COUPON_NOT_FOUND",
    "a day after its campaign": "400 COUPON_EXPIRED",
    "once more than issued": "409 COUPON_USED",
}
"""what must not work, and why it is refused"""


@dataclass(slots=True)
class Replay:
    """Every redemption with one kind of template. `tell` hears how far it is; `wrong`: what is not as it must be."""

    name: str
    templates: int = 0
    issued: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    asked: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    cents: int = 0
    gifts: int = 0
    tried: dict[str, Counter[str]] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda _: None
    wrong: list[str] = field(default_factory=list)

    def expect(self, right: bool, otherwise: str) -> None:
        """Notes what is wrong."""
        if not right:
            self.wrong.append(otherwise)


def run(database: str, plan: Plan, tell: Callable[[str], None] = lambda _: None) -> list[Replay]:
    """Replay A, where only the order's amount is sent, and B, with that day's products, one after the other."""
    with opened(database) as issuer:
        return [
            _replayed(issuer, plan, Replay("A: scope check off", tell=tell), check_scope=False),
            _replayed(issuer, plan, Replay("B: scope check on", tell=tell), check_scope=True),
        ]


def _replayed(issuer: Issuer, plan: Plan, replay: Replay, *, check_scope: bool) -> Replay:
    issuer.begin_again()
    templates = _issue(issuer, plan, replay, check_scope=check_scope)
    coupons = _find(issuer, plan, templates)
    bodies = {use.id: plan.body(use, check_scope=check_scope) for use in plan.uses}
    year = _Year(issuer, plan, replay, coupons, bodies)
    with year.changing("early, late and by another household", 0):
        year.try_when_or_by_whom_it_must_not_be()
    expected = plan.expected(check_scope=check_scope)
    with year.changing("the first time", len(expected)):
        first = year.use_all("use")
    with year.changing("the second time", 0):
        _compare(replay, first, year.use_all("use again"))
    with year.changing("once more than issued", 0):
        year.try_once_more(first)
    _check(replay, plan, first, expected)
    return replay


# -- templates and coupons


def _issue(issuer: Issuer, plan: Plan, replay: Replay, *, check_scope: bool) -> dict[str, int]:
    """The templates by the keys of their offers; all of their coupons are issued."""
    with _timed(replay, "publish"):
        templates = {
            offer.key: issuer.publish(plan.template(offer, check_scope=check_scope)) for offer in plan.offers
        }
    with _timed(replay, "issue"):
        for offer in plan.offers:
            for each, households in plan.issues(offer):
                issuer.issue(templates[offer.key], households, each)
        issuer.finish_issuing()
    replay.templates, replay.issued = len(templates), issuer.issued(list(templates.values()))
    wanted = sum(map(plan.count, plan.offers))
    replay.expect(replay.issued == wanted, f"{replay.issued:,} coupons are issued, not {wanted:,}")
    return templates


def _find(issuer: Issuer, plan: Plan, templates: Mapping[str, int]) -> dict[int, int]:
    """Which coupon each redemption uses: a household's first one first."""
    mine: dict[tuple[str, str], Iterator[int]] = {}
    found = {}
    for use in plan.uses:
        owned = use.key, use.household
        if owned not in mine:
            mine[owned] = iter(issuer.coupons(templates[use.key], use.household))
        found[use.id] = next(mine[owned])
    return found


# -- using them


@dataclass(frozen=True, slots=True)
class _Year:
    """Through the year with each redemption's coupon and the body that uses it."""

    issuer: Issuer
    plan: Plan
    replay: Replay
    coupons: Mapping[int, int]
    bodies: Mapping[int, Body]

    def use_all(self, name: str) -> dict[int, Said]:
        """Every redemption at its instant, in the order of time."""
        self.replay.asked = len(self.plan.uses)
        with _timed(self.replay, name):
            return {use.id: self._use(use, use.at) for use in self.plan.uses}

    def try_when_or_by_whom_it_must_not_be(self) -> None:
        """Each as it will be used, but outside of its window, and at the right time for somebody else."""
        tries: Iterable[tuple[str, Callable[[Use], Said]]] = (
            ("a day before its campaign", lambda use: self._use(use, use.early)),
            ("by another household", lambda use: self._use(use, use.at, user_id=use.stranger)),
            ("a day after its campaign", lambda use: self._use(use, use.late)),
        )
        for name, try_ in tries:
            self._refused(name, self.plan.uses, try_)

    def try_once_more(self, first: Mapping[int, Said]) -> None:
        """Those that were used, in another order."""
        used = [use for use in self.plan.uses if first[use.id].words == USED]
        self._refused(
            "once more than issued",
            used,
            lambda use: self._use(use, use.at, order_no=f"{use.order_no}-more"),
        )

    def _use(self, use: Use, at: datetime, **other: object) -> Said:
        return self.issuer.use(self.coupons[use.id], {**self.bodies[use.id], **other}, at)

    def _refused(self, name: str, uses: Iterable[Use], try_: Callable[[Use], Said]) -> None:
        said = Counter(try_(use).words for use in uses)
        self.replay.tried[name] = said
        self.replay.expect(said.keys() <= {TRIES[name]}, f"{name}: {dict(said)}")

    @contextmanager
    def changing(self, name: str, uses: int) -> Iterator[None]:
        """The block must leave behind what so many uses do; if none, not a byte may be another."""
        before = self.issuer.traces()
        yield
        after = self.issuer.traces()
        for kind in GROWING if uses else before:
            grown = after[kind].rows - before[kind].rows
            right = grown == uses * GROWING[kind] if uses else after[kind] == before[kind]
            self.replay.expect(right, f"{name}: {kind} changed, {grown} rows more")


def _compare(replay: Replay, first: Mapping[int, Said], again: Mapping[int, Said]) -> None:
    differing = [use for use, said in again.items() if said != first[use]]
    replay.expect(not differing, f"the second time {len(differing)} answers differ: {differing[:SHOWN]}")


def _check(replay: Replay, plan: Plan, said: Mapping[int, Said], expected: Mapping[int, int]) -> None:
    """Use by use: what SQL expects was given, and all else refused for want of a product."""
    for use in plan.uses:
        answer, cents = said[use.id], expected.get(use.id)
        replay.answers[answer.words] += 1
        if cents is None:
            replay.expect(answer.words == NO_PRODUCT, f"{use.order_no}: {answer.words}")
            continue
        given = json.loads(answer.body) if answer.words == USED else {"discount": None, "gifts": []}
        right = (given["discount"], len(given["gifts"])) == (money(cents), use.face is None)
        replay.expect(right, f"{use.order_no}: {answer.words}, {given['discount']} off, not {money(cents)}")
        replay.cents += cents
        replay.gifts += len(given["gifts"])


@contextmanager
def _timed(replay: Replay, name: str) -> Iterator[None]:
    replay.tell(f"{replay.name}, {name} …")
    began = perf_counter()
    yield
    replay.seconds[name] = perf_counter() - began


# -- what is printed


def main(database: str | None = None) -> int:
    """Prints the figures; 1 if anything is not as it must be, 2 if the database is none.

    Without a `database` on a new SQLite one.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        if database is not None:
            return _report(database)
        with tempfile.TemporaryDirectory() as folder:
            return _report(f"sqlite:///{Path(folder) / 'youhui.db'}")
    except Told as wrong:
        print(*wrong.told("en"), sep="\n", file=sys.stderr)
        return 2


def _report(database: str) -> int:
    began = perf_counter()
    replays = run(database, Plan(Year()), partial(print, file=sys.stderr, flush=True))
    for replay in replays:
        print(*_told(replay), sep="\n")
    print(f"{perf_counter() - began:,.0f} s in all; and what `youhui check` says:", flush=True)
    sound = subprocess.run([*YOUHUI, "check", "--lang", "en", "--database", database], check=False)
    return int(any(replay.wrong for replay in replays) or sound.returncode != 0)


def _told(replay: Replay) -> Iterator[str]:
    seconds = replay.seconds
    yield f"Replay {replay.name}"
    yield _line(f"{replay.templates:,} templates made and published", seconds["publish"], replay.templates)
    yield _line(f"{replay.issued:,} coupons issued", seconds["issue"], replay.issued)
    yield _line(f"{replay.asked:,} redemptions used", seconds["use"], replay.asked)
    for words, count in replay.answers.most_common():
        yield f"    {count:>6,}  {words}"
    yield f"    {money(replay.cents)} USD off and {replay.gifts} free units, each as SQL says"
    yield _line("  all of them again: the same answers", seconds["use again"], replay.asked)
    for name, said in replay.tried.items():
        yield from (f"    {count:>6,}  {name}: {words}" for words, count in said.items())
    for wrong in replay.wrong[:SHOWN]:
        yield f"  WRONG: {wrong}"


def _line(words: str, seconds: float, count: int) -> str:
    return f"  {words:<48}{seconds:>9.1f} s{count / seconds:>10,.0f} /s"

"""The figures of a run: the engine's, and beside them those of plain SQL over the same redemptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass

from examples.complete_journey import checks
from examples.complete_journey.data import Redemption, Year
from examples.complete_journey.facevalue import SOURCES, FaceValue, Source
from examples.complete_journey.replay import Tally


@dataclass(frozen=True, slots=True)
class Check:
    """Redemptions, or what they were given, that engine and SQL must find alike one by one, not only in number."""

    words: str
    engine: int
    sql: int
    differ: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Computed beside recorded for the face values of one source: redemptions whose lines are theirs alone."""

    source: Source
    promotions: int
    redemptions: int
    with_record: int
    computed: int
    """cents, on the redemptions with a record"""
    recorded: int
    equal: int
    """redemptions where both are the same to the cent"""
    copies: int
    """where twice, three times … as much is recorded: several copies of the coupon were used"""


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that is printed."""

    tally: Tally
    checks: list[Check]
    agreements: list[Agreement]
    shared: int
    """redemptions left out of the agreements, since their lines qualify for another one too"""
    recorded_year: int
    recorded_baskets: int
    recorded_lines: int
    weeks: list[tuple[int, int, int]]
    """(week, computed, recorded on qualifying lines)"""
    unrepresentable: list[tuple[str, int, int]]


def summarise(
    year: Year, tally: Tally, redemptions: list[Redemption], worth: Mapping[str, FaceValue]
) -> Summary:
    """Of what was priced so far."""
    recorded = checks.recorded(year)
    baskets = {key: sums for key, sums in checks.recorded_by_basket(year).items() if key in tally.by_basket}
    return Summary(
        tally=tally,
        checks=_checks(year, tally, redemptions, worth, recorded),
        agreements=_agreements(tally, redemptions, worth, recorded),
        shared=sum(recorded[key].shared for key in tally.with_product & recorded.keys()),
        recorded_year=year.one("select sum(coupon_cents)::bigint from line")[0],
        recorded_baskets=sum(whole for _, whole in baskets.values()),
        recorded_lines=sum(claimed for claimed, _ in baskets.values()),
        weeks=_weeks(tally, {key: claimed for key, (claimed, _) in baskets.items()}),
        unrepresentable=checks.unrepresentable(year),
    )


def _checks(
    year: Year,
    tally: Tally,
    redemptions: list[Redemption],
    worth: Mapping[str, FaceValue],
    recorded: Mapping[int, checks.Recorded],
) -> list[Check]:
    seen = tally.outcomes.keys()
    found = recorded.keys() & seen
    expected = {u.id: _expected(worth[u.key], recorded[u.id]) for u in redemptions if u.id in found}
    given = {(key, tally.outcomes[key].cents) for key in tally.with_product}
    return [
        _check("household and window right", tally.right_window, checks.in_window(year) & seen),
        _check("with a qualifying product", tally.with_product, found),
        _check("given what SQL expects, to the cent", given, set(expected.items())),
    ]


def _check(words: str, engine: Set[object], sql: Set[object]) -> Check:
    return Check(words, len(engine), len(sql), len(engine ^ sql))


def _expected(face: FaceValue, lines: checks.Recorded) -> int:
    """The face value or, where the lines cost less, all of it; a free unit is the dearest."""
    return lines.dearest if face.cents is None else min(face.cents, lines.shelf)


def _agreements(
    tally: Tally,
    redemptions: list[Redemption],
    worth: Mapping[str, FaceValue],
    recorded: Mapping[int, checks.Recorded],
) -> list[Agreement]:
    both = tally.with_product & recorded.keys()
    alone = [use for use in redemptions if use.id in both and not recorded[use.id].shared]
    promotions = Counter(face.source for face in worth.values())
    found = []
    for source in SOURCES:
        uses = [use.id for use in alone if worth[use.key].source == source]
        pairs = [(tally.outcomes[use].cents, recorded[use].cents) for use in uses if recorded[use].cents]
        found.append(
            Agreement(
                source,
                promotions[source],
                redemptions=len(uses),
                with_record=len(pairs),
                computed=sum(computed for computed, _ in pairs),
                recorded=sum(record for _, record in pairs),
                equal=sum(computed == record for computed, record in pairs),
                copies=sum(record > computed and record % computed == 0 for computed, record in pairs),
            )
        )
    return found


def _weeks(tally: Tally, recorded: Mapping[int, int]) -> list[tuple[int, int, int]]:
    computed_in, recorded_in = Counter[int](), Counter[int]()
    for basket, week in tally.week_of.items():
        computed_in[week] += tally.by_basket[basket]
        recorded_in[week] += recorded[basket]
    last = max(computed_in, default=0)
    return [(week, computed_in[week], recorded_in[week]) for week in range(1, last + 1)]

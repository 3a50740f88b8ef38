"""What applied promotions mean for later ones other than by their prices: exclusions, tags, claimed lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from youhui.engine.prices import Facts
from youhui.engine.promotion import Promotion
from youhui.engine.rule import Rule

_NO_LINES: frozenset[int] = frozenset()


class Marks:
    """Who was applied, with which tags, on which lines. Immutable: `after` gives new marks."""

    __slots__ = ("_applied", "_claims", "_excluding", "_shunned", "_tagged")

    def __init__(
        self,
        applied: tuple[Promotion, ...] = (),
        excluding: tuple[Promotion, ...] = (),
        tagged: Mapping[str, frozenset[int]] | None = None,
        shunned: Mapping[str, frozenset[int]] | None = None,
        claims: Mapping[tuple[str, int], str] | None = None,
    ) -> None:
        self._applied = applied
        self._excluding = excluding
        """those of them that say whom they do not go with"""
        self._tagged = tagged or {}
        """by tag: lines that an applied promotion with the tag took something from"""
        self._shunned = shunned or {}
        """by tag: lines taken from by one that skips the lines of that tag"""
        self._claims = claims or {}
        """by group and line: the member of a first_per_line group that has the line"""

    def rival_of(self, promotion: Promotion) -> str | None:
        """The first applied promotion that this one does not go with, whichever of the two says so."""
        others = self._applied if excludes_any(promotion) else self._excluding
        return next((other.id for other in others if excluded(promotion, other)), None) if others else None

    def lines_out_of_play(self, promotion: Promotion) -> set[int]:
        """Lines that do not exist for it: of tags it skips, of promotions that skip its tags, claimed in its group."""
        out: set[int] = set()
        for tag in promotion.skip_lines_of_tags:
            out |= self._tagged.get(tag, _NO_LINES)
        for tag in promotion.tags:
            out |= self._shunned.get(tag, _NO_LINES)
        if promotion.stacking == "first_per_line":
            out.update(line for group, line in self._claims if group == promotion.group)
        return out

    def claimed(self, rule: Rule, facts: Facts, lines: frozenset[int]) -> str | None:
        """If the group's earlier members have all the lines that this member reaches: the one with the first."""
        reached = rule.reach(facts)
        group = rule.promotion.group or ""
        if not reached or any(i in lines for i in reached):
            return None
        return next((self._claims[group, i] for i in reached if (group, i) in self._claims), None)

    def after(self, rule: Rule, lines: Collection[int]) -> Marks:
        """Marks with this one applied, which took something from these lines."""
        promotion = rule.promotion
        return Marks(
            (*self._applied, promotion),
            (*self._excluding, promotion) if excludes_any(promotion) else self._excluding,
            _added(self._tagged, promotion.tags, lines),
            _added(self._shunned, promotion.skip_lines_of_tags, lines),
            self._claims,
        )

    def claiming(self, rule: Rule, lines: Iterable[int]) -> Marks:
        """Marks with a first_per_line member having these lines, whatever it takes from them."""
        group = rule.promotion.group or ""
        return Marks(
            self._applied,
            self._excluding,
            self._tagged,
            self._shunned,
            {**self._claims, **{(group, i): rule.id for i in lines}},
        )


def excludes_any(promotion: Promotion) -> bool:
    """Whether it says of any others that it does not go with them."""
    return bool(promotion.excludes or promotion.excludes_tags)


def excluded(one: Promotion, other: Promotion) -> bool:
    """Whether the two do not go together, whichever of them says so, by id or by a tag."""
    return (
        other.id in one.excludes
        or one.id in other.excludes
        or not set(one.excludes_tags).isdisjoint(other.tags)
        or not set(other.excludes_tags).isdisjoint(one.tags)
    )


def _added(
    table: Mapping[str, frozenset[int]], tags: tuple[str, ...], lines: Collection[int]
) -> Mapping[str, frozenset[int]]:
    return {**table, **{tag: table.get(tag, _NO_LINES).union(lines) for tag in tags}} if tags else table
